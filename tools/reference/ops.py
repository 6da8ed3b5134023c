"""Golden values and gradients of the ops that Graft's own models are made of: python3 tools/reference/ops.py"""
import math

import torch
import torch.nn.functional as F

from common import wave
from op_cases import case, nchw, nhwc, padded, spatial, write_cases


def conv2d(attributes):
    def run(x, kernel):
        p = padded(nchw(x), kernel.shape[:2], attributes["strides"], attributes["dilations"], attributes["padding"])
        return nhwc(F.conv2d(p, kernel.permute(3, 2, 0, 1), stride=attributes["strides"], dilation=attributes["dilations"]))

    return run


def depthwise(attributes):
    def run(x, kernel):
        height, width, channels, multiplier = kernel.shape
        weight = kernel.permute(2, 3, 0, 1).reshape(channels * multiplier, 1, height, width)
        p = padded(nchw(x), kernel.shape[:2], attributes["strides"], attributes["dilations"], attributes["padding"])
        return nhwc(F.conv2d(p, weight, stride=attributes["strides"], dilation=attributes["dilations"], groups=channels))

    return run


conv_cases = [
    ("3x3 same", spatial(), (2, 5, 6, 3), (3, 3, 3, 4)),
    ("3x2 stride 2 same", spatial(strides=(2, 2)), (2, 5, 6, 3), (3, 2, 3, 4)),
    ("3x3 strides 2 and 1 valid", spatial(strides=(2, 1), padding="valid"), (1, 7, 5, 2), (3, 3, 2, 3)),
    ("stride 2 that leaves a row over", spatial(strides=(2, 2), padding="valid"), (1, 6, 8, 2), (3, 3, 2, 3)),
    ("1x1", spatial(), (2, 4, 3, 5), (1, 1, 5, 7)),
    ("1x1 stride 2", spatial(strides=(2, 2)), (2, 5, 4, 3), (1, 1, 3, 2)),
    ("explicit padding", spatial(strides=(2, 2), padding=[[1, 0], [2, 1]]), (1, 6, 5, 2), (3, 4, 2, 3)),
    ("dilated same", spatial(dilations=(2, 2)), (1, 6, 7, 2), (3, 3, 2, 3)),
    ("dilated valid", spatial(dilations=(2, 1), padding="valid"), (2, 6, 5, 2), (2, 3, 2, 3)),
]
for name, attributes, x, kernel in conv_cases:
    case("conv", name, "conv2d", attributes, [wave(x), wave(kernel, phase=1.1, scale=0.5)], conv2d(attributes))

depthwise_cases = [
    ("3x3 same", spatial(), (2, 5, 6, 3), (3, 3, 3, 1)),
    ("5x3 stride 2 same", spatial(strides=(2, 2)), (2, 7, 6, 3), (5, 3, 3, 1)),
    ("multiplier 2", spatial(padding="valid"), (1, 5, 6, 3), (3, 3, 3, 2)),
    ("multiplier 2, stride 2", spatial(strides=(2, 2)), (2, 5, 6, 3), (3, 3, 3, 2)),
    ("explicit padding", spatial(strides=(2, 2), padding=[[1, 0], [2, 1]]), (1, 6, 5, 3), (3, 4, 3, 1)),
    ("dilated", spatial(dilations=(2, 2)), (1, 6, 7, 3), (3, 3, 3, 1)),
    ("dilated, multiplier 2", spatial(dilations=(2, 1), padding="valid"), (2, 6, 5, 2), (2, 3, 2, 2)),
]
for name, attributes, x, kernel in depthwise_cases:
    case("conv", name, "depthwiseConv2d", attributes, [wave(x), wave(kernel, phase=1.1, scale=0.5)], depthwise(attributes))

# Pools.
def max_pool(attributes):
    def run(x):
        p = padded(nchw(x), attributes["poolSize"], attributes["strides"], (1, 1), attributes["padding"], value=-math.inf)
        return nhwc(F.max_pool2d(p, attributes["poolSize"], stride=attributes["strides"]))

    return run


