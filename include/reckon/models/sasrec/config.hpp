// Sizes of SASRec (Kang and McAuley 2018); the defaults are those of ICLRec's Beauty checkpoint.
#pragma once

#include <reckon/core/config.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA { namespace sasrec {

struct config {
    idx items = 12103;  // rows of the item table, those of padding and mask among them
    idx padding = 0, mask = items - 1;  // rows that are no items
    idx positions = 50;
    idx layers = 1, heads = 2, width = 64, hidden = 256;
    float epsilon = 1e-12f;

    bool operator==(const config&) const = default;
};

}}}}  // namespace reckon::v0::RECKON_ISA::sasrec
