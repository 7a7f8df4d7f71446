#include "program.hpp"

#include <reckon/core/version.hpp>
#include <reckon/io/load_error.hpp>

#include <CLI/CLI.hpp>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <exception>

struct program::flags {
    CLI::App app;
};

namespace {

constexpr int refused = 2;

// Lists of wrong tensors come with line breaks.
std::string one_line(std::string text) {
    for (auto at = text.find('\n'); at != text.npos; at = text.find('\n', at))
        text.replace(at, text.find_first_not_of("\n ", at) - at, " | ");
    return text;
}

std::string compiler() {
#ifdef __clang__
    return "clang++ " __clang_version__;
#else
    return "g++ " __VERSION__;
#endif
}

/// CLI11's own sentence ends in the largest number that there is.
CLI::Validator at_least(reckon::idx least) {
    const auto expected = "a whole number from " + std::to_string(least) + " on";
    return {[=](std::string& text) {
                reckon::idx value = 0;
                const auto [end, error] =
                    std::from_chars(text.data(), text.data() + text.size(), value);
                const bool whole = error == std::errc{} && end == text.data() + text.size();
                return whole && value >= least ? "" : "expected " + expected + ", got " + text;
            },
            "from " + std::to_string(least) + " on"};
}

std::string backend_names() { return std::string{reckon::backend_names().view()}; }

std::string version_text(const std::string& name) {
    const auto [major, minor, patch] = reckon::version;
    std::string text = name + ' ' + std::to_string(major) + '.' + std::to_string(minor) + '.' +
                       std::to_string(patch) + "\ncompiler " + compiler() + "\nbackends " +
                       backend_names();
    return text + "\ninstruction set " + reckon::name_of(program::instruction_set());
}

}  // namespace

program::program(const std::string& name, const std::string& description)
    : flags_(new flags{CLI::App{description, name}}),
      name_(name),
      backend_(reckon::default_backend()) {}
program::~program() = default;

std::string_view program::cap() {
    const char* const text = std::getenv("RECKON_MAX_ISA");
    return text == nullptr ? "" : text;
}
reckon::isa program::instruction_set() { return reckon::best_isa(cap()); }

void program::print(std::span<const reckon::kernel_row> kernels) {
    for (const auto& [op, backend] : kernels) std::cerr << op << ": " << backend << '\n';
}

void program::expect_backend(std::string_view backend) {
    bool known =
        backend == "cpu" || (backend == "cuda" && reckon::complete_tag<reckon::gpu_cuda<>>);
    reckon::for_each_backend(
        [&]<class>(std::string_view name) { known = known || name == backend; });
    if (known) return;
    throw reckon::load_error(
        "program", "--backend", backend_names() + " (what this program was built with)",
        backend == "cuda" ? "cuda, which embed_text has when built with the component cuda"
                          : reckon::in_quotes(backend));
}

void program::text(const char* flag, std::string& value, const std::string& help) {
    flags_->app.add_option(flag, value, help)->required();
}
void program::text_or(const char* flag, std::string& value, const std::string& help) {
    flags_->app.add_option(flag, value, help)->capture_default_str();
}
void program::texts(const char* flag, std::vector<std::string>& values, const std::string& help) {
    flags_->app.add_option(flag, values, help)->allow_extra_args(false);
}
void program::number(const char* flag, reckon::idx& value, const std::string& help) {
    flags_->app.add_option(flag, value, help)->required()->check(at_least(1));
}
void program::count(const char* flag, reckon::idx& value, const std::string& help) {
    flags_->app.add_option(flag, value, help)->check(at_least(1))->capture_default_str();
}
void program::number_or(const char* flag, reckon::idx& value, const std::string& help) {
    flags_->app.add_option(flag, value, help)->check(at_least(0))->capture_default_str();
}
void program::real_or(const char* flag, float& value, const std::string& help) {
    flags_->app.add_option(flag, value, help)->capture_default_str();
}
void program::flag(const char* flag, bool& given, const std::string& help) {
    flags_->app.add_flag(flag, given, help);
}

// The flags of every program, listed behind its own.
void program::add_shared_flags() {
    CLI::App& app = flags_->app;
    app.add_option("--backend", backend_, "what computes: " + backend_names())
        ->capture_default_str();
    app.add_option("--threads", threads_, "how many")
        ->check(CLI::Range(1, 1024))
        ->capture_default_str();
    app.add_flag("--verbose", verbose_, "say on standard error which kernel serves each op");
    app.set_version_flag("--version", [this] { return version_text(name_); });
}

int program::guarded(int argc, char** argv, const std::function<void()>& work) {
    const auto refuse = [&](const char* why) {
        std::cerr << name_ << ": " << one_line(why) << '\n';
        return refused;
    };
    try {
        add_shared_flags();
        flags_->app.parse(argc, argv);
        instruction_set();  // a cap that is none is an error, whatever the backend
        work();
        std::cout.flush();
        const bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
        return std::cout && written ? 0 : refuse("standard output can't be written");
    } catch (const CLI::Success& asked) {  // --help, --version
        return flags_->app.exit(asked);
    } catch (const std::exception& wrong) {
        return refuse(wrong.what());
    }
}
