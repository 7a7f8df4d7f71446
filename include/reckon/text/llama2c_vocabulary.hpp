// The vocabulary file of llama2.c (Karpathy 2023) and its BPE: pieces with scores, the best pair of
// neighbours merged first, a space put in front of a text, and bytes for what has no piece. File,
// little-endian: int32 longest piece; then of each piece float score, int32 length, its bytes.
// Ids 0, 1, 2 are <unk>, <s>, </s>, the next 256 the bytes. Special and byte pieces never come of a
// spelling; zero bytes and bytes that are not UTF-8 go to ids and back unchanged.
#pragma once

#include <reckon/io/lines.hpp>
#include <reckon/text/tokenizer.hpp>

#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <queue>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

class llama2c_vocabulary {
  public:
    static constexpr idx until_the_end = std::numeric_limits<idx>::max();

    /// `content` is that of a file, which `file` names in errors, with as many pieces as the model
    /// has rows: `pieces`, or what the file holds.
    explicit llama2c_vocabulary(std::string_view content, std::string_view file = "vocabulary",
                                idx pieces = until_the_end) {
        read(content, file);
        const auto refuse = [&](const std::string& expected, const std::string& actual) {
            throw load_error("llama2c_vocabulary", file, expected, actual);
        };
        if (size() < first_text || size() > idx{std::numeric_limits<std::int32_t>::max()})
            refuse("3 special pieces, 256 bytes, and others", std::to_string(size()) + " pieces");
        if (pieces != until_the_end && pieces != size())
            refuse(std::to_string(pieces) + " pieces", std::to_string(size()));
        for (std::int32_t id = first_byte; id < first_text; ++id) {
            const std::string name = name_of_byte(id - first_byte);
            if (pieces_[idx(id)].text != name)
                refuse("the pieces of the 256 bytes behind the first three",
                       in_quotes(pieces_[idx(id)].text) + " for " + name);
        }
        for (std::int32_t id = first_text; id < std::int32_t(size()); ++id)
            ids_.emplace(pieces_[idx(id)].text, id);
    }
    static llama2c_vocabulary load(const std::string& file, idx pieces = until_the_end) {
        return llama2c_vocabulary{text_of(mapped_file{file}), file, pieces};
    }

    /// The ids of a text's pieces.
    std::vector<std::int32_t> encode(std::string_view text) const {
        expect_that(text.size() < idx{std::numeric_limits<std::int32_t>::max()},
                    "llama2c_vocabulary", "text", "less than 2147483647 bytes", text.size());
        if (text.empty()) return {};
        std::vector<symbol> symbols;
        append_characters(symbols, " ");
        append_characters(symbols, text);
        merge(symbols);
        std::vector<std::int32_t> ids;
        for (idx i = 0; i < symbols.size(); i = symbols[i].next) ids.push_back(symbols[i].id);
        return ids;
    }

    /// The text of ids: <s> and </s> have none, <unk> has its name, bytes are as they are. A space
    /// at the beginning or behind <s> is stripped.
    std::string decode(std::span<const std::int32_t> ids) const {
        std::string text;
        bool at_start = true;
        for (const std::int32_t id : ids) {
            if (id < 0 || idx(id) >= size()) detail::refuse_id("llama2c_vocabulary", size(), id);
            if (id == *bos()) at_start = true;
            if (id == *bos() || id == *eos()) continue;
            std::string_view piece = pieces_[idx(id)].text;
            if (id >= first_byte && id < first_text)
                text += static_cast<char>(id - first_byte);
            else
                text += piece.substr(at_start && piece.starts_with(' ') ? 1 : 0);
            at_start = false;
        }
        return text;
    }

    idx vocabulary() const { return size(); }
    std::optional<std::int32_t> bos() const { return 1; }
    std::optional<std::int32_t> eos() const { return 2; }
    std::optional<std::int32_t> unknown() const { return 0; }

  private:
    static constexpr std::int32_t first_byte = 3, first_text = first_byte + 256;

