// What every consumer builds: two sources that include the same headers, so that a function that
// is not inline shows itself.
#include <reckon/core/error.hpp>
#include <reckon/core/version.hpp>

#include <string_view>

std::string_view refused();

int main() {
    return reckon::version.major == RECKON_VERSION_MAJOR && refused() == "consumer" ? 0 : 1;
}
