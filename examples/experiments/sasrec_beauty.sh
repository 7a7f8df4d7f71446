#!/bin/sh
# SASRec with sampled softmax on Amazon Beauty, three seeds, as docs/experiments.md reports it:
#     sh examples/experiments/sasrec_beauty.sh PROGRAMS Beauty.txt OUT [THREADS]
# PROGRAMS is the folder of train_sequences and rank_sequences. A run that was interrupted goes on.
set -eu
programs=$1 data=$2 out=$3 threads=${4:-1}
mkdir -p "$out"
for seed in 0 1 2; do
    "$programs/train_sequences" --model sasrec --data "$data" --format lines --out "$out/$seed" \
        --seed $seed --patience 5 --threads "$threads" >>"$out/$seed.epochs"
    "$programs/rank_sequences" --model-dir "$out/$seed" --data "$data" >"$out/$seed.test"
done
for figure in HIT@10 NDCG@10 known_HIT@10 known_NDCG@10; do
    for seed in 0 1 2; do
        awk -v figure="$figure" '$1 == figure { print $2 }' "$out/$seed.test"
    done | awk -v figure="$figure" '
        { all = all " " $1; sum += $1; squares += $1 * $1 }
        END { mean = sum / NR; spread = sqrt((squares - NR * mean * mean) / (NR - 1))
              printf "%s%s  mean %.4f  deviation %.4f\n", figure, all, mean, spread }'
done