    struct piece {
        std::string text;
        float score = 0;
    };
    // A text as it is merged: pieces in a row, linked over those that were merged away.
    struct symbol {
        std::int32_t id;  // -1 once merged into the one before
        idx before, next;
    };
    struct pair {
        float score;
        idx left, right;
        std::int32_t left_id, right_id, merged;
        // The best is on top; of equals, the first.
        bool operator<(const pair& other) const {
            return score != other.score ? score < other.score : left > other.left;
        }
    };
    struct text_hash : std::hash<std::string_view> {
        using is_transparent = void;
    };

    idx size() const { return pieces_.size(); }

    void read(std::string_view content, std::string_view file) {
        const auto refuse = [&](const std::string& expected, const std::string& actual) {
            throw load_error("llama2c_vocabulary", file, expected,
                             actual + " in piece " + std::to_string(size()));
        };
        const auto take = [&](idx bytes) {
            if (bytes > content.size()) refuse("whole pieces", "the end of the file");
            const std::string_view taken = content.substr(0, bytes);
            content.remove_prefix(bytes);
            return taken;
        };
        const auto take_number = [&]<class T>(T& number) {
            std::memcpy(&number, take(sizeof number).data(), sizeof number);
        };
        std::int32_t longest = 0, length = 0;
        take_number(longest);
        while (!content.empty()) {
            piece next;
            take_number(next.score);
            take_number(length);
            if (!std::isfinite(next.score)) refuse("scores", "what is no number");
            if (length < 0 || length > longest)
                refuse("at most " + std::to_string(longest) + " bytes", std::to_string(length));
            next.text = take(idx(length));
            pieces_.push_back(std::move(next));
        }
    }

    static std::string name_of_byte(int byte) {
        constexpr char digits[] = "0123456789ABCDEF";
        return std::string{"<0x"} + digits[byte / 16] + digits[byte % 16] + '>';
    }

    // A character is a byte and up to three that continue it, whatever they are; one without a
    // piece is its bytes.
    void append_characters(std::vector<symbol>& symbols, std::string_view text) const {
        const auto append = [&](std::int32_t id) {
            const idx place = symbols.size();
            symbols.push_back({id, place - 1, place + 1});
        };
        while (!text.empty()) {
            idx length = 1;
            while (length < 4 && length < text.size() && (text[length] & 0xc0) == 0x80) ++length;
            const std::string_view character = text.substr(0, length);
            text.remove_prefix(length);
            const auto found = ids_.find(character);
            if (found != ids_.end())
                append(found->second);
            else
                for (const char c : character) append(first_byte + static_cast<unsigned char>(c));
        }
    }

    void merge(std::vector<symbol>& symbols) const {
        std::priority_queue<pair> best;
        std::string both;
        const auto consider = [&](idx left) {
            const idx right = symbols[left].next;
            if (right >= symbols.size()) return;
            const std::int32_t a = symbols[left].id, b = symbols[right].id;
            if (a < first_text || b < first_text) return;
            both.assign(pieces_[idx(a)].text).append(pieces_[idx(b)].text);
            const auto found = ids_.find(both);
            if (found == ids_.end()) return;
            best.push({pieces_[idx(found->second)].score, left, right, a, b, found->second});
        };
        for (idx i = 0; i < symbols.size(); ++i) consider(i);
        while (!best.empty()) {
            const pair top = best.top();
            best.pop();
            symbol &left = symbols[top.left], &right = symbols[top.right];
            // Either may have been merged with another since.
            if (left.id != top.left_id || right.id != top.right_id) continue;
            left.id = top.merged;
            left.next = right.next;
            right.id = -1;
            if (left.next < symbols.size()) symbols[left.next].before = top.left;
            if (top.left != 0) consider(left.before);
            consider(top.left);
        }
    }

    std::vector<piece> pieces_;
    std::unordered_map<std::string, std::int32_t, text_hash, std::equal_to<>> ids_;  // of text
};

}}}  // namespace reckon::v0::RECKON_ISA
