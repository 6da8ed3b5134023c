"""Golden numbers of low-rank adapters on the small families of families.py: python3 tools/reference/lora.py

Each adapted layer is a module that wraps nn.Linear or nn.Conv2d and computes what PEFT's lora.Linear and lora.Conv2d do, with
dropout 0: base_layer(x) + lora_B(lora_A(x)) * alpha / r. The base is frozen, its batch norms with their stored statistics; the
adapters and the classifier learn. Logits, loss, every gradient, and ten losses under AdamW, which decays matrices only.

PEFT starts B at zero, which would leave A without a gradient; here both start from the formula.
"""
import fnmatch
import math

import numpy
import torch
import torch.nn.functional as F
from torch import nn

import families
from common import reference, write
from families import PERIOD, MobilenetV2, Parameters, Transformer, chirp, rounded, same, summary

STEPS = 10


def adapter_weight(name, shape, scale):
    values = scale * chirp(math.prod(shape), sum(ord(letter) for letter in name))
    return torch.tensor(values.astype(numpy.float32)).reshape(shape)


class LoraLayer(nn.Module):
    """`to_graft` turns a weight of PyTorch's layout into Graft's; `from_graft` is its inverse."""

    def __init__(self, path, base_layer, lora_A, lora_B, fan_in, rank, alpha, to_graft, from_graft):
        super().__init__()
        self.base_layer, self.lora_A, self.lora_B, self.scaling, self.to_graft = base_layer, lora_A, lora_B, alpha / rank, to_graft
        for parameter in base_layer.parameters():
            parameter.requires_grad_(False)
        for part, scale in (("lora_A", 1 / math.sqrt(fan_in)), ("lora_B", 0.5 / math.sqrt(rank))):
            weight = getattr(self, part).weight
            shape = to_graft(weight).shape
            weight.data = from_graft(adapter_weight(f"{path}/{part}/weight", shape, scale)).to(weight.dtype)

    def forward(self, x):
        return self.base_layer(x) + self.lora_B(self.lora_A(x)) * self.scaling

    def weights(self, path):
        return {f"{path}/{part}/weight": getattr(self, part).weight for part in ("lora_A", "lora_B")}


class Adapters:
    """Makes an adapter where its layer is first used, for paths that a pattern matches."""

    def __init__(self, patterns, rank, alpha):
        self.patterns, self.rank, self.alpha, self.layers = patterns, rank, alpha, {}

    def __contains__(self, path):
        return any(fnmatch.fnmatchcase(path, pattern) for pattern in self.patterns)

    def linear(self, p, path, x, to):
        if path not in self.layers:
            width = x.shape[-1]
            base = nn.Linear(width, to, dtype=p.dtype)
            base.weight.data = families.formula_weight(f"{path}/kernel", (width, to)).to(p.dtype).T.contiguous()
            base.bias.data = families.formula_weight(f"{path}/bias", (to,)).to(p.dtype)
            down, up = nn.Linear(width, self.rank, bias=False, dtype=p.dtype), nn.Linear(self.rank, to, bias=False, dtype=p.dtype)
            keep = lambda weight: weight
            self.layers[path] = LoraLayer(path, base, down, up, width, self.rank, self.alpha, keep, keep)
        return self.layers[path](x)

    def conv(self, p, path, x, to, size, stride):
        if path not in self.layers:
            channels = x.shape[1]
            base = nn.Conv2d(channels, to, size, stride=stride, bias=False, dtype=p.dtype)
            base.weight.data = families.formula_weight(f"{path}/kernel", (size, size, channels, to)).to(p.dtype).permute(3, 2, 0, 1).contiguous()
            down = nn.Conv2d(channels, self.rank, size, stride=stride, bias=False, dtype=p.dtype)
            up = nn.Conv2d(self.rank, to, 1, bias=False, dtype=p.dtype)
            self.layers[path] = LoraLayer(
                path, base, down, up, size * size * channels, self.rank, self.alpha,
                lambda weight: weight.permute(2, 3, 1, 0), lambda weight: weight.permute(3, 2, 0, 1).contiguous(),
            )
        return self.layers[path](x)

    def weights(self):
        return {name: weight for path, layer in self.layers.items() for name, weight in layer.weights(path).items()}

    def gradients(self):
        return {f"{path}/{part}/weight": layer.to_graft(getattr(layer, part).weight.grad) for path, layer in self.layers.items() for part in ("lora_A", "lora_B")}


