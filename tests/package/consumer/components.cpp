// Linking a component brings its header and sets its definition.
#include <Eigen/Core>
#include <nlohmann/json.hpp>

static_assert(RECKON_WITH_EIGEN == 1 && RECKON_WITH_JSON == 1);
#ifdef RECKON_WITH_ONEDNN
#error "nobody asked for oneDNN"
#endif
