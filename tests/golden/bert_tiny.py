"""Goldens of a random small BERT: a model folder as sentence-transformers lays it out, and what transformers makes of it.

    python tests/golden/bert_tiny.py

Weights are stored as float32 and computed with in float64.
"""

import json
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file
from transformers import BertConfig, BertModel, BertTokenizer

HERE = Path(__file__).parent
FOLDER = HERE / "bert_tiny"
LIMIT = 12  # max_seq_length, below max_position_embeddings as in MiniLM

VOCABULARY = (
    "[PAD] [UNK] [CLS] [SEP] [MASK] ! ' ( ) , - . 0 1 2 7 8 9 a e i o s t the of story war star toy alien and in new "
    "##0 ##1 ##5 ##7 ##9 ##a ##e ##er ##i ##ing ##n ##o ##s ##t ##rs 星"
).split()
TEXTS = ["Toy Story (1995)", "", "Aliens", "The STAR wars, 1977!", "a story of the new toy and the story of an alien in 星", "?"]

CONFIG = BertConfig(
    vocab_size=len(VOCABULARY),
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=64,
    max_position_embeddings=16,
    hidden_act="gelu",
    layer_norm_eps=1e-12,
)


def random_model():
    """Numbers drawn name by name, so that they depend on NumPy's generator alone."""
    rng = np.random.default_rng(2)
    model = BertModel(CONFIG).eval()
    for name, weight in sorted(model.named_parameters()):
        is_gain = name.endswith("LayerNorm.weight")
        deviation = 0.2 if weight.dim() == 1 else 0.5 if "embeddings" in name else 0.3
        value = rng.normal(1 if is_gain else 0, deviation, weight.shape).astype(np.float32)
        weight.data = torch.from_numpy(value)
    return model


def write_folder(model):
    FOLDER.mkdir(exist_ok=True)
    weights = {name: weight.detach().numpy() for name, weight in model.named_parameters()}
    # As in MiniLM's file, which a later transformers would write without.
    weights["embeddings.position_ids"] = np.arange(CONFIG.max_position_embeddings, dtype=np.int64)[None]
    save_file(weights, FOLDER / "model.safetensors", {"format": "pt"})

    def write_json(name, content):
        (FOLDER / name).write_text(json.dumps(content, indent=2) + "\n")

    sizes = ("vocab_size hidden_size num_hidden_layers num_attention_heads intermediate_size max_position_embeddings "
             "type_vocab_size hidden_act layer_norm_eps model_type position_embedding_type").split()  # fmt: skip
    write_json("config.json", {name: getattr(CONFIG, name) for name in sizes})
    write_json("tokenizer_config.json", {"do_lower_case": True, "strip_accents": None, "tokenize_chinese_chars": True})
    write_json("sentence_bert_config.json", {"max_seq_length": LIMIT, "do_lower_case": False})
    (FOLDER / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n", encoding="utf-8")


def packed(model, sequences):
    """The embeddings and each layer's output, rows of all sequences one after another."""
    with torch.no_grad():
        runs = [model(torch.tensor([ids]), output_hidden_states=True).hidden_states for ids in sequences]
    return [torch.cat([rows[0] for rows in layer]).numpy() for layer in zip(*runs)]


def offsets(sequences):
    return np.cumsum([0] + [len(ids) for ids in sequences]).astype(np.int32)


def flat(sequences):
    return np.array([id for ids in sequences for id in ids], np.int32)


def main():
    model = random_model()
    write_folder(model)
    model = model.double()

    rng = np.random.default_rng(3)
    sequences = [rng.integers(0, len(VOCABULARY), count).tolist() for count in (16, 1, 6)]
    states = packed(model, sequences)
    expected = {"ids": flat(sequences), "offsets": offsets(sequences), "embeddings": states[0].astype(np.float32)}
    for layer, rows in enumerate(states[1:]):
        expected[f"layer.{layer}"] = rows.astype(np.float32)

    tokenizer = BertTokenizer(FOLDER / "vocab.txt")
    (FOLDER / "texts.txt").write_text("\n".join(TEXTS) + "\n", encoding="utf-8")
    texts = [tokenizer.encode(text, truncation=True, max_length=LIMIT) for text in TEXTS]
    rows, ends = packed(model, texts)[-1], offsets(texts)
    means = np.stack([rows[begin:end].mean(0) for begin, end in zip(ends, ends[1:])])
    expected["texts/ids"], expected["texts/offsets"] = flat(texts), ends
    expected["texts/vectors"] = (means / np.linalg.norm(means, axis=1, keepdims=True)).astype(np.float32)
    save_file(expected, HERE / "bert_tiny_expected.safetensors")


if __name__ == "__main__":
    main()
