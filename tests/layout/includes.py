#!/usr/bin/env python3
"""Checks what the headers include, how they open, and where sources look at backends.

    includes.py ROOT

* A folder includes itself and the levels above it; folders of one level leave each other alone.
* No header includes itself by way of others.
* ops never include kernels, and a backend in kernels/ includes none but the reference, in which
  every stack of CPU backends ends.
* The headers that lie directly in reckon/ gather others for the user; none is included from inside.
* core .. layers and the models' compositions reach no <string>, <vector>, <functional>, <thread>
  (adapters to vendor libraries apart): a small machine links none of them.
* Vendor and system headers are included by their adapters only.
* All code of a header stands in the namespace of its instruction set (decision 2), unless it crosses
  between differently compiled objects; namespaces are spelled as Universal Ctags reads them.
* The preprocessor asks about backends and instruction sets only where MAY_ASK says, in include/,
  examples/, bench/ and tests/.
"""
import pathlib
import re
import sys

LEVELS = ["core", "metrics backend io", "text data", "kernels", "ops", "layers",
          "convert cache", "models retrieval", "train parallel", "tuning", "compression", "tasks", "serve"]
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
    r"sys/|fcntl\.h|unistd\.h": r"io/|core/large_pages\.hpp|train/progress\.hpp",
    r"sanitizer/": r"core/",
    r"pthread\.h|sched\.h": r"backend/",
}

HEAVY = {"string", "vector", "functional", "thread"}
LIGHT_FOLDERS = r"(core|backend|ops|layers|convert)/|kernels/(reference|simd)\b|models/\w+/(config|model|names)\.hpp"

QUESTION = (r"RECKON_(WITH_|SIMD|ISA|AMX)|"
            r"__(AVX|SSE|FMA|AMX|ARM|NEON|CUDA|x86|i386|aarch64|arm)")
MAY_ASK = [
    r"include/reckon/(backend|kernels)/",
    r"include/reckon/(cpu\.hpp|cuda\.cuh|backend_by_name\.hpp)",
    r"include/reckon/core/config\.hpp",  # RECKON_BOTH and RECKON_ISA
    r"bench/support/peaks\.hpp",         # measures instructions
    r"tests/support/backends\.hpp",      # the lists of rows that tests go through
    r"tests/kernels/(cpu|simd|simd_panels|allocation)\.cpp",
    r"tests/ops/kernel_table\.cpp",      # a page's table of every backend
    r"tests/package/consumer/components\.cpp",  # what linking a component defines
]

# How a header opens its code; further namespaces may follow on the line.
LIBRARY = "namespace reckon { inline namespace v0 {"
KEYED = LIBRARY + " inline namespace RECKON_ISA {"
FURTHER = r"( (inline )?namespace \w+ \{)*"
CROSSING = (  # between objects of different flags: no bodies, or such as are always inlined
    r"core/(activation|batch|cache_view|config|dropout|dtype|error|gradient|int8_sums|loss|mask|memory_space|position_order|ragged|"
    r"random|renamed|rope_layout|update|version|view|weights)\.hpp|backend/isa\.hpp|io/load_error\.hpp|"
    r"kernels/simd(/\w+)?\.hpp")  # the arguments of a call


def backend_of(path):
    """kernels/eigen/linear.hpp and kernels/eigen.hpp both belong to eigen."""
    return path.split("/")[1].split(".")[0]


def complaint_about(file, included):
    """Why `file` may not include <included>, or None."""
    if included.startswith("reckon/"):
        target = included.removeprefix("reckon/")
        if "/" not in file:
            return None
        if "/" not in target:
            return "it gathers headers for the user; include what is needed"
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


def logical_lines(text):
    """(number, line), where a line that ends in a backslash goes on with the next."""
    begin, held = 1, ""
    for number, line in enumerate(text.splitlines(), 1):
        held += line
        if held.endswith("\\"):
            held = held[:-1] + " "
            continue
        yield begin, held
        begin, held = number + 1, ""


def complaints_about_includes(file, text):
    for number, line in logical_lines(text):
        if include := re.match(r"\s*#\s*include\s*(\S+)", line):
            name = include[1]
            why = complaint_about(file, name[1:-1]) if name[0] == "<" else "write <reckon/...>"
            if why:
                yield f"{file}:{number}: includes {name}: {why}"


def complaints_about_namespaces(file, text):
    opening = LIBRARY if re.fullmatch(CROSSING, file) else KEYED
    opened = False
    for number, line in logical_lines(text):
        if re.search(r"\bnamespace\s+[\w:]*::\s*inline\b", line):
            yield f"{file}:{number}: Universal Ctags can't read `a::inline b`; write {opening}"
        elif not opened and not re.match(r"\s*($|//|#)", line):
            opened = True
            if not re.fullmatch(re.escape(opening) + FURTHER, line):
                yield f"{file}:{number}: its code opens by {opening}"
        elif re.match(r"namespace reckon\b", line):
            if not re.fullmatch(re.escape(opening) + FURTHER, line):
                yield f"{file}:{number}: opens the library again, not by {opening}"


def circles(texts):
    """Headers that include themselves by way of others: a path for each include that closes one."""
    includes = {file: [name for name in re.findall(r"^\s*#\s*include\s*<reckon/(\S+)>", text,
                                                   re.MULTILINE) if name in texts]
                for file, text in texts.items()}
    finished, path = set(), []

    def follow(file):
        if file in path:
            yield path[path.index(file):] + [file]
        elif file not in finished:
            path.append(file)
            for name in includes[file]:
                yield from follow(name)
            path.pop()
            finished.add(file)

    for file in includes:
        yield from follow(file)


def complaints_about_headers(root):
    texts = {}
    for path in sorted(root.rglob("*")):
        if path.suffix not in (".hpp", ".cuh"):
            continue
        file = path.relative_to(root).as_posix()
        if "/" in file and file.split("/")[0] not in LEVEL:
            yield f"{file}: no such folder in the order of includes"
            continue
        text = texts[file] = path.read_text()
        if not text.startswith("// ") or "\n#pragma once\n" not in text:
            yield f"{file}: opens with a comment on what it is, then #pragma once"
        yield from complaints_about_includes(file, text)
        yield from complaints_about_namespaces(file, text)
    for circle in circles(texts):
        yield f"{circle[0]}: includes itself: {' -> '.join(circle)}"


def complaints_about_questions(root):
    for folder in ("include", "examples", "bench", "tests"):
        for path in sorted((root / folder).rglob("*")):
            file = path.relative_to(root).as_posix()
            if path.suffix not in (".hpp", ".cpp", ".cuh", ".cu"):
                continue
            if any(re.match(pattern, file) for pattern in MAY_ASK):
                continue
            for number, line in logical_lines(path.read_text()):
                if re.match(r"\s*#\s*(el)?if", line) and re.search(QUESTION, line):
                    yield (f"{file}:{number}: asks about backends or instruction sets, and is not in "
                           "the list of those that may")


def complaints(root):
    yield from complaints_about_headers(root / "include" / "reckon")
    yield from complaints_about_questions(root)


def main():
    found = list(complaints(pathlib.Path(sys.argv[1])))
    print("\n".join(found) if found else "every include points upward")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
