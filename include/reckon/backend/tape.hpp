// Reverse-mode differentiation. Under a recording context each op puts a closure on the tape, with
// the views it needs; `replay` runs the closures backwards. What is frozen has no place for a
// gradient, and that propagates: nothing is recorded below the lowest trainable parameter. An
// object that only infers includes none of this.
//
// A tensor that learns has a slot for its gradient. The slot is empty at first: its last reader,
// which is the first to be replayed, takes a buffer for it, and when the op that made the tensor
// has been replayed the buffer goes to the next slot that wants one. So a step holds the
// activations of its forward and the few gradients that are alive.
#pragma once

#include <reckon/backend/context.hpp>
#include <reckon/backend/gradient_pool.hpp>
#include <reckon/core/dropout.hpp>
#include <reckon/core/gradient.hpp>

#include <cstring>
#include <new>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// Parameters [begin, end) accumulate their gradients at `gradient`. Sub-views of a parameter and
/// tied weights find their place by address. `asked` counts the ops that did.
template <class E> struct gradient_range {
    const E* begin;
    const E* end;
    E* gradient;
    idx* asked = nullptr;
};

template <class Tag, floating Element = float, floating Sum = double>
class recording_context : public context<Tag, Element, Sum> {
    using base = context<Tag, Element, Sum>;
    using slot = gradient_slot;

  public:
    using space = typename base::space;
    static constexpr bool recording = true;
    static_assert(std::same_as<space, host>,
                  "recording_context: training runs on the host; a device has no tape yet");

    struct tensor : view<Element, space> {
        slot* grad = nullptr;  // none: nothing below learns
        idx grad_at = 0;       // of the slot's numbers, the one of the first number here

        constexpr tensor slice(idx first, idx count) const {
            const idx at = grad == nullptr ? 0 : grad_at + first * grad->cols;
            return {view<Element, space>::slice(first, count), grad, at};
        }
        constexpr tensor columns(idx first, idx count) const {
            return {view<Element, space>::columns(first, count), grad, grad_at + first};
        }
    };

    /// Where a gradient will stand: in a tensor's slot, or beside a parameter.
    struct place {
        slot* of = nullptr;
        idx at = 0;
        view<Element, space> where{};  // of a slot the extents alone

        constexpr bool learns() const { return of != nullptr || where.data != nullptr; }
    };

    /// The table is sorted by address and outlives the context.
    explicit recording_context(std::span<const gradient_range<Element>> trainable,
                               context_options options = {}) requires(!base::dry)
        : base(options), trainable_(trainable) {
        expect_sorted();
    }
    /// Counts for a context of so many threads.
    explicit recording_context(std::span<const gradient_range<Element>> trainable,
                               idx threads = 1) requires(base::dry)
        : base(threads), trainable_(trainable) {
        expect_sorted();
    }

    tensor make(idx rows, idx cols) { return {base::make(rows, cols)}; }
    template <class T> view<T, space> make(idx rows, idx cols) {
        return base::template make<T>(rows, cols);
    }
    /// Numbers that closures read, in real memory also where the context only counts.
    template <class T> view<T> note(idx count) {
        ++pinned_;
        return row_view(reinterpret_cast<T*>(notes_.take(count * sizeof(T))), count);
    }

    /// What is made now may be needed until the tape is replayed.
    void pin() { ++pinned_; }

    /// Gives a tensor a slot.
    void track(tensor& x) {
        if (x.grad != nullptr) return;
        x.grad = ::new (notes_.take(sizeof(slot))) slot{x.rows, x.cols, depth_};
        x.grad_at = 0;
    }

    place place_of(const tensor& x) const {
        return {x.grad,
                x.grad_at,
                {nullptr, x.rows, x.cols, x.grad == nullptr ? x.cols : x.grad->cols}};
    }
    /// Of a parameter; nowhere when it is frozen.
    place parameter_place(view<const Element, space> w) {
        const gradient_range<Element>* range = range_of(w);
        if (range == nullptr) return {};
        found_ = true;
        if (paused_) return {};
        if (range->asked != nullptr) ++*range->asked;
        return {nullptr, 0, {range->gradient + (w.data - range->begin), w.rows, w.cols, w.stride}};
    }

    /// The gradient that stands in a tensor's slot: to be set before a replay (all of it, zero at
    /// first), or to be read after one.
    view<Element, space> gradient(const tensor& x) {
        expect_that(x.grad != nullptr, "gradient", "tensor", "one that learns", "one that doesn't");
        const auto all = begin({x.grad, 0, {nullptr, x.grad->rows, x.grad->cols}});
        if (all.use == gradient_use::first) clear(all);
        return {all.data == nullptr ? nullptr : all.data + x.grad_at, x.rows, x.cols, all.stride};
    }

