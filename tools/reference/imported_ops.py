"""Golden values and gradients of the ops that imported models need beside those of ops.py: python3 tools/reference/imported_ops.py"""
import math

import torch
import torch.nn.functional as F

from common import wave
from op_cases import case, margins, nchw, nhwc, padded, spatial, write_cases

torch.set_num_threads(1)


def ints(*values):
    return torch.tensor(values, dtype=torch.int32)


# Functions of one number.
small = wave((3, 5), scale=0.7)
with_zero = torch.tensor([[-2.5, -1.5, -0.5, 0.0], [0.5, 1.5, 2.5, 3.2]])
for name, function, x in [
    ("abs", torch.abs, with_zero),
    ("sign", torch.sign, with_zero),
    ("floor", torch.floor, with_zero),
    ("ceil", torch.ceil, with_zero),
    ("round", torch.round, with_zero),
    ("log", torch.log, wave((3, 5), offset=1.5)),
    ("sin", torch.sin, wave((3, 5), scale=3.0)),
    ("cos", torch.cos, wave((3, 5), scale=3.0)),
    ("tan", torch.tan, small),
    ("asin", torch.asin, small),
    ("acos", torch.acos, small),
    ("atan", torch.atan, wave((3, 5), scale=3.0)),
    ("sinh", torch.sinh, wave((3, 5), scale=2.0)),
    ("cosh", torch.cosh, wave((3, 5), scale=2.0)),
    ("asinh", torch.asinh, wave((3, 5), scale=3.0)),
    ("acosh", torch.acosh, wave((3, 5), offset=2.5)),
    ("atanh", torch.atanh, small),
    ("erf", torch.erf, wave((3, 5), scale=2.0)),
]:
    case("functions", "wave", name, {}, [x], function)
for name in ["abs", "sign"]:
    case("functions", "of integers", name, {}, [ints(-3, 0, 4)], getattr(torch, name))
case("functions", "of integers", "log", {}, [ints(1, 2, 9)], lambda x: torch.log(x.float()))
for zero_point, low, high in [(3, -5, 8), (0, -128, 127)]:
    attributes = {"scale": 0.25, "zeroPoint": zero_point, "min": low, "max": high}
    x = torch.cat([wave((3, 5), scale=2.0), torch.tensor([[0.125, 0.375, -0.125, 1.25, -2.0]])])
    case("functions", f"zero at {zero_point}", "fakeQuantize", attributes, [x], lambda x, z=zero_point, low=low, high=high: torch.fake_quantize_per_tensor_affine(x, 0.25, z, low, high))

# Functions of two numbers.
broadcasts = [("same shapes", (3, 4), (3, 4)), ("both ways", (3, 1, 4), (2, 1)), ("a scalar", (3, 4), ())]
for name, a, b in broadcasts:
    case("functions", name, "power", {}, [wave(a, scale=0.5, offset=1.5), wave(b, phase=1.1, scale=2.0)], torch.pow)
    pair = [wave(a, scale=3.0), wave(b, phase=2.5, scale=0.6, offset=-1.4)]
    case("functions", name, "modulo", {"truncated": False}, pair, torch.remainder)
    case("functions", name, "modulo", {"truncated": True}, pair, torch.fmod)
    case("functions", name, "select", {}, [ints(1, 0, -2).reshape([3, 1, 1][: len(a)]), wave(a), wave(b, phase=1.1)], lambda c, x, y: torch.where(c != 0, x, y))
