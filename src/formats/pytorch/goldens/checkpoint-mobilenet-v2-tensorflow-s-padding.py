"""A model, as PyTorch source made by Graft.

    model = load("model.safetensors")   # in evaluation mode; model.train() goes on training
    outputs = model(inputs)

Inputs, in this order (images have their channels last, ? is any size):
    pixel_values: float32 [?, ?, ?, 3]
"""
import math

import torch
from torch import nn
from torch.nn import functional as F


def pad_same(x, size, stride, dilation, value=0.0):
    """TensorFlow's SAME padding of [batch, channels, height, width]: what is left over goes below and to the right."""
    sides = []
    for axis in (1, 0):
        length = x.shape[2 + axis]
        reach = (size[axis] - 1) * dilation[axis] + 1
        total = max(0, (math.ceil(length / stride[axis]) - 1) * stride[axis] + reach - length)
        sides += [total // 2, total - total // 2]
    return F.pad(x, sides, value=value)


class Convolution(nn.Module):
    """mobilenet_v2.conv_stem.first_conv.convolution"""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(16, 3, 3, 3))

    def forward(self, x):
        return F.conv2d(pad_same(x, (3, 3), (2, 2), (1, 1)), self.weight, stride=2)


class Convolution2(nn.Module):
    """mobilenet_v2.layer.0.conv_3x3.convolution and 3 more"""

    def __init__(self, out_channels):
        super().__init__()
        self.out_channels = out_channels
        self.weight = nn.Parameter(torch.zeros(out_channels, 1, 3, 3))

    def forward(self, x):
        return F.conv2d(pad_same(x, (3, 3), (2, 2), (1, 1)), self.weight, stride=2, groups=self.out_channels)


class FirstConv(nn.Module):
    """mobilenet_v2.conv_stem.first_conv"""

    def __init__(self):
        super().__init__()
        self.convolution = Convolution()
        self.normalization = nn.BatchNorm2d(16, eps=0.001, momentum=0.003)

    def forward(self, x):
        x = self.convolution(x)
        x = self.normalization(x)
        return F.relu6(x)


class Conv3x(nn.Module):
    """mobilenet_v2.conv_stem.conv_3x3 and 12 more"""

    def __init__(self, in_channels):
        super().__init__()
        self.convolution = nn.Conv2d(in_channels, in_channels, 3, stride=1, padding=1, groups=in_channels, bias=False)
        self.normalization = nn.BatchNorm2d(in_channels, eps=0.001, momentum=0.003)

    def forward(self, x):
        x = self.convolution(x)
        x = self.normalization(x)
        return F.relu6(x)


class Reduce1x(nn.Module):
    """mobilenet_v2.conv_stem.reduce_1x1 and 16 more"""

    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.convolution = nn.Conv2d(in_channels, out_channels, 1, stride=1, padding=0, bias=False)
        self.normalization = nn.BatchNorm2d(out_channels, eps=0.001, momentum=0.003)

    def forward(self, x):
        x = self.convolution(x)
        return self.normalization(x)


class Expand1x(nn.Module):
    """mobilenet_v2.layer.0.expand_1x1 and 16 more"""

    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.convolution = nn.Conv2d(in_channels, out_channels, 1, stride=1, padding=0, bias=False)
        self.normalization = nn.BatchNorm2d(out_channels, eps=0.001, momentum=0.003)

    def forward(self, x):
        x = self.convolution(x)
        x = self.normalization(x)
        return F.relu6(x)


class Conv3x2(nn.Module):
    """mobilenet_v2.layer.0.conv_3x3 and 3 more"""

    def __init__(self, out_channels):
        super().__init__()
        self.convolution = Convolution2(out_channels=out_channels)
        self.normalization = nn.BatchNorm2d(out_channels, eps=0.001, momentum=0.003)

    def forward(self, x):
        x = self.convolution(x)
        x = self.normalization(x)
        return F.relu6(x)


