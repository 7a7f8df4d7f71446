// A language model's folder of either kind, with its tokenizer, for the programs that score texts.
#pragma once

#include <reckon/convert/quantise.hpp>
#include <reckon/io/checkpoint.hpp>
#include <reckon/metrics/auc.hpp>
#include <reckon/models/bert.hpp>
#include <reckon/models/llama.hpp>
#include <reckon/tasks/score_texts.hpp>
#include <reckon/text/load_tokenizer.hpp>
#include <reckon/text/load_wordpiece.hpp>
#include <reckon/tuning/digest.hpp>

#include <algorithm>
#include <span>
#include <string>
#include <vector>

/// Models whose parameters are as they were trained.
template <class Model>
concept float_model =
    std::same_as<Model, reckon::bert::model<>> || std::same_as<Model, reckon::llama::model<>>;

/// The digest of a backbone as it was tuned: int8 weights carry that of the floats they were made
/// of.
template <class Model> std::string backbone_digest(const std::string& folder, const Model& model) {
    if constexpr (float_model<Model>) return reckon::digest_of(model);
    const auto whole = reckon::safetensors::open(folder + "/model.safetensors");
    const auto found = whole.metadata().find("backbone");
    if (found == whole.metadata().end())
        throw reckon::load_error("delta", whole.name(),
                                 "int8 weights that name the backbone they were made of", "others");
    return found->second;
}

/// How well shares go with the labels: AUC where there are two classes, else accuracy.
struct quality {
    bool is_auc = true;
    double value = 0;

    quality(const reckon::class_shares& shares, std::span<const std::int32_t> labels) {
        std::vector<float> scores, positive;
        reckon::idx right = 0;
        for (reckon::idx i = 0; i < shares.size(); ++i) {
            const auto& own = shares[i];
            is_auc = is_auc && own.size() == 2;
            scores.push_back(own[1]);
            positive.push_back(float(labels[i]));
            right += std::max_element(own.begin(), own.end()) - own.begin() == labels[i];
        }
        value = is_auc ? reckon::auc(scores, positive) : double(right) / double(shares.size());
    }
};

/// work(model, tokenizer) with the folder's model, in float or, where `int8` is allowed, in int8.
template <bool Int8, class Work>
void with_text_model(const std::string& folder, const std::string& vocabulary, const Work& work) {
    using namespace reckon;
    const std::string config = folder + "/config.json";
    const auto kind = json_object::read(config).required<std::string>("model_type");
    const bool small = holds_int8(checkpoint::open(folder));
    if (small && !Int8)
        throw load_error("usage", "--model", "float weights, which can be tuned", "int8 weights");
    if (kind == "bert") {
        if (!vocabulary.empty())
            throw load_error("usage", "--tokenizer", "none, as the folder has its vocab.txt",
                             in_quotes(vocabulary));
        bert::sentence::expect_plain_tokenizer(folder);
        const auto tokenizer = load_wordpiece(folder);
        if constexpr (Int8)
            if (small) return work(bert::load<quantised<bert::spec>>(folder), tokenizer);
        return work(bert::load(folder), tokenizer);
    }
    if (kind == "llama") {
        if (vocabulary.empty())
            throw load_error("usage", "--tokenizer",
                             "a SentencePiece model, or llama2.c's vocabulary", "none");
        const auto tokenizer = load_tokenizer(vocabulary);
        if constexpr (Int8)
            if (small) return work(llama::load<quantised<llama::spec>>(folder), tokenizer);
        return work(llama::load(folder), tokenizer);
    }
    throw load_error("text_model", key_of(config, "model_type"), "\"bert\" or \"llama\"",
                     in_quotes(kind));
}
