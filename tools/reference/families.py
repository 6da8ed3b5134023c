"""Golden numbers of the model families that have no published weights: python3 tools/reference/families.py [--bench]

Two small problems in full (logits, loss, every gradient, a batch norm's statistics, 20 losses under Adam) and, with --bench,
the 20 losses of the two sizes that bench/ measures, which take some minutes. Weights and batches are formulas, the same as in
src/models/testing/reference-problems.ts, so that no golden ships them. A large gradient is kept as its norm and samples.

Each loss sequence is run in double precision beside float32: what the two differ by is what float32 can promise.
"""
import math
import re
import sys

import numpy
import torch
import torch.nn.functional as F

from common import reference, write
from problems import PERIOD, chirp, image_batch, phase_of, rounded, summary, text_batch

STEPS = 20
FIXED = {"gamma": 1.0, "variance": 1.0, "beta": 0.0, "mean": 0.0, "bias": 0.0}


def formula_weight(name, shape):
    phase = phase_of(name)
    last = name.rsplit("/", 1)[-1]
    # Random networks of 52 layers are chaotic; see rangeOf in reference-problems.ts.
    if name.endswith("/project/norm/gamma"):
        offset, scale = 0.3, 0.03
    elif re.search(r"(^stem|^top|/expand|/depthwise)/norm/beta$", name):
        offset, scale = 2.0, 0.1
    elif last in FIXED:
        offset, scale = FIXED[last], 0.1
    else:
        outputs = shape[2] if "/depthwise/" in name else shape[-1]
        fan_in = 2 if last == "table" else math.prod(shape) / outputs
        offset, scale = 0.0, math.sqrt(2 / fan_in)
    values = offset + scale * chirp(math.prod(shape), phase)
    return torch.tensor(values.astype(numpy.float32)).reshape(shape)


class Parameters:
    """Makes each parameter where it is first asked for; the order is the order of use."""

    def __init__(self, dtype):
        self.dtype = dtype
        self.weights = {}
        self.statistics = {}

    def __call__(self, name, *shape):
        if name not in self.weights:
            self.weights[name] = formula_weight(name, shape).to(self.dtype).requires_grad_()
        return self.weights[name]

    def statistic(self, name, *shape):
        if name not in self.statistics:
            self.statistics[name] = formula_weight(name, shape).to(self.dtype)
        return self.statistics[name]


def divisible(channels):
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded


