#!/bin/sh
# Click scoring on MovieLens-100K with a frozen MiniLM, method by method, as docs/experiments.md
# reports it:
#     sh examples/experiments/click_scoring.sh PROGRAMS ML_FOLDER MODEL OUT [THREADS [TRAIN [METHODS]]]
# PROGRAMS is the folder of click_texts, tune and score, TRAIN how many examples are drawn for each
# of three seeds. A run that was interrupted goes on; what is finished is not done again.
set -eu
programs=$1 films=$2 model=$3 out=$4 threads=${5:-1} train=${6:-1000}
methods=${7:-"prompt option adapter option-adapter lora full"}
mkdir -p "$out"
for seed in 0 1 2; do
    data=$out/$train.$seed
    [ -e "$data/means" ] || { "$programs/click_texts" "$films" "$data" "$train" $seed >"$data.means" &&
        mv "$data.means" "$data/means"; }
    for method in $methods; do
        rate=1e-3
        [ "$method" != full ] || rate=5e-5
        run=$data/$method
        [ -e "$run.unseen" ] || {
            "$programs/tune" --model "$model" --method "$method" --train "$data/train.jsonl" \
                --valid "$data/valid.jsonl" --out "$run.safetensors" --name clicks --epochs 3 \
                --rate $rate --seed $seed --threads "$threads" >"$run.epochs"
            for split in test unseen; do
                "$programs/score" --model "$model" --delta "$run.safetensors" \
                    --data "$data/$split.jsonl" --threads "$threads" | tail -n 1 >"$run.part"
                mv "$run.part" "$run.$split"
            done
        }
    done
done
for method in $methods; do
    for split in test unseen; do
        cat "$out/$train".?/"$method.$split" | awk -v name="$method, $split" '
            { all = all " " $2; sum += $2; squares += $2 * $2 }
            END { mean = sum / NR; spread = sqrt((squares - NR * mean * mean) / (NR - 1))
                  printf "%s: AUC%s  mean %.4f  deviation %.4f\n", name, all, mean, spread }'
    done
done