class ConvStem(nn.Module):
    """mobilenet_v2.conv_stem"""

    def __init__(self):
        super().__init__()
        self.first_conv = FirstConv()
        self.conv_3x3 = Conv3x(in_channels=16)
        self.reduce_1x1 = Reduce1x(in_channels=16, out_channels=8)

    def forward(self, x):
        x = self.first_conv(x)
        x = self.conv_3x3(x)
        return self.reduce_1x1(x)


class Layer(nn.Module):
    """mobilenet_v2.layer.0 and 3 more"""

    def __init__(self, in_channels, out_channels, out_channels_2):
        super().__init__()
        self.expand_1x1 = Expand1x(in_channels=in_channels, out_channels=out_channels)
        self.conv_3x3 = Conv3x2(out_channels=out_channels)
        self.reduce_1x1 = Reduce1x(in_channels=out_channels, out_channels=out_channels_2)

    def forward(self, x):
        x = self.expand_1x1(x)
        x = self.conv_3x3(x)
        return self.reduce_1x1(x)


class Layer2(nn.Module):
    """mobilenet_v2.layer.1 and 9 more"""

    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.expand_1x1 = Expand1x(in_channels=in_channels, out_channels=out_channels)
        self.conv_3x3 = Conv3x(in_channels=out_channels)
        self.reduce_1x1 = Reduce1x(in_channels=out_channels, out_channels=in_channels)

    def forward(self, x):
        y = self.expand_1x1(x)
        y = self.conv_3x3(y)
        y = self.reduce_1x1(y)
        return x + y


class Layer3(nn.Module):
    """mobilenet_v2.layer.9 and 1 more"""

    def __init__(self, in_channels, out_channels, out_channels_2):
        super().__init__()
        self.expand_1x1 = Expand1x(in_channels=in_channels, out_channels=out_channels)
        self.conv_3x3 = Conv3x(in_channels=out_channels)
        self.reduce_1x1 = Reduce1x(in_channels=out_channels, out_channels=out_channels_2)

    def forward(self, x):
        x = self.expand_1x1(x)
        x = self.conv_3x3(x)
        return self.reduce_1x1(x)


class MobilenetV(nn.Module):
    """mobilenet_v2"""

    def __init__(self):
        super().__init__()
        self.conv_stem = ConvStem()
        self.layer = nn.ModuleList([
            Layer(in_channels=8, out_channels=48, out_channels_2=8),
            Layer2(in_channels=8, out_channels=48),
            Layer(in_channels=8, out_channels=48, out_channels_2=16),
            Layer2(in_channels=16, out_channels=96),
            Layer2(in_channels=16, out_channels=96),
            Layer(in_channels=16, out_channels=96, out_channels_2=24),
            Layer2(in_channels=24, out_channels=144),
            Layer2(in_channels=24, out_channels=144),
            Layer2(in_channels=24, out_channels=144),
            Layer3(in_channels=24, out_channels=144, out_channels_2=32),
            Layer2(in_channels=32, out_channels=192),
            Layer2(in_channels=32, out_channels=192),
            Layer(in_channels=32, out_channels=192, out_channels_2=56),
            Layer2(in_channels=56, out_channels=336),
            Layer2(in_channels=56, out_channels=336),
            Layer3(in_channels=56, out_channels=336, out_channels_2=112),
        ])
        self.conv_1x1 = Expand1x(in_channels=112, out_channels=1280)

    def forward(self, x):
        x = self.conv_stem(x)
        for each_layer in self.layer:
            x = each_layer(x)
        x = self.conv_1x1(x)
        return x.mean((2, 3))


class Model(nn.Module):
    """The whole model."""

    def __init__(self):
        super().__init__()
        self.mobilenet_v2 = MobilenetV()
        self.classifier = nn.Linear(1280, 5)

    def forward(self, pixel_values):
        x = pixel_values.permute(0, 3, 1, 2)  # channels first
        x = self.mobilenet_v2(x)
        return self.classifier(x)


def load(path="model.safetensors"):
    """The model with its weights, ready to predict."""
    from safetensors.torch import load_file

    model = Model()
    model.load_state_dict(load_file(path))
    return model.eval()
