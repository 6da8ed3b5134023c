"""Golden numbers of the text models that are read from published checkpoints: python3 tools/reference/checkpoints_text.py

Each family at a small size. The layers of BERT, DistilBERT, RoBERTa and GPT-2 are PyTorch's own nn.TransformerEncoderLayer, whose
parameters are shown under the graph's paths (one matrix for query, key and value is three, or transposed); Llama's are written here from
nn.Linear, with rotation as a product of complex numbers. A case says its config.json and how each parameter starts, so that the test
builds the same model from the file alone. Logits, every gradient, and the losses of ten steps of AdamW, in double precision; the losses
in single beside them. A classifier learns the texts' labels; a language model each next token, the first after the last.
"""
import math
from functools import partial

import numpy
import torch
import torch.nn.functional as F
from torch import nn

from common import reference, write
from problems import PERIOD, chirp, phase_of, rounded, summary, text_batch

STEPS = 10
CLASSES = 3
BATCH = 4
TOKENS = 12
VOCABULARY = 50
WIDTH, HEADS, INNER = 24, 4, 40
LEARNING_RATE, WEIGHT_DECAY = 1e-3, 0.1
LABELS = {str(i): f"LABEL_{i}" for i in range(CLASSES)}

short = partial(summary, samples=6, small=8, digits=6)


class Named(nn.Module):
    """A model whose parameters have the graph's paths: path -> the tensor, and the view of it that the graph has."""

    def __init__(self):
        super().__init__()
        self.paths = {}

    def name(self, path, tensor, view=lambda tensor: tensor):
        self.paths[path] = (tensor, view)

    def module(self, path, module, transposed=False):
        for key, tensor in module.named_parameters(recurse=False):
            self.name(f"{path}/{key}", tensor, (lambda t: t.t()) if transposed and tensor.ndim == 2 else lambda t: t)
        return module


def encoder_layer(model, path, names, act, epsilon, norm_first=False):
    """nn.TransformerEncoderLayer under the names of a family; `names` has "qkv" where one matrix [in, 3 * out] holds the three."""
    layer = nn.TransformerEncoderLayer(WIDTH, HEADS, INNER, dropout=0.0, activation=act, layer_norm_eps=epsilon, batch_first=True, norm_first=norm_first)
    attention, conv1d = layer.self_attn, "qkv" in names
    for key, tensor in (("weight", attention.in_proj_weight), ("bias", attention.in_proj_bias)):
        if conv1d:
            model.name(f"{path}/{names['qkv']}/{key}", tensor, lambda t: t.t() if t.ndim == 2 else t)
            continue
        for part, name in enumerate(("query", "key", "value")):
            model.name(f"{path}/{names[name]}/{key}", tensor, lambda t, part=part: t[WIDTH * part : WIDTH * (part + 1)])
    parts = {"output": attention.out_proj, "inner": layer.linear1, "outer": layer.linear2, "norm1": layer.norm1, "norm2": layer.norm2}
    for name, part in parts.items():
        model.module(f"{path}/{names[name]}", part, transposed=conv1d)
    return layer


# --- BERT, RoBERTa, DistilBERT ---

BERT_NAMES = {"query": "attention/self/query", "key": "attention/self/key", "value": "attention/self/value", "output": "attention/output/dense", "norm1": "attention/output/LayerNorm", "inner": "intermediate/dense", "outer": "output/dense", "norm2": "output/LayerNorm"}
DISTILBERT_NAMES = {"query": "attention/q_lin", "key": "attention/k_lin", "value": "attention/v_lin", "output": "attention/out_lin", "norm1": "sa_layer_norm", "inner": "ffn/lin1", "outer": "ffn/lin2", "norm2": "output_layer_norm"}


