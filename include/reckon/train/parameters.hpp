// The parameters that a run of training changes, by one walk over a model: their names, where they
// stand, their gradients side by side in one array, and the groups that weight decay knows. The
// model stays where it is; nothing of it is copied.
#pragma once

#include <reckon/backend/tape.hpp>
#include <reckon/core/matrix.hpp>
#include <reckon/core/visit.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// Chooses every parameter.
struct every_parameter {
    constexpr bool operator()(std::string_view) const { return true; }
};

/// Whether weight decay leaves a parameter alone: biases, gains, soft prompts, and what else is one
/// row.
inline bool is_undecayed(std::string_view name, idx rows) {
    return rows == 1 || name.ends_with("bias") || name.ends_with("gain") ||
           name.find("prompt") != name.npos;
}

template <floating E = float> class parameters {
  public:
    struct entry {
        std::string name;
        view<E> values;
        idx at;  // where its numbers begin in flat arrays
        bool decays;
        idx asked = 0;  // how often an op asked for its gradient
    };

    /// Of those parameters of `model` whose names `which` chooses; the model must outlive this.
    template <class Model, class Which = every_parameter>
    explicit parameters(Model& model, const Which& which = {}) {
        walk_all(overload{[&](const path& at, matrix<E>& p) {
                              const auto name = at.text();
                              if (p.size() != 0 && which(name.view()))
                                  add(std::string{name.view()}, p.look());
                          },
                          [](const path&, const parameter auto&) {}},
                 model);
        expect_that(!entries_.empty(), "parameters", "which", "one parameter or more that learns",
                    idx{0});
        gradients_ = heap_array<E>(size_);
        find_ranges();
    }
    parameters(const parameters&) = delete;
    parameters& operator=(const parameters&) = delete;

    /// For a recording context, which this must outlive.
    std::span<const gradient_range<E>> ranges() const { return ranges_; }
    const std::vector<entry>& entries() const { return entries_; }
    idx size() const { return size_; }

    view<E> gradients() { return row_view(gradients_.data(), size_); }
    view<E> gradient(const entry& p) {
        return {gradients_.data() + p.at, p.values.rows, p.values.cols};
    }
    void clear_gradients() { std::fill_n(gradients_.data(), size_, E(0)); }

    /// Refuses, by its name, a parameter whose gradient no op has asked for: it was chosen, and
    /// would silently stay as it is.
    void expect_asked() const {
        for (const entry& p : entries_)
            if (p.asked == 0)
                fail("parameters", p.name, "an op that asks for its gradient",
                     "none: the loss does not depend on it, or on a copy of it");
    }

  private:
    void add(std::string name, view<E> values) {
        const bool decays = !is_undecayed(name, values.rows);
        entries_.push_back({std::move(name), values, size_, decays});
        size_ += values.size();
    }
    void find_ranges() {
        for (entry& p : entries_)
            ranges_.push_back({p.values.data, p.values.data + p.values.size(),
                               gradients_.data() + p.at, &p.asked});
        std::sort(ranges_.begin(), ranges_.end(),
                  [](const auto& a, const auto& b) { return std::less<>{}(a.begin, b.begin); });
    }

    std::vector<entry> entries_;
    std::vector<gradient_range<E>> ranges_;
    heap_array<E> gradients_;
    idx size_ = 0;
};

template <class Model, class... Which> parameters(Model&, const Which&...) -> parameters<float>;

}}}  // namespace reckon::v0::RECKON_ISA
