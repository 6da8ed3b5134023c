"""A model, as PyTorch source made by Graft.

    model = load("model.safetensors")   # in evaluation mode; model.train() goes on training
    outputs = model(inputs)

Inputs, in this order (images have their channels last, ? is any size):
    pixel_values: float32 [?, ?, ?, 3]
"""
import torch
from torch import nn
from torch.nn import functional as F


class Bn(nn.Module):
    """bn1 and 17 more"""

    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(width))
        self.bias = nn.Parameter(torch.zeros(width))
        self.register_buffer("running_mean", torch.zeros(width))
        self.register_buffer("running_var", torch.zeros(width))

    def forward(self, x):
        x = F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, self.training, momentum=0.1, eps=0.00001)
        gate = F.hardsigmoid(x)
        return x * gate


class Bn2(nn.Module):
    """blocks.0.0.bn1 and 4 more"""

    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(width))
        self.bias = nn.Parameter(torch.zeros(width))
        self.register_buffer("running_mean", torch.zeros(width))
        self.register_buffer("running_var", torch.zeros(width))

    def forward(self, x):
        x = F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, self.training, momentum=0.1, eps=0.00001)
        return F.relu(x)


class ConvReduce(nn.Module):
    """blocks.0.0.se.conv_reduce and 8 more"""

    def __init__(self, out_channels, in_channels):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(out_channels, in_channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(out_channels))

    def forward(self, x):
        x = F.conv2d(x, self.weight, self.bias, stride=1, padding=0)
        return F.relu(x)


class ConvHead(nn.Module):
    """conv_head"""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1024, 288, 1, 1))
        self.bias = nn.Parameter(torch.zeros(1024))

    def forward(self, x):
        x = F.conv2d(x, self.weight, self.bias, stride=1, padding=0)
        gate = F.hardsigmoid(x)
        return x * gate


class Se(nn.Module):
    """blocks.0.0.se and 8 more"""

    def __init__(self, out_channels, in_channels):
        super().__init__()
        self.conv_reduce = ConvReduce(out_channels=out_channels, in_channels=in_channels)
        self.conv_expand = nn.Conv2d(out_channels, in_channels, 1, stride=1, padding=0)

    def forward(self, x):
        y = x.mean((2, 3), keepdim=True)
        y = self.conv_reduce(y)
        y = self.conv_expand(y)
        y = F.hardsigmoid(y)
        return x * y


class Part(nn.Module):
    """blocks.1.0"""

    def __init__(self):
        super().__init__()
        self.conv_pw = nn.Conv2d(8, 40, 1, stride=1, padding=0, bias=False)
        self.bn1 = Bn2(width=40)
        self.conv_dw = nn.Conv2d(40, 40, 3, stride=2, padding=1, groups=40, bias=False)
        self.bn2 = Bn2(width=40)
        self.conv_pwl = nn.Conv2d(40, 16, 1, stride=1, padding=0, bias=False)
        self.bn3 = nn.BatchNorm2d(16, eps=0.00001, momentum=0.1)

    def forward(self, x):
        x = self.conv_pw(x)
        x = self.bn1(x)
        x = self.conv_dw(x)
        x = self.bn2(x)
        x = self.conv_pwl(x)
        return self.bn3(x)


class Part2(nn.Module):
    """blocks.1.1"""

    def __init__(self):
        super().__init__()
        self.conv_pw = nn.Conv2d(16, 56, 1, stride=1, padding=0, bias=False)
        self.bn1 = Bn2(width=56)
        self.conv_dw = nn.Conv2d(56, 56, 3, stride=1, padding=1, groups=56, bias=False)
        self.bn2 = Bn2(width=56)
        self.conv_pwl = nn.Conv2d(56, 16, 1, stride=1, padding=0, bias=False)
        self.bn3 = nn.BatchNorm2d(16, eps=0.00001, momentum=0.1)

    def forward(self, x):
        y = self.conv_pw(x)
        y = self.bn1(y)
        y = self.conv_dw(y)
        y = self.bn2(y)
        y = self.conv_pwl(y)
        y = self.bn3(y)
        return x + y


class Part3(nn.Module):
    """blocks.5.0"""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(48, 288, 1, stride=1, padding=0, bias=False)
        self.bn1 = Bn(width=288)

    def forward(self, x):
        x = self.conv(x)
        return self.bn1(x)


class Part4(nn.Module):
    """blocks.0.0"""

    def __init__(self):
        super().__init__()
        self.conv_dw = nn.Conv2d(16, 16, 3, stride=2, padding=1, groups=16, bias=False)
        self.bn1 = Bn2(width=16)
        self.se = Se(out_channels=8, in_channels=16)
        self.conv_pw = nn.Conv2d(16, 8, 1, stride=1, padding=0, bias=False)
        self.bn2 = nn.BatchNorm2d(8, eps=0.00001, momentum=0.1)

    def forward(self, x):
        x = self.conv_dw(x)
        x = self.bn1(x)
        x = self.se(x)
        x = self.conv_pw(x)
        return self.bn2(x)


