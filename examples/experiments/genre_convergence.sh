#!/bin/sh
# How fast the ways of tuning learn (M6-Rec, Figure 8): a film's first genre from its title, by a frozen
# MiniLM, epoch by epoch:
#     sh examples/experiments/genre_convergence.sh PROGRAMS ML_FOLDER MODEL OUT [THREADS [EPOCHS]]
# Writes OUT/METHOD.SEED.epochs, and accuracies of the validation by epoch, the mean of three seeds, to
# OUT/table. Each run's log.jsonl is what examples/plot_training.py draws. A run that was interrupted
# goes on.
set -eu
programs=$1 films=$2 model=$3 out=$4 threads=${5:-1} epochs=${6:-20}
methods="prompt option adapter option-adapter full"
mkdir -p "$out"
# Every fifth film is for validation; films of a genre that is none, or unknown, are left out.
options=$(awk -F '\t' 'NR > 1 && $4 != "" { split($4, g, " "); if (g[1] != "unknown") n[g[1]]++ }
    END { for (x in n) if (n[x] >= 20) print x }' "$films/ml-100k.item" | sort | paste -sd, -)
for part in train valid; do
    awk -F '\t' -v part=$part -v options="$options" 'BEGIN { count = split(options, names, ",")
        for (i = 1; i <= count; i++) label[names[i]] = i - 1 }
        NR > 1 && $4 != "" { split($4, g, " "); if (!(g[1] in label)) next
            if ((++n % 5 == 0) != (part == "valid")) next
            gsub(/[\\"]/, "", $2)
            printf "{\"user\":\"\",\"item\":\"%s (%s)\",\"label\":%d}\n", $2, $3, label[g[1]] }' \
        "$films/ml-100k.item" >"$out/$part.jsonl"
done
for seed in 0 1 2; do
    for method in $methods; do
        rate=1e-3
        [ "$method" != full ] || rate=5e-5
        run=$out/$method.$seed
        [ -e "$run.done" ] || {
            "$programs/tune" --model "$model" --method "$method" --train "$out/train.jsonl" \
                --valid "$out/valid.jsonl" --out "$run.safetensors" --options "$options" \
                --prompts 40 --epochs "$epochs" --batch-tokens 512 --rate $rate --seed $seed \
                --threads "$threads" >>"$run.epochs"
            touch "$run.done"
        }
    done
done
{
    printf '| epoch |'
    for method in $methods; do printf ' %s |' "$method"; done
    printf '\n|---|---|---|---|---|---|\n'
    for epoch in $(seq "$epochs"); do
        printf '| %s |' "$epoch"
        for method in $methods; do
            cat "$out/$method".?.epochs | awk -v epoch="$epoch" '$1 == "epoch" && $2 == epoch { sum += $6; n++ }
                END { printf " %.3f |", n ? sum / n : 0 }'
        done
        printf '\n'
    done
} >"$out/table"
cat "$out/table"
