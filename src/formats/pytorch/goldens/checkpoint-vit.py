"""A model, as PyTorch source made by Graft.

    model = load("model.safetensors")   # in evaluation mode; model.train() goes on training
    outputs = model(inputs)

Inputs, in this order (images have their channels last, ? is any size):
    pixel_values: float32 [?, 32, 32, 3]
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


class Projection(nn.Module):
    """vit.embeddings.patch_embeddings.projection"""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(24, 3, 8, 8))
        self.bias = nn.Parameter(torch.zeros(24))

    def forward(self, x):
        x = F.conv2d(x, self.weight, self.bias, stride=8, padding=0)
        x = x.permute(0, 2, 3, 1)  # channels last
        return x.reshape(-1, 16, 24)


class Dense(nn.Module):
    """vit.encoder.layer.0.intermediate.dense and 1 more"""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(40, 24))
        self.bias = nn.Parameter(torch.zeros(40))

    def forward(self, x):
        x = F.linear(x, self.weight, self.bias)
        return F.gelu(x)


class PatchEmbeddings(nn.Module):
    """vit.embeddings.patch_embeddings"""

    def __init__(self):
        super().__init__()
        self.projection = Projection()

    def forward(self, x):
        return self.projection(x)


class Attention(nn.Module):
    """vit.encoder.layer.0.attention.attention and 1 more"""

    def __init__(self):
        super().__init__()
        self.query = nn.Linear(24, 24)
        self.key = nn.Linear(24, 24)
        self.value = nn.Linear(24, 24)

    def forward(self, x):
        query = self.query(x)
        key = self.key(x)
        x = self.value(x)
        return query, key, x


class Output(nn.Module):
    """vit.encoder.layer.0.attention.output and 3 more"""

    def __init__(self, in_features):
        super().__init__()
        self.dense = nn.Linear(in_features, 24)

    def forward(self, x):
        return self.dense(x)


class Intermediate(nn.Module):
    """vit.encoder.layer.0.intermediate and 1 more"""

    def __init__(self):
        super().__init__()
        self.dense = Dense()

    def forward(self, x):
        return self.dense(x)


class Embeddings(nn.Module):
    """vit.embeddings"""

    def __init__(self):
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, 24))
        self.position_embeddings = nn.Parameter(torch.zeros(1, 17, 24))
        self.patch_embeddings = PatchEmbeddings()


class Attention2(nn.Module):
    """vit.encoder.layer.0.attention and 1 more"""

    def __init__(self):
        super().__init__()
        self.attention = Attention()
        self.output = Output(in_features=24)


class Layer(nn.Module):
    """vit.encoder.layer.0 and 1 more"""

    def __init__(self):
        super().__init__()
        self.layernorm_before = nn.LayerNorm(24, eps=1e-12)
        self.attention = Attention2()
        self.layernorm_after = nn.LayerNorm(24, eps=1e-12)
        self.intermediate = Intermediate()
        self.output = Output(in_features=40)

    def forward(self, x, mask):
        y = self.layernorm_before(x)
        y, attention_2, attention_3 = self.attention.attention(y)
        y_2 = attention(y, attention_2, attention_3, mask, heads=3, scale=0.35355339059327373)
        y_2 = self.attention.output(y_2)
        y_2 = y_2 + x
        y_3 = self.layernorm_after(y_2)
        y_3 = self.intermediate(y_3)
        y_3 = self.output(y_3)
        return y_3 + y_2


class Encoder(nn.Module):
    """vit.encoder"""

    def __init__(self):
        super().__init__()
        self.layer = nn.ModuleList([Layer() for _ in range(2)])

    def forward(self, x, mask):
        for each_layer in self.layer:
            x = each_layer(x, mask)
        return x


class Vit(nn.Module):
    """vit"""

    def __init__(self):
        super().__init__()
        self.embeddings = Embeddings()
        self.encoder = Encoder()
        self.layernorm = nn.LayerNorm(24, eps=1e-12)


class Model(nn.Module):
    """The whole model."""

    def __init__(self):
        super().__init__()
        self.vit = Vit()
        self.classifier = nn.Linear(24, 5)
        self.register_buffer("one", torch.tensor([[[1.0]]]), persistent=False)

    def forward(self, pixel_values):
        x = pixel_values.permute(0, 3, 1, 2)  # channels first
        x = self.vit.embeddings.patch_embeddings(x)
        y = self.vit.embeddings.cls_token.expand(x.shape[0], -1, -1)
        y = torch.cat([y, x], dim=1)
        y = y + self.vit.embeddings.position_embeddings
        y_2 = self.one.expand(y.shape[0], y.shape[1], -1)
        y_2 = y_2.reshape(-1, 17)
        y = self.vit.encoder(y, y_2)
        y = self.vit.layernorm(y)
        y_3 = y[:, :1]
        y_3 = y_3.reshape(-1, 24)
        return self.classifier(y_3)


def load(path="model.safetensors"):
    """The model with its weights, ready to predict."""
    from safetensors.torch import load_file

    model = Model()
    model.load_state_dict(load_file(path))
    return model.eval()
