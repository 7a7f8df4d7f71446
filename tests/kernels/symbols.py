#!/usr/bin/env python3
"""Checks that objects compiled for different instruction sets share no code of reckon.

    symbols.py NM OBJDUMP ARCHIVE BASELINE_OBJECT AVX2_OBJECT

Whatever the members of reckon::simd define for the linker is keyed by their arch, std's and xsimd's
inlines included: the linker could otherwise give a program for any CPU a function of these flags.
Two objects of a user, of the same source and different flags, share of reckon what makes `error`
one type, and the compiler made the same instructions of it for both.
"""
import collections
import re
import subprocess
import sys

EXTERNAL = "TWVuBDRiA"  # kinds of symbol that one object defines and another may be linked to
SHARED = {
    "reckon::v0::error::what() const",
    "reckon::v0::error::~error()",
    "typeinfo for reckon::v0::error",
    "typeinfo name for reckon::v0::error",
    "vtable for reckon::v0::error",
}


def lines(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def symbols(nm, file):
    """{member: {demangled name}} of what it defines."""
    found = collections.defaultdict(set)
    member = file
    for line in lines(nm, "-C", "--defined-only", file):
        if line.endswith(":") and " " not in line:
            member = line[:-1]
        elif match := re.match(r"[0-9a-f]+ (\S) (.+)", line):
            if match[1] in EXTERNAL and not match[2].startswith("DW.ref."):
                found[member].add(match[2])
    return found


def shared_code(objdump, file):
    """{mangled name: instructions} of the functions of `error` that objects may share."""
    found = {}
    for line in lines(objdump, "-d", "--no-show-raw-insn", file):
        if match := re.match(r"[0-9a-f]+ <(.+)>:", line):
            code = found[match[1]] = []
        elif line.startswith(" "):
            code.append(re.sub("<.*>", "", line))  # the nearest label says nothing
    return {name: code for name, code in found.items()
            if re.fullmatch(r"_ZNK?6reckon2v05error(4whatEv|D\dEv)", name)}


def main():
    nm, objdump, archive, *objects = sys.argv[1:]
    complaints = []
    for member, names in symbols(nm, archive).items():
        arch = member.split(".")[0]
        key = re.compile(rf"\bcompiled_{arch}\b|\breckon_xsimd_{arch}\b|"
                         rf"\bcompiled<reckon::v0::{arch}>::run<")
        complaints += [f"{member}: {name}" for name in sorted(names) if not key.search(name)]

    baseline, avx2 = (set().union(*symbols(nm, file).values()) for file in objects)
    shared = {name for name in baseline & avx2 if "reckon" in name}
    complaints += [f"shared: {name}" for name in sorted(shared - SHARED)]
    complaints += [f"not shared, so there are two types: {name}" for name in sorted(SHARED - shared)]

    baseline, avx2 = (shared_code(objdump, file) for file in objects)
    if not baseline or baseline != avx2:
        complaints.append("error: its functions differ with the instruction set")
    print("\n".join(complaints) or "nothing of reckon is shared but the type `error`")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
