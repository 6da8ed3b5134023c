"""Small models as PyTorch exports them, with outputs and gradients: python3 tools/reference/onnx_models.py

A residual CNN with strides, batch norms left as they are and a flattened image in its head; a mobile one with depthwise
convolutions, squeeze and excitation, hard-swish and SiLU, exported with its batch norms folded as PyTorch does by default; a
transformer encoder of text whose LayerNorm and GELU opset 14 spells out, with an embedding; an LSTM. Weights are seeded. The loss is the
sum of output * sin(0.61 i); gradients are kept sorted, since a reader may lay a weight out otherwise. The batch of the files is
1 or free, that of the outputs here is 2.
"""
import io
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

from common import ROOT, described, reference, write

torch.set_num_threads(1)
GOLDENS = "src/formats/onnx/goldens"


class Residual(nn.Module):
    def __init__(self, channels, out, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.downsample = nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out)) if stride > 1 else None

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class Cnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 5, 2, 2)
        self.bn1 = nn.BatchNorm2d(4)
        self.maxpool = nn.MaxPool2d(3, 2, 1, ceil_mode=True)
        self.layer1 = nn.Sequential(Residual(4, 4, 1), Residual(4, 6, 2))
        self.fc1 = nn.Linear(6 * 3 * 2, 8)
        self.fc2 = nn.Linear(8, 5)

    def forward(self, x):
        x = self.maxpool(F.relu(self.bn1(self.conv1(x))))
        x = self.layer1(x)
        x = torch.flatten(x, 1)
        return self.fc2(F.relu(self.fc1(x)))


class Squeeze(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.fc1 = nn.Conv2d(channels, 2, 1)
        self.fc2 = nn.Conv2d(2, channels, 1)

    def forward(self, x):
        y = F.adaptive_avg_pool2d(x, 1)
        return x * F.hardsigmoid(self.fc2(F.relu(self.fc1(y))))


class Mobile(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 4, 3, 2, 1, bias=False), nn.BatchNorm2d(4), nn.Hardswish(),
            nn.Conv2d(4, 4, 3, 1, 1, groups=4, bias=False), nn.BatchNorm2d(4), nn.SiLU(),
            Squeeze(4), nn.Conv2d(4, 6, 3, 1, 2, dilation=2, groups=2), nn.PReLU(6), nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
        )
        self.scale = nn.Parameter(torch.ones(6, 1, 1) * 0.5)
        self.classifier = nn.Linear(6, 3)

    def forward(self, x):
        x = self.features((x - 0.45) / 0.225) * self.scale
        x = torch.cat([x[:, :3], F.pad(x[:, 3:, 1:], (0, 0, 1, 0))], 1)
        return F.log_softmax(self.classifier(x.mean([2, 3])), -1)


class Encoder(nn.Module):
    def __init__(self, width=8, heads=2, tokens=6):
        super().__init__()
        self.heads = heads
        self.embedding = nn.Embedding(11, width)
        self.position = nn.Parameter(torch.randn(1, tokens, width) * 0.1)
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.cls = nn.Parameter(torch.randn(1, 1, width))
        self.head = nn.Linear(width, 3)

    def split(self, x):
        return x.view(x.size(0), x.size(1), self.heads, x.size(2) // self.heads).transpose(1, 2)

    def forward(self, ids):
        x = self.embedding(ids) + self.position
        x = torch.cat([self.cls.expand(x.size(0), -1, -1), x], 1)
        q, k, v = self.split(self.query(x)), self.split(self.key(x)), self.split(self.value(x))
        weights = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(q.size(-1)), -1)
        y = (weights @ v).transpose(1, 2).reshape(x.size(0), -1, x.size(2))
        x = self.norm1(x + self.out(y))
        x = self.norm2(x + self.down(F.gelu(self.up(x))))
        return self.head(x[:, 0])


class Lstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(3, 4, batch_first=True, bidirectional=True)
        self.gru = nn.GRU(8, 3, batch_first=True)
        self.fc = nn.Linear(3, 2)

    def forward(self, x):
        x, _ = self.lstm(x)
        x, _ = self.gru(x)
        return self.fc(x[:, -1])


def wave(shape, phase=0.0):
    count = math.prod(shape)
    return torch.tensor([math.sin(0.37 * i + phase) for i in range(count)], dtype=torch.float32).reshape(shape)


def case(name, model, make_input, opset, free, training, folded=()):
    for i, (_, tensor) in enumerate(sorted(model.named_buffers())):
        if tensor.dtype == torch.float32:
            tensor.copy_(0.1 * wave(tensor.shape, i) + (1 if tensor.min() > 0 else 0))
    for i, parameter in enumerate(model.parameters()):
        if parameter.dim() == 1:
            with torch.no_grad():
                parameter += 0.1 * wave(parameter.shape, i)
    model.eval()
    file = io.BytesIO()
    mode = torch.onnx.TrainingMode.PRESERVE if training else torch.onnx.TrainingMode.EVAL
    axes = {"input": {0: "batch"}, "output": {0: "batch"}} if free else None
    torch.onnx.export(model, make_input(1), file, opset_version=opset, training=mode, do_constant_folding=not training, input_names=["input"], output_names=["output"], dynamic_axes=axes)
    (ROOT / GOLDENS / f"{name}.onnx").write_bytes(file.getvalue())
    output = model(make_input(2))
    loss = (output * torch.tensor([math.sin(0.61 * i) for i in range(output.numel())]).reshape(output.shape)).sum()
    loss.backward()
    gradients = {key: [float(f"{value:.7g}") for value in sorted(parameter.grad.flatten().tolist())] for key, parameter in model.named_parameters() if not key.startswith(folded)}
    return {"name": name, "output": described(output), "gradients": gradients}




def ids(batch):
    return torch.tensor([[(3 * i + 5 * b) % 11 for i in range(6)] for b in range(batch)])


torch.manual_seed(7)
cases = [
    case("cnn", Cnn(), lambda batch: wave((batch, 3, 20, 14)), 13, True, True),
    case("mobile", Mobile(), lambda batch: wave((batch, 3, 8, 10)), 14, False, False, folded=("features.0.", "features.1.", "features.3.", "features.4.")),
    case("encoder", Encoder(), ids, 14, True, False),
    case("encoder-17", Encoder(), ids, 17, False, False),
    case("lstm", Lstm(), lambda batch: wave((batch, 4, 3)), 12, True, False),
]
note = reference({"outputs": 1e-5, "gradients": 1e-4}, "float32 sums in another order") | {"seed": "torch.manual_seed(7)"}
write(f"{GOLDENS}/models.json", {"reference": note, "cases": cases})