def same(x, stride):
    """TensorFlow's SAME for a 3x3 window: what is left over goes below and to the right."""
    sides = []
    for size in (x.shape[3], x.shape[2]):
        total = max(0, (math.ceil(size / stride) - 1) * stride + 3 - size)
        sides += [total // 2, total - total // 2]
    return F.pad(x, sides)


class MobilenetV2:
    def __init__(self, width, image_size, classes, batch, epsilon=1e-3, momentum=0.999):
        self.width, self.image_size, self.classes, self.batch_size = width, image_size, classes, batch
        self.epsilon, self.momentum = epsilon, momentum

    def norm(self, p, path, x):
        channels = x.shape[1]
        gamma, beta = p(f"{path}/norm/gamma", channels), p(f"{path}/norm/beta", channels)
        # PyTorch's running variance is unbiased and Keras' is not, so the running statistics are blended by hand.
        with torch.no_grad():
            variance, mean = torch.var_mean(x, dim=(0, 2, 3), unbiased=False)
            for name, value in (("mean", mean), ("variance", variance)):
                running = p.statistic(f"{path}/norm/{name}", channels)
                running.mul_(self.momentum).add_(value * (1 - self.momentum))
        return F.batch_norm(x, None, None, gamma, beta, training=True, eps=self.epsilon)

    def conv(self, p, path, x, to, size, stride):
        kernel = p(f"{path}/conv/kernel", size, size, x.shape[1], to)
        x = same(x, stride) if size == 3 else x
        return self.norm(p, path, F.conv2d(x, kernel.permute(3, 2, 0, 1), stride=stride))

    def depthwise(self, p, path, x, stride):
        kernel = p(f"{path}/conv/kernel", 3, 3, x.shape[1], 1)
        return self.norm(p, path, F.conv2d(same(x, stride), kernel.permute(2, 3, 0, 1), stride=stride, groups=x.shape[1]))

    def logits(self, p, images):
        stages = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
        x = F.relu6(self.conv(p, "stem", images.permute(0, 3, 1, 2), divisible(32 * self.width), 3, 2))
        position = 0
        for expansion, channels, repetitions, first_stride in stages:
            to = divisible(channels * self.width)
            for i in range(repetitions):
                path = f"block_{position}"
                position += 1
                stride = first_stride if i == 0 else 1
                y = x if expansion == 1 else F.relu6(self.conv(p, f"{path}/expand", x, x.shape[1] * expansion, 1, 1))
                y = F.relu6(self.depthwise(p, f"{path}/depthwise", y, stride))
                y = self.conv(p, f"{path}/project", y, to, 1, 1)
                x = x + y if stride == 1 and x.shape[1] == to else y
        top = divisible(1280 * self.width) if self.width > 1 else 1280
        x = F.relu6(self.conv(p, "top", x, top, 1, 1)).mean(dim=(2, 3))
        return x @ p("classifier/kernel", top, self.classes) + p("classifier/bias", self.classes)

    def batch(self, step):
        return image_batch(step, self.batch_size, self.image_size, self.classes)


class Transformer:
    def __init__(self, layers, width, heads, tokens, vocabulary, classes, batch, norm, padded):
        self.layers, self.width, self.heads, self.tokens, self.vocabulary, self.classes = layers, width, heads, tokens, vocabulary, classes
        self.batch_size, self.pre, self.padded = batch, norm == "pre", padded

    def dense(self, p, path, x, to):
        return x @ p(f"{path}/kernel", x.shape[-1], to) + p(f"{path}/bias", to)

    def norm(self, p, path, x):
        return F.layer_norm(x, (self.width,), p(f"{path}/gamma", self.width), p(f"{path}/beta", self.width), 1e-5)

    def attention(self, p, path, x, mask):
        batch, tokens, width = x.shape
        # One product for all three, cut into queries, keys and values.
        parts = self.dense(p, f"{path}/qkv", x, 3 * width).split(width, dim=-1)
        query, key, value = [part.reshape(batch, tokens, self.heads, -1).transpose(1, 2) for part in parts]
        scores = query @ key.transpose(-1, -2) / math.sqrt(width / self.heads)
        mixed = torch.softmax(scores.masked_fill(mask[:, None, None, :] == 0, -1e9), dim=-1) @ value
        return self.dense(p, f"{path}/output", mixed.transpose(1, 2).reshape(batch, tokens, width), width)

    def feed_forward(self, p, path, x, _):
        return self.dense(p, f"{path}/outer", F.gelu(self.dense(p, f"{path}/inner", x, 4 * self.width)), self.width)

    def logits(self, p, ids):
        mask = (ids != 0).to(p.dtype)
        x = p("embedding/tokens/table", self.vocabulary, self.width)[ids] + p("embedding/positions/table", self.tokens, self.width)
        if not self.pre:
            x = self.norm(p, "embedding/norm", x)
        for layer in range(self.layers):
            for name, part in (("attention", self.attention), ("feed_forward", self.feed_forward)):
                path = f"encoder/layer_{layer}/{name}"
                x = x + part(p, path, self.norm(p, f"{path}/norm", x), mask) if self.pre else self.norm(p, f"{path}/norm", x + part(p, path, x, mask))
        if self.pre:
            x = self.norm(p, "pooler/norm", x)
        return self.dense(p, "classifier", (x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True), self.classes)

    def batch(self, step):
        return text_batch(step, self.batch_size, self.tokens, self.vocabulary, self.classes, self.padded)


def forward(model, parameters, step, batches):
    inputs, labels = batches[step % PERIOD]
    logits = model.logits(parameters, inputs if inputs.dtype == torch.int64 else inputs.to(parameters.dtype))
    return logits, F.cross_entropy(logits, labels)


def losses(model, learning_rate, dtype, batches):
    parameters = Parameters(dtype)
    with torch.no_grad():
        forward(model, parameters, 0, batches)
    # The pass that made the parameters moved the statistics; no loss depends on them.
    optimizer = torch.optim.Adam(parameters.weights.values(), lr=learning_rate)
    result = []
    for step in range(STEPS):
        _, loss = forward(model, parameters, step, batches)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        result.append(loss.item())
    return result


def case(name, model, learning_rate, full):
    batches = [model.batch(step) for step in range(PERIOD)]
    single, double = (losses(model, learning_rate, dtype, batches) for dtype in (torch.float32, torch.float64))
    worst = max(abs(a - b) / (1 + abs(b)) for a, b in zip(single, double))
    print(f"{name}: losses {single[0]:.4f} -> {single[-1]:.4f}, float32 and float64 differ by {worst:.1e}")
    result = {"name": name, "learningRate": learning_rate, "losses": rounded(double), "float32Differs": float(f"{worst:.2g}")}
    if full:
        parameters = Parameters(torch.float64)
        logits, loss = forward(model, parameters, 0, batches)
        loss.backward()
        result["logits"] = {"shape": list(logits.shape), "values": rounded(logits.flatten().tolist())}
        result["gradients"] = {key: summary(weight.grad) for key, weight in parameters.weights.items()}
        result["statistics"] = {key: summary(value) for key, value in parameters.statistics.items()}
    return result


def main():
    torch.set_num_threads(2)
    if "--bench" in sys.argv:
        note = reference({"losses": 1e-3}, "twenty steps of float32 in another order against double precision")
        note["command"] += " --bench"
        cases = [
            case("transformer", Transformer(6, 256, 4, 64, 2000, 10, 8, "pre", False), 1e-4, full=False),
            case("mobilenet-v2", MobilenetV2(1.0, 96, 10, 16), 1e-4, full=False),
        ]
        write("bench/goldens/losses.json", {"reference": note, "cases": cases})
    else:
        note = reference({"logits": 1e-4, "gradients": 1e-3, "losses": 1e-3}, "float32 sums in another order against double precision, through 52 convolutions and 20 steps")
        cases = [
            case("mobilenet-v2", MobilenetV2(0.35, 64, 5, 4), 1e-4, full=True),
            case("transformer, norm before", Transformer(2, 32, 4, 12, 50, 3, 4, "pre", True), 1e-3, full=True),
            case("transformer, norm after", Transformer(2, 32, 4, 12, 50, 3, 4, "post", True), 1e-3, full=True),
        ]
        write("src/models/goldens/families.json", {"reference": note, "cases": cases})


if __name__ == "__main__":
    main()
