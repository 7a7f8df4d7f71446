#!/usr/bin/env python3
"""Checks what the headers include, and where they look at backends.

    includes.py INCLUDE_FOLDER

* A folder includes itself and the levels above it; folders of one level leave each other alone.
* ops never include kernels, and a backend in kernels/ includes none but the reference, in which
  every stack of CPU backends ends.
* The headers that lie directly in reckon/ gather others for the user; none is included from inside.
* core .. layers and the models' compositions reach no <string>, <vector>, <functional>, <thread>
  (adapters to vendor libraries apart): a small machine links none of them.
* Vendor and system headers are included by their adapters only.
* The preprocessor asks about backends and instruction sets only in backend/, kernels/ and cpu.hpp.
"""
import pathlib
import re
import sys

LEVELS = ["core", "metrics backend io", "text data", "kernels", "ops", "layers",
          "convert cache", "models tuning retrieval", "train parallel", "compression", "tasks", "serve"]
LEVEL = {folder: level for level, folders in enumerate(LEVELS) for folder in folders.split()}

# header pattern -> pattern of the files that may include it
ADAPTERS = {
    r"Eigen/|unsupported/Eigen/": r"kernels/eigen\b",
    r"xsimd/|immintrin\.h|arm_neon\.h": r"kernels/simd\b",
    r"(oneapi/dnnl/)?dnnl|dlfcn\.h": r"kernels/onednn\b",
    r"cuda|cublas": r"(kernels|backend)/cuda",
    r"nlohmann/": r"io/json\.hpp",
    r"utf8proc\.h": r"text/",
    r"sentencepiece_processor\.h": r"text/sentencepiece\.hpp",
    r"sys/|fcntl\.h|unistd\.h": r"io/|core/pages\.hpp",
    r"sanitizer/": r"core/",
    r"pthread\.h|sched\.h": r"backend/",
}

HEAVY = {"string", "vector", "functional", "thread"}
LIGHT_FOLDERS = r"(core|backend|ops|layers|convert)/|kernels/(reference|simd)\b|models/\w+/(config|model|names)\.hpp"

QUESTION = r"RECKON_(WITH_(EIGEN|XSIMD|ONEDNN|CUDA)|SIMD|ISA)|__(AVX|SSE|FMA|ARM|NEON|CUDA|x86|aarch64)"
MAY_ASK = r"(backend|kernels)/|cpu\.hpp$|cuda\.cuh$|core/config\.hpp$"  # config: RECKON_BOTH


def backend_of(path):
    """kernels/eigen/linear.hpp and kernels/eigen.hpp both belong to eigen."""
    return path.split("/")[1].split(".")[0]


def complaint_about(file, included):
    """Why `file` may not include <included>, or None."""
    if included.startswith("reckon/"):
        target = included.removeprefix("reckon/")
        if "/" not in target:
            return "it gathers headers for the user; include what is needed"
        if "/" not in file:
            return None
        here, there = file.split("/")[0], target.split("/")[0]
        if there not in LEVEL:
            return "no such folder in the order of includes"
        if here == there == "kernels" and backend_of(target) not in (backend_of(file), "reference"):
            return "backends are peers"
        if here != there and LEVEL[there] >= LEVEL[here]:
            return f"{here}/ does not stand below {there}/"
        if (here, there) == ("ops", "kernels"):
            return "ops find kernels through the context's tag"
        return None
    if re.match(LIGHT_FOLDERS, file) and included in HEAVY:
        return "not in the subset for small machines"
    if re.fullmatch(r"[a-z0-9_]+", included):
        return None
    for header, adapter in ADAPTERS.items():
        if re.match(header, included):
            return None if re.match(adapter, file) else f"only {adapter} may"
    return "neither standard nor known to this check"


def complaints(root):
    for path in sorted(root.rglob("*")):
        if path.suffix not in (".hpp", ".cuh"):
            continue
        file = path.relative_to(root).as_posix()
        if "/" in file and file.split("/")[0] not in LEVEL:
            yield f"{file}: no such folder in the order of includes"
            continue
        text = path.read_text()
        if not text.startswith("// ") or "\n#pragma once\n" not in text:
            yield f"{file}: opens with a comment on what it is, then #pragma once"
        for number, line in enumerate(text.splitlines(), 1):
            if include := re.match(r"\s*#\s*include\s*(\S+)", line):
                name = include[1]
                why = (complaint_about(file, name[1:-1]) if name[0] == "<"
                       else "write <reckon/...>")
                if why:
                    yield f"{file}:{number}: includes {name}: {why}"
            elif re.match(r"\s*#\s*(el)?if", line) and re.search(QUESTION, line):
                if not re.match(MAY_ASK, file):
                    yield f"{file}:{number}: asks about backends: only backend/ and kernels/ do"


def main():
    found = list(complaints(pathlib.Path(sys.argv[1]) / "reckon"))
    print("\n".join(found) if found else "every include points upward")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
