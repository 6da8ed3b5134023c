"""A model, as PyTorch source made by Graft.

    model = load("model.safetensors")   # in evaluation mode; model.train() goes on training
    outputs = model(inputs)

Inputs, in this order (images have their channels last, ? is any size):
    pixel_values: float32 [?, ?, ?, 3]
"""
import torch
from torch import nn
from torch.nn import functional as F


class Pwconv(nn.Module):
    """convnext.encoder.stages.0.layers.0.pwconv1 and 3 more"""

    def __init__(self, rows, columns):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(rows, columns))
        self.bias = nn.Parameter(torch.zeros(rows))

    def forward(self, x):
        x = F.linear(x, self.weight, self.bias)
        return F.gelu(x)


class Embeddings(nn.Module):
    """convnext.embeddings"""

    def __init__(self):
        super().__init__()
        self.patch_embeddings = nn.Conv2d(3, 8, 4, stride=4, padding=0)
        self.layernorm = nn.LayerNorm(8, eps=0.000001)

    def forward(self, x):
        x = self.patch_embeddings(x)
        x = x.permute(0, 2, 3, 1)  # channels last
        return self.layernorm(x)


class Layer(nn.Module):
    """convnext.encoder.stages.0.layers.0 and 3 more"""

    def __init__(self, width, rows):
        super().__init__()
        self.layer_scale_parameter = nn.Parameter(torch.zeros(width))
        self.dwconv = nn.Conv2d(width, width, 7, stride=1, padding=3, groups=width)
        self.layernorm = nn.LayerNorm(width, eps=0.000001)
        self.pwconv1 = Pwconv(rows=rows, columns=width)
        self.pwconv2 = nn.Linear(rows, width)

    def forward(self, x):
        y = self.dwconv(x)
        y = y.permute(0, 2, 3, 1)  # channels last
        y = self.layernorm(y)
        y = self.pwconv1(y)
        y = self.pwconv2(y)
        y = y * self.layer_scale_parameter
        y = y.permute(0, 3, 1, 2)  # channels first
        return x + y


class Stage(nn.Module):
    """convnext.encoder.stages.0"""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([
            Layer(width=8, rows=32),
        ])

    def forward(self, x):
        return self.layers[0](x)


class Stage2(nn.Module):
    """convnext.encoder.stages.1"""

    def __init__(self):
        super().__init__()
        self.downsampling_layer = nn.ModuleList([
            nn.LayerNorm(8, eps=0.000001),
            nn.Conv2d(8, 16, 2, stride=2, padding=0),
        ])
        self.layers = nn.ModuleList([Layer(width=16, rows=64) for _ in range(2)])

    def forward(self, x):
        x = self.downsampling_layer[0](x)
        x = x.permute(0, 3, 1, 2)  # channels first
        x = self.downsampling_layer[1](x)
        for each_layer in self.layers:
            x = each_layer(x)
        return x


class Stage3(nn.Module):
    """convnext.encoder.stages.2"""

    def __init__(self):
        super().__init__()
        self.downsampling_layer = nn.ModuleList([
            nn.LayerNorm(16, eps=0.000001),
            nn.Conv2d(16, 24, 2, stride=2, padding=0),
        ])
        self.layers = nn.ModuleList([
            Layer(width=24, rows=96),
        ])

    def forward(self, x):
        x = self.downsampling_layer[0](x)
        x = x.permute(0, 3, 1, 2)  # channels first
        x = self.downsampling_layer[1](x)
        return self.layers[0](x)


class Encoder(nn.Module):
    """convnext.encoder"""

    def __init__(self):
        super().__init__()
        self.stages = nn.ModuleList([
            Stage(),
            Stage2(),
            Stage3(),
        ])

    def forward(self, x):
        x = self.stages[0](x)
        x = x.permute(0, 2, 3, 1)  # channels last
        x = self.stages[1](x)
        x = x.permute(0, 2, 3, 1)  # channels last
        x = self.stages[2](x)
        return x


class Convnext(nn.Module):
    """convnext"""

    def __init__(self):
        super().__init__()
        self.embeddings = Embeddings()
        self.encoder = Encoder()
        self.layernorm = nn.LayerNorm(24, eps=1e-12)


class Model(nn.Module):
    """The whole model."""

    def __init__(self):
        super().__init__()
        self.convnext = Convnext()
        self.classifier = nn.Linear(24, 5)

    def forward(self, pixel_values):
        x = pixel_values.permute(0, 3, 1, 2)  # channels first
        x = self.convnext.embeddings(x)
        x = x.permute(0, 3, 1, 2)  # channels first
        x = self.convnext.encoder(x)
        x = x.mean((2, 3))
        x = self.convnext.layernorm(x)
        return self.classifier(x)


def load(path="model.safetensors"):
    """The model with its weights, ready to predict."""
    from safetensors.torch import load_file

    model = Model()
    model.load_state_dict(load_file(path))
    return model.eval()
