// Without exceptions a refusal reaches the program's own handler, with all four parts.
#include <reckon/core/error.hpp>

#include <cstdlib>

void reckon::on_error(const reckon::error& e) {
    const bool whole =
        e.op() == "linear" && e.argument() == "w" && e.expected() == "3" && e.actual() == "4";
    std::exit(whole ? EXIT_SUCCESS : EXIT_FAILURE);
}

int main() {
    reckon::expect("linear", "w", 3, 4);
    return EXIT_FAILURE;  // the check let it pass
}
