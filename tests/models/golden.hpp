// What the tests of models share: goldens, folders like them, and a model's output row by row.
#pragma once

#include "io/raw_file.hpp"
#include "support/backends.hpp"
#include "support/tolerance.hpp"

#include <reckon/core/batch.hpp>
#include <reckon/io/safetensors.hpp>

#include <string>
#include <vector>

namespace golden {

using namespace reckon;
using test_support::relative_difference;
using test_support::tolerance;

inline std::string path_of(const std::string& name) {
    return (test_support::source_folder() / "tests" / "golden" / name).string();
}

/// A file of tests/golden and its tensors.
class file {
  public:
    explicit file(const std::string& name) : file_(safetensors::open(path_of(name))) {}

    template <class T> std::span<const T> get(const std::string& tensor) const {
        return values<T>(file_.at(tensor));
    }
    /// The packed ids and offsets of a batch.
    id_batch<> batch(const std::string& ids, const std::string& offsets) const {
        return batch_of(get<std::int32_t>(ids), get<std::int32_t>(offsets));
    }

  private:
    safetensors file_;
};

/// A copy of a golden folder whose config.json has `from` replaced.
inline std::string changed(const temporary_folder& place, const std::string& name,
                           const std::string& from, const std::string& to) {
    std::filesystem::copy(path_of(name), place.file(name));
    std::string config = read_text(path_of(name + "/config.json"));
    const auto at = config.find(from);
    REQUIRE(at != std::string::npos);
    config.replace(at, from.size(), to);
    std::ofstream{place.file(name + "/config.json")} << config;
    return place.file(name);
}

inline std::span<const float> numbers(view<const float> x) { return {x.data, x.size()}; }

/// Sequence s of a batch, alone.
struct one_sequence {
    std::int32_t offsets[2];
    id_batch<> batch;

    one_sequence(const id_batch<>& all, idx s)
        : offsets{0, std::int32_t(all.sequences.length(s))},
          batch(row_view(all.ids.data + all.sequences.begin(s), all.sequences.length(s)),
                ragged{offsets}) {}
    one_sequence(const one_sequence&) = delete;
    one_sequence& operator=(const one_sequence&) = delete;
};

/// The largest difference between all sequences at once and one at a time.
template <class C, class Model>
double packing_difference(C& ctx, const Model& model, const id_batch<>& all) {
    const auto scope = ctx.scope();
    const auto packed = model(ctx, all);
    double worst = 0;
    for (idx s = 0; s < all.sequences.count(); ++s) {
        const one_sequence alone(all, s);
        const auto y = model(ctx, alone.batch);
        const auto rows = packed.slice(all.sequences.begin(s), all.sequences.length(s));
        worst = std::max(worst, relative_difference(numbers(y), numbers(rows)));
    }
    return worst;
}

}  // namespace golden
