// The frame of a snippet that is a few statements: what a program has around them.
#include <reckon/kernels/reference.hpp>
#include <reckon/models/bert.hpp>
#include <reckon/models/sasrec.hpp>
#include <reckon/tasks/embed.hpp>

int main() {
    // snippet
}
