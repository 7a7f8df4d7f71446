# on_old_cpu.sh QEMU PROGRAM: the smallest row of every kernel on a CPU with SSE4.2 and no AVX. The
# rows of AVX2 and AVX-512 skip themselves; those that run are counted, so that none goes missing.
[ -x "$1" ] || { echo "skipped: smallest rows on an old CPU: no qemu-x86_64"; exit 0; }
"$1" -cpu Nehalem "$2" "[smallest]" >"$2.old_cpu" 2>&1 || { cat "$2.old_cpu"; exit 1; }
tail -n 3 "$2.old_cpu"
ran=$("$2" --list-test-names-only "[smallest]" | grep -c "sse4_2")
skipped=$(grep -c " simd<avx512>: this CPU lacks avx512" "$2.old_cpu")
[ "$ran" -gt 0 ] && [ "$ran" -eq "$skipped" ] && exit 0
echo "$ran rows of sse4_2 ran, and $skipped of avx512 were skipped"
exit 1