def average_pool(attributes):
    def run(x):
        def pooled(values):
            p = padded(values, attributes["poolSize"], attributes["strides"], (1, 1), attributes["padding"])
            return F.avg_pool2d(p, attributes["poolSize"], stride=attributes["strides"])

        return nhwc(pooled(nchw(x)) / pooled(torch.ones_like(nchw(x))))

    return run


pool_cases = [
    ("2x2 valid", (2, 2), (2, 2), "valid", (2, 5, 6, 3)),
    ("3x2 stride 2 same", (3, 2), (2, 2), "same", (1, 5, 6, 2)),
    ("3x3 stride 1 same", (3, 3), (1, 1), "same", (1, 4, 5, 2)),
    ("explicit padding", (3, 3), (2, 2), [[1, 1], [1, 0]], (1, 6, 5, 2)),
]
for name, pool, strides, padding, shape in pool_cases:
    attributes = {"poolSize": list(pool), "strides": list(strides), "padding": padding}
    # All below zero, so that a padding of zeros that won would be seen.
    case("reduce", name, "maxPool2d", attributes, [wave(shape, offset=-3.0)], max_pool(attributes))
    case("reduce", name, "averagePool2d", attributes, [wave(shape, offset=-3.0)], average_pool(attributes))

# Reductions.
for axes, keep in [([1], False), ([0, 2], False), ([-1], True), ([1, 2], True), ([0, 1, 2], False)]:
    attributes = {"axes": axes, "keepDims": keep}
    case("reduce", f"axes {axes} keepDims {keep}", "mean", attributes, [wave((3, 4, 5))], lambda x: x.mean(dim=axes, keepdim=keep))
    case("reduce", f"axes {axes} keepDims {keep}", "sum", attributes, [wave((3, 4, 5))], lambda x: x.sum(dim=axes, keepdim=keep))
    case("reduce", f"axes {axes} keepDims {keep}", "max", attributes, [wave((3, 4, 5))], lambda x: x.amax(dim=axes, keepdim=keep))
case("reduce", "ties share the gradient", "max", {"axes": [1], "keepDims": False}, [torch.tensor([[1.0, 2.0, 2.0], [3.0, 3.0, 3.0]])], lambda x: x.amax(dim=1))

# Matrix products and attention.
for name, ta, tb, a, b in [
    ("2 by 2", False, False, (3, 4), (4, 5)),
    ("2 by 2, a transposed", True, False, (4, 3), (4, 5)),
    ("2 by 2, b transposed", False, True, (3, 4), (5, 4)),
    ("2 by 2, both transposed", True, True, (4, 3), (5, 4)),
    ("3 by 2", False, False, (2, 3, 4), (4, 5)),
    ("3 by 2, a transposed", True, False, (2, 4, 3), (4, 5)),
    ("3 by 2, b transposed", False, True, (2, 3, 4), (5, 4)),
    ("4 by 2", False, False, (2, 3, 2, 4), (4, 5)),
    ("3 by 3", False, False, (2, 3, 4), (2, 4, 5)),
    ("3 by 3, b transposed", False, True, (2, 3, 4), (2, 5, 4)),
    ("4 by 4, a transposed", True, False, (2, 2, 4, 3), (2, 2, 4, 5)),
]:
    def product(x, y, ta=ta, tb=tb):
        return (x.transpose(-1, -2) if ta else x) @ (y.transpose(-1, -2) if tb else y)

    case("attention", name, "matMul", {"transposeA": ta, "transposeB": tb}, [wave(a), wave(b, phase=1.1)], product)


