"""A model, as PyTorch source made by Graft.

    model = load("model.safetensors")   # in evaluation mode; model.train() goes on training
    outputs = model(inputs)

Inputs, in this order (images have their channels last, ? is any size):
    images: float32 [?, 64, 64, 3]
"""
import torch
from torch import nn
from torch.nn import functional as F


class Conv(nn.Module):
    """stem.conv"""

    def __init__(self):
        super().__init__()
        self.kernel = nn.Parameter(torch.zeros(16, 3, 3, 3))

    def forward(self, x):
        return F.conv2d(F.pad(x, (0, 1, 0, 1)), self.kernel, stride=2)


class Norm(nn.Module):
    """stem.norm and 51 more"""

    def __init__(self, width):
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(width))
        self.beta = nn.Parameter(torch.zeros(width))
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("variance", torch.zeros(width))

    def forward(self, x):
        return F.batch_norm(x, self.mean, self.variance, self.gamma, self.beta, self.training, momentum=0.001, eps=0.001)


class Conv2(nn.Module):
    """block_0.depthwise.conv and 12 more"""

    def __init__(self, out_channels):
        super().__init__()
        self.out_channels = out_channels
        self.kernel = nn.Parameter(torch.zeros(out_channels, 1, 3, 3))

    def forward(self, x):
        return F.conv2d(x, self.kernel, stride=1, padding=1, groups=self.out_channels)


class Conv3(nn.Module):
    """block_0.project.conv and 33 more"""

    def __init__(self, out_channels, in_channels):
        super().__init__()
        self.kernel = nn.Parameter(torch.zeros(out_channels, in_channels, 1, 1))

    def forward(self, x):
        return F.conv2d(x, self.kernel, stride=1, padding=0)


class Conv4(nn.Module):
    """block_1.depthwise.conv and 3 more"""

    def __init__(self, out_channels):
        super().__init__()
        self.out_channels = out_channels
        self.kernel = nn.Parameter(torch.zeros(out_channels, 1, 3, 3))

    def forward(self, x):
        return F.conv2d(F.pad(x, (0, 1, 0, 1)), self.kernel, stride=2, groups=self.out_channels)


class Classifier(nn.Module):
    """classifier"""

    def __init__(self):
        super().__init__()
        self.kernel = nn.Parameter(torch.zeros(1280, 5))
        self.bias = nn.Parameter(torch.zeros(5))

    def forward(self, x):
        return x @ self.kernel + self.bias


class Stem(nn.Module):
    """stem"""

    def __init__(self):
        super().__init__()
        self.conv = Conv()
        self.norm = Norm(width=16)

    def forward(self, x):
        x = self.conv(x)
        x = self.norm(x)
        return F.relu6(x)


class Depthwise(nn.Module):
    """block_0.depthwise and 12 more"""

    def __init__(self, out_channels):
        super().__init__()
        self.conv = Conv2(out_channels=out_channels)
        self.norm = Norm(width=out_channels)

    def forward(self, x):
        x = self.conv(x)
        x = self.norm(x)
        return F.relu6(x)


class Project(nn.Module):
    """block_0.project and 16 more"""

    def __init__(self, out_channels, in_channels):
        super().__init__()
        self.conv = Conv3(out_channels=out_channels, in_channels=in_channels)
        self.norm = Norm(width=out_channels)

    def forward(self, x):
        x = self.conv(x)
        return self.norm(x)


class Expand(nn.Module):
    """block_1.expand and 16 more"""

    def __init__(self, out_channels, in_channels):
        super().__init__()
        self.conv = Conv3(out_channels=out_channels, in_channels=in_channels)
        self.norm = Norm(width=out_channels)

    def forward(self, x):
        x = self.conv(x)
        x = self.norm(x)
        return F.relu6(x)


class Depthwise2(nn.Module):
    """block_1.depthwise and 3 more"""

    def __init__(self, out_channels):
        super().__init__()
        self.conv = Conv4(out_channels=out_channels)
        self.norm = Norm(width=out_channels)

    def forward(self, x):
        x = self.conv(x)
        x = self.norm(x)
        return F.relu6(x)


