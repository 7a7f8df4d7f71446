// Where only the last row of each sequence is read, as by tasks that score texts, the last block
// makes keys and values of all rows and everything else of those: most of its products go. What it
// makes is what it would have made, but for the rows' numbers in dropout.
#pragma once

#include <reckon/layers/kept_numbers.hpp>
#include <reckon/layers/site.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// The keys of those rows: of each sequence all that `Keys` has.
template <class Keys> struct keys_of_last_rows {
    Keys all;
    const std::int32_t *begin, *count, *position, *row;  // of each sequence
    ragged groups;                                       // of sequences, where keys stand in front

    template <any_context C>
    constexpr auto source(C& ctx, idx layer, const ragged& sequences, const tensor_of<C>& k,
                          const tensor_of<C>& v) const {
        auto s = all.source(ctx, layer, sequences, k, v);
        auto& own = [&]() -> auto& {
            if constexpr (requires { s.own; }) {
                s.groups = groups;
                return s.own;
            } else {
                return s;
            }
        }
        ();
        if (own.first == nullptr) {
            own.first = begin;
            own.count = count;
        }
        return s;
    }
    constexpr per_sequence first() const { return position; }
    constexpr per_sequence first_row() const { return row; }
};

template <class Keys> struct last_rows_of {
    ragged sequences;  // of a row each
    keys_of_last_rows<Keys> keys;

    template <any_context C> constexpr last_rows_of(C& ctx, const ragged& all, const Keys& of) {
        static_assert(!C::dry || C::recording,
                      "last_rows: a context that only counts holds no offsets");
        const idx n = all.count();
        const auto each = kept_numbers<std::int32_t>(ctx, n + 1);
        const auto begin = kept_numbers<std::int32_t>(ctx, n),
                   count = kept_numbers<std::int32_t>(ctx, n),
                   position = kept_numbers<std::int32_t>(ctx, n),
                   row = kept_numbers<std::int32_t>(ctx, n);
        each(0, 0) = 0;
        for (idx s = 0; s < n; ++s) {
            expect_that(all.length(s) != 0, "last_rows", "rows of a sequence", "at least 1",
                        idx{0});
            const idx last = all.length(s) - 1;
            each(0, s + 1) = std::int32_t(s + 1);
            begin(0, s) = std::int32_t(all.begin(s));
            count(0, s) = std::int32_t(all.length(s));
            position(0, s) = std::int32_t(of.first()[s] + last);
            row(0, s) = std::int32_t(of.first_row()[s] + last);
        }
        sequences = ragged{std::span<const std::int32_t>(each.data, n + 1)};
        keys = {of, begin.data, count.data, position.data, row.data, ragged{}};
        if constexpr (requires { of.groups(); }) {
            const ragged rows = of.groups();
            const auto ends = kept_numbers<std::int32_t>(ctx, rows.count() + 1);
            ends(0, 0) = 0;
            for (idx g = 0, s = 0; g < rows.count(); ++g) {
                while (s < n && all.begin(s) < rows.begin(g) + rows.length(g)) ++s;
                ends(0, g + 1) = std::int32_t(s);
            }
            keys.groups = ragged{std::span<const std::int32_t>(ends.data, ends.cols)};
        }
    }
};

/// Whose the last rows are.
template <class Tasks> constexpr auto tasks_of_last_rows(const Tasks& tasks) {
    if constexpr (requires { tasks.of_last_rows(); })
        return tasks.of_last_rows();
    else
        return tasks;
}

/// Positions are in the rows already, whichever they are.
struct no_rotation_of {
    constexpr no_rotation operator()(const ragged&, per_sequence) const { return {}; }
};

/// x through all of a stack's layers, [sequences, width]. `rotation_of(sequences, first)`: how rows
/// that begin at these positions are turned.
template <any_context C, mask M, class Keys, class Tasks, class RotationOf = no_rotation_of>
constexpr tensor_of<C> run_last_rows(C& ctx, const auto& layers, tensor_of<C> x,
                                     const ragged& sequences, const M& mask, const Keys& keys,
                                     const Tasks& tasks, const RotationOf& rotation_of = {}) {
    no_hook none;
    const last_rows_of last{ctx, sequences, keys};
    const site at{sequences, mask, none, rotation_of(sequences, keys.first()), keys, tasks};
    const site reading{last.sequences, mask,
                       none,           rotation_of(last.sequences, last.keys.first()),
                       last.keys,      tasks_of_last_rows(tasks)};
    return layers.last_rows(ctx, x, at, reading);
}

}}}  // namespace reckon::v0::RECKON_ISA
