// Where a module stands when it runs: the sequences of the batch, the mask, how queries and keys
// are turned by position, where attention finds its keys, whose task each row is, the layer's
// number, the batch's row that the first row of x is, and the hook that observes it all. Every
// module call receives it, so that what depends on a row's sequence, on its layer or its place can
// stand in any module. A shared block sees a different site in each layer.
#pragma once

#include <reckon/backend/context.hpp>
#include <reckon/core/attention.hpp>
#include <reckon/core/mask.hpp>
#include <reckon/core/ragged.hpp>
#include <reckon/layers/hook.hpp>
#include <reckon/ops/attention.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// Positions are in the rows already: queries and keys stay as they are.
struct no_rotation {
    constexpr void operator()(auto&, auto&) const {}
};

/// Attention reads the keys and values of the batch itself, whose sequences begin at position 0.
struct own_keys {
    template <any_context C>
    constexpr auto source(C& ctx, idx, const ragged&, const tensor_of<C>& k,
                          const tensor_of<C>& v) const {
        return ops::key_values_from(ctx, k, v);
    }
    constexpr per_sequence first() const { return {}; }      // the position of each first row,
    constexpr per_sequence first_row() const { return {}; }  // and its number to the mask
};

/// All rows are the model's own task's.
struct no_tasks {};

/// The number of no layer: of a site before or behind the stack.
inline constexpr idx no_layer = ~idx{0};

template <class M, class Hook = no_hook, class Rotation = no_rotation, class Keys = own_keys,
          class Tasks = no_tasks>
struct site {
    ragged sequences;
    M mask;
    Hook* hook = nullptr;  // of no_hook: none
    Rotation rotate{};
    Keys keys{};
    Tasks tasks{};  // whose rows these are (layers/adapt.hpp)
    idx layer = no_layer;
    idx first_row = 0;  // row r of x is row first_row + r of the batch

    constexpr site(const ragged& rows_of, M what_they_see)
        : sequences(rows_of), mask(what_they_see) {
        is_mask<M>();
    }
    constexpr site(const ragged& rows_of, M what_they_see, Hook& observer, Rotation rotation = {},
                   Keys where = {}, Tasks whose = {})
        : sequences(rows_of),
          mask(what_they_see),
          hook(&observer),
          rotate(rotation),
          keys(where),
          tasks(whose) {
        is_mask<M>();
    }

    constexpr site at_layer(idx number) const {
        site here = *this;
        here.layer = number;
        return here;
    }
    /// For rows of x from `row` on.
    constexpr site from_row(idx row) const {
        site here = *this;
        here.first_row += row;
        return here;
    }

    template <class C> constexpr flow layer_output(C& ctx, const tensor_of<C>& x) const {
        if constexpr (requires { hook->layer_output(ctx, layer, x); })
            return hook->layer_output(ctx, layer, x);
        else
            return flow::go_on;
    }
    template <class C>
    constexpr void attention_inputs(C& ctx, const tensor_of<C>& q, const tensor_of<C>& k,
                                    const tensor_of<C>& v) const {
        if constexpr (requires { hook->attention_inputs(ctx, layer, q, k, v); })
            hook->attention_inputs(ctx, layer, q, k, v);
    }
};

}}}  // namespace reckon::v0::RECKON_ISA