def attention(heads, scale, causal=False):
    def run(query, key, value, mask):
        def split(x):
            return x.reshape(x.shape[0], x.shape[1], heads, -1).transpose(1, 2)

        scores = split(query) @ split(key).transpose(-1, -2) * scale
        scores = scores + (1 - mask[:, None, None, :]) * -1e9
        if causal:
            scores = scores.masked_fill(torch.ones(scores.shape[-2:]).triu(1) == 1, -math.inf)
        mixed = torch.softmax(scores, dim=-1) @ split(value)
        return mixed.transpose(1, 2).reshape(query.shape[0], query.shape[1], -1)

    return run


mask = torch.tensor([[1.0, 1.0, 1.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0, 1.0]])
qkv = [wave((2, 5, 6)), wave((2, 5, 6), phase=0.9), wave((2, 5, 6), phase=2.2)]
case("attention", "two heads", "attention", {"heads": 2, "scale": 0.6}, [*qkv, mask], attention(2, 0.6), gradients=[0, 1, 2])
case("attention", "three heads, wider values", "attention", {"heads": 3, "scale": 1.0}, [qkv[0], qkv[1], wave((2, 5, 9), phase=2.2), mask], attention(3, 1.0), gradients=[0, 1, 2])
case("attention", "causal", "attention", {"heads": 2, "scale": 0.6, "causal": True}, [*qkv, mask], attention(2, 0.6, causal=True), gradients=[0, 1, 2])


def attention_case(name, batch, tokens, key_tokens, width, value_width, heads, scale, mask, causal=False):
    inputs = [wave((batch, tokens, width)), wave((batch, key_tokens, width), phase=0.9), wave((batch, key_tokens, value_width), phase=2.2), mask]
    attributes = {"heads": heads, "scale": scale, **({"causal": True} if causal else {})}
    case("attention", name, "attention", attributes, inputs, attention(heads, scale, causal), gradients=[0, 1, 2])


def every_third(batch, tokens):
    """1 but for every third token, another third in each text."""
    return torch.tensor([[0.0 if (i + b) % 3 == 1 else 1.0 for i in range(tokens)] for b in range(batch)])


# What the fused kernels branch on: whole vectors, more keys than one tile, rows that are no multiple of a block, wide heads.
attention_case("a text that is all masked", 2, 5, 5, 8, 8, 2, 0.6, torch.tensor([[0.0, 0.0, 0.0, 0.0, 0.0], [1.0, 1.0, 0.0, 1.0, 1.0]]))
attention_case("more keys than queries, wider values", 1, 18, 70, 4, 8, 1, 1.0, every_third(1, 70))
attention_case("heads of 68", 1, 3, 4, 68, 68, 1, 0.2, every_third(1, 4))
attention_case("causal, over two tiles", 1, 67, 67, 4, 4, 1, 0.8, torch.ones((1, 67)), causal=True)
attention_case("causal, the first token masked", 2, 5, 5, 8, 4, 1, 0.6, torch.tensor([[0.0, 1.0, 1.0, 1.0, 0.0], [0.0, 0.0, 1.0, 1.0, 1.0]]), causal=True)

# Embedding: one id three times, one never.
ids = torch.tensor([[4, 1, 1], [0, 6, 1]], dtype=torch.int32)
case("embedding", "repeated ids", "embedding", {}, [wave((7, 5)), ids], lambda table, i: F.embedding(i.long(), table), gradients=[0])
many_ids = torch.tensor([[(i * i + 5 * b) % 37 if i % 7 else 0 for i in range(45)] for b in range(2)], dtype=torch.int32)
case("embedding", "blocks of rows, a frequent id", "embedding", {}, [wave((37, 4)), many_ids], lambda table, i: F.embedding(i.long(), table), gradients=[0])

