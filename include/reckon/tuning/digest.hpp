// What tells one backbone from another: a number made of the names, shapes and values of its
// parameters, as they were loaded. A task that was tuned over one is served over no other.
#pragma once

#include <reckon/core/matrix.hpp>
#include <reckon/core/visit.hpp>
#include <reckon/io/digest.hpp>

#include <cstring>
#include <string>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// FNV-1a over words of 8 bytes.
class digest {
  public:
    void add(const void* data, idx bytes) {
        const auto* at = static_cast<const unsigned char*>(data);
        for (; bytes >= sizeof(std::uint64_t); at += sizeof(std::uint64_t)) {
            std::uint64_t word;
            std::memcpy(&word, at, sizeof word);
            mix(word);
            bytes -= sizeof word;
        }
        std::uint64_t rest = bytes;
        for (idx i = 0; i < bytes; ++i) rest = rest << 8 | at[i];
        mix(rest);
    }
    void add(std::string_view text) { add(text.data(), text.size()); }
    void add(idx number) { mix(number); }

    std::string text() const { return hex_digits(hash_); }

  private:
    // The multiplication carries upwards only; the turn brings high bits down.
    void mix(std::uint64_t word) {
        hash_ = (hash_ ^ word) * 0x100000001b3u;
        hash_ = hash_ << 29 | hash_ >> 35;
    }
    std::uint64_t hash_ = 0xcbf29ce484222325u;
};

template <class Model> std::string digest_of(const Model& model) {
    digest all;
    walk_all(
        [&]<element T>(const path& at, const matrix<T>& p) {
            const auto name = at.text();
            all.add(name.view());
            all.add(p.rows());
            all.add(p.cols());
            all.add(p.data(), p.size() * sizeof(T));
        },
        model);
    return all.text();
}

}}}  // namespace reckon::v0::RECKON_ISA
