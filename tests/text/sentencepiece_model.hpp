// Small SentencePiece models, field by field, right and wrong.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

inline std::string varint(std::uint64_t number) {
    std::string text;
    for (; number >= 0x80; number >>= 7) text += static_cast<char>(number | 0x80);
    return text + static_cast<char>(number);
}
inline std::string number_field(std::uint64_t field, std::uint64_t number) {
    return varint(field << 3) + varint(number);
}
inline std::string text_field(std::uint64_t field, std::string_view text) {
    return varint(field << 3 | 2) + varint(text.size()) + std::string{text};
}
inline std::string plain(std::uint32_t number) {
    std::string bytes(sizeof number, '\0');
    std::memcpy(bytes.data(), &number, sizeof number);
    return bytes;
}

enum class kind { unigram = 1, bpe, word, character };
enum class piece_type { normal = 1, unknown, control, user_defined, unused, byte };

struct model_piece {
    std::string text;
    float score = 0;
    piece_type type = piece_type::normal;
};

inline std::string file_of(const model_piece& piece) {
    std::uint32_t score = 0;
    std::memcpy(&score, &piece.score, sizeof score);
    return text_field(1, text_field(1, piece.text) + varint(2 << 3 | 5) + plain(score) +
                             number_field(3, std::uint64_t(piece.type)));
}

struct small_model {
    kind type = kind::bpe;
    std::vector<model_piece> pieces = {};  // behind <unk>, <s> and </s>
    bool space_in_front = false;
    std::string character_map = {};

    std::string text_of_pieces() const {
        std::string text = file_of({"<unk>", 0, piece_type::unknown}) +
                           file_of({"<s>", 0, piece_type::control}) +
                           file_of({"</s>", 0, piece_type::control});
        for (const auto& piece : pieces) text += file_of(piece);
        return text;
    }
    std::string trainer() const { return text_field(2, number_field(3, std::uint64_t(type))); }
    std::string normalizer() const {
        return text_field(
            3, text_field(2, character_map) + number_field(3, space_in_front) + number_field(4, 0));
    }
    std::string file() const { return text_of_pieces() + trainer() + normalizer(); }
};
