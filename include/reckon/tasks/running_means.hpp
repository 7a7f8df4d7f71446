// What needs no model: scores of an event from the events before it. They stand beside every result
// of a model that reads texts.
//     popularity     how often the item was met
//     item mean      how it was liked, drawn to the mean of all by `weight` events
//     user mean      how the user liked what was met, likewise
#pragma once

#include <reckon/core/error.hpp>
#include <reckon/data/event.hpp>

#include <unordered_map>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

class running_means {
  public:
    explicit running_means(double weight = 10) : weight_(weight) {
        expect_that(weight > 0, "running_means", "weight", "above 0", error_text{"another number"});
    }

    idx popularity(std::int32_t item) const { return of(items_, item).count; }
    double item_mean(std::int32_t item) const { return mean(of(items_, item)); }
    idx history(std::int32_t user) const { return of(users_, user).count; }
    double user_mean(std::int32_t user) const { return mean(of(users_, user)); }
    double mean_of_all() const { return all_.count == 0 ? 0 : all_.sum / double(all_.count); }

    /// The event has happened, and was liked so much.
    void add(const event& e, double liked) {
        for (sum* s : {&items_[e.item], &users_[e.user], &all_}) {
            ++s->count;
            s->sum += liked;
        }
    }

  private:
    struct sum {
        idx count = 0;
        double sum = 0;
    };
    using sums = std::unordered_map<std::int32_t, sum>;

    static sum of(const sums& all, std::int32_t id) {
        const auto found = all.find(id);
        return found == all.end() ? sum{} : found->second;
    }
    double mean(const sum& s) const {
        return (s.sum + weight_ * mean_of_all()) / (double(s.count) + weight_);
    }

    double weight_;
    sums items_, users_;
    sum all_;
};

}}}  // namespace reckon::v0::RECKON_ISA