case("functions", "any base by whole exponents", "power", {}, [torch.tensor([[-2.0, -0.5, 0.0, 3.0]] * 3), torch.tensor([[2.0], [3.0], [0.0]])], torch.pow, gradients=[0])
case("functions", "a base of 0", "power", {}, [torch.tensor([0.0, 0.0, 2.0]), torch.tensor([1.5, 2.0, 0.0])], torch.pow)
case("functions", "of integers", "power", {}, [ints(-2, 3, 0, 6), ints(2, 3, 4, 2)], torch.pow)
case("functions", "of integers", "modulo", {"truncated": False}, [ints(-7, 7, 6, 5), ints(3, -3, 3, 4)], torch.remainder)
case("functions", "of integers", "modulo", {"truncated": True}, [ints(-7, 7, 6, 5), ints(3, -3, 3, 4)], torch.fmod)
case("functions", "of integers", "select", {}, [ints(1, 0, 2), ints(7, 8, 9), ints(-1)], lambda c, x, y: torch.where(c != 0, x, y))
for relation, function in [("equal", torch.eq), ("notEqual", torch.ne), ("less", torch.lt), ("lessEqual", torch.le), ("greater", torch.gt), ("greaterEqual", torch.ge)]:
    pairs = [("of numbers", torch.round(wave((3, 1, 4), scale=2.0)), torch.round(wave((2, 1), phase=1.1, scale=2.0))), ("of integers", ints(1, 5, -3, 2), ints(2, 5, -4, 2))]
    for name, a, b in pairs:
        case("functions", name, "compare", {"relation": relation}, [a, b], lambda x, y, f=function: f(x, y).int(), gradients=[])

# Reductions and what runs along an axis.
for axes, keep in [([1], False), ([0, 2], True), ([-1], True)]:
    attributes = {"axes": axes, "keepDims": keep}
    case("along-axes", f"axes {axes} keepDims {keep}", "min", attributes, [wave((3, 4, 5))], lambda x: x.amin(dim=axes, keepdim=keep))

    def product(x, axes=axes, keep=keep):
        for axis in sorted((axis % x.dim() for axis in axes), reverse=True):
            x = x.prod(dim=axis, keepdim=keep)
        return x

    case("along-axes", f"axes {axes} keepDims {keep}", "product", attributes, [wave((3, 4, 5), scale=1.3)], product)
    zeros = torch.where(wave((3, 4, 5)) > 0.9, torch.zeros(()), wave((3, 4, 5), scale=1.3))
    case("along-axes", f"zeros, axes {axes} keepDims {keep}", "product", attributes, [zeros], product)
case("along-axes", "ties share the gradient", "min", {"axes": [1], "keepDims": False}, [torch.tensor([[1.0, 1.0, 2.0], [3.0, 3.0, 3.0]])], lambda x: x.amin(dim=1))


def first_best(x, axis, of):
    """PyTorch promises no order among equal ones; a stable sort has one."""
    return torch.sort(x, dim=axis, descending=of == "max", stable=True).indices.narrow(axis, 0, 1).int()


for axis, keep in [(0, False), (1, True), (-1, False)]:
    for of in ["max", "min"]:
        coarse = torch.round(wave((4, 5, 3), scale=1.5))
        case("along-axes", f"axis {axis} keepDims {keep}", "argMax", {"axis": axis, "keepDims": keep, "of": of}, [coarse], lambda x: first_best(x, axis, of) if keep else first_best(x, axis, of).squeeze(axis), gradients=[])
for size in [40, 70, 300]:
    coarse = torch.round(wave((2, size), scale=1.5))
    case("along-axes", f"first of many of {size}", "argMax", {"axis": 1, "keepDims": False, "of": "max"}, [coarse], lambda x: first_best(x, 1, "max").squeeze(1), gradients=[])
for op, function in [("max", torch.amax), ("min", torch.amin), ("sum", torch.sum)]:
    case("along-axes", "of integers", op, {"axes": [1], "keepDims": False}, [ints([[3, -1], [4, 9], [2, 5]], [[0, 7], [1, -8], [6, 2]])], lambda x: function(x, dim=1).int())