class EncoderClassifier(Named):
    def __init__(self, kind, act, epsilon, segments, positions):
        super().__init__()
        self.kind, self.padding_id = kind, 1 if kind == "roberta" else 0
        path = f"{kind}/embeddings"
        self.words = self.module(f"{path}/word_embeddings", nn.Embedding(VOCABULARY, WIDTH, padding_idx=self.padding_id))
        self.segments = self.module(f"{path}/token_type_embeddings", nn.Embedding(segments, WIDTH)) if segments else None
        self.positions = self.module(f"{path}/position_embeddings", nn.Embedding(positions, WIDTH))
        self.norm = self.module(f"{path}/LayerNorm", nn.LayerNorm(WIDTH, eps=epsilon))
        prefix, names = ("distilbert/transformer/layer", DISTILBERT_NAMES) if kind == "distilbert" else (f"{kind}/encoder/layer", BERT_NAMES)
        self.layers = nn.ModuleList(encoder_layer(self, f"{prefix}/{i}", names, act, epsilon) for i in range(2))
        inner = {"bert": "bert/pooler/dense", "roberta": "classifier/dense", "distilbert": "pre_classifier"}[kind]
        outer = {"bert": "classifier", "roberta": "classifier/out_proj", "distilbert": "classifier"}[kind]
        self.dense = self.module(inner, nn.Linear(WIDTH, WIDTH))
        self.act = torch.relu if kind == "distilbert" else torch.tanh
        self.classifier = self.module(outer, nn.Linear(WIDTH, CLASSES))

    def forward(self, ids, types=None):
        padding = ids == self.padding_id
        places = torch.arange(ids.shape[1])[None].expand_as(ids)
        if self.kind == "roberta":  # transformers' create_position_ids_from_input_ids
            places = torch.cumsum((~padding).long(), dim=1) * (~padding).long() + self.padding_id
        x = self.words(ids) + self.positions(places)
        if self.segments is not None:
            x = x + self.segments(torch.zeros_like(ids) if types is None else types)
        x = self.norm(x)
        for layer in self.layers:
            x = layer(x, src_key_padding_mask=padding)
        return self.classifier(self.act(self.dense(x[:, 0])))


def encoder_config(model_type, architecture, **others):
    return {"architectures": [f"{architecture}ForSequenceClassification"], "model_type": model_type, "vocab_size": VOCABULARY, "id2label": LABELS, **others}


BERT = {"hidden_size": WIDTH, "num_hidden_layers": 2, "num_attention_heads": HEADS, "intermediate_size": INNER, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}


# --- decoders ---


def last_token(x, ids, padding_id):
    """As transformers finds it: the last one that is no padding."""
    places = (torch.arange(ids.shape[1]) * (ids != padding_id)).argmax(-1)
    return x[torch.arange(ids.shape[0]), places]


class Decoder(Named):
    """What the two have on top of their hidden states."""

    padding_id = VOCABULARY - 1

    def top(self, task, table, tied):
        self.task, self.table, self.tied = task, table, tied
        if task == "classes":
            self.score = self.module("score", nn.Linear(WIDTH, CLASSES, bias=False))
        elif not tied:
            self.lm_head = self.module("lm_head", nn.Linear(WIDTH, VOCABULARY, bias=False))

    def outputs(self, hidden, ids):
        if self.task == "classes":
            return self.score(last_token(hidden, ids, self.padding_id))
        scores = hidden @ self.table.weight.t() if self.tied else self.lm_head(hidden)
        return scores.reshape(-1, VOCABULARY)


class Gpt2(Decoder):
    NAMES = {"qkv": "attn/c_attn", "output": "attn/c_proj", "norm1": "ln_1", "inner": "mlp/c_fc", "outer": "mlp/c_proj", "norm2": "ln_2"}

    def __init__(self, task, positions=TOKENS + 4):
        super().__init__()
        self.words = self.module("transformer/wte", nn.Embedding(VOCABULARY, WIDTH))
        self.positions = self.module("transformer/wpe", nn.Embedding(positions, WIDTH))
        act = nn.GELU(approximate="tanh")
        self.layers = nn.ModuleList(encoder_layer(self, f"transformer/h/{i}", self.NAMES, act, 1e-5, norm_first=True) for i in range(2))
        self.norm = self.module("transformer/ln_f", nn.LayerNorm(WIDTH, eps=1e-5))
        self.top(task, self.words, tied=True)

    def forward(self, ids):
        x = self.words(ids) + self.positions(torch.arange(ids.shape[1]))
        later = torch.ones(ids.shape[1], ids.shape[1], dtype=torch.bool).triu(1)
        for layer in self.layers:
            x = layer(x, src_mask=later, src_key_padding_mask=ids == self.padding_id)
        return self.outputs(self.norm(x), ids)


def gpt2_config(architecture, **others):
    return {"architectures": [architecture], "model_type": "gpt2", "vocab_size": VOCABULARY, "n_positions": TOKENS + 4, "n_embd": WIDTH, "n_layer": 2, "n_head": HEADS, "n_inner": INNER, "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5, "attn_pdrop": 0.0, "embd_pdrop": 0.0, "resid_pdrop": 0.0, "eos_token_id": VOCABULARY - 1, **others}


class RmsNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(WIDTH))

    def forward(self, x):
        return x / (x.square().mean(-1, keepdim=True) + 1e-5).sqrt() * self.weight


