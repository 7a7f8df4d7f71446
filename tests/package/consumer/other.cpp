#include <reckon/core/error.hpp>
#include <reckon/core/version.hpp>

#include <string_view>

std::string_view refused() {
    try {
        reckon::expect("consumer", "rows", 1, 2);
    } catch (const reckon::error& e) {
        return e.op() == "consumer" ? "consumer" : "";
    }
    return "";
}
