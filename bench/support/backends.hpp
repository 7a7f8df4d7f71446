// The backends of this build on this CPU, one after the other: what every benchmark goes through.
// They are called as the programs call them (`simd`), or by the whole stack (`simd<avx512>`).
#pragma once

#include <reckon/backend_by_name.hpp>
#include <reckon/convert/cast.hpp>
#include <reckon/convert/prepare.hpp>
#include <reckon/convert/quantise.hpp>
#include <reckon/io/load_error.hpp>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// The environment's RECKON_MAX_ISA, or nothing.
inline std::string_view cap() {
    const char* const text = std::getenv("RECKON_MAX_ISA");
    return text == nullptr ? "" : text;
}
/// The CPU's best under that cap: what `cpu` computes with in a context made with these options.
inline reckon::isa instruction_set() { return reckon::best_isa(cap()); }
inline reckon::context_options options(reckon::idx threads = 1) {
    return {.threads = threads, .max_isa = cap()};
}

/// f<Tag>(name) for each, the reference first; contexts take `options`. A name says what its stack
/// computes with: `onednn<simd<avx512>>`.
template <class F> void for_each_backend(reckon::isa set, const F& f) {
    using namespace reckon;
    const std::string simd = std::string{"simd<"} + name_of(set) + ">";
    f.template operator()<cpu_reference>("reference");
    reckon::for_each_backend([&]<class Tag>(std::string_view name) {
        if constexpr (!std::same_as<Tag, cpu_reference>) {
            if (std::derived_from<Tag, simd_or_reference> && has_simd)
                f.template operator()<Tag>(name == "simd" ? simd
                                                          : std::string{name} + '<' + simd + '>');
            else
                f.template operator()<Tag>(std::string{name});
        }
    });
}

/// `simd` of `simd<avx512>`.
inline std::string short_name(const std::string& backend) {
    return backend.substr(0, backend.find('<'));
}

inline std::vector<std::string> backend_names(reckon::isa set) {
    std::vector<std::string> names;
    for_each_backend(set, [&]<class Tag>(const std::string& name) { names.push_back(name); });
    return names;
}

/// Those to run: the ones named, or all but the reference, which is slow on purpose.
inline std::vector<std::string> chosen_backends(const std::vector<std::string>& names,
                                                reckon::isa set) {
    std::vector<std::string> all = backend_names(set);
    if (names.empty()) return all.size() == 1 ? all : std::vector(all.begin() + 1, all.end());
    std::vector<std::string> chosen;
    for (const std::string& name : names) {
        const auto found = std::find_if(all.begin(), all.end(), [&](const std::string& backend) {
            return backend == name || short_name(backend) == name;
        });
        if (found == all.end()) {
            std::string list;
            for (const std::string& backend : all)
                list.append(list.empty() ? "" : ", ").append(short_name(backend));
            throw reckon::load_error("bench", "--backend", list + " (what this build has)", name);
        }
        chosen.push_back(*found);
    }
    return chosen;
}

inline bool holds(const std::vector<std::string>& list, const std::string& name) {
    return std::find(list.begin(), list.end(), name) != list.end();
}

/// A model that several may hold; its last holder may use it up.
template <class Model> using shared_model = std::shared_ptr<Model>;

/// The model itself, or a copy where others hold it as well.
template <class Model> Model taken(shared_model<Model>& from) {
    const shared_model<Model> model = std::move(from);
    return model.use_count() == 1 ? std::move(*model) : *model;
}

/// f(the same model with its weights in the form that `--weights` names). A further one is a line.
template <class Model, class F>
void with_weights(const std::string& kind, shared_model<Model> model, const F& f) {
    const auto shared = [](auto made) { return std::make_shared<decltype(made)>(std::move(made)); };
    if (kind == "f32") return f(std::move(model));
    if (kind == "bf16") return f(shared(reckon::cast<reckon::bf16>(taken(model))));
    if (kind == "int8") return f(shared(reckon::quantise(taken(model))));
    throw reckon::load_error("bench", "--weights", "f32, bf16 or int8", kind);
}

/// The model as the backend computes from it fastest; itself where that is no other form. One that
/// nobody else holds is used up, so that memory never has it twice.
template <class C, class Model> auto ready(C& ctx, shared_model<Model> model) {
    using prepared = decltype(reckon::prepare(ctx, std::move(*model)));
    if constexpr (std::same_as<prepared, Model>) {
        return model;
    } else {
        return std::make_shared<prepared>(reckon::prepare(ctx, taken(model)));
    }
}

}  // namespace bench
