// The leave-one-out split: each user's last liked event is the target, and what came before it is
// the history. A user who liked nothing has no target; what came after the target is not used.
#pragma once

#include <reckon/core/error.hpp>
#include <reckon/data/event.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

class leave_one_out {
  public:
    /// One user's target; its numbers are rows of `events()`.
    struct held_out {
        idx first = 0;   // the user's first event
        idx target = 0;  // the history ends where it stands, and may be empty
    };

    /// `events` in the log's order, which decides between events of one time; `liked` is the
    /// rating from which on an event is liked.
    explicit leave_one_out(std::vector<event> events, float liked = 4)
        : events_(std::move(events)) {
        for (const event& e : events_)
            expect_that(std::isfinite(e.time) && !std::isnan(e.rating), "leave_one_out", "events",
                        "finite times and ratings", "others");
        std::stable_sort(events_.begin(), events_.end(), [](const event& a, const event& b) {
            return std::tie(a.user, a.time) < std::tie(b.user, b.time);
        });
        for (idx first = 0, end = 0; first < events_.size(); first = end) {
            idx target = events_.size();
            for (end = first; end < events_.size() && events_[end].user == events_[first].user;
                 ++end)
                if (events_[end].rating >= liked) target = end;
            if (target < end) users_.push_back({first, target});
        }
    }

    /// By user, then time, then the log's order.
    std::span<const event> events() const { return events_; }
    /// The users who have a target, by their ids.
    std::span<const held_out> users() const { return users_; }

    const event& target(const held_out& user) const { return events_[user.target]; }
    std::span<const event> history(const held_out& user) const {
        return events().subspan(user.first, user.target - user.first);
    }
    /// The items of the history, ascending and each once: they are no candidates.
    std::vector<std::int32_t> seen(const held_out& user) const {
        std::vector<std::int32_t> items;
        for (const event& e : history(user)) items.push_back(e.item);
        std::sort(items.begin(), items.end());
        items.erase(std::unique(items.begin(), items.end()), items.end());
        return items;
    }

  private:
    std::vector<event> events_;
    std::vector<held_out> users_;
};

}}}  // namespace reckon::v0::RECKON_ISA
