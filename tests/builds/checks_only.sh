#!/bin/sh
# A compiler launcher that has a source checked and no code made of it:
#     checks_only.sh clang++ ARGUMENTS..
# The object is an empty file. A precompiled header is made, since the sources read it.
set -eu
object=
before=
for argument; do
    case $argument in
    -emit-pch) exec "$@" ;;
    esac
    [ "$before" != -o ] || object=$argument
    before=$argument
done
"$@" -fsyntax-only
: >"$object"
