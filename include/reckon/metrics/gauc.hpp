// The area under the ROC curve within groups, such as users or requests, whose scores compete with
// none of another group (GAUC, Zhu et al. 2017): sum of n_g AUC_g / sum of n_g over the groups that
// have both classes, with n_g the number of examples in group g.
#pragma once

#include <reckon/core/error.hpp>
#include <reckon/metrics/auc.hpp>
#include <reckon/metrics/labels.hpp>

#include <algorithm>
#include <numeric>
#include <span>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

struct grouped_auc {
    double value = 0;           // from 0 to 1
    idx groups = 0;             // that have both classes
    idx examples = 0;           // in those
    idx groups_left_out = 0;    // of one class only
    idx examples_left_out = 0;  // in those
};

/// Groups are any numbers in any order; scores and labels are those of `auc`. That no group has
/// both classes is an error, as is everything that `auc` refuses. The order of the examples does
/// not change the result. O(n log n); allocates 8 bytes an example and up to 16 for each
/// of the largest group.
inline grouped_auc gauc(std::span<const std::int32_t> groups, std::span<const float> scores,
                        std::span<const float> labels) {
    constexpr const char* op = "gauc";
    expect(op, "scores", groups.size(), scores.size());
    expect(op, "labels", groups.size(), labels.size());
    expect_that(!groups.empty(), op, "labels", "0s and 1s", "no examples");
    std::vector<idx> order(groups.size());
    std::iota(order.begin(), order.end(), idx(0));
    std::sort(order.begin(), order.end(), [&](idx a, idx b) { return groups[a] < groups[b]; });

    grouped_auc result;
    std::vector<detail::scored> group;
    for (idx i = 0; i < order.size();) {
        group.clear();
        for (const idx first = order[i]; i < order.size() && groups[order[i]] == groups[first]; ++i)
            group.push_back(detail::scored_at(op, scores, labels, order[i]));
        const idx positives = detail::positives_of(group);
        if (positives == 0 || positives == group.size()) {
            ++result.groups_left_out;
            result.examples_left_out += group.size();
            continue;
        }
        ++result.groups;
        result.examples += group.size();
        result.value += static_cast<double>(group.size()) * detail::area_under_roc(group);
    }
    expect_that(result.groups > 0, op, "labels", "a group with 0s and 1s", "none");
    result.value /= static_cast<double>(result.examples);
    return result;
}

}}}  // namespace reckon::v0::RECKON_ISA
