# on_cpu.sh ARCH PROGRAM: runs a program whose own code needs the instruction set, or skips it.
case $1 in
    avx2) needs="avx2 fma" ;;
    avx512) needs="avx512f avx512cd avx512dq avx512bw avx512vl fma" ;;
    avx512_amx)
        needs="avx512f avx512cd avx512dq avx512bw avx512vl fma avx512_vnni avx512_bf16"
        needs="$needs amx_tile amx_int8 amx_bf16" ;;
esac
for flag in $needs; do
    grep -qw "$flag" /proc/cpuinfo && continue
    echo "skipped: header-only $1: this CPU lacks $flag"
    exit 0
done
exec "$2"
