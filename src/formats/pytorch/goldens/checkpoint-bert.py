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


class TokenTypeEmbeddings(nn.Module):
    """bert.embeddings.token_type_embeddings"""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(2, 24))

    def forward(self):
        return self.weight[:1]


class Dense(nn.Module):
    """bert.encoder.layer.0.intermediate.dense and 1 more"""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(40, 24))
        self.bias = nn.Parameter(torch.zeros(40))

    def forward(self, x):
        x = F.linear(x, self.weight, self.bias)
        return F.gelu(x)


class Embeddings(nn.Module):
    """bert.embeddings"""

    def __init__(self):
        super().__init__()
        self.word_embeddings = nn.Embedding(50, 24)
        self.token_type_embeddings = TokenTypeEmbeddings()
        self.position_embeddings = nn.Embedding(16, 24)
        self.LayerNorm = nn.LayerNorm(24, eps=1e-12)

    def forward(self, x, positions):
        x = self.word_embeddings(x)
        token_type_embeddings = self.token_type_embeddings()
        x = x + token_type_embeddings
        position_embeddings = self.position_embeddings(positions)
        x = x + position_embeddings
        return self.LayerNorm(x)


class Self(nn.Module):
    """bert.encoder.layer.0.attention.self and 1 more"""

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
    """bert.encoder.layer.0.attention.output and 3 more"""

    def __init__(self, in_features):
        super().__init__()
        self.dense = nn.Linear(in_features, 24)
        self.LayerNorm = nn.LayerNorm(24, eps=1e-12)


class Intermediate(nn.Module):
    """bert.encoder.layer.0.intermediate and 1 more"""

    def __init__(self):
        super().__init__()
        self.dense = Dense()

    def forward(self, x):
        return self.dense(x)


class Pooler(nn.Module):
    """bert.pooler"""

    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(24, 24)

    def forward(self, x):
        x = self.dense(x)
        return torch.tanh(x)


class Attention(nn.Module):
    """bert.encoder.layer.0.attention and 1 more"""

    def __init__(self):
        super().__init__()
        self._modules["self"] = Self()
        self.output = Output(in_features=24)

    def forward(self, x, mask):
        self_, self_2, self_3 = self._modules["self"](x)
        y = attention(self_, self_2, self_3, mask, heads=4, scale=0.4082482904638631)
        y = self.output.dense(y)
        y = y + x
        return self.output.LayerNorm(y)


class Layer(nn.Module):
    """bert.encoder.layer.0 and 1 more"""

    def __init__(self):
        super().__init__()
        self.attention = Attention()
        self.intermediate = Intermediate()
        self.output = Output(in_features=40)

    def forward(self, x, mask):
        x = self.attention(x, mask)
        y = self.intermediate(x)
        y = self.output.dense(y)
        y = y + x
        return self.output.LayerNorm(y)


class Encoder(nn.Module):
    """bert.encoder"""

    def __init__(self):
        super().__init__()
        self.layer = nn.ModuleList([Layer() for _ in range(2)])

    def forward(self, x, mask):
        for each_layer in self.layer:
            x = each_layer(x, mask)
        return x


class Bert(nn.Module):
    """bert"""

    def __init__(self):
        super().__init__()
        self.embeddings = Embeddings()
        self.encoder = Encoder()
        self.pooler = Pooler()


class Model(nn.Module):
    """The whole model."""

    def __init__(self):
        super().__init__()
        self.bert = Bert()
        self.classifier = nn.Linear(24, 3)

    def forward(self, input_ids):
        mask = (input_ids != 0).float()
        positions = position_ids(input_ids, 0)
        x = self.bert.embeddings(input_ids, positions)
        x = self.bert.encoder(x, mask)
        y = x[:, :1]
        y = y.reshape(-1, 24)
        y = self.bert.pooler(y)
        return self.classifier(y)


def load(path="model.safetensors"):
    """The model with its weights, ready to predict."""
    from safetensors.torch import load_file

    model = Model()
    model.load_state_dict(load_file(path))
    return model.eval()
