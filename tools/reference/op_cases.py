"""One case of an op: its inputs, PyTorch's output and gradients, collected by golden file. The scripts ops.py and imported_ops.py make them.

Each case is computed by PyTorch from the same NHWC inputs that the tests use, so what is checked is the meaning in
src/graph/types.ts and not PyTorch's layout. The gradient is that of sum(output * upstream).
"""
import math

import torch
import torch.nn.functional as F

from common import described, reference, wave, write

files = {}


def case(file, name, op, attributes, inputs, run, gradients=None, training=False, statistics=None):
    """`run` maps the inputs to the output; `gradients` lists the inputs that have one (all float inputs by default)."""
    wanted = gradients if gradients is not None else [i for i, x in enumerate(inputs) if x.dtype == torch.float32]
    leaves = [x.clone().requires_grad_(i in wanted) if x.dtype == torch.float32 else x for i, x in enumerate(inputs)]
    output = run(*leaves)
    result = {"name": name, "op": op, "attributes": attributes, "training": training, "inputs": [described(x) for x in inputs], "output": described(output)}
    if wanted:
        upstream = wave(output.shape, phase=0.4)
        grads = torch.autograd.grad((output * upstream).sum(), [leaves[i] for i in wanted])
        result["upstream"] = described(upstream)
        result["gradients"] = {str(i): described(g) for i, g in zip(wanted, grads)}
    if statistics is not None:
        result["statistics"] = [described(s) for s in statistics]
    files.setdefault(file, []).append(result)


def write_cases():
    for file, cases in files.items():
        note = reference({"values": 1e-5, "gradients": 1e-4}, "float32 sums in another order; gradients add up more terms")
        write(f"src/engine/ops/goldens/{file}.json", {"reference": note, "cases": cases})


def nchw(x):
    return x.permute(0, 3, 1, 2)


def nhwc(x):
    return x.permute(0, 2, 3, 1)


def margins(size, window, stride, dilation, padding, axis):
    """[before, after] of one spatial axis, as TensorFlow pads."""
    if padding == "valid":
        return [0, 0]
    if padding == "same":
        reach = (window - 1) * dilation + 1
        total = max(0, (math.ceil(size / stride) - 1) * stride + reach - size)
        return [total // 2, total - total // 2]
    return list(padding[axis])


def padded(x, window, strides, dilations, padding, value=0.0):
    """x is NCHW."""
    top, bottom = margins(x.shape[2], window[0], strides[0], dilations[0], padding, 0)
    left, right = margins(x.shape[3], window[1], strides[1], dilations[1], padding, 1)
    return F.pad(x, (left, right, top, bottom), value=value)


def spatial(strides=(1, 1), dilations=(1, 1), padding="same"):
    return {"strides": list(strides), "dilations": list(dilations), "padding": padding}
