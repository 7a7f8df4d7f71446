#!/usr/bin/env python3
"""Checks that a mistake is refused with the sentence that says what to do.

    check.py FILE FLAGS_FILE COMPILER...

FILE opens with `// error: SENTENCE`. With every compiler it must not compile, the first line with
`error:` must hold the sentence, and it must compile once -DRECKON_FIXED takes the mistake out: so
the mistake, and nothing else, is what was refused.
"""
import os
import pathlib
import re
import subprocess
import sys


def compile_case(compiler, flags, file, *more):
    return subprocess.run([compiler, f"@{flags}", "-fsyntax-only", *more, file],
                          capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})


def complaints(compiler, flags, file, sentence):
    broken = compile_case(compiler, flags, file)
    first = next((line for line in broken.stderr.splitlines() if "error:" in line), "")
    if broken.returncode == 0:
        yield "the mistake compiles"
    elif sentence not in first:
        yield f"the first error is\n    {first}\nand does not say\n    {sentence}"
    fixed = compile_case(compiler, flags, file, "-DRECKON_FIXED")
    if fixed.returncode != 0:
        yield f"does not compile without the mistake:\n{fixed.stderr}"


def main():
    file, flags, compilers = sys.argv[1], sys.argv[2], sys.argv[3:]
    opening = re.match(r"// error: (.+)\n", pathlib.Path(file).read_text())
    if not opening:
        print(f"{file}: the first line is `// error: SENTENCE`")
        return 1
    found = [f"{compiler}: {complaint}" for compiler in compilers
             for complaint in complaints(compiler, flags, file, opening[1])]
    print("\n".join(found) if found else f"refused: {opening[1]}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
