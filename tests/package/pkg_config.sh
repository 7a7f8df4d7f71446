#!/bin/sh
# reckon through pkg-config:  pkg_config.sh PKG_CONFIG COMPILER PC_FOLDER BUILD_FOLDER
set -eu
pkg_config=$1 compiler=$2 build=$4
PKG_CONFIG_PATH=$3
export PKG_CONFIG_PATH
sources=$(dirname "$0")/consumer

mkdir -p "$build"
"$pkg_config" --exact-version="$(sed -n 's/^Version: //p' "$3/reckon.pc")" reckon
# shellcheck disable=SC2046  # the flags are words
"$compiler" -std=c++20 "$sources/main.cpp" "$sources/other.cpp" \
    $("$pkg_config" --cflags --libs reckon) -o "$build/consumer"
"$build/consumer"
