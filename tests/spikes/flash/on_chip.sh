#!/bin/sh
# Compiles and links the image for a Cortex-M7 and tells what it takes.
#     on_chip.sh COMPILER INCLUDE_DIR SOURCES_DIR GENERATED_DIR
# Fails if the image refers to a heap, to `abort`, to exceptions, or to arithmetic in double.
set -eu
compiler=$1 include=$2 sources=$3 generated=$4
tools=${compiler%g++}
flags="-std=c++20 -mcpu=cortex-m7 -mfpu=fpv5-sp-d16 -mfloat-abi=hard -Os -Wall -Wextra -Wconversion -Werror
-fno-exceptions -fno-rtti -fno-threadsafe-statics -ffunction-sections -fdata-sections"

if ! echo '#include <concepts>' | $compiler -std=c++20 -mcpu=cortex-m7 -fsyntax-only -x c++ - 2>/dev/null; then
    echo "skipped: flash on a chip: $compiler lacks the C++ library (apt-get install libstdc++-arm-none-eabi-newlib)"
    exit 0
fi

cd "$generated"
$compiler $flags -I"$include" -I. -c "$sources/on_chip.cpp" -o on_chip.o
$compiler $flags -I"$include" -I. -c weights.cpp -o weights_on_chip.o
$compiler $flags -nostdlib -Wl,--gc-sections -Wl,--entry=reset on_chip.o weights_on_chip.o -lm -lc -lgcc -o on_chip.elf

bad=$("${tools}nm" -C on_chip.elf | grep -E ' (_?malloc|_?free|_?realloc|_?calloc|_?sbrk|abort|operator new|operator delete|__cxa_|__aeabi_d)' || true)
if [ -n "$bad" ]; then
    echo "the image holds"
    echo "$bad"
    exit 1
fi
"${tools}size" -A on_chip.elf | awk '
    $1 ~ /^\.text/ { text += $2 }
    $1 ~ /^\.rodata/ { rodata += $2 }
    $1 ~ /^\.(data|bss)/ { bss += $2 }
    END { print "text " text "\nrodata " rodata "\nbss " bss }'
"${tools}nm" -S on_chip.elf | awk '
    function hex(digits,  i, n) {
        for (i = 1; i <= length(digits); ++i) n = 16 * n + index("0123456789abcdef", substr(digits, i, 1)) - 1
        return n
    }
    $4 ~ /flash.*workspaceE?$/ { print "workspace " hex($2) }'