case("along-axes", "of integers", "argMax", {"axis": 1, "keepDims": False, "of": "max"}, [ints([[3, -1], [4, 9], [2, 5]])], lambda x: torch.argmax(x, 1).int())
case("along-axes", "of integers", "transpose", {"permutation": [0, 2, 1]}, [ints([[3, -1], [4, 9], [2, 5]])], lambda x: x.permute(0, 2, 1))
for k, largest, shape in [(3, True, (2, 3, 7)), (2, False, (2, 5)), (1, True, (9,)), (5, False, (2, 5))]:
    case("along-axes", f"{k} of {shape}", "topKIndices", {"k": k, "largest": largest}, [wave(shape)], lambda x: torch.topk(x, k, largest=largest).indices.int(), gradients=[])
case("along-axes", "the first of equal ones", "topKIndices", {"k": 3, "largest": True}, [torch.tensor([[1.0, 5.0, 5.0, 2.0, 5.0, 5.0], [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]])], lambda x: torch.sort(x, descending=True, stable=True).indices[:, :3].int(), gradients=[])


def cumulative(axis, exclusive, reverse):
    def run(x):
        y = x.flip(axis) if reverse else x
        y = y.cumsum(axis).to(x.dtype) - (y if exclusive else 0)
        return y.flip(axis) if reverse else y

    return run


for axis, shape in [(0, (3, 4)), (-1, (3, 5)), (1, (2, 6, 3)), (2, (2, 1, 3, 2, 2))]:
    for exclusive in [False, True]:
        for reverse in [False, True]:
            case("along-axes", f"axis {axis} of {shape}, exclusive {exclusive}, reverse {reverse}", "cumulativeSum", {"axis": axis, "exclusive": exclusive, "reverse": reverse}, [wave(shape)], cumulative(axis, exclusive, reverse))
case("along-axes", "of integers", "cumulativeSum", {"axis": 0, "exclusive": True, "reverse": False}, [ints(3, -1, 4, 1)], cumulative(0, True, False))


# Places.
def positive(indices, size):
    return torch.where(indices < 0, indices + size, indices).long()


def gather(axis):
    def run(x, indices):
        picked = x.index_select(axis, positive(indices, x.shape[axis]).flatten())
        return picked.reshape(*x.shape[: axis % x.dim()], *indices.shape, *x.shape[axis % x.dim() + 1 :])

    return run


for name, axis, shape, indices in [
    ("rows, some twice, one never", 0, (4, 5), ints([3, 0], [-1, 1])),
    ("columns", -1, (3, 4, 5), ints(4, -5, 4)),
    ("the middle, two axes of indices", 1, (2, 3, 4), ints([0, 2, 2], [1, -3, 0])),
    ("one index", 1, (3, 2, 4), ints(-1).reshape(())),
    ("many rows", 0, (19, 8), ints(*[(i * i) % 19 for i in range(40)])),
]:
    case("places", name, "gather", {"axis": axis}, [wave(shape), indices], gather(axis), gradients=[0])
case("places", "of integers", "gather", {"axis": 0}, [ints(7, 8, 9), ints(-1, 0)], gather(0))
for name, axis, shape, indices in [
    ("along the last axis", -1, (2, 5), ints([4, 0, -1], [2, 2, 1])),
    ("along the first, fewer columns", 0, (3, 4), ints([2, 0], [-1, 1], [0, 0], [0, 2])),
    ("along the middle", 1, (2, 3, 2), ints([[0, 2], [1, 1]], [[2, -3], [0, 0]])),
]:
    def elements(x, i, axis=axis):
        return torch.gather(x, axis, positive(i, x.shape[axis]))

    case("places", name, "gatherElements", {"axis": axis}, [wave(shape), indices], elements, gradients=[0])


def by_row(indices):
    """Each row of indices [..., n] as a tuple of n tensors."""
    return tuple(indices[..., i] for i in range(indices.shape[-1]))


def from_start(indices, sizes):
    return positive(indices, torch.tensor(sizes))


def gather_nd(batch_dims):
    def run(x, indices):
        if batch_dims == 0:
            return x[by_row(from_start(indices, x.shape[: indices.shape[-1]]))]
        return torch.stack([gather_nd(batch_dims - 1)(x[i], indices[i]) for i in range(x.shape[0])])

    return run


