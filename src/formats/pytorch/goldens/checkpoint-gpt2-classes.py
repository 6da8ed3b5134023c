"""A model, as PyTorch source made by Graft.

    model = load("model.safetensors")   # in evaluation mode; model.train() goes on training
    outputs = model(inputs)

Inputs, in this order (images have their channels last, ? is any size):
    input_ids: int32 [?, ?]
"""
import torch
from torch import nn
from torch.nn import functional as F


def attention(query, key, value, mask, heads, scale, causal=False, key_value_heads=None):
    """Multi-head attention over [batch, tokens, width]; where the mask [batch, tokens] is 0, nothing is attended to."""
    def split(x, count):
        return x.reshape(x.shape[0], x.shape[1], count, -1).transpose(1, 2)

    query, key, value = split(query * scale, heads), split(key, key_value_heads or heads), split(value, key_value_heads or heads)
    if key_value_heads:
        key, value = (x.repeat_interleave(heads // key_value_heads, dim=1) for x in (key, value))
    scores = query @ key.transpose(-1, -2) + (1.0 - mask)[:, None, None, :] * -1e9
    if causal:
        later = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).triu(1)
        scores = scores + later * -2e9
    return (scores.softmax(-1) @ value).transpose(1, 2).flatten(2)


def masked_mean(x, mask):
    """[batch, tokens, width] -> [batch, width]: the mean of the tokens whose mask is 1."""
    return (x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True).clamp(min=1.0)


def position_ids(ids, offset, padding_id=None):
    """offset, offset + 1, ... for each text; with a padding_id, padding keeps it and the others count on from it."""
    if padding_id is None:
        return torch.arange(offset, offset + ids.shape[1], dtype=torch.int32, device=ids.device).expand(ids.shape)
    is_token = (ids != padding_id).int()
    return is_token.cumsum(1, dtype=torch.int32) * is_token + padding_id


class Dense(nn.Module):
    """transformer.h.0.attn.c_attn and 7 more"""

    def __init__(self, rows, columns):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(rows, columns))
        self.bias = nn.Parameter(torch.zeros(columns))

    def forward(self, x):
        return x @ self.weight + self.bias


class Attn(nn.Module):
    """transformer.h.0.attn and 1 more"""

    def __init__(self):
        super().__init__()
        self.c_attn = Dense(rows=24, columns=72)
        self.c_proj = Dense(rows=24, columns=24)

    def forward(self, x, mask, embedded):
        x = self.c_attn(x)
        query = x[:, :, :24]
        key = x[:, :, 24:48]
        value = x[:, :, 48:72]
        y = attention(query, key, value, mask, heads=4, scale=0.4082482904638631, causal=True)
        y = self.c_proj(y)
        return y + embedded


class Mlp(nn.Module):
    """transformer.h.0.mlp and 1 more"""

    def __init__(self):
        super().__init__()
        self.c_fc = Dense(rows=24, columns=40)
        self.c_proj = Dense(rows=40, columns=24)

    def forward(self, x, sum_):
        x = self.c_fc(x)
        x = F.gelu(x, approximate="tanh")
        x = self.c_proj(x)
        return x + sum_


class H(nn.Module):
    """transformer.h.0 and 1 more"""

    def __init__(self):
        super().__init__()
        self.ln_1 = nn.LayerNorm(24, eps=0.00001)
        self.attn = Attn()
        self.ln_2 = nn.LayerNorm(24, eps=0.00001)
        self.mlp = Mlp()

    def forward(self, x, mask):
        y = self.ln_1(x)
        y = self.attn(y, mask, x)
        ln_2 = self.ln_2(y)
        return self.mlp(ln_2, y)


class Transformer(nn.Module):
    """transformer"""

    def __init__(self):
        super().__init__()
        self.wte = nn.Embedding(50, 24)
        self.wpe = nn.Embedding(16, 24)
        self.h = nn.ModuleList([H() for _ in range(2)])
        self.ln_f = nn.LayerNorm(24, eps=0.00001)

    def forward(self, x, positions, mask):
        x = self.wte(x)
        wpe = self.wpe(positions)
        x = x + wpe
        for each_h in self.h:
            x = each_h(x, mask)
        return self.ln_f(x)


class Model(nn.Module):
    """The whole model."""

    def __init__(self):
        super().__init__()
        self.transformer = Transformer()
        self.score = nn.Linear(24, 3, bias=False)

    def forward(self, input_ids):
        mask = (input_ids != 49).float()
        x = position_ids(input_ids, 0)
        y = self.transformer(input_ids, x, mask)
        x = x.to(torch.float32)
        y_2 = x * mask
        y_2 = y_2.amax(1, keepdim=True)
        x = (x == y_2).int()
        x = x.to(torch.float32)
        y = masked_mean(y, x)
        return self.score(y)


def load(path="model.safetensors"):
    """The model with its weights, ready to predict."""
    from safetensors.torch import load_file

    model = Model()
    model.load_state_dict(load_file(path))
    return model.eval()
