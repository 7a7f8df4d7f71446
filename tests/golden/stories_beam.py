"""Goldens of beam search: what transformers' `generate` finds in stories260K, a trained Llama of 260,000 parameters.

    python tests/golden/stories_beam.py [--model ../shared/data/stories260k]

The stories have no stop token, so the ids of `.` and `,` end a sequence in most of the cases. `search` below says in forty lines
which rules `generate` follows; each case must give the same from both.
"""

import argparse
import itertools
import json
from pathlib import Path

import torch
from transformers import LlamaForCausalLM

HERE = Path(__file__).parent
BEAMS, PAD = 4, 0
PROMPTS = {
    "": [1],
    "Once upon a time": [1, 403, 407, 261, 378],
    "Lily and Tom went to the park": [1, 317, 269, 274, 287, 263, 377, 267, 265, 282, 295, 433],
    '"I want': [1, 313, 442, 391],
}
ENDINGS = (([2], 40), ([426], 40), ([426], 12), ([426, 432], 40))  # stops (never seen; `.`; `.` and `,`) and the limit
PENALTIES = (0.6, 1.0, 2.0)


def search(model, prompt, stops, limit, length_penalty):
    """The (score, new ids without the stop, stopped) of beam search, best first, and the pairs of numbers it chose between."""
    beams = [(0.0, [])]  # sum of log-probabilities, new ids
    finished, choices = [], []

    def finish(total, length, ids, stopped):
        """Keeps the best; a stop counts in the length, as its log-probability does in the total."""
        finished.append((total / length**length_penalty, ids, stopped))
        finished.sort(key=lambda one: -one[0])
        if len(finished) > BEAMS:
            choices.append((finished[-2][0], finished.pop()[0]))

    for length in range(1, limit + 1):
        with torch.no_grad():
            logits = model(torch.tensor([prompt + ids for _, ids in beams])).logits[:, -1]
        totals = logits.double().log_softmax(-1) + torch.tensor([[total] for total, _ in beams])
        # So many candidates that BEAMS of them go on even if each beam proposes every stop; and one to compare with.
        best, order = totals.flatten().topk(max(2, 1 + len(stops)) * BEAMS + 1)
        best, following = best.tolist(), []
        for rank, index in enumerate(order.tolist()):
            beam, token = divmod(index, totals.shape[-1])
            ids = beams[beam][1]
            if token not in stops:
                following.append((best[rank], [*ids, token]))
            elif rank < BEAMS:  # a stop further down is dropped
                finish(best[rank], length, ids, True)
            if len(following) == BEAMS:
                break
        choices += [(best[BEAMS - 1], best[BEAMS]), (best[rank], best[rank + 1])]
        beams = following
        # Ends when the best candidate of this step, stops included, would not be better than the worst at this length.
        attainable = best[0] / length**length_penalty
        if len(finished) == BEAMS:
            choices.append((finished[-1][0], attainable))
            if finished[-1][0] >= attainable:
                return finished, choices
    for total, ids in beams:  # cut by the limit: they compete with what has finished
        finish(total, limit, ids, False)
    return finished, choices


def generated(model, prompt, stops, limit, length_penalty):
    """The same from transformers; its output ends with the first of the stops, whichever was met."""
    found = model.generate(
        torch.tensor([prompt]),
        attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
        num_beams=BEAMS,
        num_return_sequences=BEAMS,
        do_sample=False,
        length_penalty=length_penalty,
        early_stopping=False,
        max_new_tokens=limit,
        eos_token_id=stops,
        pad_token_id=PAD,
        return_dict_in_generate=True,
        output_scores=True,
    )
    result = []
    for score, row in zip(found.sequences_scores.tolist(), found.sequences[:, len(prompt) :].tolist()):
        stopped = stops[0] in row
        ids = row[: row.index(stops[0])] if stopped else row
        result.append((score, ids, stopped))
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="../shared/data/stories260k")
    torch.set_num_threads(1)  # all else costs more than it brings
    model = LlamaForCausalLM.from_pretrained(parser.parse_args().model).eval()

    cases = []
    for text, (stops, limit), length_penalty in itertools.product(PROMPTS, ENDINGS, PENALTIES):
        settings = (PROMPTS[text], stops, limit, length_penalty)
        theirs = generated(model, *settings)
        ours, choices = search(model, *settings)
        assert [one[1:] for one in ours] == [one[1:] for one in theirs], settings
        assert all(abs(a[0] - b[0]) < 1e-5 * abs(a[0]) for a, b in zip(ours, theirs))
        choices += [(a[0], b[0]) for a, b in zip(ours, ours[1:])]
        # Equal are only the worst and the attainable, when they are the same sequence.
        closest = min(abs(1 - a / b) for a, b in choices if a != b)
        print(f"{text!r:33} {stops} {limit} {length_penalty} lengths {[len(one[1]) for one in ours]} closest choice {closest:.1e}")
        assert closest > 1e-4, "a choice hangs on rounding"
        hypotheses = [{"score": float(f"{score:.6g}"), "stopped": stopped, "ids": ids} for score, ids, stopped in ours]
        names = ("prompt", "stops", "max_new_tokens", "length_penalty")
        cases.append({"text": text, **dict(zip(names, settings)), "hypotheses": hypotheses})
    header = f'{{"beams": {BEAMS}, "cases": [\n'
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    (HERE / "stories_beam.json").write_text(header + lines + "\n]}\n")


if __name__ == "__main__":
    main()
