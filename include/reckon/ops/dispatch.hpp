// How an op finds its kernel. A descriptor of a few lines says what the op is:
//     struct add_op {
//         static constexpr const char* name = "add";
//         template <class C> using signature = void(input_of<C> a, input_of<C> b, output_of<C> y);
//         static auto kernel(auto tag, auto&... a) -> decltype(add_kernel(tag, a...)) {
//             add_kernel(tag, a...);
//         }
//     };
// `dispatch<add_op>(ctx, a, b, y)` gives each argument the type that the signature states and calls
// the kernel of the most derived tag of the context's stack that has one for these types. Where
// none has, the descriptor's `otherwise(ctx, a...)` runs, such as the two halves of a fused op; an
// op without it does not compile. A context that only counts runs nothing. The kernel of a
// backward, its gradients last, has a descriptor of its own.
#pragma once

#include <reckon/backend/context.hpp>
#include <reckon/ops/check.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace ops {

/// The call of an op's kernel with the argument types of the op's signature.
template <class Op, class C, class Signature = typename Op::template signature<C>>
struct kernel_call;

template <class Op, class C, class... A> struct kernel_call<Op, C, void(A...)> {
    /// Whether a tag of the context's stack has a kernel for these types.
    static constexpr bool is_served = requires(C & ctx, A... a) {
        Op::kernel(typename C::kernels{}, ctx, a...);
    };

    static constexpr bool has_otherwise = requires(C & ctx, A... a) { Op::otherwise(ctx, a...); };

    static void count(C& ctx, A... a) {
        if constexpr (requires { Op::scratch(typename C::kernels{}, idx{1}, a...); }) {
            const auto inside = ctx.scratch();
            ctx.template make<std::byte>(1,
                                         Op::scratch(typename C::kernels{}, ctx.threads(), a...));
        }
    }

    // (Both questions are members: within a function nvcc 13 answers some of them with no.)
    static void run(C& ctx, A... a) {
        if constexpr (is_served)
            Op::kernel(typename C::tag{}, ctx, a...);
        else if constexpr (has_otherwise)
            Op::otherwise(ctx, a...);
        else
            static_assert(sizeof(C) == 0,
                          "op: no backend of this context has a kernel for it and these arguments "
                          "(or two are ambiguous): include its kernels, stack the tag on one that "
                          "has it, or prepare the model for this backend");
    }
};

template <class Op, any_context C, class... A>
requires(C::dry && !C::recording) constexpr void dispatch(C&, const A&...) {}

/// .. and one that counts a step of training takes what the kernel will take: an op whose kernels
/// take memory for themselves says so by `scratch(kernels, threads, arguments...)`, in bytes.
template <class Op, any_context C, class... A>
requires(C::dry&& C::recording) void dispatch(C& ctx, const A&... a) {
    kernel_call<Op, C>::count(ctx, a...);
}

/// A void function that is not constexpr: such a function is instantiated where the file ends, so
/// that the order of includes doesn't decide which kernels are found (decision 1).
template <class Op, any_context C, class... A>
requires(!C::dry) void dispatch(C& ctx, const A&... a) {
    kernel_call<Op, C>::run(ctx, a...);
    if constexpr (C::recording)
        if (ctx.checks_numbers()) (expect_finite<C>(Op::name, a), ...);
}

}}}}  // namespace reckon::v0::RECKON_ISA::ops
