"""What the reference scripts share: inputs that catch a wrong transpose, and how a golden file is written.

Needs PyTorch only (Debian: python3-torch). Nothing here draws random numbers: inputs are sines over a ramp, with
unequal dimensions, so that a golden can be made again anywhere.
"""
import json
import math
import pathlib
import platform
import sys

import torch

ROOT = pathlib.Path(__file__).resolve().parents[2]


def wave(shape, phase=0.0, scale=1.0, offset=0.0):
    """A float tensor that repeats nowhere: sin(0.7 i + phase) and a slow ramp."""
    count = math.prod(shape)
    values = [offset + scale * (math.sin(0.7 * i + phase) + 0.3 * i / count) for i in range(count)]
    return torch.tensor(values, dtype=torch.float32).reshape(shape)


def described(tensor):
    """As the tests read it: shape, dtype, and values as float32 has them."""
    if tensor.dtype in (torch.int32, torch.int64):
        return {"shape": list(tensor.shape), "dtype": "int32", "values": tensor.flatten().tolist()}
    values = [float(f"{value:.9g}") for value in tensor.detach().to(torch.float32).flatten().tolist()]
    return {"shape": list(tensor.shape), "dtype": "float32", "values": values}


def reference(tolerance, why):
    script = pathlib.Path(sys.argv[0]).name
    return {
        "script": f"tools/reference/{script}",
        "command": f"python3 tools/reference/{script}",
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "seed": "none: inputs are sines over ramps",
        "tolerance": tolerance,
        "why": why,
    }


def write(path, content):
    """One line per case keeps the files small and their differences readable."""
    target = ROOT / path
    target.parent.mkdir(parents=True, exist_ok=True)
    cases = ",\n".join("  " + json.dumps(case, separators=(",", ":")) for case in content["cases"])
    head = json.dumps(content["reference"])
    target.write_text(f'{{\n"reference": {head},\n"cases": [\n{cases}\n]\n}}\n')
    print(f"{path}: {len(content['cases'])} cases, {target.stat().st_size} bytes")