class LlamaLayer(nn.Module):
    def __init__(self, model, path, per_head, shared_heads, biases):
        super().__init__()
        self.per_head, self.shared_heads = per_head, shared_heads
        linear = lambda name, outputs, bias=False, inputs=WIDTH: model.module(f"{path}/{name}", nn.Linear(inputs, outputs, bias=bias))
        self.norm1 = model.module(f"{path}/input_layernorm", RmsNorm())
        self.query = linear("self_attn/q_proj", HEADS * per_head, biases)
        self.key, self.value = (linear(f"self_attn/{name}_proj", shared_heads * per_head, biases) for name in "kv")
        self.output = linear("self_attn/o_proj", WIDTH, inputs=HEADS * per_head)
        self.norm2 = model.module(f"{path}/post_attention_layernorm", RmsNorm())
        self.gate, self.up = (linear(f"mlp/{name}_proj", INNER) for name in ("gate", "up"))
        self.down = linear("mlp/down_proj", WIDTH, inputs=INNER)

    def heads(self, x, count):
        return x.reshape(*x.shape[:2], count, self.per_head).transpose(1, 2)

    def turned(self, x, turns):
        first, second = x.chunk(2, dim=-1)
        product = torch.complex(first, second) * turns
        return torch.cat([product.real, product.imag], dim=-1)

    def forward(self, x, turns, hidden):
        y = self.norm1(x)
        query = self.turned(self.heads(self.query(y), HEADS), turns)
        share = HEADS // self.shared_heads
        key = self.turned(self.heads(self.key(y), self.shared_heads), turns).repeat_interleave(share, dim=1)
        value = self.heads(self.value(y), self.shared_heads).repeat_interleave(share, dim=1)
        scores = (query @ key.transpose(-1, -2) / math.sqrt(self.per_head)).masked_fill(hidden, -math.inf)
        mixed = torch.softmax(scores, dim=-1) @ value
        x = x + self.output(mixed.transpose(1, 2).reshape(*x.shape[:2], -1))
        y = self.norm2(x)
        return x + self.down(F.silu(self.gate(y)) * self.up(y))


class Llama(Decoder):
    def __init__(self, task, per_head, shared_heads, scaling=lambda frequencies: frequencies, theta=10000.0, biases=False, tied=False):
        super().__init__()
        self.frequencies = scaling(theta ** (-torch.arange(0, per_head, 2, dtype=torch.float64) / per_head))
        self.words = self.module("model/embed_tokens", nn.Embedding(VOCABULARY, WIDTH))
        self.layers = nn.ModuleList(LlamaLayer(self, f"model/layers/{i}", per_head, shared_heads, biases) for i in range(2))
        self.norm = self.module("model/norm", RmsNorm())
        self.top(task, self.words, tied)

    def forward(self, ids):
        angles = torch.arange(ids.shape[1], dtype=torch.float64)[:, None] * self.frequencies
        x = self.words(ids)
        turns = torch.polar(torch.ones_like(angles), angles).to(torch.complex128 if x.dtype == torch.float64 else torch.complex64)
        later = torch.ones(ids.shape[1], ids.shape[1], dtype=torch.bool).triu(1)
        hidden = later[None, None] | (ids == self.padding_id)[:, None, None, :]
        for layer in self.layers:
            x = layer(x, turns, hidden)
        return self.outputs(self.norm(x), ids)


def llama3_scaling(frequencies, factor=8.0, low=1.0, high=4.0, old=128):
    """transformers' _compute_llama3_parameters."""
    waves = 2 * math.pi / frequencies
    scaled = torch.where(waves > old / low, frequencies / factor, frequencies)
    share = (old / waves - low) / (high - low)
    between = (1 - share) * scaled / factor + share * scaled
    return torch.where(~(waves < old / high) & ~(waves > old / low), between, scaled)


def llama_config(model_type, architecture, shared_heads, **others):
    return {"architectures": [architecture], "model_type": model_type, "vocab_size": VOCABULARY, "hidden_size": WIDTH, "intermediate_size": INNER, "num_hidden_layers": 2, "num_attention_heads": HEADS, "num_key_value_heads": shared_heads, "max_position_embeddings": 512, "rms_norm_eps": 1e-5, "hidden_act": "silu", "eos_token_id": VOCABULARY - 1, **others}


# --- what is measured ---


def start(path, shape):
    """Where a parameter starts, and how far the chirp takes it."""
    if path.endswith("bias"):
        return [0, 0.1]
    if len(shape) == 1:
        return [1, 0.1]
    if any(table in path for table in ("embeddings", "embed_tokens", "transformer/w")):
        return [0, 1]
    fan_in = shape[0] if "/c_" in path else shape[1]
    return [0, float(f"{math.sqrt(2 / fan_in):.9g}")]


def fill(model, start=start):
    with torch.no_grad():
        for path, (tensor, view) in model.paths.items():
            part = view(tensor)
            offset, scale = start(path, part.shape)
            values = (offset + scale * chirp(part.numel(), phase_of(path))).astype(numpy.float32)
            part.copy_(torch.tensor(values).to(part.dtype).reshape(part.shape))
    return model


