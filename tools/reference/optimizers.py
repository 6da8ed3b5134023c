"""Golden weights after five steps of each optimizer: python3 tools/reference/optimizers.py

A matrix and a bias are stepped with gradients that change from step to step; the bias, being of rank 1, does not decay.
"""
import torch

from common import described, reference, wave, write

STEPS = 5
SHAPES = {"dense/kernel": (3, 4), "dense/bias": (4,)}


def gradient(name, step):
    return wave(SHAPES[name], phase=0.5 * step + len(name), scale=1.0 / (1 + step))


cases = []
for kind, options, make in [
    ("sgd", {"weightDecay": 0.0, "momentum": 0.0}, lambda p: torch.optim.SGD(p, lr=0.1)),
    ("sgd", {"weightDecay": 0.1, "momentum": 0.9}, lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)),
    ("adam", {"weightDecay": 0.1, "momentum": 0.0}, lambda p: torch.optim.Adam(p, lr=0.1)),
    ("adamw", {"weightDecay": 0.1, "momentum": 0.0}, lambda p: torch.optim.AdamW(p, lr=0.1)),
    ("adamw", {"weightDecay": 0.0, "momentum": 0.0}, lambda p: torch.optim.AdamW(p, lr=0.1)),
    ("rmsprop", {"weightDecay": 0.1, "momentum": 0.9}, lambda p: torch.optim.RMSprop(p, lr=0.1, momentum=0.9)),
    ("rmsprop", {"weightDecay": 0.0, "momentum": 0.0}, lambda p: torch.optim.RMSprop(p, lr=0.1)),
]:
    parameters = {name: wave(shape, phase=0.2).requires_grad_() for name, shape in SHAPES.items()}
    groups = [
        {"params": [parameters["dense/kernel"]], "weight_decay": options["weightDecay"]},
        {"params": [parameters["dense/bias"]], "weight_decay": 0.0},
    ]
    optimizer = make(groups)
    for step in range(STEPS):
        for name, parameter in parameters.items():
            parameter.grad = gradient(name, step)
        optimizer.step()
    cases.append(
        {
            "name": f"{kind}, decay {options['weightDecay']}, momentum {options['momentum']}",
            "kind": kind,
            "options": options,
            "learningRate": 0.1,
            "initial": {name: described(wave(shape, phase=0.2)) for name, shape in SHAPES.items()},
            "gradients": [{name: described(gradient(name, step)) for name in SHAPES} for step in range(STEPS)],
            "final": {name: described(parameter) for name, parameter in parameters.items()},
        }
    )

write("src/engine/optimizers/goldens/optimizers.json", {"reference": reference({"values": 1e-5}, "five steps of float32 against a double-precision loop"), "cases": cases})
