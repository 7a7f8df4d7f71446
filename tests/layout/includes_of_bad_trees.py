#!/usr/bin/env python3
"""Checks that includes.py complains of what it should, each time of one change to a tree that it
accepts."""
import pathlib
import tempfile

import includes

KEYED, LIBRARY = includes.KEYED, includes.LIBRARY


def header(*included, opening=KEYED, code="int f();"):
    lines = "".join(f"#include <{name}>\n" for name in included)
    return f"// What it is.\n#pragma once\n\n{lines}\n{opening}\n\n{code}\n\n}}}}}}\n"


GOOD = {
    "include/reckon/cpu.hpp": "// Gathers.\n#pragma once\n\n#ifdef RECKON_WITH_EIGEN\n#endif\n",
    "include/reckon/core/view.hpp": header("cstddef", opening=LIBRARY),
    "include/reckon/core/math.hpp": header("reckon/core/view.hpp", "cmath"),
    "include/reckon/io/json.hpp": header("reckon/core/math.hpp", "nlohmann/json.hpp", "string"),
    "include/reckon/kernels/reference.hpp": header("reckon/core/math.hpp"),
    "include/reckon/kernels/eigen.hpp": header("reckon/kernels/reference.hpp", "Eigen/Core"),
    "include/reckon/kernels/simd/calls.hpp": header(opening=LIBRARY + " namespace simd {"),
    "include/reckon/ops/add.hpp": header("reckon/core/math.hpp", opening=KEYED + " namespace ops {"),
    "include/reckon/layers/site.hpp": header("reckon/ops/add.hpp",
                                             code="#if defined(__cpp_exceptions)\n#endif"),
    "examples/one.cpp": "#ifdef NDEBUG\n#endif\n",
    "tests/support/backends.hpp": "#ifdef RECKON_WITH_EIGEN\n#endif\n",
}
QUESTION = "asks about backends"

# what is wrong, its file, its text, and what the complaint holds
BAD = [
    ("a layer below", "core/math.hpp", header("reckon/ops/add.hpp"),
     "core/ does not stand below ops/"),
    ("a peer", "kernels/onednn.hpp", header("reckon/kernels/eigen.hpp"), "backends are peers"),
    ("a kernel from an op", "ops/add.hpp", header("reckon/kernels/reference.hpp"), "context's tag"),
    ("an unknown folder", "thing/a.hpp", header(), "no such folder"),
    ("a gathering header", "layers/site.hpp", header("reckon/cpu.hpp"), "gathers headers"),
    ("a heavy header", "ops/add.hpp", header("vector"), "not in the subset for small machines"),
    ("a vendor's header", "ops/add.hpp", header("Eigen/Core"), "only kernels/eigen"),
    ("an unknown vendor", "ops/add.hpp", header("boost/any.hpp"), "neither standard nor known"),
    ("quotes", "ops/add.hpp", header().replace("\nint", '\n#include "b.hpp"\nint'), "write <reckon/"),
    ("no pragma", "ops/add.hpp", header().replace("#pragma once", ""), "#pragma once"),
    ("itself", "ops/add.hpp", header("reckon/ops/add.hpp"),
     "ops/add.hpp: includes itself: ops/add.hpp -> ops/add.hpp"),
    ("a circle in a folder", "core/view.hpp", header("reckon/core/math.hpp", opening=LIBRARY),
     "includes itself: core/math.hpp -> core/view.hpp -> core/math.hpp"),
    ("another opening", "ops/add.hpp", header(opening=LIBRARY + " namespace ops {"),
     "its code opens by " + KEYED),
    ("the key where views cross", "core/view.hpp", header(opening="namespace reckon {"),
     "its code opens by " + LIBRARY),
    ("code in front", "ops/add.hpp", header().replace(KEYED, "int g();\n" + KEYED),
     "ops/add.hpp:5: its code opens by"),
    ("a macro in front is none, but what follows", "ops/add.hpp",
     header().replace(KEYED, "#define A \\\n    1\nint g();\n" + KEYED), "ops/add.hpp:7: its code"),
    ("a second opening", "ops/add.hpp", header(code="}}}\n" + LIBRARY), "opens the library again"),
    ("a nested inline", "ops/add.hpp", header(opening="namespace reckon::inline v0 {"),
     "Universal Ctags"),
    ("a nested inline further down", "core/math.hpp", header(code="namespace a::inline b {}"),
     "Universal Ctags"),
    ("a question in a header", "layers/site.hpp", header(code="#ifdef RECKON_WITH_EIGEN\n#endif"),
     "include/reckon/layers/site.hpp:7: " + QUESTION),
    ("a question about text", "text/a.hpp", header(code="#if RECKON_WITH_JSON\n#endif"), QUESTION),
    ("a question in an example", "/examples/one.cpp", "#if defined(RECKON_SIMD_COMPILED)\n#endif\n",
     "examples/one.cpp:1: " + QUESTION),
    ("an elif in a benchmark", "/bench/a.cpp", "#if A\n#elif defined(__AVX2__)\n#endif\n",
     "bench/a.cpp:2: " + QUESTION),
    ("a question in a test", "/tests/core/a.cpp", "# ifndef __aarch64__\n# endif\n", QUESTION),
    ("a question over two lines", "/tests/core/a.hpp", "#if A || \\\n    B == RECKON_ISA\n#endif\n",
     "tests/core/a.hpp:1: " + QUESTION),
]


def complaints_about(files):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return list(includes.complaints(root))


def main():
    assert complaints_about(GOOD) == [], complaints_about(GOOD)
    for name, file, text, says in BAD:
        file = file[1:] if file[0] == "/" else "include/reckon/" + file
        assert GOOD.get(file) != text, name
        found = complaints_about({**GOOD, file: text})
        assert any(says in one for one in found), (name, says, found)
    print(f"{len(BAD)} trees are complained of")


if __name__ == "__main__":
    main()