def case(name, config, make, padded):
    is_language_model = getattr(make(), "task", "classes") == "tokens"

    def batch(step):
        ids, labels = text_batch(step, BATCH, TOKENS, VOCABULARY, CLASSES, padded, make().padding_id)
        return ids, ids.roll(-1, dims=1).flatten() if is_language_model else labels

    batches = [batch(step) for step in range(PERIOD)]

    def ready(dtype):
        model = make().to(dtype)
        named = {id(tensor) for tensor, _ in model.paths.values()}
        assert all(id(tensor) in named for tensor in model.parameters())
        return fill(model)

    def losses(dtype):
        model = ready(dtype)
        # What is a vector does not decay.
        groups = [{"params": [p for p in model.parameters() if (p.ndim > 1) == decays], "weight_decay": WEIGHT_DECAY if decays else 0} for decays in (True, False)]
        optimizer = torch.optim.AdamW(groups, lr=LEARNING_RATE)
        result = []
        for step in range(STEPS):
            ids, labels = batches[step % PERIOD]
            loss = F.cross_entropy(model(ids), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            result.append(loss.item())
        return result

    single, double = losses(torch.float32), losses(torch.float64)
    worst = max(abs(a - b) / (1 + abs(b)) for a, b in zip(single, double))
    model = ready(torch.float64)
    ids, labels = batches[0]
    logits = model(ids)
    F.cross_entropy(logits, labels).backward()
    gradients = {path: view(tensor.grad) for path, (tensor, view) in model.paths.items()}
    print(f"{name}: {sum(g.numel() for g in gradients.values())} weights, losses {single[0]:.4f} -> {single[-1]:.4f}, float32 and float64 differ by {worst:.1e}")
    return {
        "name": name,
        "config": config,
        "batch": BATCH,
        "tokens": TOKENS,
        "classes": CLASSES,
        "padded": padded,
        "nextToken": is_language_model,
        "learningRate": LEARNING_RATE,
        "weightDecay": WEIGHT_DECAY,
        "starts": {path: start(path, view(tensor).shape) for path, (tensor, view) in model.paths.items()},
        "losses": rounded(double),
        "float32Differs": float(f"{worst:.2g}"),
        "logits": summary(logits, samples=48, small=24),
        "gradients": {path: short(gradient) for path, gradient in gradients.items()},
        "statistics": {},
    }


LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 128}
# name, config.json, the model, whether texts end early
CASES = [
    ("bert", encoder_config("bert", "Bert", **BERT, hidden_act="gelu", layer_norm_eps=1e-12, type_vocab_size=2, max_position_embeddings=16), partial(EncoderClassifier, "bert", "gelu", 1e-12, 2, 16), True),
    ("roberta", encoder_config("roberta", "Roberta", **BERT, hidden_act="gelu", layer_norm_eps=1e-5, type_vocab_size=1, max_position_embeddings=18, pad_token_id=1), partial(EncoderClassifier, "roberta", "gelu", 1e-5, 1, 18), True),
    ("distilbert", encoder_config("distilbert", "DistilBert", dim=WIDTH, n_layers=2, n_heads=HEADS, hidden_dim=INNER, activation="gelu", dropout=0.0, seq_classif_dropout=0.0, max_position_embeddings=16), partial(EncoderClassifier, "distilbert", "gelu", 1e-12, 0, 16), True),
    ("gpt2, next tokens", gpt2_config("GPT2LMHeadModel"), partial(Gpt2, "tokens"), False),
    ("gpt2, classes", gpt2_config("GPT2ForSequenceClassification", id2label=LABELS), partial(Gpt2, "classes"), True),
    ("llama, next tokens", llama_config("llama", "LlamaForCausalLM", 2, head_dim=8, rope_theta=20000.0, rope_scaling=LLAMA3), partial(Llama, "tokens", 8, 2, llama3_scaling, 20000.0), False),
    ("llama, classes", llama_config("llama", "LlamaForSequenceClassification", 4, id2label=LABELS, rope_scaling={"type": "linear", "factor": 2.0}), partial(Llama, "classes", 6, 4, lambda frequencies: frequencies / 2), True),
    ("qwen2, next tokens", llama_config("qwen2", "Qwen2ForCausalLM", 2, tie_word_embeddings=True, use_sliding_window=False, sliding_window=128), partial(Llama, "tokens", 6, 2, biases=True, tied=True), False),
]


def main():
    torch.set_num_threads(1)
    note = reference({"logits": 1e-4, "gradients": 1e-3, "losses": 1e-3}, "float32 sums in another order against double precision, through two layers and 10 steps")
    write("src/models/goldens/checkpoints-text.json", {"reference": note, "cases": [case(*arguments) for arguments in CASES]})


if __name__ == "__main__":
    main()
