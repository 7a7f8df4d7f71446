// Memory that the gradients of a replay stand in, one after the other: a tensor's slot takes a
// buffer when the first number is written to it and gives it on when nobody needs it any more.
// Slots of tensors with the same gradient, such as the two sides of a sum, share one.
#pragma once

#include <reckon/core/arena.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

struct gradient_buffer {
    std::byte* data;
    idx bytes, users;
    idx depth;              // of the recording that took it
    gradient_buffer* next;  // of those that are free
};

/// The gradient of a tensor [rows, cols].
struct gradient_slot {
    idx rows, cols;
    idx depth;  // of the recording that made it
    gradient_buffer* buffer = nullptr;
    bool begun = false;  // numbers stand in the buffer

    idx size() const { return rows * cols; }
};

class gradient_pool {
  public:
    /// The smallest free buffer that is large enough, or a new one.
    gradient_buffer* take(arena& memory, arena& notes, idx bytes, idx depth) {
        gradient_buffer** best = nullptr;
        for (gradient_buffer** b = &free_; *b != nullptr; b = &(*b)->next)
            if ((*b)->bytes >= bytes && (best == nullptr || (*b)->bytes < (*best)->bytes)) best = b;
        if (best == nullptr) {
            void* const at = notes.take(sizeof(gradient_buffer));
            return ::new (at) gradient_buffer{memory.take(bytes), bytes, 1, depth, nullptr};
        }
        gradient_buffer* const own = *best;
        *best = own->next;
        own->users = 1;
        return own;
    }
    /// One user less.
    void drop(gradient_buffer* b) {
        if (--b->users != 0) return;
        b->next = free_;
        free_ = b;
    }
    /// Their memory goes: of all, or of those taken by recordings deeper than this.
    void forget() { free_ = nullptr; }
    void forget_below(idx depth) {
        for (gradient_buffer** b = &free_; *b != nullptr;)
            if ((*b)->depth > depth)
                *b = (*b)->next;
            else
                b = &(*b)->next;
    }

  private:
    gradient_buffer* free_ = nullptr;
};

}}}  // namespace reckon::v0::RECKON_ISA
