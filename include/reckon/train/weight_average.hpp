// The parameters' moving average, average = share average + (1 - share) values after each step
// (Polyak and Juditsky 1992, with exponential weights): what is validated and kept in their place.
#pragma once

#include <reckon/train/parameters.hpp>

#include <algorithm>
#include <span>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

class weight_average {
  public:
    bool is_kept() const { return numbers_.size() != 0; }
    /// The numbers, in the order of the parameters; none before the average has begun.
    std::span<float> numbers() { return {numbers_.data(), numbers_.size()}; }
    std::span<const float> numbers() const { return {numbers_.data(), numbers_.size()}; }

    /// With the values as they are.
    void begin(const parameters<>& learned) {
        numbers_ = heap_array<float>(learned.size());
        for (const auto& p : learned.entries())
            std::copy_n(p.values.data, p.values.size(), numbers_.data() + p.at);
    }
    /// After a step; nothing where no average has begun.
    void add(const parameters<>& learned, float share) {
        if (!is_kept()) return;
        for (const auto& p : learned.entries())
            for (idx i = 0; i < p.values.size(); ++i) {
                float& own = numbers_[p.at + i];
                own = share * own + (1 - share) * p.values.data[i];
            }
    }

    /// While it exists the parameters hold their averages, if there are any.
    class in_place {
      public:
        in_place(weight_average& average, const parameters<>& learned)
            : average_(average), learned_(learned) {
            swap();
        }
        in_place(const in_place&) = delete;
        in_place& operator=(const in_place&) = delete;
        ~in_place() { swap(); }

      private:
        void swap() {
            if (!average_.is_kept()) return;
            for (const auto& p : learned_.entries())
                std::swap_ranges(p.values.data, p.values.data + p.values.size(),
                                 average_.numbers_.data() + p.at);
        }

        weight_average& average_;
        const parameters<>& learned_;
    };

  private:
    heap_array<float> numbers_;
};

}}}  // namespace reckon::v0::RECKON_ISA
