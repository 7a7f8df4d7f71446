#!/usr/bin/env python3
"""Checks that objects compiled for different instruction sets share no code of reckon.

    symbols.py NM ARCHIVE BASELINE_OBJECT AVX2_OBJECT

Whatever the members of reckon::simd define for the linker is keyed by their arch, std's and xsimd's
inlines included: the linker could otherwise give a program for any CPU a function of these flags.
Two objects of a user, of the same source and different flags, share nothing that a context reaches.
What may cross from one to the other (errors, matrices, models) is code they do share.
"""
import collections
import re
import subprocess
import sys

EXTERNAL = "TWVuBDRiA"  # kinds of symbol that one object defines and another may be linked to


def symbols(nm, file):
    """{member: {demangled name}} of what it defines."""
    found = collections.defaultdict(set)
    member = file
    for line in subprocess.run([nm, "-C", "--defined-only", file], capture_output=True, text=True,
                               check=True).stdout.splitlines():
        if line.endswith(":") and " " not in line:
            member = line[:-1]
        elif match := re.match(r"[0-9a-f]+ (\S) (.+)", line):
            if match[1] in EXTERNAL and not match[2].startswith("DW.ref."):
                found[member].add(match[2])
    return found


def main():
    nm, archive, *objects = sys.argv[1:]
    complaints = []
    for member, names in symbols(nm, archive).items():
        arch = member.split(".")[0]
        key = re.compile(rf"\bcompiled_{arch}\b|\breckon_xsimd_{arch}\b|"
                         rf"\bcompiled<reckon::v0::{arch}>::run<")
        complaints += [f"{member}: {name}" for name in sorted(names) if not key.search(name)]

    baseline, avx2 = (set().union(*symbols(nm, file).values()) for file in objects)
    reached = re.compile(r"\bcontext<|\bcpu_|\bops::|_kernel\b|\bsimd::|\barena\b|"
                         r"\bthread_workers\b|\bheap_blocks\b")
    complaints += [f"shared: {name}" for name in sorted(baseline & avx2) if reached.search(name)]
    print("\n".join(complaints) or "no symbol of a context or a kernel is shared")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
