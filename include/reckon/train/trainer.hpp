// The loop: batches, losses, gradients, steps of an optimiser, validation, and a folder from which
// a run goes on after any interruption as if there had been none: the same numbers, bit for bit.
//     parameters learned{model};
//     recording_context<cpu> ctx{learned.ranges(), {.threads = 2}};
//     trainer fit{ctx, learned, adamw{.rate = 1e-3f}, constant_rate{},
//                 {.epochs = 20, .batch = {.examples = 128}, .patience = 5, .folder = "beauty"}};
//     fit(next_items{model, log}, [&] { return ndcg_of(model); });
#pragma once

#include <reckon/io/save.hpp>
#include <reckon/train/batches.hpp>
#include <reckon/train/objective.hpp>
#include <reckon/train/optimiser.hpp>
#include <reckon/train/run_folder.hpp>
#include <reckon/train/schedule.hpp>
#include <reckon/train/weight_average.hpp>

#include <chrono>
#include <cmath>
#include <optional>
#include <string>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

struct train_options {
    idx epochs = 1;
    idx steps = 0;  // at most so many steps; 0: as the epochs give
    batch_size batch{.examples = 32};
    idx rows_at_once =
        0;           // a step of more rows is recorded in parts, whose gradients add up; 0: never
    float clip = 0;  // of the norm of all gradients; 0: none
    dropout_rates dropout{};
    std::uint64_t seed = 0;
    float averaging = 0;  // of the parameters: average = averaging average + (1 - averaging) values
    idx patience = 0;     // epochs without a better validation before the end; 0: all epochs run
    idx save_every = 0;   // steps between states; 0: at the end of each epoch
    std::string folder{};  // of states, log and best parameters; empty: nothing is kept
    text_map task{};       // what else a run that is taken up must have in common, such as its data
};

/// What an epoch came to.
struct epoch_report {
    idx epoch = 0;  // from 1
    double loss = 0;
    std::optional<double> valid{};
    bool is_best = false;
    double seconds = 0;
};

/// What is told while a run goes on; all of it does nothing.
struct train_observer {
    virtual ~train_observer() = default;
    virtual void begins(idx /* predicted bytes */, idx /* steps */) {}
    virtual void resumes(const run_progress&) {}
    virtual void warns(const std::string&) {}
    virtual void after_step(idx /* step */, idx /* steps */, double /* loss */, double /* rate */,
                            double /* rows a second */) {}
    virtual void after_epoch(const epoch_report&) {}
};

struct no_validation {};