for name, batch_dims, shape, indices in [
    ("rows", 0, (4, 3), ints([2], [-1], [2])),
    ("single numbers", 0, (4, 3), ints([[2, 0], [-1, -1]], [[0, 1], [2, 0]])),
    ("rows of rows", 0, (3, 2, 4), ints([1, 1], [0, -2])),
    ("in a batch", 1, (2, 4, 3), ints([[3], [0]], [[1], [-1]])),
    ("in a batch of two axes", 2, (2, 2, 3), ints([[[2]], [[0]]], [[[1]], [[-1]]])),
]:
    case("places", name, "gatherNd", {"batchDims": batch_dims}, [wave(shape), indices], gather_nd(batch_dims), gradients=[0])

reductions = {"none": None, "add": "sum", "multiply": "prod", "max": "amax", "min": "amin"}
for reduction, how in reductions.items():
    for name, axis, shape, indices in [
        ("along the last axis", -1, (2, 5), ints([4, 0, -2], [2, 1, 0]) if how is None else ints([4, 0, -1], [2, 2, 2])),
        ("along the first", 0, (3, 4), ints([2, 0, 1], [-3, 1, 0]) if how is None else ints([2, 0, 1], [-1, 1, 1])),
    ]:
        def scattered(x, i, updates, axis=axis, how=how):
            at = positive(i, x.shape[axis])
            return x.scatter(axis, at, updates) if how is None else x.scatter_reduce(axis, at, updates, how, include_self=True)

        case("places", name, "scatterElements", {"axis": axis, "reduction": reduction}, [wave(shape), indices, wave(indices.shape, phase=2.0, scale=0.8)], scattered)
    for name, shape, indices in [
        ("rows", (4, 3), ints([2], [-4]) if how is None else ints([2], [-4], [2])),
        ("single numbers", (2, 3), ints([1, 2], [0, -3]) if how is None else ints([1, 2], [0, -3], [1, -1])),
    ]:
        named = indices.shape[-1]
        updates = wave((*indices.shape[:-1], *shape[named:]), phase=2.0, scale=0.8)

        def scattered_nd(x, i, updates, how=how, named=named):
            at = from_start(i, x.shape[:named])
            if how in (None, "sum"):
                return x.index_put(by_row(at), updates, accumulate=how == "sum")
            strides = torch.tensor([math.prod(x.shape[n + 1 : named]) for n in range(named)])
            flat = x.reshape(math.prod(x.shape[:named]), -1)
            rows = (at * strides).sum(-1)
            result = flat.scatter_reduce(0, rows[:, None].expand(-1, flat.shape[1]), updates.reshape(rows.shape[0], -1), how, include_self=True)
            return result.reshape(x.shape)

        case("places", name, "scatterNd", {"reduction": reduction}, [wave(shape), indices, updates], scattered_nd)
case("places", "integers are replaced", "scatterElements", {"axis": 0, "reduction": "none"}, [ints(1, 2, 3), ints(2, 0), ints(8, 9)], lambda x, i, u: x.scatter(0, i.long(), u))
case("places", "the largest integer", "scatterElements", {"axis": 0, "reduction": "max"}, [ints(1, 2, 3), ints(2, 0), ints(-8, 9)], lambda x, i, u: x.scatter_reduce(0, i.long(), u, "amax"))
for name, attributes in [("last", {"depth": 4}), ("first", {"depth": 4, "axis": 0}), ("in the middle", {"depth": 4, "axis": 1})]:
    case("places", name, "oneHot", attributes, [ints([3, 0, 9], [1, -1, 2])], lambda i: (i.unsqueeze(attributes.get("axis", -1)) == torch.arange(4).reshape([4 if n == attributes.get("axis", 2) else 1 for n in range(3)])).float())


def strided(begin, end, strides):
    return lambda x: x[tuple(slice(b, e, s) for b, e, s in zip(begin, end, strides))]