# Normalisation.
statistics_in = [wave((4,), phase=0.3), wave((4,), phase=1.7, scale=0.3, offset=1.2)]
affine = [wave((4,), phase=0.8, offset=1.0), wave((4,), phase=2.6)]
bn = {"epsilon": 0.001, "momentum": 0.9}
case("normalization", "frozen", "batchNorm", bn, [wave((2, 3, 5, 4)), *affine, *statistics_in], lambda x, g, b, m, v: nhwc(F.batch_norm(nchw(x), m, v, g, b, training=False, eps=0.001)), gradients=[0, 1, 2])
x = wave((2, 3, 5, 4), scale=2.0)
flat = x.reshape(-1, 4)
running = [s * 0.9 + batch * 0.1 for s, batch in zip(statistics_in, [flat.mean(0), flat.var(0, unbiased=False)])]
case("normalization", "trained", "batchNorm", bn, [x, *affine, *statistics_in], lambda x, g, b, m, v: nhwc(F.batch_norm(nchw(x), None, None, g, b, training=True, eps=0.001)), gradients=[0, 1, 2], training=True, statistics=running)
case("normalization", "trained, of rank 2", "batchNorm", bn, [flat, *affine, *statistics_in], lambda x, g, b, m, v: F.batch_norm(x, None, None, g, b, training=True, eps=0.001), gradients=[0, 1, 2], training=True, statistics=running)


def batch_norm_case(name, shape, activation, training):
    """Shapes that the fused kernels divide differently: one block or several, whole vectors of four channels or not."""
    channels = shape[-1]
    x = wave(shape, scale=2.5)
    parameters = [wave((channels,), phase=0.8, offset=1.5), wave((channels,), phase=2.6)]
    stored = [wave((channels,), phase=0.3), wave((channels,), phase=1.7, scale=0.3, offset=1.2)]
    act = {None: lambda z: z, "relu": F.relu, "relu6": F.relu6, "hardSwish": F.hardswish}[activation]

    def run(x, g, b, m, v):
        rows = x.reshape(-1, channels)
        normalised = F.batch_norm(rows, None if training else m, None if training else v, g, b, training=training, eps=0.001)
        return act(normalised).reshape(shape)

    rows = x.reshape(-1, channels)
    blended = [s * 0.9 + batch * 0.1 for s, batch in zip(stored, [rows.mean(0), rows.var(0, unbiased=False)])]
    attributes = {**bn, **({"activation": activation} if activation else {})}
    case("normalization", name, "batchNorm", attributes, [x, *parameters, *stored], run, gradients=[0, 1, 2], training=training, statistics=blended if training else None)


for activation in ["relu", "relu6", "hardSwish"]:
    batch_norm_case(f"trained, {activation}", (2, 3, 3, 8), activation, True)
    batch_norm_case(f"frozen, {activation}", (2, 3, 3, 5), activation, False)
batch_norm_case("trained, many rows of an odd number of channels", (3, 11, 13, 5), "relu6", True)
batch_norm_case("trained, wider than a block", (4, 2, 2, 72), None, True)
batch_norm_case("trained, of three rows", (3, 6), "hardSwish", True)
batch_norm_case("frozen, wider than a block", (17, 72), None, False)
case("normalization", "of rank 3", "layerNorm", {"epsilon": 1e-5}, [wave((2, 3, 4), scale=2.0), *affine], lambda x, g, b: F.layer_norm(x, (4,), g, b, 1e-5))
case("normalization", "of rank 2", "layerNorm", {"epsilon": 1e-3}, [wave((5, 4), scale=2.0), *affine], lambda x, g, b: F.layer_norm(x, (4,), g, b, 1e-3))
case("normalization", "one row below epsilon", "l2Normalize", {"epsilon": 0.05}, [torch.cat([wave((2, 5)), wave((1, 5), scale=0.01)])], lambda x: x / torch.sqrt(torch.clamp((x * x).sum(-1, keepdim=True), min=0.05)))

