#!/usr/bin/env python3
"""Checks that objects compiled for different instruction sets share no code of reckon.

    symbols.py NM OBJDUMP ARCHIVE --baseline OBJECT.. --avx2 OBJECT..

Whatever the members of reckon::simd define for the linker is keyed by their arch, std's and xsimd's
inlines included: the linker could otherwise give a program for any CPU a function of these flags.
Objects of a user, of the same sources and different flags, share of reckon only what makes an error
one type in the whole program, and the compiler made the same instructions of it for both. (What
they share of std and of other libraries is not looked at.)
"""
import argparse
import collections
import re
import subprocess
import sys

EXTERNAL = "TWVuBDRiA"  # kinds of symbol that one object defines and another may be linked to
ERRORS = ("error", "load_error")
SHARED = {pattern.format(f"reckon::v0::{error}", error) for error in ERRORS for pattern in (
    "{}::what() const", "{}::~{}()", "vtable for {}", "typeinfo for {}", "typeinfo name for {}")}
SHARED_CODE = re.compile(r"_ZNK?6reckon2v0(5error|10load_error)(4whatEv|D\dEv)")


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


def shared_code(objdump, files):
    """The instructions of every function that files may share: {(number of file, name): [..]}."""
    found = {}
    for number, file in enumerate(files):
        for line in lines(objdump, "-d", "--no-show-raw-insn", file):
            if match := re.match(r"[0-9a-f]+ <(.+)>:", line):
                code = []
                if SHARED_CODE.fullmatch(match[1]):
                    found[number, match[1]] = code
            elif line.startswith(" "):
                code.append(re.sub("<.*>", "", line))  # the nearest label says nothing
    return found


def main():
    parser = argparse.ArgumentParser()
    for one in ("nm", "objdump", "archive"):
        parser.add_argument(one)
    for side in ("--baseline", "--avx2"):
        parser.add_argument(side, nargs="+")
    given = parser.parse_args()

    complaints = []
    for member, names in symbols(given.nm, given.archive).items():
        arch = member.split(".")[0]
        key = re.compile(rf"\bcompiled_{arch}\b|\breckon_xsimd_{arch}\b|"
                         rf"\bcompiled<reckon::v0::{arch}>::run<")
        complaints += [f"{member}: {name}" for name in sorted(names) if not key.search(name)]

    baseline, avx2 = (
        {name for file in side for names in symbols(given.nm, file).values() for name in names}
        for side in (given.baseline, given.avx2))
    shared = {name for name in baseline & avx2 if "reckon::" in name}
    complaints += [f"shared: {name}" for name in sorted(shared - SHARED)]
    if "typeinfo for reckon::v0::error" not in shared:
        complaints.append("error: is not one type")

    baseline, avx2 = (shared_code(given.objdump, side) for side in (given.baseline, given.avx2))
    if not baseline or baseline != avx2:
        complaints.append("error: its functions differ with the instruction set")
    print("\n".join(complaints) or "nothing of reckon is shared but the types of errors")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
