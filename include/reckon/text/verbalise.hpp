// Facts as words, for models that read (M6-Rec 2): how long ago, how many, and where a number
// stands among its like. A fact that is not there has no words.
//     ago(7200) -> "2 hours ago"      times(0) -> "never", times(3) -> "3 times"
//     percentiles views{counts};  views.words(912) -> "very high"
#pragma once

#include <reckon/core/error.hpp>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// "1 film", "3 films".
inline std::string counted(idx count, std::string_view one, std::string_view many) {
    std::string text = std::to_string(count) + ' ';
    return text += count == 1 ? one : many;
}
inline std::string times(idx count) {
    return count == 0 ? "never" : count == 1 ? "once" : counted(count, "time", "times");
}

/// In the largest unit that it fills.
inline std::string ago(double seconds) {
    expect_that(seconds >= 0, "ago", "seconds", "0 or more", error_text{"a number below, or none"});
    struct unit {
        double seconds;
        std::string_view one, many;
    };
    constexpr unit units[] = {{31557600, "year", "years"}, {2629800, "month", "months"},
                              {604800, "week", "weeks"},   {86400, "day", "days"},
                              {3600, "hour", "hours"},     {60, "minute", "minutes"}};
    for (const unit& u : units)
        if (seconds >= u.seconds) return counted(idx(seconds / u.seconds), u.one, u.many) + " ago";
    return "just now";
}

/// Where a number stands among numbers that were seen.
class percentiles {
  public:
    explicit percentiles(std::vector<double> seen) : seen_(std::move(seen)) {
        expect_that(!seen_.empty(), "percentiles", "seen", "a number or more", idx{0});
        for (const double x : seen_)
            expect_that(!std::isnan(x), "percentiles", "seen", "numbers", error_text{"NaN"});
        std::sort(seen_.begin(), seen_.end());
    }

    /// The share of them that are smaller, equal ones counting half: 0 to 1.
    double share(double x) const {
        const auto [low, high] = std::equal_range(seen_.begin(), seen_.end(), x);
        return double((low - seen_.begin()) + (high - seen_.begin())) / (2 * double(seen_.size()));
    }
    std::string_view words(double x) const {
        constexpr std::string_view all[] = {"very low", "low", "middling", "high", "very high"};
        constexpr double ends[] = {.1, .3, .7, .9};
        const auto end = std::upper_bound(std::begin(ends), std::end(ends), share(x));
        return all[end - std::begin(ends)];
    }

  private:
    std::vector<double> seen_;
};

}}}  // namespace reckon::v0::RECKON_ISA