class FrozenParameters(Parameters):
    """All but the classifier is as it came."""

    def __call__(self, name, *shape):
        return super().__call__(name, *shape).requires_grad_(name.startswith("classifier/"))


class LoraTransformer(Transformer):
    def dense(self, p, path, x, to):
        return self.adapters.linear(p, path, x, to) if path in self.adapters else super().dense(p, path, x, to)


class LoraMobilenetV2(MobilenetV2):
    def norm(self, p, path, x):
        channels = x.shape[1]
        mean, variance, gamma, beta = [p(f"{path}/norm/{part}", channels) for part in ("mean", "variance", "gamma", "beta")]
        return F.batch_norm(x, mean, variance, gamma, beta, training=False, eps=self.epsilon)

    def conv(self, p, path, x, to, size, stride):
        if f"{path}/conv" not in self.adapters:
            return super().conv(p, path, x, to, size, stride)
        return self.norm(p, path, self.adapters.conv(p, f"{path}/conv", same(x, stride) if size == 3 else x, to, size, stride))


class Problem:
    def __init__(self, model, lora, dtype):
        self.model, self.parameters = model, FrozenParameters(dtype)
        model.adapters = Adapters(lora["patterns"], lora["rank"], lora["alpha"])

    def forward(self, step, batches):
        return families.forward(self.model, self.parameters, step, batches)

    def learned(self):
        return {**{name: weight for name, weight in self.parameters.weights.items() if weight.requires_grad}, **self.model.adapters.weights()}


def losses(problem, learning_rate, batches):
    with torch.no_grad():
        problem.forward(0, batches)
    weights = problem.learned().values()
    groups = [{"params": [w for w in weights if w.dim() > 1]}, {"params": [w for w in weights if w.dim() < 2], "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=learning_rate, weight_decay=0.01)
    result = []
    for step in range(STEPS):
        _, loss = problem.forward(step, batches)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        result.append(loss.item())
    return result


def case(name, make, learning_rate, lora):
    batches = [make().batch(step) for step in range(PERIOD)]
    single, double = (losses(Problem(make(), lora, dtype), learning_rate, batches) for dtype in (torch.float32, torch.float64))
    worst = max(abs(a - b) / (1 + abs(b)) for a, b in zip(single, double))
    problem = Problem(make(), lora, torch.float64)
    logits, loss = problem.forward(0, batches)
    loss.backward()
    adapters = problem.model.adapters
    gradients = {**{key: weight.grad for key, weight in problem.parameters.weights.items() if weight.requires_grad}, **adapters.gradients()}
    print(f"{name}: {len(adapters.layers)} adapters, losses {double[0]:.4f} -> {double[-1]:.4f}, float32 and float64 differ by {worst:.1e}")
    return {
        "name": name, "learningRate": learning_rate, "rank": lora["rank"], "alpha": lora["alpha"], "adapters": len(adapters.layers),
        "losses": rounded(double), "float32Differs": float(f"{worst:.2g}"),
        "logits": {"shape": list(logits.shape), "values": rounded(logits.flatten().tolist())},
        "gradients": {key: summary(gradient) for key, gradient in gradients.items()},
    }


def main():
    torch.set_num_threads(1)
    note = reference({"logits": 1e-4, "gradients": 1e-3, "losses": 1e-3}, "float32 sums in another order against double precision, through ten steps")
    cases = [
        case("transformer, norm before, queries, keys and values", lambda: LoraTransformer(2, 32, 4, 12, 50, 3, 4, "pre", True), 1e-2, {"patterns": ["*/qkv"], "rank": 4, "alpha": 8}),
        case("transformer, norm after, all dense layers", lambda: LoraTransformer(2, 32, 4, 12, 50, 3, 4, "post", True), 1e-2, {"patterns": ["encoder/*"], "rank": 3, "alpha": 16}),
        case("mobilenet-v2, stem and projections", lambda: LoraMobilenetV2(0.35, 64, 5, 4), 1e-3, {"patterns": ["stem/conv", "*/project/conv"], "rank": 2, "alpha": 4}),
    ]
    write("src/models/goldens/lora.json", {"reference": note, "cases": cases})


if __name__ == "__main__":
    main()
