// A task as a file: safetensors, with the task's name, method, options, special tokens, sizes and
// the digest of its backbone as metadata. It appears whole or not at all.
#pragma once

#include <reckon/data/number.hpp>
#include <reckon/io/load.hpp>
#include <reckon/io/save.hpp>
#include <reckon/tuning/digest.hpp>
#include <reckon/tuning/task.hpp>

#include <cmath>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// A task with what its file says of it.
struct named_task {
    std::string name, backbone;  // the digest of the backbone
    task own;
};

namespace detail {

inline std::string joined(const std::vector<std::string>& words) {
    std::string all;
    for (const std::string& word : words) all += (all.empty() ? "" : ",") + word;
    return all;
}
inline std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> words;
    for (idx at = 0; at <= text.size();) {
        const idx end = std::min(text.find(',', at), text.size());
        words.emplace_back(text.substr(at, end - at));
        at = end + 1;
    }
    return words;
}

}  // namespace detail

/// `model`, where the method trains it as well, is saved beside the task.
template <class Learner>
void save_delta(const Learner& learned, const named_task& about, const std::string& path) {
    text_map all{{"format", "reckon-delta-1"},
                 {"task", about.name},
                 {"backbone", about.backbone},
                 {"method", std::string{name_of(about.own.method)}},
                 {"options", detail::joined(about.own.options)},
                 {"prompts", std::to_string(about.own.size.prompts)},
                 {"rank", std::to_string(about.own.size.rank)}};
    std::string ids;
    for (const std::int32_t id : about.own.special_ids)
        ids += (ids.empty() ? "" : ",") + std::to_string(id);
    all["specials"] = ids;
    save_parameters(learned, path, own_names{}, all);
}

/// The metadata of a delta, before its backbone is known.
class delta_file {
  public:
    explicit delta_file(const std::string& path) : file_(safetensors::open(path)) {
        if (const auto format = text("format"); format != "reckon-delta-1")
            refuse("format", "reckon-delta-1", in_quotes(format));
        method_ = tuning_method_of(text("method"));
    }

    std::string name() const { return text("task"); }
    tuning_method method() const { return method_; }

    /// The task, for a backbone of these sizes and this digest. Where the method trains the
    /// backbone too, `learner(task)` gives the whole to be filled.
    named_task load(const task_sizes& sizes, const std::string& backbone) const {
        named_task t = made(sizes, backbone);
        load_parameters(t.own, file_);
        expect_finite(t.own);
        return t;
    }
    template <class Learner, class Make>
    Learner load_whole(const task_sizes& sizes, const std::string& backbone,
                       const Make& make) const {
        Learner all = make(made(sizes, backbone).own);
        load_parameters(all, file_);
        expect_finite(all);
        return all;
    }

  private:
    named_task made(const task_sizes& sizes, const std::string& backbone) const {
        if (text("backbone") != backbone) refuse("backbone", text("backbone"), backbone);
        std::vector<std::int32_t> ids;
        if (const auto all = text("specials"); !all.empty())
            for (const std::string& id : detail::split(all))
                ids.push_back(std::int32_t(number("specials", id)));
        const task_options size{.prompts = number("prompts", text("prompts")),
                                .rank = number("rank", text("rank"))};
        if (size.prompts > sizes.width * 64 || size.rank > sizes.width * 64)
            refuse("prompts and rank", "numbers that fit the model", "larger ones");
        const auto options = detail::split(text("options"));
        if (options.size() < 2) refuse("options", "two or more", in_quotes(text("options")));
        if (has_options(method_) && size.prompts < options.size())
            refuse("prompts", "at least as many as options", std::to_string(size.prompts));
        return {name(), backbone, task{method_, sizes, size, options, ids}};
    }
    template <class Learner> void expect_finite(const Learner& learned) const {
        walk_all(
            [&](const path& at, const matrix<float>& p) {
                for (idx i = 0; i < p.size(); ++i)
                    if (!std::isfinite(p.data()[i]))
                        throw load_error("delta",
                                         file_.name() + ": " + in_quotes(at.text().view()) +
                                             ", row " + std::to_string(i / p.cols()),
                                         "finite numbers",
                                         std::isnan(p.data()[i]) ? "NaN" : "infinity");
            },
            learned);
    }
    std::string text(const char* key) const {
        const auto found = file_.metadata().find(key);
        if (found == file_.metadata().end()) refuse(key, "metadata of a task", "none");
        return found->second;
    }
    idx number(const char* key, const std::string& digits) const {
        const auto value = number_from<std::uint32_t>(digits);
        if (!value) refuse(key, "a number", in_quotes(digits));
        return *value;
    }
    [[noreturn]] void refuse(const std::string& key, std::string_view expected,
                             std::string_view actual) const {
        throw load_error("delta", file_.name() + ": " + key, expected, actual);
    }

    safetensors file_;
    tuning_method method_{};
};

}}}  // namespace reckon::v0::RECKON_ISA
