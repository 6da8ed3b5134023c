"""A small GPT-2: PyTorch modules under the names that Hugging Face's checkpoints use, so that its files are theirs."""
import math
import sys

import torch
from torch import nn
from torch.nn import functional as F

import card
import loop
import text

CONFIG = {
    "architectures": ["GPT2LMHeadModel"],
    "model_type": "gpt2",
    "activation_function": "gelu_new",
    "n_ctx": 256,
    "n_positions": 256,
    "n_embd": 192,
    "n_head": 6,
    "n_layer": 6,
    "n_inner": None,
    "layer_norm_epsilon": 1e-5,
    "vocab_size": text.VOCABULARY,
    "bos_token_id": 0,
    "eos_token_id": 0,
    "tie_word_embeddings": True,
    "torch_dtype": "float16",
}
ROWS = 8


class Conv1D(nn.Module):
    """GPT-2's dense layer, whose weight is [in, out]."""

    def __init__(self, inputs, outputs, scale=1.0):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(inputs, outputs) * 0.02 * scale)
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x):
        return torch.addmm(self.bias, x.reshape(-1, x.shape[-1]), self.weight).reshape(*x.shape[:-1], -1)


class Block(nn.Module):
    def __init__(self, width, heads, layers):
        super().__init__()
        into_stream = 1 / math.sqrt(2 * layers)
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = nn.ModuleDict({"c_attn": Conv1D(width, 3 * width), "c_proj": Conv1D(width, width, into_stream)})
        self.mlp = nn.ModuleDict({"c_fc": Conv1D(width, 4 * width), "c_proj": Conv1D(4 * width, width, into_stream)})
        self.heads = heads

    def forward(self, x, mask):
        rows, length, width = x.shape
        q, k, v = self.attn["c_attn"](self.ln_1(x)).reshape(rows, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        weights = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(width / self.heads) + mask, -1)
        x = x + self.attn["c_proj"]((weights @ v).transpose(1, 2).reshape(rows, length, width))
        hidden = F.gelu(self.mlp["c_fc"](self.ln_2(x)), approximate="tanh")
        return x + self.mlp["c_proj"](hidden)


class GPT2(nn.Module):
    def __init__(self):
        super().__init__()
        width, layers = CONFIG["n_embd"], CONFIG["n_layer"]
        self.transformer = nn.ModuleDict({
            "wte": nn.Embedding(CONFIG["vocab_size"], width),
            "wpe": nn.Embedding(CONFIG["n_positions"], width),
            "h": nn.ModuleList(Block(width, CONFIG["n_head"], layers) for _ in range(layers)),
            "ln_f": nn.LayerNorm(width),
        })
        for table in ("wte", "wpe"):
            nn.init.normal_(self.transformer[table].weight, std=0.02)
        length = CONFIG["n_positions"]
        self.register_buffer("mask", torch.full((length, length), float("-inf")).triu(1), persistent=False)

    def forward(self, ids):
        """int64 [rows, length] -> logits [rows, length, vocabulary]"""
        length = ids.shape[1]
        x = self.transformer["wte"](ids) + self.transformer["wpe"].weight[:length]
        for block in self.transformer["h"]:
            x = block(x, self.mask[:length, :length])
        return F.linear(self.transformer["ln_f"](x), self.transformer["wte"].weight)


def loss_of(model, ids):
    logits = model(ids[:, :-1])
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), ids[:, 1:].reshape(-1))


def main(folder, steps):
    torch.manual_seed(1)
    tokenizer, streams = text.prepare(folder, text.gpt2_tokenizer, "<|endoftext|>")
    model = GPT2()
    length = CONFIG["n_positions"] + 1
    held_back = streams.held_back(length)
    told = loop.train(
        model, folder, lambda generator, _: streams.batch(ROWS, length, generator), loss_of,
        lambda trained: sum(loss_of(trained, part).item() * len(part) for part in held_back.split(ROWS)) / len(held_back),
        steps, ROWS * CONFIG["n_positions"],
    )
    card.write(folder, model, CONFIG, {"model_max_length": CONFIG["n_positions"], "tokenizer_class": "GPT2Tokenizer"}, told,
               "Graft GPT-2 mini", "A causal language model of the GPT-2 family with a byte-level vocabulary of its own, pre-trained from nothing.",
               "It is small and has read little, most of it old: it writes sentences in the manner of its books, knows no facts to rely on and follows no\n"
               "instructions. It is there to be fine-tuned on a text of one's own, without a network.")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
