#!/usr/bin/env python3
"""Checks that every C++ source is as .clang-format says.

    format.py ROOT CLANG_FORMAT

Other major versions than the pinned one lay code out differently, so they are no judge. The output
is compared, since --dry-run of this one also complains of replacements that change nothing.
"""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

PINNED = "14"
FOLDERS = ["include", "examples", "bench", "tests"]
SUFFIXES = {".hpp", ".cpp", ".cuh", ".cu"}


def formatted(clang_format, path):
    run = subprocess.run([clang_format, path], capture_output=True, check=True)
    return run.stdout == path.read_bytes()


def main():
    root, clang_format = pathlib.Path(sys.argv[1]), sys.argv[2]
    version = subprocess.run([clang_format, "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"version (\d+)", version.stdout)[1]
    if found != PINNED:
        print(f"skipped: format: clang-format is {found}, not {PINNED}")
        return 0
    files = [path for folder in FOLDERS for path in sorted((root / folder).rglob("*"))
             if path.suffix in SUFFIXES]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda path: formatted(clang_format, path), files)
        odd = [path for path, good in zip(files, results) if not good]
    for path in odd:
        print(f"{path.relative_to(root)}: run clang-format -i on it")
    return 1 if odd else 0


if __name__ == "__main__":
    sys.exit(main())
