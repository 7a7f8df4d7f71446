#!/bin/sh
# reads_ahead.sh OBJDUMP LIBRARY: every object of reckon::simd but that of AMX, whose tiles do not read
# ahead, prefetches. (g++ drops a prefetch that it takes for a call without effect, and nothing but
# time would tell.)
"$1" -d "$2" | awk '
    /file format/ { object = $1 }
    object !~ /amx/ && object != "" { seen[object] += /prefetch/ }
    END {
        for (object in seen) {
            ++objects
            if (!seen[object]) { print object " does not prefetch"; wrong = 1 }
        }
        exit wrong || objects == 0
    }'
