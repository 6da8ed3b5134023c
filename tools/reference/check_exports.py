"""Tries what Graft exports: python3 tools/reference/check_exports.py <folder>, made by npx tsx tools/reference/exports.ts <folder>

Executes each model.py with the weights of model.safetensors, strictly by name, and compares its outputs with those of Graft's
engine. Checks each model.onnx with onnx.checker.
"""
import json
import pathlib
import sys

import numpy
import torch

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


def main(folder):
    torch.set_num_threads(1)
    failed = 0
    largest = {}
    for path in sorted(folder.glob("*/*/model.py")):
        case = path.parent
        name = (case / "name.txt").read_text()
        try:
            inputs = read_safetensors(case / "inputs.safetensors")
            want = read_safetensors(case / "outputs.safetensors")
            got = run_source(path.read_text(), read_safetensors(case / "model.safetensors"), inputs.values())
            worst = max(difference(a, b) for a, b in zip(got, want.values()))
            if not worst <= 1e-5:
                raise ValueError(f"the outputs differ by {worst:.2g}")
            kind = case.parent.name
            largest[kind] = max(largest.get(kind, 0.0), worst)
            if (case / "model.onnx").exists():
                import onnx

                onnx.checker.check_model(onnx.load(case / "model.onnx"), full_check=True)
        except Exception as error:  # Any of them is this case's, and the next one is tried.
            failed += 1
            print(f"{case}: {name}: {type(error).__name__}: {error}")
    count = len(list(folder.glob("*/*/model.py")))
    print(f"{count} cases, {failed} failed; largest difference {largest}")
    return count == 0 or failed > 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
