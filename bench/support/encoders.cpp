#include "encoders.hpp"

#include <reckon/core/random.hpp>
#include <reckon/models/bert.hpp>

using namespace reckon;

namespace bench {

namespace {
bool is_shape(const std::string& name) { return name == "bert-base" || name == "minilm"; }

shared_model<bert::model<>> random_model(const bert::config& size) {
    const auto model = std::make_shared<bert::model<>>(size);
    const philox random{1};
    idx block = 0;
    walk_all(
        [&](const path&, matrix<float>& p) {
            for (idx i = 0; i < p.size(); i += 4) {
                const auto words = random(block++);
                for (idx j = i; j < p.size() && j < i + 4; ++j)
                    p.data()[j] = float(words.word[j - i]) * 0x1p-32f * 0.1f - 0.05f;
            }
        },
        *model);
    return model;
}

template <class Tag, class Model>
encoder encoder_on(const std::string& backend, const std::string& weights,
                   shared_model<Model> model, idx threads) {
    const auto ctx = std::make_shared<context<Tag>>(options(threads));
    const auto forward = [ctx, m = ready(*ctx, std::move(model))](const id_batch<>& batch,
                                                                  float* out) {
        const auto scope = ctx->scope();
        const view<const float> rows = (*m)(*ctx, batch);
        if (out == nullptr) return;
        for (idx r = 0; r < rows.rows; ++r) out = std::copy_n(rows.row(r), rows.cols, out);
    };
    return {backend, weights, kernel_table<Tag>, forward};
}
}  // namespace

shared_model<bert::model<>> encoder_model(const std::string& name) {
    if (is_shape(name)) return random_model(encoder_size(name));
    return std::make_shared<bert::model<>>(bert::load(name));
}

bert::config encoder_size(const std::string& name) {
    if (!is_shape(name)) return bert::read_config(name + "/config.json");
    bert::config size = name == "minilm" ? bert::minilm : bert::base;
    size.vocabulary = 1000;
    return size;
}

texts::texts(const std::vector<idx>& lengths, idx vocabulary) {
    for (const idx length : lengths) {
        for (idx i = 0; i < length; ++i)
            ids_.push_back(
                std::int32_t(std::uint32_t(ids_.size()) * 2654435761u % std::uint32_t(vocabulary)));
        offsets_.push_back(std::int32_t(ids_.size()));
    }
}

double flops(const bert::config& size, const std::vector<idx>& lengths) {
    const double width = double(size.width);
    double sum = 0;
    for (const idx length : lengths)
        sum += double(length) *
               (2 * width * (4 * width + 2 * double(size.hidden)) + 4 * double(length) * width);
    return double(size.layers) * sum;
}

std::vector<encoder> encoders(shared_model<bert::model<>> model, isa set,
                              const std::vector<std::string>& backends,
                              const std::vector<std::string>& weights, idx threads) {
    std::vector<encoder> list;
    for (const std::string& kind : weights) {
        auto own = &kind == &weights.back() ? std::move(model) : model;
        with_weights(kind, std::move(own), [&](auto weighted) {
            for_each_backend(set, [&]<class Tag>(const std::string& name) {
                if (!holds(backends, name)) return;
                auto mine = name == backends.back() ? std::move(weighted) : weighted;
                list.push_back(encoder_on<Tag>(name, kind, std::move(mine), threads));
            });
        });
    }
    return list;
}

}  // namespace bench
