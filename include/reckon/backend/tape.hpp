// Reverse-mode differentiation. Under a recording context each op pushes a closure and the views it
// needs into the workspace; `replay` runs them backwards. Whatever is frozen has a null gradient
// handle, which propagates: nothing is recorded below the lowest trainable parameter. An object
// that only infers includes none of this.
#pragma once

#include <reckon/backend/context.hpp>

#include <new>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// Parameters [begin, end) accumulate their gradients at `gradient`. Sub-views of a parameter and
/// tied weights find their place by address.
template <class E> struct gradient_range {
    const E* begin;
    const E* end;
    E* gradient;
};

template <class Tag, floating Element = float, floating Sum = double>
class recording_context : public context<Tag, Element, Sum> {
    using base = context<Tag, Element, Sum>;

  public:
    using space = typename base::space;
    static constexpr bool recording = true;

    struct tensor : view<Element, space> {
        view<Element, space> grad{};  // null: nothing below learns

        constexpr tensor slice(idx first, idx count) const {
            return {view<Element, space>::slice(first, count), grad.slice(first, count)};
        }
    };

    /// The table is sorted by address and outlives the context.
    explicit recording_context(std::span<const gradient_range<Element>> trainable,
                               context_options options = {})
        : base(options), trainable_(trainable) {
        for (idx i = 1; i < trainable.size(); ++i)
            expect_that(trainable[i - 1].end <= trainable[i].begin, "recording_context",
                        "trainable", "ranges sorted by address and disjoint", i);
    }

    tensor make(idx rows, idx cols) { return {base::make(rows, cols), {}}; }
    template <class T> view<T, space> make(idx rows, idx cols) {
        return base::template make<T>(rows, cols);
    }

    /// Gives a tensor a gradient, zero at first.
    void track(tensor& y) {
        if (y.grad.data != nullptr) return;
        y.grad = base::make(y.rows, y.cols);
        for (idx i = 0; i < y.grad.size(); ++i) y.grad.data[i] = 0;
    }

    /// Where this weight's gradient goes; null when it is frozen.
    view<Element, space> gradient_of(view<const Element, space> w) const {
        idx low = 0, high = trainable_.size();  // the first range that ends behind the weight
        while (low < high) {
            const idx middle = (low + high) / 2;
            if (trainable_[middle].end > w.data)
                high = middle;
            else
                low = middle + 1;
        }
        if (low == trainable_.size() || w.data < trainable_[low].begin) return {};
        return {trainable_[low].gradient + (w.data - trainable_[low].begin), w.rows, w.cols,
                w.stride};
    }

    /// `backward(ctx)` runs at replay; it holds views and numbers only.
    template <class F> void record(F backward) {
        static_assert(std::is_trivially_copyable_v<F> && std::is_trivially_destructible_v<F>,
                      "record: a tape entry holds views and numbers only; whatever owns memory "
                      "belongs into the context");
        struct entry : node {
            F backward;
        };
        auto* made = ::new (this->memory_.take(sizeof(entry))) entry{
            {last_, [](node* n, recording_context& c) { static_cast<entry*>(n)->backward(c); }},
            backward};
        last_ = made;
        ++recorded_;
    }
    idx recorded() const { return recorded_; }

    /// Runs the tape backwards from the gradients set on its results, and empties it.
    void replay() {
        for (node* n = last_; n != nullptr; n = n->previous) n->run(n, *this);
        last_ = nullptr;
        recorded_ = 0;
    }

    class [[nodiscard]] scope_guard {
      public:
        explicit scope_guard(recording_context& c) : ctx_(c), mark_(c.memory_.here()) {}
        scope_guard(const scope_guard&) = delete;
        scope_guard& operator=(const scope_guard&) = delete;
        ~scope_guard() {
            if (ctx_.recorded_ == 0) ctx_.memory_.release(mark_);
        }

      private:
        recording_context& ctx_;
        arena::mark mark_;
    };
    /// Gives back what was made in it, as long as nothing is on the tape.
    scope_guard scope() { return scope_guard(*this); }

  private:
    struct node {
        node* previous;
        void (*run)(node*, recording_context&);
    };
    std::span<const gradient_range<Element>> trainable_;
    node* last_ = nullptr;
    idx recorded_ = 0;
};

}}}  // namespace reckon::v0::RECKON_ISA