    /// To write a gradient: the numbers that stand there stay, or none do yet.
    gradient_view<Element, space> begin(const place& p) {
        if (!p.learns()) return {};
        if (p.of == nullptr) return {p.where, gradient_use::adds};
        slot& s = *p.of;
        if (s.buffer == nullptr)
            s.buffer = take(s);
        else if (s.buffer->users > 1)
            unshare(s);
        auto use = s.begun ? gradient_use::adds : gradient_use::first;
        if (!s.begun && p.where.size() != s.size()) {
            clear(all_of(s));
            use = gradient_use::adds;
        }
        s.begun = true;
        return {{data_of(s, p.at), p.where.rows, p.where.cols, s.cols}, use};
    }

    /// For a slot that several inputs of one op share.
    void begin_at_zero(slot& s) {
        const auto all = begin({&s, 0, {nullptr, s.rows, s.cols}});
        if (all.use == gradient_use::first) clear(all);
    }

    /// To read it, in the closure of the op that made the tensor, once all its readers have been
    /// replayed.
    view<const Element, space> finished(const slot& s) const {
        return {data_of(s, 0), s.rows, s.cols};
    }
    static bool is_reached(const slot& s) { return s.begun; }
    /// The tensor's gradient is not needed any more.
    void release(slot& s) {
        if (s.buffer != nullptr) pool_.drop(s.buffer);
        s.buffer = nullptr;
        s.begun = false;
    }
    /// Whether `to`, which has no gradient yet, could share the buffer of `from`.
    bool share(slot& from, const place& to) {
        if (to.of == nullptr || to.of->buffer != nullptr || to.of->depth != depth_ ||
            to.where.size() != from.size() || to.of->rows != from.rows)
            return false;
        to.of->buffer = from.buffer;
        to.of->begun = true;
        ++from.buffer->users;
        return true;
    }

    /// What this step drops.
    const dropout_step& dropout() const { return dropout_; }
    void drop(const dropout_step& step) { dropout_ = step; }

    /// From now on, whether an op that writes a number which is none, or is infinite, is an error
    /// that names it: a step that went wrong is run once more to be told where.
    void check_numbers(bool whether) { checks_ = whether; }
    bool checks_numbers() const { return checks_; }

    /// `backward(ctx)` runs at replay; it holds views and numbers only.
    template <class F> void record(F backward) {
        static_assert(std::is_trivially_copyable_v<F> && std::is_trivially_destructible_v<F>,
                      "record: a tape entry holds views and numbers only; whatever owns memory "
                      "belongs into the context");
        struct entry : node {
            F backward;
        };
        last_ = ::new (notes_.take(sizeof(entry))) entry{
            {last_, [](node* n, recording_context& c) { static_cast<entry*>(n)->backward(c); }},
            backward};
        ++recorded_;
        ++pinned_;
    }
    idx recorded() const { return recorded_; }
    /// Whether something on a tape may need the values that stand in tensors.
    bool keeps_values() const { return recorded_ != 0 || paused_ || depth_ != 0; }

    /// Runs the tape backwards from the gradients set on its results, and empties it.
    void replay() {
        run_back();
        pool_.forget();
        idle_ = pinned_;
    }
    /// Empties the tape as it is, after an error.
    void forget() {
        last_ = nullptr;
        recorded_ = 0;
        pool_.forget();
        idle_ = pinned_;
    }

    /// y = f(ctx, x), of which the tape keeps x alone: f, which holds views and numbers only, runs
    /// again at replay. y has the extents of x.
    template <class F> tensor recomputed(tensor x, F f) {
        tensor y = make(x.rows, x.cols);
        const bool found_before = found_;
        found_ = false;
        {
            const auto inside = scratch();
            const pause until_here(*this);
            const tensor z = f(*this, tensor{x});
            expect("recomputed", "rows", x.rows, z.rows);
            expect("recomputed", "cols", x.cols, z.cols);
            if constexpr (!base::dry)
                for (idx r = 0; r < y.rows; ++r)
                    std::memcpy(y.row(r), z.row(r), y.cols * sizeof(Element));
        }
        const bool learns = found_ || x.grad != nullptr;
        found_ = found_ || found_before;
        if (learns && !paused_) {
            track(y);
            record([x, y, f](recording_context& c) { c.recompute(x, *y.grad, f); });
        }
        return y;
    }

    class [[nodiscard]] scope_guard {
      public:
        explicit scope_guard(recording_context& c)
            : ctx_(c),
              mark_(c.memory_.here()),
              notes_(c.notes_.here()),
              pinned_(c.pinned_),
              kept_values_(c.keeps_values()) {}
        scope_guard(const scope_guard&) = delete;
        scope_guard& operator=(const scope_guard&) = delete;
        ~scope_guard() {
            const bool inside = ctx_.paused_ || ctx_.depth_ != 0;
            const bool unused = ctx_.pinned_ == pinned_ && !kept_values_;
            if (inside || !(unused || ctx_.pinned_ == ctx_.idle_)) return;
            ctx_.memory_.release(mark_);
            ctx_.notes_.release(notes_);
        }

