// BERT's basic tokenizer: from a text to lower-case words without accents, each punctuation mark
// and each Chinese character a word of its own. Follows the slow BertTokenizer of transformers,
// except that special tokens written in a text are text (see wordpiece.hpp).
#pragma once

#include <reckon/text/unicode.hpp>

#include <string>
#include <string_view>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

struct basic_tokenizer {
    bool lower_case = true;
    bool strip_accents = true;
    bool chinese_characters = true;

    /// Calls `take(word)` for each word, a std::u32string_view that is never empty, until the text
    /// ends or `take` returns false. What is not UTF-8 reads as U+FFFD, which is dropped.
    template <class Take> void operator()(std::string_view text, Take&& take) const {
        std::u32string run;  // what stands between two spaces
        bool more = true;
        const auto finish_run = [&] {
            more = more && split_run(run, take);
            run.clear();
        };
        while (more && !text.empty()) {
            const char32_t c = unicode::next_code_point(text);
            if (is_space(c)) {
                finish_run();
            } else if (is_dropped(c)) {
                continue;
            } else if (chinese_characters && is_chinese(c)) {
                finish_run();
                run = c;
                finish_run();
            } else if (lower_case) {
                // One by one, so that a capital sigma never becomes a final one: the original
                // lowers a text before it looks for words.
                unicode::append_lower(run, c);
            } else {
                run += c;
            }
        }
        finish_run();
    }

  private:
    // Kept accents are composed, so that two spellings of one character are one character.
    template <class Take> bool split_run(std::u32string& run, Take& take) const {
        unicode::normalize(run,
                           strip_accents ? unicode::form::decomposed : unicode::form::composed);
        if (strip_accents)
            std::erase_if(run, [](char32_t c) { return unicode::category(c) == "Mn"; });

        const std::u32string_view all = run;
        idx begin = 0;
        for (idx i = 0; i < all.size(); ++i) {
            if (!is_punctuation(all[i])) continue;
            if (begin != i && !take(all.substr(begin, i - begin))) return false;
            if (!take(all.substr(i, 1))) return false;
            begin = i + 1;
        }
        return begin == all.size() || take(all.substr(begin));
    }

    static bool is_space(char32_t c) {
        return c == U'\t' || c == U'\n' || c == U'\r' || unicode::category(c)[0] == 'Z';
    }
    // Controls, formats, private and unassigned code points; the original drops all of these.
    static bool is_dropped(char32_t c) {
        return c == unicode::replacement || unicode::category(c)[0] == 'C';
    }
    // All of ASCII but letters and digits, as the original has it: also "$" and "^", which Unicode
    // calls symbols.
    static bool is_punctuation(char32_t c) {
        return (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) ||
               (c >= 123 && c <= 126) || unicode::category(c)[0] == 'P';
    }
    // The original's blocks of ideographs, which later Unicode versions have added to.
    static bool is_chinese(char32_t c) {
        return (c >= 0x4e00 && c <= 0x9fff) || (c >= 0x3400 && c <= 0x4dbf) ||
               (c >= 0x20000 && c <= 0x2a6df) || (c >= 0x2a700 && c <= 0x2b73f) ||
               (c >= 0x2b740 && c <= 0x2b81f) || (c >= 0x2b820 && c <= 0x2ceaf) ||
               (c >= 0xf900 && c <= 0xfaff) || (c >= 0x2f800 && c <= 0x2fa1f);
    }
};

}}}  // namespace reckon::v0::RECKON_ISA
