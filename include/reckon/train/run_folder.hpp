// What a run of training keeps in its folder: its state, from which it is taken up again as if
// nothing had happened, and its log. A state appears whole or not at all, and the one before stands
// until then; the log's length belongs to the state, so lines of steps that will be run again go.
#pragma once

#include <reckon/io/safetensors.hpp>
#include <reckon/io/write_safetensors.hpp>
#include <reckon/train/optimiser.hpp>

#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

/// Where a run stands.
struct run_progress {
    idx epoch = 0, step_of_epoch = 0;  // the next to be run
    double loss = 0, targets = 0;      // sums of the epoch so far
    double best = 0;
    idx best_epoch = 0;  // counted from 1; 0: none yet
    bool finished = false;
    bool operator==(const run_progress&) const = default;
};

namespace detail {

/// A double as text that gives the same bits again.
inline std::string exactly(double x) {
    char text[40];
    std::snprintf(text, sizeof text, "%a", x);
    return text;
}

}  // namespace detail

class run_folder {
  public:
    /// Makes the folder where there is none, and takes away what interrupted writers left in it.
    explicit run_folder(std::string path) : path_(std::move(path)) {
        std::error_code problem;
        std::filesystem::create_directories(path_, problem);
        if (problem) throw load_error("train", path_, "a folder to write to", problem.message());
        for (const auto& entry : std::filesystem::directory_iterator(path_, problem)) {
            const std::string name = entry.path().filename().string();
            if (name.find(".safetensors.partial") != name.npos)
                std::filesystem::remove(entry.path(), problem);
        }
    }

    std::string file(const char* name) const { return path_ + '/' + name; }
    bool has_state() const { return std::filesystem::exists(file("state.safetensors")); }

    /// `settings`: what a run that is taken up must have in common with the one that began.
    void save(const parameters<>& learned, const optimiser_state<>& state,
              std::span<const float> average, const run_progress& at, const text_map& settings,
              const char* instruction_set) {
        std::vector<stored_tensor> tensors;
        const auto add = [&](std::string name, const float* data, idx count) {
            tensors.push_back(store(std::move(name), {count}, std::span{data, count}));
        };
        for (const auto& p : learned.entries())
            add("parameter." + p.name, p.values.data, p.values.size());
        for (idx i = 0; i < state.arrays.size(); ++i)
            add("optimiser." + std::to_string(i), state.arrays[i].data(), state.arrays[i].size());
        if (!average.empty()) add("average", average.data(), average.size());
        text_map all;
        for (const auto& [key, value] : settings) all["setting." + key] = value;
        all["instruction_set"] = instruction_set;
        all["optimiser.steps"] = std::to_string(state.steps);
        all["epoch"] = std::to_string(at.epoch);
        all["step_of_epoch"] = std::to_string(at.step_of_epoch);
        all["loss"] = detail::exactly(at.loss);
        all["targets"] = detail::exactly(at.targets);
        all["best"] = detail::exactly(at.best);
        all["best_epoch"] = std::to_string(at.best_epoch);
        all["finished"] = at.finished ? "yes" : "no";
        all["log_bytes"] = std::to_string(log_bytes_);
        write_safetensors(file("state.safetensors"), tensors, all);
    }

    /// Takes up the run whose state is here. Settings that differ are an error that names the
    /// first; `may_differ` answers for those that may. Returns the instruction set that the state
    /// names.
    template <class MayDiffer>
    std::string load(const parameters<>& learned, optimiser_state<>& state,
                     std::span<float> average, run_progress& at, const text_map& settings,
                     const MayDiffer& may_differ) {
        const auto read = safetensors::open(file("state.safetensors"));
        const text_map& all = read.metadata();
        const auto text = [&](const std::string& key) {
            const auto found = all.find(key);
            if (found == all.end())
                throw load_error("train", read.name(), "a state of training, with " + key, "none");
            return found->second;
        };
        for (const auto& [key, value] : settings)
            if (const auto before = text("setting." + key); before != value && !may_differ(key))
                throw load_error("train", "resume " + path_ + ": " + key, before, value);
        const auto number = [&](const std::string& key) {
            return static_cast<idx>(std::strtoull(text(key).c_str(), nullptr, 10));
        };
        const auto fill = [&](const std::string& name, float* data, idx count) {
            const stored_tensor& tensor = read.at(name);
            if (tensor.shape != std::vector<idx>{count})
                throw load_error("train", read.name() + ": " + name, std::to_string(count),
                                 described(tensor));
            copy_values(tensor, std::span{data, count});
        };
        at = {.epoch = number("epoch"),
              .step_of_epoch = number("step_of_epoch"),
              .loss = std::strtod(text("loss").c_str(), nullptr),
              .targets = std::strtod(text("targets").c_str(), nullptr),
              .best = std::strtod(text("best").c_str(), nullptr),
              .best_epoch = number("best_epoch"),
              .finished = text("finished") == "yes"};
        for (const auto& p : learned.entries())
            fill("parameter." + p.name, p.values.data, p.values.size());
        for (idx i = 0; i < state.arrays.size(); ++i)
            fill("optimiser." + std::to_string(i), state.arrays[i].data(), state.arrays[i].size());
        if (!average.empty()) fill("average", average.data(), average.size());
        state.steps = number("optimiser.steps");
        cut_log(number("log_bytes"));
        return text("instruction_set");
    }

    /// Adds a line to log.jsonl.
    void log(const std::string& line) {
        std::ofstream out(file("log.jsonl"), std::ios::binary | std::ios::app);
        out << line << '\n' << std::flush;
        if (!out) throw load_error("train", file("log.jsonl"), "room for a line", "none");
        log_bytes_ += line.size() + 1;
    }
    /// Leaves the log's first bytes.
    void cut_log(idx bytes) {
        log_bytes_ = bytes;
        std::error_code problem;
        const auto size = std::filesystem::file_size(file("log.jsonl"), problem);
        if (problem && bytes == 0) return;
        if (problem || size < bytes)
            throw load_error("train", file("log.jsonl"),
                             "at least the " + std::to_string(bytes) + " bytes of the state's log",
                             problem ? problem.message() : std::to_string(size));
        std::filesystem::resize_file(file("log.jsonl"), bytes, problem);
        if (problem) throw load_error("train", file("log.jsonl"), "to be cut", problem.message());
    }

  private:
    std::string path_;
    idx log_bytes_ = 0;
};

}}}  // namespace reckon::v0::RECKON_ISA
