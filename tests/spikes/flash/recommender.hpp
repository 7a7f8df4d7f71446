// The shipped model of SASRec at a fixed size, its weights in a constant array, its workspace a
// static array of exactly the bytes that its forward takes.
#pragma once

#include <reckon/backend/workspace_bytes.hpp>
#include <reckon/convert/place.hpp>
#include <reckon/kernels/reference.hpp>
#include <reckon/models/sasrec/model.hpp>

#include "weights.hpp"

#include <array>

namespace flash {

using recommender =
    reckon::sasrec::model<reckon::placed_in<reckon::rom, reckon::sasrec::spec>, size>;
using chip = reckon::context<reckon::cpu_reference, float, float>;  // no double unit

constexpr reckon::id_batch<> batch() { return reckon::batch_of(ids, offsets); }

inline constexpr reckon::idx workspace_bytes =
    reckon::workspace_bytes<reckon::context<reckon::dry_run<reckon::cpu_reference>, float, float>>(
        [](auto& ctx) { recommender{}.scores(ctx, batch()); });

inline constinit const recommender model = reckon::placed<recommender>({.floats = weights});
alignas(64) inline std::array<std::byte, workspace_bytes> workspace;

}  // namespace flash