for name, begin, end, strides in [
    ("no strides", [0, 1, 0], [None, 4, 3], [1, 1, 1]),
    ("every second and third", [0, 1, 0], [None, 6, None], [1, 2, 3]),
    ("from the end", [-1, -5, -4], [None, -1, None], [1, 2, 2]),
    ("a step over all but the first", [0, 0, 1], [2, 1, 2], [2, 9, 1]),
]:
    case("places", name, "stridedSlice", {"begin": begin, "end": end, "strides": strides}, [wave((2, 7, 5))], strided(begin, end, strides))
case("places", "of integers", "stridedSlice", {"begin": [0], "end": [None], "strides": [2]}, [ints(4, 5, -6, 7, 8)], lambda x: x[::2])
case("places", "of integers", "reverse", {"axes": [0]}, [ints([4, 5], [-6, 7])], lambda x: x.flip(0))
case("places", "of integers", "pad", {"paddings": [[1, 1]], "mode": "reflect"}, [ints(4, 5, -6)], lambda x: x[torch.tensor([1, 0, 1, 2, 1])])
case("places", "of integers", "broadcastLike", {"axes": [0]}, [ints([4, 5]), wave((3, 2))], lambda x, like: x.expand(3, 2), gradients=[])
case("places", "two axes", "reverse", {"axes": [0, -1]}, [wave((2, 3, 4))], lambda x: x.flip((0, -1)))
case("places", "three axes", "tile", {"repeats": [2, 1, 3]}, [wave((2, 3, 4))], lambda x: x.repeat(2, 1, 3))
case("places", "of integers", "tile", {"repeats": [2]}, [ints(1, 2, 3)], lambda x: x.repeat(2))
case("places", "a new axis and a kept one", "broadcastTo", {"shape": [2, -1, 4]}, [wave((3, 1))], lambda x: x.expand(2, 3, 4))
case("places", "one axis of three", "broadcastTo", {"shape": [3, 5, 2]}, [wave((3, 1, 2))], lambda x: x.expand(3, 5, 2))
case("places", "a batch", "broadcastLike", {"axes": [0]}, [wave((1, 2, 3)), ints([4, 5, 6, 7], [1, 2, 3, 4])], lambda x, like: x.expand(2, 2, 3), gradients=[0])
case("places", "two axes", "broadcastLike", {"axes": [0, 1]}, [wave((1, 1, 3)), wave((4, 2, 5))], lambda x, like: x.expand(4, 2, 3), gradients=[0])


def pad_by_index(paddings, mode):
    def run(x):
        for axis, (before, after) in enumerate(paddings):
            size = x.shape[axis]
            places = [i for i in range(-before, size + after)]
            if mode == "edge":
                places = [min(max(i, 0), size - 1) for i in places]
            else:
                places = [-i if i < 0 else 2 * (size - 1) - i if i >= size else i for i in places]
            x = x.index_select(axis, torch.tensor(places))
        return x

    return run


for mode in ["reflect", "edge"]:
    for paddings in [[[0, 0], [1, 2], [2, 0]], [[1, 1], [0, 0], [0, 3]]]:
        case("places", f"{mode} {paddings}", "pad", {"paddings": paddings, "mode": mode}, [wave((2, 3, 4))], pad_by_index(paddings, mode))
case("places", "a value", "pad", {"paddings": [[0, 0], [1, 2], [0, 3]], "value": -1.5}, [wave((2, 3, 2))], lambda x: F.pad(x, (0, 3, 1, 2), value=-1.5))


# Windows.
def grouped(attributes):
    def run(x, kernel):
        p = padded(nchw(x), kernel.shape[:2], attributes["strides"], attributes["dilations"], attributes["padding"])
        return nhwc(F.conv2d(p, kernel.permute(3, 2, 0, 1), stride=attributes["strides"], dilation=attributes["dilations"], groups=attributes["groups"]))

    return run


