// One static, n-ary `visit` per module names its parameters once:
//     static constexpr void visit(auto&& f, auto&... self) { f("up", self.up...); ... }
// `walk` descends one, two or four structs of the same shape in step. A visitor takes what it can;
// the rest is descended into. Load, save, count, quantise, prepare and copy are visitors.
#pragma once

#include <reckon/core/error.hpp>

#include <string_view>
#include <type_traits>
#include <utility>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

namespace detail {

struct any_visitor {
    constexpr void operator()(auto&&...) const {}
};

}  // namespace detail

/// "layers.3.ffn.up.weight" as a chain of nodes on the stack; text only on demand.
struct path {
    const path* parent = nullptr;
    std::string_view name{};
    idx number = 0;

    constexpr path operator/(std::string_view child) const { return {this, child, 0}; }
    constexpr path operator/(idx child) const { return {this, {}, child}; }

    template <idx Capacity = 240> constexpr fixed_text<Capacity> text() const {
        fixed_text<Capacity> out;
        append_to(out);
        return out;
    }

  private:
    template <idx Capacity> constexpr void append_to(fixed_text<Capacity>& out) const {
        if (parent == nullptr) return;
        parent->append_to(out);
        if (parent->parent != nullptr) out.append(std::string_view{"."});
        if (name.empty())
            out.append(number);
        else
            out.append(name);
    }
};

/// A type that walks treat as one parameter unless the visitor wants its pieces.
template <class P>
concept parameter = requires {
    typename P::parameter_tag;
};

/// Given as the name of a child whose parameters keep their own names (a wrapper's inner module).
struct inlined_t {};
inline constexpr inlined_t inlined{};

/// A struct of parameters and modules that names them in `visit`.
template <class M>
concept module = requires(M& m) {
    std::remove_const_t<M>::visit(detail::any_visitor{}, m);
};

/// A list of equal modules, such as a stack's blocks.
template <class M>
concept module_list = !module<M> && !parameter<M> && requires(M & m) {
    { m.size() } -> std::convertible_to<idx>;
    m[0];
};

template <class F, class Head, class... Rest>
constexpr void walk(F&& f, const path& at, Head& head, Rest&... rest) {
    if constexpr (std::is_invocable_v<F&, const path&, Head&, Rest&...>) {
        f(at, head, rest...);
    } else if constexpr (module<Head>) {
        std::remove_const_t<Head>::visit(
            [&]<class Name>(Name name, auto&... child) {
                if constexpr (std::is_same_v<Name, inlined_t>)
                    walk(f, at, child...);
                else
                    walk(f, at / std::string_view{name}, child...);
            },
            head, rest...);
    } else if constexpr (module_list<Head>) {
        (expect("walk", "a list's length", head.size(), rest.size()), ...);
        for (idx i = 0; i < head.size(); ++i) walk(f, at / i, head[i], rest[i]...);
    } else {
        static_assert(sizeof(Head) == 0,
                      "walk: a member is neither a module with `static void visit(f, self...)` nor "
                      "a parameter that the visitor accepts");
    }
}

/// From the root.
template <class F, class Head, class... Rest>
constexpr void walk_all(F&& f, Head& head, Rest&... rest) {
    walk(f, path{}, head, rest...);
}

template <class... F> struct overload : F... { using F::operator()...; };
template <class... F> overload(F...) -> overload<F...>;

struct totals {
    idx parameters = 0, bytes = 0;
};

/// Parameters and bytes of a model; shared blocks and tied heads count once, as they are stored.
template <class M> constexpr totals count(const M& model) {
    totals sum;
    walk_all(
        [&](const path&, const parameter auto& p) {
            sum.parameters += p.size();
            sum.bytes += p.bytes();
        },
        model);
    return sum;
}

}}}  // namespace reckon::v0::RECKON_ISA