      private:
        recording_context& ctx_;
        arena::mark mark_, notes_;
        idx pinned_;
        bool kept_values_;
    };
    /// Gives back what was made in it, as long as nothing is on the tape that may need it. (While
    /// values are kept, ops that work in place make new tensors, which leave the scope.)
    scope_guard scope() { return scope_guard(*this); }
    /// Gives it back in any case.
    typename base::scope_guard scratch() { return base::scope(); }

    /// Takes memory for so much at once, while nothing is in use.
    void reserve(idx bytes) { this->memory_.reserve(bytes); }
    /// Bytes taken at most so far, those of the tape's own notes among them.
    idx high_water() const { return this->memory_.high_water() + notes_.high_water(); }

  private:
    struct node {
        node* previous;
        void (*run)(node*, recording_context&);
    };

    /// Nothing is recorded.
    struct pause {
        recording_context& ctx;
        bool before;
        explicit pause(recording_context& c) : ctx(c), before(c.paused_) { c.paused_ = true; }
        pause(const pause&) = delete;
        pause& operator=(const pause&) = delete;
        ~pause() { ctx.paused_ = before; }
    };

    /// A tape of its own, of which nothing stays.
    struct nested {
        recording_context& ctx;
        node* last;
        idx recorded;
        arena::mark mark, notes;
        explicit nested(recording_context& c)
            : ctx(c),
              last(c.last_),
              recorded(c.recorded_),
              mark(c.memory_.here()),
              notes(c.notes_.here()) {
            c.last_ = nullptr;
            c.recorded_ = 0;
            ++c.depth_;
        }
        nested(const nested&) = delete;
        nested& operator=(const nested&) = delete;
        ~nested() {
            --ctx.depth_;
            ctx.pool_.forget_below(ctx.depth_);
            ctx.last_ = last;
            ctx.recorded_ = recorded;
            ctx.memory_.release(mark);
            ctx.notes_.release(notes);
        }
    };

    template <class F> void recompute(const tensor& x, slot& y, const F& f) {
        if (!y.begun) return;
        if (x.grad != nullptr) reserve(*x.grad);
        {
            const nested again(*this);
            const tensor z = f(*this, x);
            if (z.grad != nullptr) {
                z.grad->buffer = y.buffer;
                z.grad->begun = true;
                y.buffer = nullptr;
                run_back();
            }
        }
        release(y);
    }

    void run_back() {
        while (last_ != nullptr) {
            node* const own = last_;
            last_ = own->previous;
            own->run(own, *this);
        }
        recorded_ = 0;
    }

    Element* data_of(const slot& s, idx at) const {
        if (base::dry || s.buffer == nullptr) return nullptr;
        return reinterpret_cast<Element*>(s.buffer->data) + at;
    }
    view<Element, space> all_of(const slot& s) const { return {data_of(s, 0), s.rows, s.cols}; }
    static void clear(view<Element, space> all) {
        if constexpr (!base::dry) std::memset(all.data, 0, all.size() * sizeof(Element));
    }

    gradient_buffer* take(const slot& s) {
        expect_that(s.depth == depth_, "recomputed", "gradient", "of x or of what is made inside",
                    "of a tensor made outside");
        ++pinned_;
        return pool_.take(this->memory_, notes_, s.size() * sizeof(Element), depth_);
    }
    void unshare(slot& s) {
        gradient_buffer* const own = take(s);
        if constexpr (!base::dry)
            std::memcpy(own->data, s.buffer->data, s.size() * sizeof(Element));
        pool_.drop(s.buffer);
        s.buffer = own;
    }
    /// A buffer of its own, so that a nested tape finds one.
    void reserve(slot& s) {
        if (s.depth != depth_) return;  // its own recording has reserved it
        if (s.buffer == nullptr)
            s.buffer = take(s);
        else if (s.buffer->users > 1)
            unshare(s);
    }

    const gradient_range<Element>* range_of(view<const Element, space> w) const {
        idx low = 0, high = trainable_.size();  // the first range that ends behind the weight
        while (low < high) {
            const idx middle = (low + high) / 2;
            if (trainable_[middle].end > w.data)
                high = middle;
            else
                low = middle + 1;
        }
        if (low == trainable_.size() || w.data < trainable_[low].begin) return nullptr;
        return &trainable_[low];
    }

    void expect_sorted() const {
        for (idx i = 1; i < trainable_.size(); ++i)
            expect_that(trainable_[i - 1].end <= trainable_[i].begin, "recording_context",
                        "trainable", "ranges sorted by address and disjoint", i);
    }

    std::span<const gradient_range<Element>> trainable_;
    arena notes_{heap_blocks()};  // closures, slots and buffers' records
    node* last_ = nullptr;
    gradient_pool pool_;
    dropout_step dropout_{};
    idx recorded_ = 0;
    idx pinned_ = 0, idle_ = 0;  // what was ever put on the tape, and how much of it has gone
    idx depth_ = 0;              // of recordings within a replay
    bool paused_ = false, found_ = false, checks_ = false;
};

}}}  // namespace reckon::v0::RECKON_ISA
