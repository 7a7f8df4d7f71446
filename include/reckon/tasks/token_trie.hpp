// The token sequences that a generation may give: item titles, semantic ids. Generation walks the
// trie from its root and may only take a child of the node it stands at, so what comes out is one
// of the sequences by construction.
#pragma once

#include <reckon/core/error.hpp>

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

class token_trie {
  public:
    using node = std::int32_t;
    static constexpr node root = 0;

    struct child {
        std::int32_t id;
        node to;
    };

    /// Sequences may share beginnings; one given twice counts once.
    explicit token_trie(std::span<const std::vector<std::int32_t>> sequences) {
        expect_that(!sequences.empty(), "token_trie", "sequences", "at least one", idx{0});
        std::vector<std::span<const std::int32_t>> sorted;
        for (const auto& sequence : sequences) {
            expect_that(!sequence.empty(), "token_trie", "sequence", "at least one id", idx{0});
            for (std::int32_t id : sequence)
                expect_that(id >= 0, "token_trie", "ids", "0 or more", id);
            sorted.emplace_back(sequence);
            depth_ = std::max(depth_, sequence.size());
        }
        std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
            return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
        });
        add(sorted);
    }

    /// What may follow at a node, ids ascending.
    std::span<const child> children(node at) const {
        const auto& n = nodes_[idx(at)];
        return {children_.data() + n.begin, n.end - n.begin};
    }
    /// A sequence ends here; longer ones may go on.
    bool ends(node at) const { return nodes_[idx(at)].ends; }
    /// The child by that id; -1 if it is not allowed.
    node next(node at, std::int32_t id) const {
        const auto all = children(at);
        const auto found = std::lower_bound(
            all.begin(), all.end(), id, [](const child& c, std::int32_t i) { return c.id < i; });
        return found != all.end() && found->id == id ? found->to : -1;
    }
    idx depth() const { return depth_; }  // ids of the longest sequence
    std::int32_t largest_id() const { return largest_id_; }

  private:
    struct place {
        idx begin = 0, end = 0;
        bool ends = false;
    };

    // A level at a time: the sequences below a node stand beside one another once sorted.
    void add(std::span<const std::span<const std::int32_t>> all) {
        struct range {
            idx begin, end, depth;
        };
        nodes_.push_back({});
        std::vector<range> ranges{{0, all.size(), 0}};
        for (idx n = 0; n < nodes_.size(); ++n) {
            auto [begin, end, depth] = ranges[n];
            for (; begin < end && all[begin].size() == depth; ++begin) nodes_[n].ends = true;
            nodes_[n].begin = children_.size();
            while (begin < end) {
                const std::int32_t id = all[begin][depth];
                idx last = begin;
                while (last < end && all[last][depth] == id) ++last;
                children_.push_back({id, static_cast<node>(nodes_.size())});
                largest_id_ = std::max(largest_id_, id);
                nodes_.push_back({});
                ranges.push_back({begin, last, depth + 1});
                begin = last;
            }
            nodes_[n].end = children_.size();
        }
    }

    std::vector<place> nodes_;
    std::vector<child> children_;
    idx depth_ = 0;
    std::int32_t largest_id_ = 0;
};

}}}  // namespace reckon::v0::RECKON_ISA
