"""A model, as PyTorch source made by Graft.

    model = load("model.safetensors")   # in evaluation mode; model.train() goes on training
    outputs = model(inputs)

Inputs, in this order (images have their channels last, ? is any size):
    pixel_values: float32 [?, ?, ?, 3]
"""
import torch
from torch import nn
from torch.nn import functional as F


class Normalization(nn.Module):
    """resnet.embedder.embedder.normalization and 4 more"""

    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(width))
        self.bias = nn.Parameter(torch.zeros(width))
        self.register_buffer("running_mean", torch.zeros(width))
        self.register_buffer("running_var", torch.zeros(width))

    def forward(self, x):
        x = F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, self.training, momentum=0.1, eps=0.00001)
        return F.relu(x)


class Embedder(nn.Module):
    """resnet.embedder.embedder and 4 more"""

    def __init__(self, in_channels, out_channels, kernel_size, stride, padding):
        super().__init__()
        self.convolution = nn.Conv2d(in_channels, out_channels, kernel_size, stride=stride, padding=padding, bias=False)
        self.normalization = Normalization(width=out_channels)

    def forward(self, x):
        x = self.convolution(x)
        return self.normalization(x)


class Layer(nn.Module):
    """resnet.encoder.stages.0.layers.0.layer.2 and 3 more"""

    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.convolution = nn.Conv2d(in_channels, out_channels, 1, stride=stride, padding=0, bias=False)
        self.normalization = nn.BatchNorm2d(out_channels, eps=0.00001, momentum=0.1)

    def forward(self, x):
        x = self.convolution(x)
        return self.normalization(x)


class Classifier(nn.Module):
    """classifier"""

    def __init__(self):
        super().__init__()
        self._modules["1"] = nn.Linear(24, 5)

    def forward(self, x):
        return self._modules["1"](x)


class Embedder2(nn.Module):
    """resnet.embedder"""

    def __init__(self):
        super().__init__()
        self.embedder = Embedder(in_channels=3, out_channels=8, kernel_size=7, stride=2, padding=3)

    def forward(self, x):
        return self.embedder(x)


class Layer2(nn.Module):
    """resnet.encoder.stages.0.layers.0 and 1 more"""

    def __init__(self, in_channels, out_channels, out_channels_2):
        super().__init__()
        self.layer = nn.ModuleList([
            Embedder(in_channels=in_channels, out_channels=out_channels, kernel_size=1, stride=2, padding=0),
            Embedder(in_channels=out_channels, out_channels=out_channels, kernel_size=3, stride=1, padding=1),
            Layer(in_channels=out_channels, out_channels=out_channels_2, stride=1),
        ])
        self.shortcut = Layer(in_channels=in_channels, out_channels=out_channels_2, stride=2)

    def forward(self, x):
        y = self.layer[0](x)
        y = self.layer[1](y)
        y = self.layer[2](y)
        x = self.shortcut(x)
        y = y + x
        return F.relu(y)


class Stage(nn.Module):
    """resnet.encoder.stages.0 and 1 more"""

    def __init__(self, in_channels, out_channels, out_channels_2):
        super().__init__()
        self.layers = nn.ModuleList([
            Layer2(in_channels=in_channels, out_channels=out_channels, out_channels_2=out_channels_2),
        ])

    def forward(self, x):
        return self.layers[0](x)


class Encoder(nn.Module):
    """resnet.encoder"""

    def __init__(self):
        super().__init__()
        self.stages = nn.ModuleList([
            Stage(in_channels=8, out_channels=4, out_channels_2=16),
            Stage(in_channels=16, out_channels=6, out_channels_2=24),
        ])

    def forward(self, x):
        for each_stage in self.stages:
            x = each_stage(x)
        return x


class Resnet(nn.Module):
    """resnet"""

    def __init__(self):
        super().__init__()
        self.embedder = Embedder2()
        self.encoder = Encoder()


class Model(nn.Module):
    """The whole model."""

    def __init__(self):
        super().__init__()
        self.resnet = Resnet()
        self.classifier = Classifier()

    def forward(self, pixel_values):
        x = pixel_values.permute(0, 3, 1, 2)  # channels first
        x = self.resnet.embedder(x)
        x = F.max_pool2d(x, 3, 2, padding=1)
        x = self.resnet.encoder(x)
        x = x.mean((2, 3))
        return self.classifier(x)


def load(path="model.safetensors"):
    """The model with its weights, ready to predict."""
    from safetensors.torch import load_file

    model = Model()
    model.load_state_dict(load_file(path))
    return model.eval()
