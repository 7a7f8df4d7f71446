// What must hold of a SentencePiece model's file before the library reads it. The library takes a
// file that ends between two fields for a smaller model, and follows a broken character map or a
// pile of user-defined symbols out of its own memory; all else it checks itself. Format:
// sentencepiece_model.proto, and Darts-clone's double array within it.
#pragma once

#include <reckon/io/load_error.hpp>

#include <algorithm>
#include <cstring>
#include <limits>
#include <string_view>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace detail {

struct proto_field {
    std::uint64_t tag = 0;    // the field's number * 8 + how it is stored
    std::uint64_t value = 0;  // of a number
    std::string_view bytes;   // of anything else
};

/// Calls `take(field)` for each field of a protobuf message, until it ends; false if it does so in
/// the middle of a field, or is no message.
template <class Take> bool for_each_field(std::string_view message, const Take& take) {
    const auto read_number = [&](std::uint64_t& number) {
        number = 0;
        for (unsigned shift = 0; shift < 64 && !message.empty(); shift += 7) {
            const auto byte = static_cast<unsigned char>(message.front());
            message.remove_prefix(1);
            number |= std::uint64_t{byte & 0x7fu} << shift;
            if (byte < 0x80) return true;
        }
        return false;
    };
    while (!message.empty()) {
        proto_field field;
        std::uint64_t size = 0;
        if (!read_number(field.tag) || field.tag < 8) return false;
        switch (field.tag & 7) {
            case 0:
                if (!read_number(field.value)) return false;
                break;
            case 1:
                size = 8;
                break;
            case 2:
                if (!read_number(size)) return false;
                break;
            case 5:
                size = 4;
                break;
            default:
                return false;
        }
        if (size > message.size()) return false;
        field.bytes = message.substr(0, size);
        message.remove_prefix(size);
        take(field);
    }
    return true;
}

/// Whether a character map keeps to itself: the size of its automaton, the automaton, and texts
/// that each end in a zero. Walks all ways that an input can take through the automaton.
inline bool is_whole_character_map(std::string_view map) {
    constexpr idx most_ends = 32;  // rules that one text begins with, which the library reserves
    std::uint32_t size = 0;
    if (map.size() < sizeof size) return false;
    std::memcpy(&size, map.data(), sizeof size);
    map.remove_prefix(sizeof size);
    if (size == 0 || size % sizeof(std::uint32_t) != 0 || size >= map.size()) return false;
    std::vector<std::uint32_t> units(size / sizeof(std::uint32_t));
    std::memcpy(units.data(), map.data(), size);
    const std::string_view texts = map.substr(size);
    if (texts.back() != '\0') return false;

    // Of each unit, one more than the most rules that end on a way to it; 0 where there is no way.
    std::vector<std::uint8_t> ends(units.size(), 0);
    std::vector<idx> pending{0};
    ends[0] = 1;
    while (!pending.empty()) {
        const idx at = pending.back();
        pending.pop_back();
        const std::uint32_t unit = units[at];
        const idx children = at ^ (idx{unit >> 10} << ((unit & 0x200u) >> 6));
        if ((children | 0xff) >= units.size()) return false;  // they differ in the last byte
        idx count = ends[at];
        if ((unit & 0x100u) != 0) {  // a rule ends here; its text's place stands in child 0
            if ((units[children] & 0x7fffffffu) >= texts.size()) return false;
            if (++count > most_ends + 1) return false;
        }
        for (idx label = 0; label < 256; ++label) {
            const idx child = children ^ label;
            if ((units[child] & 0x800000ffu) != label || ends[child] >= count) continue;
            ends[child] = static_cast<std::uint8_t>(count);
            pending.push_back(child);
        }
    }
    return true;
}

/// The most names of a list that one text begins with.
inline idx most_nested(std::vector<std::string_view> names) {
    std::sort(names.begin(), names.end());
    std::vector<std::string_view> open;  // each begins with the one before
    idx most = 0;
    for (const std::string_view name : names) {
        while (!open.empty() && !name.starts_with(open.back())) open.pop_back();
        open.push_back(name);
        most = std::max(most, open.size());
    }
    return most;
}

inline void expect_sentencepiece_model(std::string_view model, std::string_view file) {
    constexpr idx most_user_defined = 64;  // nested, which the library reserves
    constexpr std::uint64_t user_defined = 4;
    const auto refuse = [&](std::string_view expected, std::string_view actual) {
        throw load_error("sentencepiece", file, expected, actual);
    };
    if (model.size() > idx{std::numeric_limits<std::int32_t>::max()})
        refuse("a SentencePiece model of at most 2147483647 bytes", std::to_string(model.size()));

    std::vector<std::string_view> symbols;
    bool is_whole = true, has_trainer = false, has_normalizer = false, maps_are_whole = true;
    const auto read_piece = [&](std::string_view piece) {
        std::string_view name;
        std::uint64_t type = 0;
        is_whole &= for_each_field(piece, [&](const proto_field& field) {
            if (field.tag == 0x0a) name = field.bytes;
            if (field.tag == 0x18) type = field.value;
        });
        // The library reads these names up to their first zero.
        if (type == user_defined) symbols.push_back(name.substr(0, name.find('\0')));
    };
    const auto read_normalizer = [&](std::string_view normalizer) {
        is_whole &= for_each_field(normalizer, [&](const proto_field& field) {
            if (field.tag == 0x12 && !field.bytes.empty())
                maps_are_whole &= is_whole_character_map(field.bytes);
        });
    };
    is_whole &= for_each_field(model, [&](const proto_field& field) {
        switch (field.tag) {
            case 0x0a:
                return read_piece(field.bytes);
            case 0x12:
                has_trainer = true;
                return;
            case 0x1a:
                has_normalizer = true;
                return read_normalizer(field.bytes);
            case 0x2a:
                return read_normalizer(field.bytes);  // back from normal text
        }
    });
    if (!is_whole) refuse("a SentencePiece model", "a file that is cut or something else");
    if (!has_trainer || !has_normalizer)
        refuse("pieces and both specs of a SentencePiece model", "a file that is cut");
    if (!maps_are_whole) refuse("a character map that is whole", "one that leads out of itself");
    if (most_nested(std::move(symbols)) > most_user_defined)
        refuse("at most 64 user-defined symbols that begin one another", "more");
}

}}}}  // namespace reckon::v0::RECKON_ISA::detail