class Block(nn.Module):
    """block_0"""

    def __init__(self):
        super().__init__()
        self.depthwise = Depthwise(out_channels=16)
        self.project = Project(out_channels=8, in_channels=16)

    def forward(self, x):
        x = self.depthwise(x)
        return self.project(x)


class Block2(nn.Module):
    """block_1 and 3 more"""

    def __init__(self, out_channels, in_channels, out_channels_2):
        super().__init__()
        self.expand = Expand(out_channels=out_channels, in_channels=in_channels)
        self.depthwise = Depthwise2(out_channels=out_channels)
        self.project = Project(out_channels=out_channels_2, in_channels=out_channels)

    def forward(self, x):
        x = self.expand(x)
        x = self.depthwise(x)
        return self.project(x)


class Block3(nn.Module):
    """block_2 and 9 more"""

    def __init__(self, out_channels, in_channels):
        super().__init__()
        self.expand = Expand(out_channels=out_channels, in_channels=in_channels)
        self.depthwise = Depthwise(out_channels=out_channels)
        self.project = Project(out_channels=in_channels, in_channels=out_channels)

    def forward(self, x):
        y = self.expand(x)
        y = self.depthwise(y)
        y = self.project(y)
        return x + y


class Block4(nn.Module):
    """block_10 and 1 more"""

    def __init__(self, out_channels, in_channels, out_channels_2):
        super().__init__()
        self.expand = Expand(out_channels=out_channels, in_channels=in_channels)
        self.depthwise = Depthwise(out_channels=out_channels)
        self.project = Project(out_channels=out_channels_2, in_channels=out_channels)

    def forward(self, x):
        x = self.expand(x)
        x = self.depthwise(x)
        return self.project(x)


class Model(nn.Module):
    """The whole model."""

    def __init__(self):
        super().__init__()
        self.stem = Stem()
        self.block_0 = Block()
        self.block_1 = Block2(out_channels=48, in_channels=8, out_channels_2=8)
        self.block_2 = Block3(out_channels=48, in_channels=8)
        self.block_3 = Block2(out_channels=48, in_channels=8, out_channels_2=16)
        self.block_4 = Block3(out_channels=96, in_channels=16)
        self.block_5 = Block3(out_channels=96, in_channels=16)
        self.block_6 = Block2(out_channels=96, in_channels=16, out_channels_2=24)
        self.block_7 = Block3(out_channels=144, in_channels=24)
        self.block_8 = Block3(out_channels=144, in_channels=24)
        self.block_9 = Block3(out_channels=144, in_channels=24)
        self.block_10 = Block4(out_channels=144, in_channels=24, out_channels_2=32)
        self.block_11 = Block3(out_channels=192, in_channels=32)
        self.block_12 = Block3(out_channels=192, in_channels=32)
        self.block_13 = Block2(out_channels=192, in_channels=32, out_channels_2=56)
        self.block_14 = Block3(out_channels=336, in_channels=56)
        self.block_15 = Block3(out_channels=336, in_channels=56)
        self.block_16 = Block4(out_channels=336, in_channels=56, out_channels_2=112)
        self.top = Expand(out_channels=1280, in_channels=112)
        self.classifier = Classifier()

    def forward(self, images):
        x = images.permute(0, 3, 1, 2)  # channels first
        x = self.stem(x)
        x = self.block_0(x)
        x = self.block_1(x)
        x = self.block_2(x)
        x = self.block_3(x)
        x = self.block_4(x)
        x = self.block_5(x)
        x = self.block_6(x)
        x = self.block_7(x)
        x = self.block_8(x)
        x = self.block_9(x)
        x = self.block_10(x)
        x = self.block_11(x)
        x = self.block_12(x)
        x = self.block_13(x)
        x = self.block_14(x)
        x = self.block_15(x)
        x = self.block_16(x)
        x = self.top(x)
        x = x.mean((2, 3))
        return self.classifier(x)


def load(path="model.safetensors"):
    """The model with its weights, ready to predict."""
    from safetensors.torch import load_file

    model = Model()
    model.load_state_dict(load_file(path))
    return model.eval()