template <class C, class Optimiser, schedule Schedule> class trainer {
    static_assert(C::recording, "trainer: takes a recording_context");

  public:
    trainer(C& ctx, parameters<>& learned, Optimiser how, Schedule rates, train_options options,
            train_observer* observer = nullptr)
        : ctx_(ctx),
          learned_(learned),
          how_(how),
          rates_(rates),
          options_(std::move(options)),
          observer_(observer == nullptr ? &silent_ : observer) {
        expect_that(options_.epochs != 0, "trainer", "epochs", "at least 1", idx{0});
        expect_that(options_.averaging >= 0 && options_.averaging < 1, "trainer", "averaging",
                    "0 or more and below 1", error_text{"another number"});
        for (idx i = 0; i < Optimiser::arrays; ++i) state_.arrays.emplace_back(learned.size());
    }

    /// Bytes of workspace that a step on the run's largest batch takes, counted by a run of it that
    /// computes nothing; equal to the context's high water after that step.
    template <class Objective> idx predicted_bytes(const Objective& task) {
        using counting_context =
            recording_context<dry_run<typename C::tag>, typename C::element, typename C::sum>;
        typename Objective::batch batch;
        const auto part = largest_part(task);
        task.fill(batch, part, 0);
        counting_context counting{learned_.ranges(), ctx_.threads()};
        {
            const auto scope = counting.scope();
            counting.drop({options_.dropout, options_.seed, 0, part.data()});
            task.loss(counting, batch, 1);
            counting.replay();
        }
        gradient_norm(counting, learned_);
        reserved_ = counting.workspace().high_water();
        return counting.high_water();
    }

    /// Trains. `validate()` gives a number that is better the higher it is.
    template <objective<C> Objective, class Validate = no_validation>
    run_progress operator()(const Objective& task, const Validate& validate = {}) {
        expect_that(task.size() != 0, "trainer", "examples", "at least 1", idx{0});
        take_up();
        const idx bytes = predicted_bytes(task);
        learned_.expect_asked();
        if (ctx_.workspace().used() == 0) ctx_.reserve(reserved_);
        observer_->begins(bytes, steps_of_run(task));
        typename Objective::batch batch;
        while (at_.epoch < options_.epochs && !at_.finished) {
            const auto plan = plan_of(task, at_.epoch);
            const auto begun = std::chrono::steady_clock::now();
            for (; at_.step_of_epoch < plan.steps() && !is_last_step();)
                run_step(task, plan.step(at_.step_of_epoch), batch, begun);
            end_epoch(validate, begun);
        }
        return at_;
    }

    const optimiser_state<>& state() const { return state_; }

  private:
    using clock = std::chrono::steady_clock;

    template <class Objective> epoch_plan plan_of(const Objective& task, idx epoch) const {
        return plan_epoch(
            task.size(), [&](idx i) { return idx(task.rows(i)); }, options_.batch, options_.seed,
            epoch);
    }
    template <class Objective> idx steps_of_run(const Objective& task) const {
        idx steps = 0;
        if (options_.batch.examples != 0)
            steps = (task.size() + options_.batch.examples - 1) / options_.batch.examples *
                    options_.epochs;
        else
            for (idx e = 0; e < options_.epochs; ++e) steps += plan_of(task, e).steps();
        return options_.steps != 0 && options_.steps < steps ? options_.steps : steps;
    }
    bool is_last_step() const { return options_.steps != 0 && state_.steps >= options_.steps; }

    /// f(examples) for the parts of a step.
    template <class Objective, class F>
    void each_part(const Objective& task, std::span<const std::int64_t> examples,
                   const F& f) const {
        idx begin = 0, sum = 0;
        for (idx i = 0; i < examples.size(); ++i) {
            const idx rows = task.rows(idx(examples[i]));
            if (options_.rows_at_once != 0 && i != begin && sum + rows > options_.rows_at_once) {
                f(examples.subspan(begin, i - begin));
                begin = i;
                sum = 0;
            }
            sum += rows;
        }
        if (begin < examples.size()) f(examples.subspan(begin));
    }

    /// Of all that will be recorded at once the part of the most rows; the first of equals.
    template <class Objective> std::vector<std::int64_t> largest_part(const Objective& task) const {
        std::vector<std::int64_t> largest;
        idx most = 0;
        for (idx e = 0; e < options_.epochs; ++e) {
            const auto plan = plan_of(task, e);
            for (idx s = 0; s < plan.steps(); ++s)
                each_part(task, plan.step(s), [&](std::span<const std::int64_t> part) {
                    idx rows = 0;
                    for (const auto example : part) rows += task.rows(idx(example));
                    if (rows <= most) return;
                    most = rows;
                    largest.assign(part.begin(), part.end());
                });
        }
        return largest;
    }

    template <class Objective>
    double loss_of(const Objective& task, std::span<const std::int64_t> examples,
                   typename Objective::batch& batch, double weight) {
        double loss = 0;
        each_part(task, examples, [&](std::span<const std::int64_t> part) {
            task.fill(batch, part, at_.epoch);
            const auto scope = ctx_.scope();
            ctx_.drop({options_.dropout, options_.seed, state_.steps, part.data()});
            loss += task.loss(ctx_, batch, weight);
            ctx_.replay();
        });
        return loss;
    }

    template <class Objective>
    void run_step(const Objective& task, std::span<const std::int64_t> examples,
                  typename Objective::batch& batch, clock::time_point begun) {
        const step_guard guard{ctx_};
        double targets = 0;
        each_part(task, examples, [&](std::span<const std::int64_t> part) {
            task.fill(batch, part, at_.epoch);
            targets += task.targets(batch);
            for (const auto example : part) rows_ += task.rows(idx(example));
        });
        const double weight = targets == 0 ? 0 : 1 / targets;
        learned_.clear_gradients();
        const double loss = loss_of(task, examples, batch, weight);
        const double norm = gradient_norm(ctx_, learned_);
        if (!std::isfinite(loss) || !std::isfinite(norm))
            explain(task, examples, batch, weight, loss);

        const idx steps = steps_known_ != 0 ? steps_known_ : (steps_known_ = steps_of_run(task));
        const double factor = rates_(state_.steps, steps);
        step(ctx_, how_, learned_, clipping(norm, double(options_.clip)), factor, state_);
        average_.add(learned_, options_.averaging);
        at_.loss += loss * targets;
        at_.targets += targets;
        ++at_.step_of_epoch;
        const double seconds = std::chrono::duration<double>(clock::now() - begun).count();
        const double speed = double(rows_) / seconds;
        observer_->after_step(state_.steps, steps, loss, double(how_.rate) * factor, speed);
        if (folder_) {
            folder_->log(
                "{\"step\":" + std::to_string(state_.steps) +
                ",\"epoch\":" + std::to_string(at_.epoch + 1) + ",\"loss\":" + number(loss) +
                ",\"rate\":" + number(double(how_.rate) * factor) + ",\"norm\":" + number(norm) +
                ",\"rows_per_second\":" + number(std::round(speed)) + '}');
            if (options_.save_every != 0 && state_.steps % options_.save_every == 0) save();
        }
    }

    template <class Validate> void end_epoch(const Validate& validate, clock::time_point begun) {
        epoch_report report{.epoch = at_.epoch + 1,
                            .loss = at_.targets == 0 ? 0 : at_.loss / at_.targets};
        if constexpr (!std::same_as<Validate, no_validation>) {
            const weight_average::in_place inside{average_, learned_};
            report.valid = double(validate());
            report.is_best = at_.best_epoch == 0 || *report.valid > at_.best;
            if (report.is_best) {
                at_.best = *report.valid;
                at_.best_epoch = report.epoch;
                if (folder_) save_best();
            }
        }
        report.seconds = std::chrono::duration<double>(clock::now() - begun).count();
        ++at_.epoch;
        at_.step_of_epoch = 0;
        at_.loss = at_.targets = 0;
        rows_ = 0;
        at_.finished = at_.epoch >= options_.epochs || is_last_step() ||
                       (options_.patience != 0 && report.valid &&
                        report.epoch - at_.best_epoch >= options_.patience);
        if (folder_) {
            std::string line = "{\"epoch\":" + std::to_string(report.epoch) +
                               ",\"mean_loss\":" + number(report.loss);
            if (report.valid) line += ",\"valid\":" + number(*report.valid);
            folder_->log(line + ",\"seconds\":" + number(report.seconds) + '}');
            save();
        }
        observer_->after_epoch(report);
    }

    /// Runs a step once more that gave no finite loss or gradient, and says where it went wrong.
    template <class Objective>
    [[noreturn]] void explain(const Objective& task, std::span<const std::int64_t> examples,
                              typename Objective::batch& batch, double weight, double loss) {
        std::string where = "step " + std::to_string(state_.steps + 1) + ", examples";
        for (idx i = 0; i < examples.size() && i < 8; ++i)
            where += ' ' + std::to_string(examples[i]);
        if (examples.size() > 8) where += " .. (" + std::to_string(examples.size()) + ')';
        std::string first = std::isfinite(loss) ? "gradients that are not" : number(loss);
        ctx_.check_numbers(true);
        try {
            learned_.clear_gradients();
            loss_of(task, examples, batch, weight);
        } catch (const error& e) {
            first += ", first in " + std::string{e.op()};
        }
        ctx_.check_numbers(false);
        throw load_error("train", where, "a finite loss and gradient", first);
    }

    void take_up() {
        if (options_.averaging != 0 && !average_.is_kept()) average_.begin(learned_);
        if (options_.folder.empty()) return;
        folder_.emplace(options_.folder);
        if (!folder_->has_state()) {
            folder_->cut_log(0);
            return;
        }
        const auto before = folder_->load(learned_, state_, average_.numbers(), at_, settings(),
                                          [&](std::string_view key) { return may_differ(key); });
        if (before != instruction_set())
            observer_->warns("this run began with the kernels of " + before + " and goes on with " +
                             instruction_set() + ": numbers may differ in their last places");
        if (at_.epoch < options_.epochs && at_.finished && !out_of_patience()) at_.finished = false;
        observer_->resumes(at_);
    }
    bool out_of_patience() const {
        return options_.patience != 0 && at_.best_epoch != 0 &&
               at_.epoch - at_.best_epoch >= options_.patience;
    }
    /// Threads and the folder are no settings; more epochs change nothing at a constant rate.
    static bool may_differ(std::string_view key) {
        return key == "epochs" && std::same_as<Schedule, constant_rate>;
    }
    text_map settings() const {
        text_map all;
        all["optimiser"] = described(how_);
        all["schedule"] = described(rates_);
        all["seed"] = std::to_string(options_.seed);
        all["epochs"] = std::to_string(options_.epochs);
        all["steps"] = std::to_string(options_.steps);
        all["batch.examples"] = std::to_string(options_.batch.examples);
        all["batch.rows"] = std::to_string(options_.batch.rows);
        all["clip"] = number(double(options_.clip));
        all["averaging"] = number(double(options_.averaging));
        all["patience"] = std::to_string(options_.patience);
        for (idx p = 0; p < 6; ++p)
            all["dropout." + std::to_string(p)] =
                number(double(options_.dropout.at(dropout_place(p))));
        for (const auto& [key, value] : options_.task) all[key] = value;
        return all;
    }
    const char* instruction_set() {
        if constexpr (requires { ctx_.state().arch.set; })
            return name_of(ctx_.state().arch.set);
        else
            return C::tag::name;
    }

    void save() {
        folder_->save(learned_, state_, average_.numbers(), at_, settings(), instruction_set());
    }
    /// The parameters that learn, under their own names.
    void save_best() {
        std::vector<stored_tensor> tensors;
        for (const auto& p : learned_.entries())
            tensors.push_back(store(std::string{p.name}, stored_shape(p.values.rows, p.values.cols),
                                    std::span{p.values.data, p.values.size()}));
        write_safetensors(folder_->file("model.safetensors"), tensors);
    }

    /// A step that ends by an error leaves neither tape nor tensors behind.
    struct step_guard {
        C& ctx;
        typename C::scope_guard memory;
        explicit step_guard(C& c) : ctx(c), memory(c) {}
        step_guard(const step_guard&) = delete;
        step_guard& operator=(const step_guard&) = delete;
        ~step_guard() { ctx.forget(); }
    };

    static std::string number(double x) {
        char text[40];
        std::snprintf(text, sizeof text, "%.9g", x);
        return text;
    }
    template <class How> static std::string described(const How& how) {
        std::string text = How::name;
        how.each_setting([&](const char* name, double value) {
            text += std::string{" "} + name + ' ' + number(value);
        });
        return text;
    }

    C& ctx_;
    parameters<>& learned_;
    Optimiser how_;
    Schedule rates_;
    train_options options_;
    train_observer silent_;
    train_observer* observer_;
    optimiser_state<> state_;
    weight_average average_;
    run_progress at_;
    std::optional<run_folder> folder_;
    idx reserved_ = 0, steps_known_ = 0, rows_ = 0;
};

}}}  // namespace reckon::v0::RECKON_ISA
