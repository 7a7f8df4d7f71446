#!/usr/bin/env python3
"""Compiles every ```cpp block of README.md and docs/.

    snippets.py ROOT COMPILER FLAGS_FILE

A block that begins with #include is a source of its own. Any other stands in a frame: the file
tests/docs/NAME.cpp, at its line `// snippet`, where NAME is given by a hidden line
`<!-- frame: NAME -->` before the block and is `statements` otherwise.
"""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"(?:<!-- frame: (?P<frame>\w+) -->\s*)?^ *```(?:cpp|c\+\+)\n(?P<code>.*?)^ *```$",
                   re.MULTILINE | re.DOTALL)


def sources(root):
    """Yields (place, source) of each block; #line makes errors name the page."""
    for page in [root / "README.md", *sorted((root / "docs").rglob("*.md"))]:
        if not page.exists():
            continue
        text = page.read_text()
        for block in BLOCK.finditer(text):
            line = text.count("\n", 0, block.start("code")) + 1
            place = f"{page.relative_to(root)}:{line}"
            code = f'#line {line} "{page.relative_to(root)}"\n{block["code"]}'
            if not block["code"].startswith("#include"):
                frame = root / "tests" / "docs" / f"{block['frame'] or 'statements'}.cpp"
                code = frame.read_text().replace("    // snippet\n", code)
            yield place, code


def compiles(folder, number, place, source, compiler, flags):
    path = pathlib.Path(folder) / f"{number}.cpp"
    path.write_text(source)
    run = subprocess.run([compiler, f"@{flags}", "-Wall", "-Wextra", "-Wno-unused", "-Werror",
                          "-fsyntax-only", path],
                         capture_output=True, text=True)
    print(f"{place}: {'compiles' if run.returncode == 0 else 'does not compile'}\n{run.stderr}",
          end="", flush=True)
    return run.returncode == 0


def main():
    root, compiler, flags = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    with tempfile.TemporaryDirectory() as folder:
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            jobs = [pool.submit(compiles, folder, number, place, source, compiler, flags)
                    for number, (place, source) in enumerate(sources(root))]
            return 0 if all([job.result() for job in jobs]) else 1


if __name__ == "__main__":
    sys.exit(main())
