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


def position_ids(ids, offset, padding_id=None):
    """offset, offset + 1, ... for each text; with a padding_id, padding keeps it and the others count on from it."""
    if padding_id is None:
        return torch.arange(offset, offset + ids.shape[1], dtype=torch.int32, device=ids.device).expand(ids.shape)
    is_token = (ids != padding_id).int()
    return is_token.cumsum(1, dtype=torch.int32) * is_token + padding_id


class Lin(nn.Module):
    """distilbert.transformer.layer.0.ffn.lin1 and 1 more"""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(40, 24))
        self.bias = nn.Parameter(torch.zeros(40))

    def forward(self, x):
        x = F.linear(x, self.weight, self.bias)
        return F.gelu(x)


class PreClassifier(nn.Module):
    """pre_classifier"""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(24, 24))
        self.bias = nn.Parameter(torch.zeros(24))

    def forward(self, x):
        x = F.linear(x, self.weight, self.bias)
        return F.relu(x)


class Embeddings(nn.Module):
    """distilbert.embeddings"""

    def __init__(self):
        super().__init__()
        self.word_embeddings = nn.Embedding(50, 24)
        self.position_embeddings = nn.Embedding(16, 24)
        self.LayerNorm = nn.LayerNorm(24, eps=1e-12)

    def forward(self, x, positions):
        x = self.word_embeddings(x)
        position_embeddings = self.position_embeddings(positions)
        x = x + position_embeddings
        return self.LayerNorm(x)


class Attention(nn.Module):
    """distilbert.transformer.layer.0.attention and 1 more"""

    def __init__(self):
        super().__init__()
        self.q_lin = nn.Linear(24, 24)
        self.k_lin = nn.Linear(24, 24)
        self.v_lin = nn.Linear(24, 24)
        self.out_lin = nn.Linear(24, 24)

    def forward(self, x, mask):
        q_lin = self.q_lin(x)
        k_lin = self.k_lin(x)
        v_lin = self.v_lin(x)
        y = attention(q_lin, k_lin, v_lin, mask, heads=4, scale=0.4082482904638631)
        y = self.out_lin(y)
        return y + x


class Ffn(nn.Module):
    """distilbert.transformer.layer.0.ffn and 1 more"""

    def __init__(self):
        super().__init__()
        self.lin1 = Lin()
        self.lin2 = nn.Linear(40, 24)

    def forward(self, x):
        x = self.lin1(x)
        return self.lin2(x)


class Layer(nn.Module):
    """distilbert.transformer.layer.0 and 1 more"""

    def __init__(self):
        super().__init__()
        self.attention = Attention()
        self.sa_layer_norm = nn.LayerNorm(24, eps=1e-12)
        self.ffn = Ffn()
        self.output_layer_norm = nn.LayerNorm(24, eps=1e-12)

    def forward(self, x, mask):
        x = self.attention(x, mask)
        x = self.sa_layer_norm(x)
        y = self.ffn(x)
        y = y + x
        return self.output_layer_norm(y)


class Transformer(nn.Module):
    """distilbert.transformer"""

    def __init__(self):
        super().__init__()
        self.layer = nn.ModuleList([Layer() for _ in range(2)])

    def forward(self, x, mask):
        for each_layer in self.layer:
            x = each_layer(x, mask)
        return x


class Distilbert(nn.Module):
    """distilbert"""

    def __init__(self):
        super().__init__()
        self.embeddings = Embeddings()
        self.transformer = Transformer()

    def forward(self, x, positions, mask):
        x = self.embeddings(x, positions)
        return self.transformer(x, mask)


class Model(nn.Module):
    """The whole model."""

    def __init__(self):
        super().__init__()
        self.distilbert = Distilbert()
        self.pre_classifier = PreClassifier()
        self.classifier = nn.Linear(24, 3)

    def forward(self, input_ids):
        mask = (input_ids != 0).float()
        positions = position_ids(input_ids, 0)
        distilbert = self.distilbert(input_ids, positions, mask)
        x = distilbert[:, :1]
        x = x.reshape(-1, 24)
        x = self.pre_classifier(x)
        return self.classifier(x)


def load(path="model.safetensors"):
    """The model with its weights, ready to predict."""
    from safetensors.torch import load_file

    model = Model()
    model.load_state_dict(load_file(path))
    return model.eval()