for name, attributes, groups, x, kernel in [
    ("two groups", spatial(), 2, (2, 5, 6, 4), (3, 3, 2, 6)),
    ("three groups, stride 2", spatial(strides=(2, 2), padding=[[1, 0], [2, 1]]), 3, (1, 6, 5, 6), (3, 2, 2, 3)),
    ("1x1 of two groups", spatial(), 2, (2, 3, 4, 6), (1, 1, 3, 4)),
    ("a group for each channel", spatial(), 3, (2, 5, 6, 3), (3, 3, 1, 6)),
    ("a window below its stride", spatial(strides=(3, 3)), 1, (1, 6, 9, 2), (2, 1, 2, 2)),
    ("a group for each channel, a window below its stride", spatial(strides=(3, 3)), 2, (1, 6, 9, 2), (2, 1, 1, 2)),
]:
    attributes = {**attributes, "groups": groups}
    case("windows", name, "conv2d", attributes, [wave(x), wave(kernel, phase=1.1, scale=0.5)], grouped(attributes))


def conv_transpose(attributes):
    strides, dilations, padding, extra = (attributes[key] for key in ["strides", "dilations", "padding", "outputPadding"])

    def run(x, kernel):
        full = F.conv_transpose2d(nchw(x), kernel.permute(3, 2, 0, 1), stride=strides, dilation=dilations)
        for side in (0, 1):
            axis = side + 2
            if padding == "same":
                size = x.shape[side + 1] * strides[side]
                before = margins(size, kernel.shape[side], strides[side], dilations[side], "same", side)[0]
            else:
                before, after = (0, 0) if padding == "valid" else padding[side]
                size = full.shape[axis] - before - after + extra[side]
            missing = max(0, before + size - full.shape[axis])
            full = F.pad(full, (0, missing, 0, 0) if side == 1 else (0, 0, 0, missing)).narrow(axis, before, size)
        return nhwc(full)

    return run


for name, attributes, extra, x, kernel in [
    ("stride 2 valid", spatial(strides=(2, 2), padding="valid"), (0, 0), (2, 3, 4, 3), (3, 3, 2, 3)),
    ("strides 2 and 1 same", spatial(strides=(2, 1)), (0, 0), (1, 4, 3, 2), (3, 2, 3, 2)),
    ("a window below its stride", spatial(strides=(3, 3)), (0, 0), (1, 2, 3, 2), (2, 1, 3, 2)),
    ("explicit padding, output padding", spatial(strides=(2, 3), padding=[[1, 0], [1, 1]]), (1, 2), (2, 4, 3, 3), (3, 4, 2, 3)),
    ("2x2 stride 2", spatial(strides=(2, 2), padding="valid"), (0, 0), (2, 3, 2, 5), (2, 2, 4, 5)),
    ("dilated", spatial(dilations=(2, 2), padding=[[2, 1], [1, 2]]), (0, 0), (1, 4, 5, 2), (3, 3, 3, 2)),
    ("1x1", spatial(), (0, 0), (2, 3, 4, 3), (1, 1, 5, 3)),
]:
    attributes = {**attributes, "outputPadding": list(extra)}
    case("windows", name, "convTranspose2d", attributes, [wave(x), wave(kernel, phase=1.1, scale=0.5)], conv_transpose(attributes))


def average_of_padded(attributes):
    def run(x):
        p = padded(nchw(x), attributes["poolSize"], attributes["strides"], (1, 1), attributes["padding"])
        return nhwc(F.avg_pool2d(p, attributes["poolSize"], stride=attributes["strides"]))

    return run


for name, pool, strides, padding in [("3x3 stride 1 same", (3, 3), (1, 1), "same"), ("explicit padding", (3, 2), (2, 2), [[1, 1], [1, 0]])]:
    attributes = {"poolSize": list(pool), "strides": list(strides), "padding": padding, "countPadding": True}
    case("windows", f"{name}, padding counted", "averagePool2d", attributes, [wave((2, 5, 6, 3), offset=-3.0)], average_of_padded(attributes))

