"""A model, as PyTorch source made by Graft.

    model = load("model.safetensors")   # in evaluation mode; model.train() goes on training
    outputs = model(inputs)

Inputs, in this order (images have their channels last, ? is any size):
    ids: int32 [?, 12]
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


class Tokens(nn.Module):
    """embedding.tokens"""

    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.zeros(50, 32))

    def forward(self, x):
        return F.embedding(x, self.table)


class Positions(nn.Module):
    """embedding.positions"""

    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.zeros(12, 32))

    def forward(self, x):
        return x + self.table


class Norm(nn.Module):
    """embedding.norm and 4 more"""

    def __init__(self):
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(32))
        self.beta = nn.Parameter(torch.zeros(32))

    def forward(self, x):
        return F.layer_norm(x, (32,), self.gamma, self.beta, eps=0.00001)


class Dense(nn.Module):
    """encoder.layer_0.attention.qkv and 8 more"""

    def __init__(self, rows, columns):
        super().__init__()
        self.kernel = nn.Parameter(torch.zeros(rows, columns))
        self.bias = nn.Parameter(torch.zeros(columns))

    def forward(self, x):
        return x @ self.kernel + self.bias


class Embedding(nn.Module):
    """embedding"""

    def __init__(self):
        super().__init__()
        self.tokens = Tokens()
        self.positions = Positions()
        self.norm = Norm()

    def forward(self, x):
        x = self.tokens(x)
        x = self.positions(x)
        return self.norm(x)


class Attention(nn.Module):
    """encoder.layer_0.attention and 1 more"""

    def __init__(self):
        super().__init__()
        self.qkv = Dense(rows=32, columns=96)
        self.output = Dense(rows=32, columns=32)
        self.norm = Norm()

    def forward(self, x, mask):
        qkv = self.qkv(x)
        query = qkv[:, :, :32]
        key = qkv[:, :, 32:64]
        value = qkv[:, :, 64:96]
        y = attention(query, key, value, mask, heads=4, scale=0.35355339059327373)
        y = self.output(y)
        x = x + y
        return self.norm(x)


class FeedForward(nn.Module):
    """encoder.layer_0.feed_forward and 1 more"""

    def __init__(self):
        super().__init__()
        self.inner = Dense(rows=32, columns=128)
        self.outer = Dense(rows=128, columns=32)
        self.norm = Norm()

    def forward(self, x):
        y = self.inner(x)
        y = F.gelu(y)
        y = self.outer(y)
        x = x + y
        return self.norm(x)


class Layer(nn.Module):
    """encoder.layer_0 and 1 more"""

    def __init__(self):
        super().__init__()
        self.attention = Attention()
        self.feed_forward = FeedForward()

    def forward(self, x, mask):
        x = self.attention(x, mask)
        return self.feed_forward(x)


class Encoder(nn.Module):
    """encoder"""

    def __init__(self):
        super().__init__()
        self.layer_0 = Layer()
        self.layer_1 = Layer()

    def forward(self, x, mask):
        x = self.layer_0(x, mask)
        return self.layer_1(x, mask)


class Model(nn.Module):
    """The whole model."""

    def __init__(self):
        super().__init__()
        self.embedding = Embedding()
        self.encoder = Encoder()
        self.classifier = Dense(rows=32, columns=3)

    def forward(self, ids):
        mask = (ids != 0).float()
        x = self.embedding(ids)
        x = self.encoder(x, mask)
        x = masked_mean(x, mask)
        return self.classifier(x)


def load(path="model.safetensors"):
    """The model with its weights, ready to predict."""
    from safetensors.torch import load_file

    model = Model()
    model.load_state_dict(load_file(path))
    return model.eval()
