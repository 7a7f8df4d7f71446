// error: walk: a member is neither a module with `static void visit(f, self...)` nor a parameter
#include <reckon/core/matrix.hpp>

struct scaled {
    reckon::matrix<float> gain{1, 4};
#ifdef RECKON_FIXED
    static constexpr void visit(auto&& f, auto&... self) { f("gain", self.gain...); }
#endif
};

struct model {
    scaled first, second;
    static constexpr void visit(auto&& f, auto&... self) {
        f("first", self.first...);
        f("second", self.second...);
    }
};

reckon::totals parameters(const model& m) { return reckon::count(m); }
