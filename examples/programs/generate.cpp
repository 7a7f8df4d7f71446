// A prompt in, the text that a language model goes on with out: greedy, sampled or by beam search.
#include "program.hpp"

#include <reckon/convert/prepare.hpp>
#include <reckon/convert/quantise.hpp>
#include <reckon/io/checkpoint.hpp>
#include <reckon/models/llama.hpp>
#include <reckon/tasks/beam_search.hpp>
#include <reckon/tasks/generate.hpp>
#include <reckon/text/load_tokenizer.hpp>

int main(int argc, char** argv) {
    std::string folder, vocabulary, prompt, kept = "f32";
    reckon::idx max_tokens = 0, beams = 1, seed = 0;
    reckon::sampling how;
    program p{"generate", "Goes on with a text. Greedy, unless told to sample or to search."};
    p.text("--model", folder, "a folder with config.json and model.safetensors, or its shards");
    p.text("--tokenizer", vocabulary, "a SentencePiece model, or llama2.c's vocabulary");
    p.text("--prompt", prompt, "the text to go on with");
    p.number("--max-tokens", max_tokens, "how many new tokens at most");
    p.real_or("--temperature", how.temperature, "of sampling; 0 takes the most probable token");
    p.number_or("--top-k", how.top_k, "sample from so many tokens; 0 from all");
    p.real_or("--top-p", how.top_p, "sample from the fewest tokens that are so probable together");
    p.number_or("--beam", beams, "width of a beam search; 1 for none");
    p.number_or("--seed", seed, "of sampling");
    p.text_or("--cache", kept, "what keys and values are kept in: f32, bf16 or int8");
    return p.run(argc, argv, [&](auto& ctx) {
        using namespace reckon;
        if (beams == 0) throw load_error("usage", "--beam", "1 or more", "0");
        if (beams > 1 && how.temperature > 0)
            throw load_error("usage", "--temperature", "0 with --beam", "sampling");
        if (kept != "f32" && kept != "bf16" && kept != "int8")
            throw load_error("usage", "--cache", "f32, bf16 or int8", kept);
        const auto tokenizer = load_tokenizer(vocabulary);
        const auto go_on = [&]<element K>(const auto& model) {
            const auto special = llama::read_special_ids(folder, model.size);

            generation_request request{.max_tokens = max_tokens, .how = how, .stop = special.end};
            request.how.seed = seed;
            if (special.begin) request.prompt.push_back(*special.begin);
            for (std::int32_t id : tokenizer.encode(prompt)) request.prompt.push_back(id);

            auto ids = request.prompt;
            const auto more =
                beams > 1 ? beam_search<K>(ctx, model, request, {.beams = beams}).front().ids
                          : generate<K>(ctx, model, {request}).front();
            ids.insert(ids.end(), more.begin(), more.end());
            std::cout << tokenizer.decode(ids) << '\n';
        };
        const auto over_its_cache = [&](const auto& model) {
            if (kept == "int8") return go_on.template operator()<std::int8_t>(model);
            if (kept == "bf16") return go_on.template operator()<bf16>(model);
            go_on.template operator()<float>(model);
        };
        if (holds_int8(checkpoint::open(folder)))
            over_its_cache(prepare(ctx, llama::load<quantised<llama::spec>>(folder)));
        else
            over_its_cache(prepare(ctx, llama::load(folder)));
    });
}
