"""Goldens of random small Llamas: model folders as transformers writes them, and what transformers makes of them.

    python tests/golden/llama_tiny.py

`llama_tiny` has three shards, an untied head and the config of transformers 4; `llama_tiny_bf16` is the same model in
bfloat16; `llama_tiny_scaled` has the rope scaling of Llama 3, heads wider than width / heads, a tied head and the config
of transformers 5. Weights are computed with in float64, also where transformers itself goes through float32.
"""

import json
import math
import shutil
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_torch_file
from transformers import LlamaConfig, LlamaForCausalLM
from transformers.models.llama.modeling_llama import LlamaRMSNorm, LlamaRotaryEmbedding

HERE = Path(__file__).parent
VOCABULARY = 100
LENGTHS = (7, 1, 60, 2, 30)
NEW_TOKENS = 20
STOPS, OTHER_STOP = [39, 10], 27  # in generation_config.json, and in config.json, which comes second

PLAIN = LlamaConfig(
    vocab_size=VOCABULARY,
    hidden_size=48,
    intermediate_size=96,
    num_hidden_layers=3,
    num_attention_heads=8,
    num_key_value_heads=2,
    max_position_embeddings=128,
    rms_norm_eps=1e-5,
    rope_theta=50000.0,
    eos_token_id=OTHER_STOP,
    torch_dtype="float32",
)
SCALED = LlamaConfig(
    vocab_size=VOCABULARY,
    hidden_size=32,
    intermediate_size=64,
    num_hidden_layers=2,
    num_attention_heads=8,
    num_key_value_heads=2,
    head_dim=8,
    max_position_embeddings=512,
    rms_norm_eps=1e-6,
    rope_theta=10000.0,
    rope_scaling={
        "rope_type": "llama3",
        "factor": 4.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 128,
    },
    tie_word_embeddings=True,
    eos_token_id=[93, 7],
)


def frequencies(config):
    """Of the rotation of each pair of a head, float64."""
    plain = config.rope_theta ** (-torch.arange(0, config.head_dim, 2, dtype=torch.float64) / config.head_dim)
    if config.rope_scaling is None:
        return plain
    # Llama 3: waves shorter than original / high stay, those longer than original / low are stretched by the factor, and
    # in between the share of what stays grows with the number of turns that the original context holds.
    low, high = config.rope_scaling["low_freq_factor"], config.rope_scaling["high_freq_factor"]
    turns = config.rope_scaling["original_max_position_embeddings"] * plain / (2 * math.pi)
    share = ((turns - low) / (high - low)).clamp(0, 1)
    assert share.min() == 0 and share.max() == 1 and ((0 < share) & (share < 1)).any()  # all three bands are there
    return plain * (share + (1 - share) / config.rope_scaling["factor"])


def norm(self, x):
    return self.weight * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.variance_epsilon)


def rotation(self, x, position_ids):
    frequency = frequencies(self.config)
    assert torch.allclose(self.inv_freq.double(), frequency, rtol=1e-6)  # what transformers says in float32
    angles = (position_ids[..., None] * frequency).repeat(1, 1, 2)
    return angles.cos(), angles.sin()


LlamaRMSNorm.forward, LlamaRotaryEmbedding.forward = norm, rotation


def random_model(config, seed):
    """Numbers drawn name by name, so that they depend on NumPy's generator alone."""
    rng = np.random.default_rng(seed)
    model = LlamaForCausalLM(config).eval()
    model.generation_config.eos_token_id = STOPS
    for name, weight in sorted(model.named_parameters()):
        width = weight.shape[-1]
        # Queries and keys are large enough for a few keys to take most of the attention.
        if "norm" in name:
            value = rng.normal(1, 0.2, weight.shape)
        elif "q_proj" in name or "k_proj" in name:
            value = rng.normal(0, 2.2 / math.sqrt(width), weight.shape)
        else:
            value = rng.normal(0, 0.5 if "embed" in name else 2 / math.sqrt(width), weight.shape)
        weight.data = torch.from_numpy(value.astype(np.float32))
    return model