# Element by element.
broadcasts = [("same shapes", (3, 4), (3, 4)), ("a row", (3, 4), (4,)), ("both ways", (3, 1, 4), (2, 1)), ("a scalar", (3, 4), ())]
for name, a, b in broadcasts:
    pair = [wave(a), wave(b, phase=1.1, scale=0.7, offset=2.0)]
    case("elementwise", name, "add", {}, pair, torch.add)
    case("elementwise", name, "subtract", {}, pair, torch.sub)
    case("elementwise", name, "multiply", {}, pair, torch.mul)
    case("elementwise", name, "divide", {}, pair, torch.div)
    near = [wave(a), wave(b, phase=1.1)]
    case("elementwise", name, "maximum", {}, near, torch.maximum)
    case("elementwise", name, "minimum", {}, near, torch.minimum)
case("elementwise", "wave", "exp", {}, [wave((3, 5))], torch.exp)
case("elementwise", "above 0", "sqrt", {}, [wave((3, 5), offset=2.0)], torch.sqrt)
case("elementwise", "wave", "square", {}, [wave((3, 5))], torch.square)
case("elementwise", "wave", "negate", {}, [wave((3, 5))], torch.neg)

wide = wave((4, 7), scale=6.0)
case("activations", "wave", "relu", {}, [wide], F.relu)
case("activations", "wave", "relu6", {}, [wide], F.relu6)
case("activations", "alpha 0.2", "leakyRelu", {"alpha": 0.2}, [wide], lambda x: F.leaky_relu(x, 0.2))
case("activations", "wave", "elu", {}, [wave((4, 7), scale=2.0)], F.elu)
case("activations", "wave", "sigmoid", {}, [wide], torch.sigmoid)
case("activations", "wave", "hardSigmoid", {}, [wide], F.hardsigmoid)
case("activations", "wave", "tanh", {}, [wave((4, 7), scale=2.0)], torch.tanh)
case("activations", "wave", "silu", {}, [wide], F.silu)
case("activations", "exact", "gelu", {"approximate": False}, [wave((4, 7), scale=3.0)], F.gelu)
case("activations", "by tanh", "gelu", {"approximate": True}, [wave((4, 7), scale=3.0)], lambda x: F.gelu(x, approximate="tanh"))
case("activations", "of rank 3", "softmax", {}, [wave((2, 3, 5), scale=3.0)], lambda x: torch.softmax(x, -1))
case("activations", "wave", "softplus", {}, [wide], F.softplus)

# Shapes.
case("shape", "float", "constant", {"shape": [2, 3], "values": [1.5, -2, 0, 4, 5, 6], "dtype": "float32"}, [], lambda: torch.tensor([[1.5, -2.0, 0.0], [4.0, 5.0, 6.0]]))
case("shape", "leading -1", "reshape", {"shape": [-1, 12]}, [wave((2, 3, 4))], lambda x: x.reshape(-1, 12))
case("shape", "3 axes", "transpose", {"permutation": [2, 0, 1]}, [wave((2, 3, 4))], lambda x: x.permute(2, 0, 1))
case("shape", "3 inputs", "concat", {"axis": 1}, [wave((2, 3, 2)), wave((2, 1, 2), phase=1.0), wave((2, 4, 2), phase=2.0)], lambda *xs: torch.cat(xs, 1))
case("shape", "negative axis", "concat", {"axis": -1}, [wave((2, 3)), wave((2, 2), phase=1.0)], lambda *xs: torch.cat(xs, -1))
case("shape", "to the end", "slice", {"begin": [0, 1, 0], "size": [-1, 2, 3]}, [wave((2, 4, 5))], lambda x: x[:, 1:3, 0:3])
case("shape", "uneven", "pad", {"paddings": [[0, 0], [1, 2], [0, 3], [0, 0]]}, [wave((2, 3, 2, 2))], lambda x: F.pad(x, (0, 0, 0, 3, 1, 2)))
case("shape", "to float", "cast", {"dtype": "float32"}, [ids], lambda x: x.float(), gradients=[])
case("shape", "to integer", "cast", {"dtype": "int32"}, [torch.tensor([1.7, -1.7, 0.2, 3.0])], lambda x: x.to(torch.int32), gradients=[])


