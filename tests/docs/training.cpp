// The frame of a snippet that trains.
#include <reckon/cpu.hpp>
#include <reckon/models/sasrec/model.hpp>
#include <reckon/ops/cross_entropy.hpp>
#include <reckon/train/initialise.hpp>
#include <reckon/train/optimiser.hpp>

#include <utility>

int main() {
    // snippet
}