class Part5(nn.Module):
    """blocks.2.0 and 1 more"""

    def __init__(self, in_channels, out_channels, out_channels_2, out_channels_3):
        super().__init__()
        self.conv_pw = nn.Conv2d(in_channels, out_channels, 1, stride=1, padding=0, bias=False)
        self.bn1 = Bn(width=out_channels)
        self.conv_dw = nn.Conv2d(out_channels, out_channels, 5, stride=2, padding=2, groups=out_channels, bias=False)
        self.bn2 = Bn(width=out_channels)
        self.se = Se(out_channels=out_channels_2, in_channels=out_channels)
        self.conv_pwl = nn.Conv2d(out_channels, out_channels_3, 1, stride=1, padding=0, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels_3, eps=0.00001, momentum=0.1)

    def forward(self, x):
        x = self.conv_pw(x)
        x = self.bn1(x)
        x = self.conv_dw(x)
        x = self.bn2(x)
        x = self.se(x)
        x = self.conv_pwl(x)
        return self.bn3(x)


class Part6(nn.Module):
    """blocks.2.1 and 5 more"""

    def __init__(self, in_channels, out_channels, out_channels_2):
        super().__init__()
        self.conv_pw = nn.Conv2d(in_channels, out_channels, 1, stride=1, padding=0, bias=False)
        self.bn1 = Bn(width=out_channels)
        self.conv_dw = nn.Conv2d(out_channels, out_channels, 5, stride=1, padding=2, groups=out_channels, bias=False)
        self.bn2 = Bn(width=out_channels)
        self.se = Se(out_channels=out_channels_2, in_channels=out_channels)
        self.conv_pwl = nn.Conv2d(out_channels, in_channels, 1, stride=1, padding=0, bias=False)
        self.bn3 = nn.BatchNorm2d(in_channels, eps=0.00001, momentum=0.1)

    def forward(self, x):
        y = self.conv_pw(x)
        y = self.bn1(y)
        y = self.conv_dw(y)
        y = self.bn2(y)
        y = self.se(y)
        y = self.conv_pwl(y)
        y = self.bn3(y)
        return x + y


class Model(nn.Module):
    """The whole model."""

    def __init__(self):
        super().__init__()
        self.conv_stem = nn.Conv2d(3, 16, 3, stride=2, padding=1, bias=False)
        self.bn1 = Bn(width=16)
        self.blocks = nn.ModuleList([
            nn.ModuleList([
                Part4(),
            ]),
            nn.ModuleList([
                Part(),
                Part2(),
            ]),
            nn.ModuleList([
                Part5(in_channels=16, out_channels=64, out_channels_2=16, out_channels_3=24),
                Part6(in_channels=24, out_channels=144, out_channels_2=40),
                Part6(in_channels=24, out_channels=144, out_channels_2=40),
            ]),
            nn.ModuleList([Part6(in_channels=24, out_channels=72, out_channels_2=24) for _ in range(2)]),
            nn.ModuleList([
                Part5(in_channels=24, out_channels=144, out_channels_2=40, out_channels_3=48),
                Part6(in_channels=48, out_channels=288, out_channels_2=72),
                Part6(in_channels=48, out_channels=288, out_channels_2=72),
            ]),
            nn.ModuleList([
                Part3(),
            ]),
        ])
        self.conv_head = ConvHead()
        self.classifier = nn.Linear(1024, 5)

    def forward(self, pixel_values):
        x = pixel_values.permute(0, 3, 1, 2)  # channels first
        x = self.conv_stem(x)
        x = self.bn1(x)
        x = self.blocks[0][0](x)
        x = self.blocks[1][0](x)
        x = self.blocks[1][1](x)
        x = self.blocks[2][0](x)
        x = self.blocks[2][1](x)
        x = self.blocks[2][2](x)
        x = self.blocks[3][0](x)
        x = self.blocks[3][1](x)
        x = self.blocks[4][0](x)
        x = self.blocks[4][1](x)
        x = self.blocks[4][2](x)
        x = self.blocks[5][0](x)
        x = x.mean((2, 3), keepdim=True)
        x = self.conv_head(x)
        x = x.permute(0, 2, 3, 1)  # channels last
        x = x.reshape(-1, 1024)
        return self.classifier(x)


def load(path="model.safetensors"):
    """The model with its weights, ready to predict."""
    from safetensors.torch import load_file

    model = Model()
    model.load_state_dict(load_file(path))
    return model.eval()