# What language models need.
for name, shape in [("of rank 3", (2, 3, 4)), ("of an odd width", (6, 5)), ("more columns than threads", (3, 268)), ("many rows", (2, 37, 3)), ("whole vectors", (2, 9, 8))]:
    epsilon = 1e-5
    case("language", name, "rmsNorm", {"epsilon": epsilon}, [wave(shape, scale=2.0), wave(shape[-1:], phase=0.8, offset=1.0)], lambda x, g: x * torch.rsqrt((x * x).mean(-1, keepdim=True) + epsilon) * g)


def rotary(heads, frequencies):
    """As LlamaAttention in transformers: apply_rotary_pos_emb with rotate_half."""

    def run(x, positions):
        batch, tokens, width = x.shape
        angles = positions[..., None].float() * torch.tensor(frequencies)
        angles = torch.cat([angles, angles], -1)[:, :, None, :]
        heads_of = x.reshape(batch, tokens, heads, width // heads)
        first, second = heads_of.chunk(2, -1)
        return (heads_of * angles.cos() + torch.cat([-second, first], -1) * angles.sin()).reshape(x.shape)

    return run


case("language", "two heads of 6", "rotaryEmbedding", {"heads": 2, "frequencies": [1.0, 0.1, 0.01]}, [wave((2, 3, 12)), ints([0, 1, 2], [5, 40, 3])], rotary(2, [1.0, 0.1, 0.01]), gradients=[0])
case("language", "one head of 8, far away", "rotaryEmbedding", {"heads": 1, "frequencies": [1.0, 0.25, 0.0625, 0.015625]}, [wave((1, 4, 8)), ints([2047, 2048, 100, 0])], rotary(1, [1.0, 0.25, 0.0625, 0.015625]), gradients=[0])


def grouped_attention(heads, key_value_heads, scale, causal):
    def run(query, key, value, mask):
        def split(x, own):
            return x.reshape(x.shape[0], x.shape[1], own, -1).transpose(1, 2).repeat_interleave(heads // own, 1)

        scores = split(query, heads) @ split(key, key_value_heads).transpose(-1, -2) * scale
        scores = scores + (1 - mask[:, None, None, :]) * -1e9
        if causal:
            scores = scores.masked_fill(torch.ones(scores.shape[-2:]).triu(1) == 1, -math.inf)
        mixed = torch.softmax(scores, dim=-1) @ split(value, key_value_heads)
        return mixed.transpose(1, 2).reshape(query.shape[0], query.shape[1], -1)

    return run


mask = torch.tensor([[1.0, 1.0, 1.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0, 1.0]])
for name, heads, key_value_heads, width, causal in [("two heads share one", 4, 2, 16, False), ("all heads share one, causal", 3, 1, 6, True), ("whole vectors, causal", 4, 2, 32, True)]:
    narrow = width // heads * key_value_heads
    inputs = [wave((2, 5, width)), wave((2, 5, narrow), phase=0.9), wave((2, 5, narrow), phase=2.2), mask]
    attributes = {"heads": heads, "scale": 0.6, "causal": causal, "keyValueHeads": key_value_heads}
    case("language", name, "attention", attributes, inputs, grouped_attention(heads, key_value_heads, 0.6, causal), gradients=[0, 1, 2])
ids = ints([5, 2, 1, 7, 1], [1, 1, 9, 8, 4])
case("language", "from 2 on", "positionIds", {"offset": 2}, [ids], lambda i: torch.arange(2, 7).expand(2, 5).int())


def roberta_positions(i):
    """create_position_ids_from_input_ids in transformers, with padding 1."""
    is_token = i.ne(1).int()
    return (torch.cumsum(is_token, dim=1).int() * is_token + 1).int()


case("language", "padding 1", "positionIds", {"offset": 0, "paddingId": 1}, [ids], roberta_positions)

write_cases()
