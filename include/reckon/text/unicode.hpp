// Unicode as tokenizers need it: UTF-8 read strictly, general categories, lower case, normal forms
// D and C. The only header that meets utf8proc (component reckon::utf8proc), whose release decides
// the Unicode version: 15 with 2.8. Knows no locale and no collation.
#pragma once

#include <reckon/core/config.hpp>

#include <utf8proc.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace unicode {

inline constexpr char32_t replacement = 0xfffd;

/// Takes the first code point off a text, which is not empty. Bytes that are not UTF-8 become one
/// U+FFFD for each longest piece that begins a character (Unicode 3.9, Table 3-8), which is what
/// Python's errors="replace" and browsers do. Overlong forms and surrogates are not UTF-8.
inline char32_t next_code_point(std::string_view& text) {
    const auto byte = [&](idx i) { return static_cast<unsigned char>(text[i]); };
    const char32_t lead = byte(0);
    idx length = 1;
    if (lead >= 0xc2 && lead <= 0xf4) length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

    char32_t point = lead < 0x80   ? lead
                     : length == 1 ? replacement
                                   : lead & (0xffu >> (length + 1));
    // The second byte's range shuts out overlong forms, surrogates and what lies above U+10FFFF.
    char32_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    char32_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    idx used = 1;
    for (; used < length; ++used) {
        if (used == text.size() || byte(used) < low || byte(used) > high) {
            point = replacement;
            break;
        }
        point = (point << 6) | (byte(used) & 0x3fu);
        low = 0x80, high = 0xbf;
    }
    text.remove_prefix(used);
    return point;
}

/// Whether a text is UTF-8 from end to end; U+FFFD itself, written out, is.
inline bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::string_view before = text;
        if (next_code_point(text) == replacement && !before.starts_with("\xef\xbf\xbd"))
            return false;
    }
    return true;
}

inline void append_utf8(std::string& text, char32_t point) {
    utf8proc_uint8_t bytes[4];
    const auto size = utf8proc_encode_char(static_cast<utf8proc_int32_t>(point), bytes);
    for (utf8proc_ssize_t i = 0; i < size; ++i) text += static_cast<char>(bytes[i]);
}

/// The general category by its two letters, such as "Lu"; "Cn" for what is not assigned.
inline std::string_view category(char32_t point) {
    return utf8proc_category_string(static_cast<utf8proc_int32_t>(point));
}

/// Full lower case without context: two code points for U+0130, and never a final sigma.
inline void append_lower(std::u32string& text, char32_t point) {
    constexpr char32_t dotted_capital_i = 0x130;  // the only one that becomes two
    if (point == dotted_capital_i)
        text += U"i\u0307";
    else
        text += static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(point)));
}

enum class form { decomposed, composed };  // NFD, NFC

/// Brings a text into a normal form, in n log n steps however its marks are piled up (utf8proc's
/// own call orders them in n * n).
inline void normalize(std::u32string& text, form wanted) {
    if (std::all_of(text.begin(), text.end(), [](char32_t c) { return c < 0x80; })) return;

    const auto combining_class = [](utf8proc_int32_t c) {
        return utf8proc_get_property(c)->combining_class;
    };
    std::basic_string<utf8proc_int32_t> points;
    for (char32_t c : text) {
        utf8proc_int32_t parts[8];  // the longest canonical decomposition has four
        int boundary = 0;           // of grapheme clusters, which do not matter here
        const auto count = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), parts, 8,
                                                   UTF8PROC_DECOMPOSE, &boundary);
        points.append(parts, static_cast<idx>(count));
    }
    for (auto i = points.begin(); i != points.end();) {
        const auto end =
            std::find_if(i, points.end(), [&](auto c) { return combining_class(c) == 0; });
        std::stable_sort(i, end,
                         [&](auto a, auto b) { return combining_class(a) < combining_class(b); });
        i = end == points.end() ? end : end + 1;
    }
    if (wanted == form::composed) {
        const auto size = utf8proc_normalize_utf32(
            points.data(), static_cast<utf8proc_ssize_t>(points.size()),
            static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
        points.resize(static_cast<idx>(size));
    }
    text.assign(points.begin(), points.end());
}

}}}}  // namespace reckon::v0::RECKON_ISA::unicode
