// A task as a file: safetensors, with the task's name, method, options, special tokens, sizes and
// the digest of its backbone as metadata. It appears whole or not at all.
#pragma once

#include <reckon/data/number.hpp>
#include <reckon/io/comma_list.hpp>
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

/// A model and the task that trained it as well.
template <class Model> struct tuned_model {
    Model model;
    task own;

    static constexpr void visit(auto&& f, auto&... self) {
        f("model", self.model...);
        f(inlined, self.own...);
    }
};

/// `learned`: the task, or the tuned_model.
template <class Learned>
void save_delta(const Learned& learned, const named_task& about, const std::string& path) {
    text_map all{{"format", "reckon-delta-1"},
                 {"task", about.name},
                 {"backbone", about.backbone},
                 {"method", std::string{name_of(about.own.method)}},
                 {"options", comma_list(about.own.options)},
                 {"prompts", std::to_string(about.own.size.prompts)},
                 {"rank", std::to_string(about.own.size.rank)}};
    std::vector<std::string> ids;
    for (const std::int32_t id : about.own.special_ids) ids.push_back(std::to_string(id));
    all["specials"] = comma_list(ids);
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

    /// The task, for a backbone of these sizes and this digest.
    named_task load(const task_sizes& sizes, const std::string& backbone) const {
        named_task t = made(sizes, backbone);
        fill(t.own);
        return t;
    }
    /// Of a method that trains the backbone too: `model` becomes what it was trained to.
    template <class Model> named_task load_whole(Model& model, const std::string& backbone) const {
        named_task t = made(sizes_of_task(model), backbone);
        tuned_model<Model> all{std::move(model), std::move(t.own)};
        fill(all);
        model = std::move(all.model);
        t.own = std::move(all.own);
        return t;
    }

  private:
    named_task made(const task_sizes& sizes, const std::string& backbone) const {
        if (text("backbone") != backbone) refuse("backbone", text("backbone"), backbone);
        std::vector<std::int32_t> ids;
        if (const auto all = text("specials"); !all.empty())
            for (const std::string& id : words_of(all))
                ids.push_back(std::int32_t(number("specials", id)));
        const task_options size{.prompts = number("prompts", text("prompts")),
                                .rank = number("rank", text("rank"))};
        const auto options = words_of(text("options"));
        // Each of them is a row of the model's width somewhere in the file.
        idx numbers = 0;
        for (const stored_tensor& tensor : file_.tensors()) numbers += tensor.bytes.size() / 4;
        for (const idx rows : {size.prompts, size.rank, idx(options.size()), idx(ids.size())})
            if (rows > numbers / std::max(sizes.width, idx{1}))
                refuse("prompts, rank, options and specials",
                       "no more rows than fit the model and the file", std::to_string(rows));
        if (options.size() < 2) refuse("options", "two or more", in_quotes(text("options")));
        if (has_options(method_) && size.prompts < options.size())
            refuse("prompts", "at least as many as options", std::to_string(size.prompts));
        return {name(), backbone, task{method_, sizes, size, options, ids}};
    }
    template <class Learned> void fill(Learned& learned) const {
        load_parameters(learned, file_);
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
