"""Tries what Graft exports: python3 tools/reference/check_exports.py <folder> [--write], the folder made by
npx tsx tools/reference/exports.ts <folder>

Executes each model.py with the weights of model.safetensors, strictly by name, and compares its outputs with those of Graft's
engine. Checks each model.onnx with onnx.checker. With --write it keeps which sources it has executed and what the models' gave,
in src/formats/pytorch/goldens, for the test that has no PyTorch.
"""
import hashlib
import json
import pathlib
import sys

import numpy
import onnx
import torch

from common import ROOT, described, reference, write

GOLDENS = pathlib.Path("src/formats/pytorch/goldens")
TYPES = {"F32": numpy.float32, "I32": numpy.int32}


def read_safetensors(path):
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    values = data[8 + length :]
    return {
        name: torch.from_numpy(numpy.frombuffer(values[slice(*entry["data_offsets"])], TYPES[entry["dtype"]]).copy().reshape(entry["shape"]))
        for name, entry in header.items()
    }


def run_source(source, weights, inputs):
    names = {}
    exec(compile(source, "model.py", "exec"), names)
    model = names["Model"]()
    model.load_state_dict(weights)
    model.eval()
    with torch.no_grad():
        outputs = model(*inputs)
    return outputs if isinstance(outputs, tuple) else (outputs,)


def difference(got, want):
    """Relative to the largest element, as a sum of large terms may come out near 0."""
    if got.shape != want.shape:
        raise ValueError(f"the shape is {tuple(got.shape)}, not {tuple(want.shape)}")
    if got.dtype != want.dtype:
        raise ValueError(f"the type is {got.dtype}, not {want.dtype}")
    if want.numel() == 0:
        return 0.0
    return float((got.double() - want.double()).abs().max() / max(1.0, float(want.double().abs().max())))


def run_training(source, weights, inputs):
    """Train mode: dropout and batch statistics are torch's own. Returns the gradient's norm of every parameter, which must be finite."""
    names = {}
    exec(compile(source, "model.py", "exec"), names)
    model = names["Model"]()
    model.load_state_dict(weights)
    model.train()
    model(*inputs).square().sum().backward()
    for name, parameter in model.named_parameters():
        if parameter.grad is None or not torch.isfinite(parameter.grad).all():
            raise ValueError(f"no finite gradient for {name}")


def main(folder, keep):
    torch.set_num_threads(1)
    failed = 0
    largest = {}
    goldens = []
    for path in sorted(folder.glob("*/*/model.py")):
        case = path.parent
        name = (case / "name.txt").read_text()
        try:
            inputs = read_safetensors(case / "inputs.safetensors")
            want = read_safetensors(case / "outputs.safetensors")
            source = path.read_text()
            weights = read_safetensors(case / "model.safetensors")
            got = run_source(source, weights, inputs.values())
            worst = max(difference(a, b) for a, b in zip(got, want.values()))
            if not worst <= 1e-5:
                raise ValueError(f"the outputs differ by {worst:.2g}")
            kind = case.parent.name
            largest[kind] = max(largest.get(kind, 0.0), worst)
            golden = {"name": name, "sha256": hashlib.sha256(source.encode()).hexdigest()}
            if kind == "models":
                run_training(source, weights, inputs.values())
                golden["outputs"] = [described(output) for output in got]
                if keep:
                    (ROOT / GOLDENS / f"{name}.py").write_text(source)
            goldens.append(golden)
            if (case / "model.onnx").exists():
                onnx.checker.check_model(onnx.load(case / "model.onnx"), full_check=True)
        except Exception as error:  # Any of them is this case's, and the next one is tried.
            failed += 1
            print(f"{case}: {name}: {type(error).__name__}: {error}")
    count = len(list(folder.glob("*/*/model.py")))
    print(f"{count} cases, {failed} failed; largest difference {largest}")
    if keep and failed == 0:
        write(str(GOLDENS / "executed.json"), {"reference": reference({"values": 1e-5}, "float32 sums in another order"), "cases": goldens})
    return count == 0 or failed > 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), "--write" in sys.argv[2:]))