def resize(height, width, **options):
    return lambda x: nhwc(F.interpolate(nchw(x), size=(height, width), **options))


for height, width in [(7, 9), (2, 3)]:
    for method, align, half, options in [
        ("bilinear", True, False, {"mode": "bilinear", "align_corners": True}),
        ("bilinear", False, True, {"mode": "bilinear", "align_corners": False}),
        ("nearest", False, False, {"mode": "nearest"}),
        ("nearest", False, True, {"mode": "nearest-exact"}),
    ]:
        attributes = {"height": height, "width": width, "method": method, "alignCorners": align, "halfPixelCenters": half}
        case("shape", f"{method} to {height} by {width}, corners {align}, half-pixel {half}", "resize2d", attributes, [wave((2, 4, 5, 3))], resize(height, width, **options))

# Sequences.
case("sequence", "id 0", "paddingMask", {"paddingId": 0}, [torch.tensor([[5, 2, 0], [1, 0, 0]], dtype=torch.int32)], lambda i: (i != 0).float(), gradients=[])
sequence_mask = torch.tensor([[1.0, 1.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0]])
case("sequence", "mean", "maskedMean", {}, [wave((2, 4, 5)), sequence_mask], lambda x, m: (x * m[..., None]).sum(1) / m.sum(1, keepdim=True), gradients=[0])


def timing(x, m):
    half = x.shape[2] // 2
    rates = torch.exp(-torch.arange(half, dtype=torch.float64) * math.log(10000.0) / (half - 1))
    angles = torch.arange(x.shape[1], dtype=torch.float64)[:, None] * rates
    return x + m[..., None] * torch.cat([torch.sin(angles), torch.cos(angles)], 1).float()


case("sequence", "timing", "addTimingSignal", {"minTimescale": 1, "maxTimescale": 10000}, [wave((2, 4, 6)), sequence_mask], timing, gradients=[0])

# Sizes that are no multiple of four: the kernels of WebGPU take single floats there.
for name, op, attributes, run in [
    ("relu", "relu", {}, F.relu),
    ("relu6", "relu6", {}, F.relu6),
    ("sigmoid", "sigmoid", {}, torch.sigmoid),
    ("hardSigmoid", "hardSigmoid", {}, F.hardsigmoid),
    ("silu", "silu", {}, F.silu),
    ("exact gelu", "gelu", {"approximate": False}, F.gelu),
    ("gelu by tanh", "gelu", {"approximate": True}, lambda x: F.gelu(x, approximate="tanh")),
]:
    case("activations", f"{name} of 45", op, attributes, [wave((5, 9), scale=6.0)], run)
case("normalization", "of an odd width", "layerNorm", {"epsilon": 1e-5}, [wave((9, 5), scale=2.0), wave((5,), phase=0.8, offset=1.0), wave((5,), phase=2.6)], lambda x, g, b: F.layer_norm(x, (5,), g, b, 1e-5))
case("normalization", "more columns than threads", "layerNorm", {"epsilon": 1e-5}, [wave((3, 268), scale=2.0), wave((268,), phase=0.8, offset=1.0), wave((268,), phase=2.6)], lambda x, g, b: F.layer_norm(x, (268,), g, b, 1e-5))
case("normalization", "many rows", "layerNorm", {"epsilon": 1e-5}, [wave((2, 37, 3), scale=2.0), wave((3,), phase=0.8, offset=1.0), wave((3,), phase=2.6)], lambda x, g, b: F.layer_norm(x, (3,), g, b, 1e-5))
case("elementwise", "a bias of many rows", "add", {}, [wave((2, 21, 8)), wave((8,), phase=1.1)], torch.add)
case("elementwise", "a table of positions", "add", {}, [wave((3, 5, 3)), wave((5, 3), phase=1.1)], torch.add)

write_cases()