def fresh(name):
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def write_config(folder, config):
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def as_transformers_5(config):
    old = config.to_dict()
    rope = {"rope_theta": old.pop("rope_theta"), **old.pop("rope_scaling")}
    kept = ("attention_bias attention_dropout bos_token_id eos_token_id head_dim hidden_act hidden_size initializer_range "
            "intermediate_size max_position_embeddings mlp_bias model_type num_attention_heads num_hidden_layers "
            "num_key_value_heads pad_token_id pretraining_tp rms_norm_eps tie_word_embeddings use_cache vocab_size")  # fmt: skip
    return {
        **{name: old[name] for name in kept.split()},
        "architectures": ["LlamaForCausalLM"],
        "dtype": "float32",
        "rope_parameters": rope,
        "transformers_version": "5.24.0",
    }


def logits(model, ids):
    with torch.no_grad():
        return model(torch.tensor([ids])).logits[0]


def largest_share(model, ids):
    """Mean over layers, heads and rows (without the first, which has one key) of the largest attention probability."""
    with torch.no_grad():
        shares = model(torch.tensor([ids]), output_attentions=True).attentions
    return float(torch.stack(shares)[..., 1:, :].amax(-1).mean())


def greedy(model, sequences):
    continuations = []
    for ids in sequences:
        ids = list(ids)
        for _ in range(NEW_TOKENS):
            row = logits(model, ids)[-1]
            best, rivals = row.topk(2)
            assert best[0] - best[1] > 5e-4 * row.abs().max(), "a choice hangs on rounding"  # a model's tolerance is 1e-4
            ids.append(int(rivals[0]))
        continuations.append(ids[-NEW_TOKENS:])
    return np.array(continuations, np.int32)


def write_expected(name, model, sequences, **more):
    peak = np.mean([largest_share(model, ids) for ids in sequences if len(ids) > 2])
    rows = torch.cat([logits(model, ids) for ids in sequences]).numpy()
    print(f"{name}: largest share of attention {peak:.3f}, largest logit {np.abs(rows).max():.2f}")
    assert peak > 0.5
    expected = {
        "ids": np.concatenate(sequences).astype(np.int32),
        "offsets": np.cumsum([0] + [len(ids) for ids in sequences]).astype(np.int32),
        "logits": rows.astype(np.float32),
    }
    save_file({**expected, **more}, HERE / f"{name}_expected.safetensors")
    return rows


def main():
    rng = np.random.default_rng(13)
    sequences = [rng.integers(0, VOCABULARY, length).tolist() for length in LENGTHS]

    folder = fresh("llama_tiny")
    model = random_model(PLAIN, 12)
    model.save_pretrained(folder, max_shard_size="110KB")
    assert len(list(folder.glob("*.safetensors"))) == 3
    continuations = greedy(model.double(), sequences)
    # Some continuations end by generation_config.json, and at another place than config.json's id says.
    assert np.isin(continuations, STOPS).any() and (continuations == OTHER_STOP).any()
    write_expected("llama_tiny", model, sequences, greedy=continuations)

    config = json.loads((folder / "config.json").read_text())
    folder = fresh("llama_tiny_bf16")
    write_config(folder, {**config, "torch_dtype": "bfloat16"})
    rounded = {name: weight.detach().bfloat16() for name, weight in model.named_parameters()}
    save_torch_file(rounded, folder / "model.safetensors", {"format": "pt"})
    model.load_state_dict(rounded)
    write_expected("llama_tiny_bf16", model, sequences)

    folder = fresh("llama_tiny_scaled")
    model = random_model(SCALED, 12)
    save_torch_file(dict(model.named_parameters()), folder / "model.safetensors", {"format": "pt"})
    write_config(folder, as_transformers_5(SCALED))
    rows = write_expected("llama_tiny_scaled", model.double(), sequences, greedy=greedy(model, sequences))
    model.model.rotary_emb.config.rope_scaling = None
    model.model.rotary_emb.inv_freq = frequencies(SCALED)
    unscaled = torch.cat([logits(model, ids) for ids in sequences]).numpy()
    moved = np.abs(unscaled - rows).max() / np.abs(rows).max()
    print(f"without the rope's scaling the logits move by {moved:.3f}")
    assert moved > 1e-2


if __name__ == "__main__":
    main()
