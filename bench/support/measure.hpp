// What is timed, and how: contenders take turns, so that whatever disturbs the machine meets all of
// them alike.
#pragma once

#include "machine.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

namespace bench {

struct timing {
    double median = 0, least = 0, most = 0;  // seconds
};

inline timing summary(std::vector<double> seconds) {
    std::sort(seconds.begin(), seconds.end());
    return {seconds[seconds.size() / 2], seconds.front(), seconds.back()};
}

/// One each. A turn is an untimed run, which brings a contender's weights back into the caches that
/// the others have used, and a timed one; the first turn is for warming up.
inline std::vector<timing> race(const std::vector<std::function<void()>>& contenders,
                                reckon::idx repeats, double (*now)()) {
    std::vector<std::vector<double>> seconds(contenders.size());
    for (reckon::idx turn = 0; turn <= repeats; ++turn)
        for (reckon::idx i = 0; i < contenders.size(); ++i) {
            contenders[i]();
            if (turn != 0) seconds[i].push_back(machine::seconds_of(now, contenders[i]));
        }
    std::vector<timing> results;
    for (auto& each : seconds) results.push_back(summary(std::move(each)));
    return results;
}

}  // namespace bench
