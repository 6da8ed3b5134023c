"""Golden numbers of low-rank adapters on every family of published checkpoints: python3 tools/reference/lora_checkpoints.py

The models of checkpoints_text.py and checkpoints_vision.py with their weights, frozen but for what the config calls a classifier; batch
norms use their stored statistics. Here an adapter is not beside its layer but in its weight, W + alpha / r * B A, which autograd takes
apart again: the same function by another way than Graft's (lora.py has the modules as PEFT writes them). Logits, the gradients of A, B
and the classifier, and ten losses under AdamW, which decays matrices only.

PEFT starts B at zero, which would leave A without a gradient; here both start from the formula.
"""
import fnmatch
import math
import re

import torch
import torch.nn.functional as F
from torch.nn.utils.stateless import functional_call

import checkpoints_text as text
import checkpoints_vision as vision
from common import reference, write
from lora import adapter_weight
from problems import PERIOD, image_batch, rounded, summary, text_batch

STEPS, RANK, ALPHA, LEARNING_RATE, WEIGHT_DECAY = 10, 2, 4, 1e-3, 0.01
# What Graft adapts where nothing is said, and here a pattern for families without attention.
ATTENTION = {"query", "value", "q_lin", "v_lin", "q_proj", "v_proj", "c_attn"}
PATTERNS = {
    "resnet": ["*/convolution"],
    "mobilenet-v2": ["*/first_conv/convolution", "*/reduce_1x1/convolution"],
    "mobilenet-v3": ["conv_stem", "*/conv_pwl", "*/conv_reduce", "conv_head"],
    "convnext": ["*/pwconv1", "*/patch_embeddings", "*/downsampling_layer/1"],
}
HEAD = re.compile(r"^(\w+_)?classifier/|^score/|^lm_head/|^fc/")


class Adapted:
    """`paths`: path in the graph -> (tensor, the view of it that the graph has)."""

    def __init__(self, module, paths, patterns, dtype):
        self.module, self.paths, self.adapters = module, paths, {}
        self.names = {id(tensor): name for name, tensor in module.named_parameters()}
        for tensor in module.parameters():
            tensor.requires_grad_(False)
        self.head = {path: tensor.requires_grad_(True) for path, (tensor, _) in paths.items() if HEAD.search(path)}
        for path, (tensor, view) in paths.items():
            layer, last = path.rsplit("/", 1)
            chosen = any(fnmatch.fnmatchcase(layer, pattern) for pattern in patterns) if patterns else layer.rsplit("/", 1)[-1] in ATTENTION
            if last != "weight" or not chosen:
                continue
            shape = view(tensor).shape
            if len(shape) == 4:
                shapes, fan_in = [[*shape[:3], RANK], [1, 1, RANK, shape[3]]], math.prod(shape[:3])
            else:
                outputs, fan_in = shape[::-1] if "/c_" in path else shape
                shapes = [[RANK, fan_in], [outputs, RANK]]
            names = [f"{layer}/lora_{part}/weight" for part in "AB"]
            scales = [1 / math.sqrt(fan_in), 0.5 / math.sqrt(RANK)]
            self.adapters[path] = {name: adapter_weight(name, size, scale).to(dtype).requires_grad_() for name, size, scale in zip(names, shapes, scales)}

    def __call__(self, inputs):
        changed = {}
        for path, adapter in self.adapters.items():
            tensor, view = self.paths[path]
            a, b = adapter.values()
            part = view(changed.setdefault(self.names[id(tensor)], tensor.clone()))
            if part.ndim == 4:
                change = (a.flatten(0, 2) @ b.flatten(0, 2)).reshape(part.shape)
            else:
                change = (b @ a).t() if "/c_" in path else b @ a
            part.add_(change, alpha=ALPHA / RANK)
        return functional_call(self.module, changed, (inputs,))

    def learned(self):
        return {**self.head, **{name: weight for adapter in self.adapters.values() for name, weight in adapter.items()}}

    def gradients(self):
        head = {path: self.paths[path][1](tensor.grad) for path, tensor in self.head.items()}
        return {**head, **{name: weight.grad for adapter in self.adapters.values() for name, weight in adapter.items()}}


def case(name, make, batches, patterns):
    def losses(dtype):
        model = make(dtype)
        weights = model.learned().values()
        optimizer = torch.optim.AdamW([{"params": [w for w in weights if (w.ndim > 1) == decays], "weight_decay": WEIGHT_DECAY if decays else 0} for decays in (True, False)], lr=LEARNING_RATE)
        result = []
        for step in range(STEPS):
            inputs, labels = batches[step % PERIOD]
            loss = F.cross_entropy(model(inputs if inputs.dtype == torch.int64 else inputs.to(dtype)), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            result.append(loss.item())
        return result

    single, double = losses(torch.float32), losses(torch.float64)
    worst = max(abs(a - b) / (1 + abs(b)) for a, b in zip(single, double))
    model = make(torch.float64)
    inputs, labels = batches[0]
    logits = model(inputs if inputs.dtype == torch.int64 else inputs.double())
    F.cross_entropy(logits, labels).backward()
    print(f"{name}: {len(model.adapters)} adapters, losses {single[0]:.4f} -> {single[-1]:.4f}, float32 and float64 differ by {worst:.1e}")
    return {
        "name": name,
        "byDefault": not patterns,
        "layers": [path.rsplit("/", 1)[0] for path in model.adapters],
        "head": list(model.head),
        "rank": RANK,
        "alpha": ALPHA,
        "learningRate": LEARNING_RATE,
        "losses": rounded(double),
        "float32Differs": float(f"{worst:.2g}"),
        "logits": summary(logits, samples=24, small=24),
        "gradients": {path: summary(gradient, samples=4, small=6, digits=6) for path, gradient in model.gradients().items()},
    }


def text_case(name, _config, make, padded):
    model = make()
    predicts_tokens = getattr(model, "task", "classes") == "tokens"
    batches = [text_batch(step, text.BATCH, text.TOKENS, text.VOCABULARY, text.CLASSES, padded, model.padding_id) for step in range(PERIOD)]
    batches = [(ids, ids.roll(-1, dims=1).flatten() if predicts_tokens else labels) for ids, labels in batches]

    def ready(dtype):
        filled = text.fill(make().to(dtype))
        return Adapted(filled, filled.paths, [], dtype)

    return case(name, ready, batches, [])


def vision_case(name, _config, make, image_size, _learning_rate, overrides=()):
    patterns = next((patterns for family, patterns in PATTERNS.items() if name.startswith(family)), [])
    batches = [image_batch(step, vision.BATCH, image_size, vision.CLASSES) for step in range(PERIOD)]
    batches = [(images.permute(0, 3, 1, 2), labels) for images, labels in batches]
    ranges = vision.starts(make(), overrides)

    def ready(dtype):
        model = vision.ready(make, ranges, dtype)
        for norm in model.norms.values():
            norm.eval()
        return Adapted(model.module, {path: (weight.tensor, weight.to_graph) for path, weight in model.weights.items()}, patterns, dtype)

    return case(name, ready, batches, patterns)


def main():
    torch.set_num_threads(1)
    note = reference({"logits": 1e-4, "gradients": 1e-3, "losses": 1e-3}, "float32 sums in another order against double precision, through up to 52 convolutions and ten steps")
    cases = [text_case(*arguments) for arguments in text.CASES] + [vision_case(*arguments) for arguments in vision.CASES]
    write("src/models/goldens/lora-checkpoints.json", {"reference": note, "cases": cases})


if __name__ == "__main__":
    main()
