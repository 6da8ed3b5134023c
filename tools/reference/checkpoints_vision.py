"""Golden numbers of the image models that are read from published checkpoints: python3 tools/reference/checkpoints_vision.py

Each family at a small size, computed by torchvision's modules (DeiT: torchvision's ViT with a second token and head) whose parameters
are renamed to the graph's paths; what torchvision lacks is changed in place: TensorFlow's padding, an epsilon, a stride. A case says
its config.json and how each parameter starts, so that the test builds the same model from the file alone. Logits, every gradient, the
batch norms' statistics after one step, and the losses of ten steps of AdamW, in double precision; the losses in single beside them.
"""
import math
import re
from functools import partial

import numpy
import torch
import torch.nn.functional as F
from torch import nn
from torchvision.models import convnext, mobilenetv2, mobilenetv3, resnet, vision_transformer

from common import reference, write
from problems import PERIOD, chirp, image_batch, phase_of, rounded, summary

STEPS = 10
CLASSES = 5
BATCH = 4

# Of a gradient, which is compared to 1e-3, and of a statistic, which is compared to 1e-4.
short_gradient = partial(summary, samples=6, small=8, digits=6)
short_statistic = partial(summary, samples=4, small=6, digits=7)


class Weight:
    """A tensor of the PyTorch model under its path in the graph, and how it is laid out there."""

    def __init__(self, tensor, kind="plain", rows=None):
        self.tensor, self.kind, self.rows = tensor, kind, rows

    def to_graph(self, tensor):
        part = tensor if self.rows is None else tensor[self.rows]
        if self.kind in ("conv", "depthwise"):  # [out, in, h, w] -> [h, w, in, out]; in is 1 for one filter a channel
            return part.permute(2, 3, 1, 0) if self.kind == "conv" else part.permute(2, 3, 0, 1)
        if self.kind == "pointwise":  # a product in PyTorch, a convolution of one pixel in the graph
            return part.t()[None, None]
        return part.flatten() if self.kind == "vector" else part

    def fill(self, values):
        """Writes through the view that to_graph gives."""
        with torch.no_grad():
            self.to_graph(self.tensor).copy_(values.reshape(self.to_graph(self.tensor).shape))


class Model:
    """A PyTorch model that takes NCHW, with the graph's names for its parameters and statistics."""

    def __init__(self, module, keep=0.9):
        self.module, self.keep = module, keep
        self.weights, self.statistics, self.norms = {}, {}, {}

    def conv(self, path, module, kind=None):
        self.weights[f"{path}/weight"] = Weight(module.weight, kind or ("depthwise" if module.groups > 1 else "conv"))
        if module.bias is not None:
            self.weights[f"{path}/bias"] = Weight(module.bias)

    def plain(self, path, module, kind="plain"):
        self.weights[f"{path}/weight"] = Weight(module.weight, kind)
        self.weights[f"{path}/bias"] = Weight(module.bias)

    def batch_norm(self, path, module):
        self.plain(path, module)
        self.norms[path] = module
        self.statistics[f"{path}/running_mean"] = Weight(module.running_mean)
        self.statistics[f"{path}/running_var"] = Weight(module.running_var)

    def named(self):
        return {**self.weights, **self.statistics}


def starts(model, overrides):
    """Where each parameter starts, and how far the chirp takes it. Random networks are chaotic; see reference-problems.ts."""
    result = {}
    for name, weight in model.named().items():
        shape = weight.to_graph(weight.tensor).shape
        found = next((range_ for pattern, range_ in overrides if re.search(pattern, name)), None)
        last = name.rsplit("/", 1)[-1]
        if found is not None:
            result[name] = list(found)
        elif last in ("bias", "running_mean"):
            result[name] = [0, 0.1]
        elif last == "running_var" or (last == "weight" and len(shape) == 1):
            result[name] = [1, 0.1]
        elif last == "layer_scale_parameter":
            result[name] = [0.3, 0.03]
        elif last == "weight":
            fan_in = shape[1] if len(shape) == 2 else math.prod(shape[:2] if weight.kind == "depthwise" else shape[:3])
            result[name] = [0, float(f"{math.sqrt(2 / fan_in):.9g}")]
        else:
            result[name] = [0, 0.3]
    return result


def fill(model, ranges):
    for name, weight in model.named().items():
        shape = weight.to_graph(weight.tensor).shape
        offset, scale = ranges[name]
        values = offset + scale * chirp(math.prod(shape), phase_of(name))
        weight.fill(torch.tensor(values.astype(numpy.float32)).to(weight.tensor.dtype))


def biased_statistics(model, inputs):
    """What a running statistic becomes with the biased variance, as TensorFlow's and Graft's are; PyTorch's is unbiased."""
    result = {}

    def hook(path, module, args):
        variance, mean = torch.var_mean(args[0].detach(), dim=(0, 2, 3), unbiased=False)
        result[f"{path}/running_mean"] = model.keep * module.running_mean + (1 - model.keep) * mean
        result[f"{path}/running_var"] = model.keep * module.running_var + (1 - model.keep) * variance

    handles = [module.register_forward_pre_hook(partial(hook, path)) for path, module in model.norms.items()]
    logits = model.module(inputs)
    for handle in handles:
        handle.remove()
    return logits, result


def optimizer_of(model, learning_rate, weight_decay):
    # What is a vector in the graph does not decay.
    groups = {True: [], False: []}
    for weight in model.weights.values():
        matrix = weight.to_graph(weight.tensor).ndim > 1
        if not any(weight.tensor is other for other in groups[matrix]):
            groups[matrix].append(weight.tensor)
    return torch.optim.AdamW([{"params": groups[True], "weight_decay": weight_decay}, {"params": groups[False], "weight_decay": 0}], lr=learning_rate)


def ready(make, ranges, dtype):
    model = make()
    model.module.to(dtype).train()
    # The conversion keeps the parameters but replaces the statistics.
    for path, module in model.norms.items():
        model.statistics[f"{path}/running_mean"], model.statistics[f"{path}/running_var"] = Weight(module.running_mean), Weight(module.running_var)
    bound = {id(weight.tensor) for weight in model.named().values()}
    missing = [key for key, tensor in [*model.module.named_parameters(), *model.module.named_buffers()] if id(tensor) not in bound and "num_batches" not in key]
    assert not missing, missing
    fill(model, ranges)
    return model


def case(name, config, make, image_size, learning_rate, overrides=(), weight_decay=0.1):
    batches = [image_batch(step, BATCH, image_size, CLASSES) for step in range(PERIOD)]
    ranges = starts(make(), overrides)

    def losses(dtype):
        model = ready(make, ranges, dtype)
        optimizer = optimizer_of(model, learning_rate, weight_decay)
        result = []
        for step in range(STEPS):
            images, labels = batches[step % PERIOD]
            loss = F.cross_entropy(model.module(images.permute(0, 3, 1, 2).to(dtype)), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            result.append(loss.item())
        return result

    single, double = losses(torch.float32), losses(torch.float64)
    worst = max(abs(a - b) / (1 + abs(b)) for a, b in zip(single, double))
    model = ready(make, ranges, torch.float64)
    images, labels = batches[0]
    logits, statistics = biased_statistics(model, images.permute(0, 3, 1, 2).double())
    F.cross_entropy(logits, labels).backward()
    gradients = {key: weight.to_graph(weight.tensor.grad) for key, weight in model.weights.items()}
    print(f"{name}: {sum(g.numel() for g in gradients.values())} weights, losses {single[0]:.4f} -> {single[-1]:.4f}, float32 and float64 differ by {worst:.1e}")
    return {
        "name": name,
        "config": config,
        "batch": BATCH,
        "imageSize": image_size,
        "classes": CLASSES,
        "learningRate": learning_rate,
        "weightDecay": weight_decay,
        "starts": ranges,
        "losses": rounded(double),
        "float32Differs": float(f"{worst:.2g}"),
        "logits": {"shape": list(logits.shape), "values": rounded(logits.flatten().tolist())},
        "gradients": {key: short_gradient(value) for key, value in gradients.items()},
        "statistics": {key: short_statistic(value) for key, value in statistics.items()},
    }


LABELS = {str(i): f"LABEL_{i}" for i in range(CLASSES)}


# --- ViT and DeiT ---


class Distilled(vision_transformer.VisionTransformer):
    """DeiT: torchvision's ViT with a token and a head more; the mean of the two heads is the answer."""

    def __init__(self, **arguments):
        super().__init__(**arguments)
        width = arguments["hidden_dim"]
        self.distillation_token = nn.Parameter(torch.zeros(1, 1, width))
        self.distillation_head = nn.Linear(width, arguments["num_classes"])
        self.encoder.pos_embedding = nn.Parameter(torch.zeros(1, self.seq_length + 1, width))

    def forward(self, x):
        x = self._process_input(x)
        tokens = [token.expand(x.shape[0], -1, -1) for token in (self.class_token, self.distillation_token)]
        x = self.encoder(torch.cat([*tokens, x], dim=1))
        return (self.heads(x[:, 0]) + self.distillation_head(x[:, 1])) / 2


VIT = {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 40, "hidden_act": "gelu", "layer_norm_eps": 1e-12, "image_size": 32, "patch_size": 8, "num_channels": 3, "qkv_bias": True}


def vit(distilled):
    make = Distilled if distilled else vision_transformer.VisionTransformer
    norm = partial(nn.LayerNorm, eps=VIT["layer_norm_eps"])
    module = make(image_size=32, patch_size=8, num_layers=2, num_heads=3, hidden_dim=24, mlp_dim=40, num_classes=CLASSES, norm_layer=norm)
    model, base = Model(module), "deit" if distilled else "vit"
    model.weights[f"{base}/embeddings/cls_token"] = Weight(module.class_token)
    model.weights[f"{base}/embeddings/position_embeddings"] = Weight(module.encoder.pos_embedding)
    model.conv(f"{base}/embeddings/patch_embeddings/projection", module.conv_proj)
    for i, layer in enumerate(module.encoder.layers):
        path = f"{base}/encoder/layer/{i}"
        model.plain(f"{path}/layernorm_before", layer.ln_1)
        for part, name in enumerate(("query", "key", "value")):
            rows = slice(24 * part, 24 * (part + 1))
            model.weights[f"{path}/attention/attention/{name}/weight"] = Weight(layer.self_attention.in_proj_weight, rows=rows)
            model.weights[f"{path}/attention/attention/{name}/bias"] = Weight(layer.self_attention.in_proj_bias, rows=rows)
        model.plain(f"{path}/attention/output/dense", layer.self_attention.out_proj)
        model.plain(f"{path}/layernorm_after", layer.ln_2)
        model.plain(f"{path}/intermediate/dense", layer.mlp[0])
        model.plain(f"{path}/output/dense", layer.mlp[3])
    model.plain(f"{base}/layernorm", module.encoder.ln)
    model.plain("cls_classifier" if distilled else "classifier", module.heads.head)
    if distilled:
        model.weights[f"{base}/embeddings/distillation_token"] = Weight(module.distillation_token)
        model.plain("distillation_classifier", module.distillation_head)
    return model


# --- ResNet ---


class SmallResnet(nn.Module):
    """torchvision's blocks behind torchvision's stem, in other widths than its own class has."""

    def __init__(self, block, stem, planes, depths, halves_first, strides_first):
        super().__init__()
        self.conv1 = nn.Conv2d(3, stem, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(stem)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.stages = nn.ModuleList()
        width = stem
        for stage, (inner, depth) in enumerate(zip(planes, depths)):
            blocks = []
            for i in range(depth):
                stride = 2 if i == 0 and (stage > 0 or halves_first) else 1
                to = inner * block.expansion
                down = None if stride == 1 and width == to else nn.Sequential(resnet.conv1x1(width, to, stride), nn.BatchNorm2d(to))
                made = block(width, inner, stride, down)
                if strides_first:
                    made.conv1.stride, made.conv2.stride = (stride, stride), (1, 1)
                blocks.append(made)
                width = to
            self.stages.append(nn.Sequential(*blocks))
        self.fc = nn.Linear(width, CLASSES)

    def forward(self, x):
        x = self.maxpool(F.relu(self.bn1(self.conv1(x))))
        for stage in self.stages:
            x = stage(x)
        return self.fc(x.mean(dim=(2, 3)))


def small_resnet(block, stem, planes, depths, halves_first=False, strides_first=False):
    module = SmallResnet(block, stem, planes, depths, halves_first, strides_first)
    model = Model(module)
    model.conv("resnet/embedder/embedder/convolution", module.conv1)
    model.batch_norm("resnet/embedder/embedder/normalization", module.bn1)
    for s, stage in enumerate(module.stages):
        for b, made in enumerate(stage):
            path = f"resnet/encoder/stages/{s}/layers/{b}"
            for i in range(3 if block is resnet.Bottleneck else 2):
                model.conv(f"{path}/layer/{i}/convolution", getattr(made, f"conv{i + 1}"))
                model.batch_norm(f"{path}/layer/{i}/normalization", getattr(made, f"bn{i + 1}"))
            if made.downsample is not None:
                model.conv(f"{path}/shortcut/convolution", made.downsample[0])
                model.batch_norm(f"{path}/shortcut/normalization", made.downsample[1])
    model.plain("classifier/1", module.fc)
    return model


def resnet_config(layer_type, stem, widths, depths, **others):
    return {"architectures": ["ResNetForImageClassification"], "model_type": "resnet", "layer_type": layer_type, "embedding_size": stem, "hidden_sizes": widths, "depths": depths, "hidden_act": "relu", "num_channels": 3, "id2label": LABELS, **others}


# --- MobileNetV2 ---


def pad_same(module, args):
    """TensorFlow's SAME: what is left over goes below and to the right."""
    (x,) = args
    sides = []
    for axis in (3, 2):
        size, window, stride = x.shape[axis], module.kernel_size[axis - 2], module.stride[axis - 2]
        total = max(0, (math.ceil(size / stride) - 1) * stride + window - size)
        sides += [total // 2, total - total // 2]
    return F.pad(x, sides)


def mobilenet_v2(tf_padding):
    # 0.997 of a running statistic stays: PyTorch's momentum is the other share.
    module = mobilenetv2.MobileNetV2(num_classes=CLASSES, width_mult=0.35, dropout=0.0, norm_layer=partial(nn.BatchNorm2d, eps=1e-3, momentum=0.003))
    if tf_padding:
        for part in module.modules():
            if isinstance(part, nn.Conv2d) and part.kernel_size != (1, 1):
                part.padding = (0, 0)
                part.register_forward_pre_hook(pad_same)
    model = Model(module, keep=0.997)

    def conv_and_norm(path, conv, norm):
        model.conv(f"{path}/convolution", conv)
        model.batch_norm(f"{path}/normalization", norm)

    features = module.features
    stem = "mobilenet_v2/conv_stem"
    conv_and_norm(f"{stem}/first_conv", features[0][0], features[0][1])
    first = features[1].conv
    conv_and_norm(f"{stem}/conv_3x3", first[0][0], first[0][1])
    conv_and_norm(f"{stem}/reduce_1x1", first[1], first[2])
    for i in range(16):
        path, block = f"mobilenet_v2/layer/{i}", features[i + 2].conv
        conv_and_norm(f"{path}/expand_1x1", block[0][0], block[0][1])
        conv_and_norm(f"{path}/conv_3x3", block[1][0], block[1][1])
        conv_and_norm(f"{path}/reduce_1x1", block[2], block[3])
    conv_and_norm("mobilenet_v2/conv_1x1", features[18][0], features[18][1])
    model.plain("classifier", module.classifier[1])
    return model


# --- MobileNetV3 ---

# mobilenetv3_small_050 in numbers: input, kernel, expanded, output, squeeze-excite, activation, stride.
V3_SMALL_HALF = [
    (16, 3, 16, 8, True, "RE", 2),
    (8, 3, 40, 16, False, "RE", 2),
    (16, 3, 56, 16, False, "RE", 1),
    (16, 5, 64, 24, True, "HS", 2),
    (24, 5, 144, 24, True, "HS", 1),
    (24, 5, 144, 24, True, "HS", 1),
    (24, 5, 72, 24, True, "HS", 1),
    (24, 5, 72, 24, True, "HS", 1),
    (24, 5, 144, 48, True, "HS", 2),
    (48, 5, 288, 48, True, "HS", 1),
    (48, 5, 288, 48, True, "HS", 1),
]
V3_PATHS = ["0/0", "1/0", "1/1", "2/0", "2/1", "2/2", "3/0", "3/1", "4/0", "4/1", "4/2"]


def mobilenet_v3():
    setting = [mobilenetv3.InvertedResidualConfig(*row, 1, 1.0) for row in V3_SMALL_HALF]
    module = mobilenetv3.MobileNetV3(setting, last_channel=1024, num_classes=CLASSES, norm_layer=nn.BatchNorm2d, dropout=0.0)
    model = Model(module)
    model.conv("conv_stem", module.features[0][0])
    model.batch_norm("bn1", module.features[0][1])
    for row, where, made in zip(V3_SMALL_HALF, V3_PATHS, module.features[1:-1]):
        path, parts = f"blocks/{where}", list(made.block)
        expands = row[0] != row[2]
        names = ["conv_pw", "conv_dw", "conv_pwl"] if expands else ["conv_dw", "conv_pw"]
        convolutions = [part for part in parts if isinstance(part, nn.Sequential)]
        assert len(convolutions) == len(names)
        for i, (name, part) in enumerate(zip(names, convolutions)):
            model.conv(f"{path}/{name}", part[0])
            model.batch_norm(f"{path}/bn{i + 1}", part[1])
        for part in parts:
            if not isinstance(part, nn.Sequential):
                model.conv(f"{path}/se/conv_reduce", part.fc1)
                model.conv(f"{path}/se/conv_expand", part.fc2)
    model.conv("blocks/5/0/conv", module.features[-1][0])
    model.batch_norm("blocks/5/0/bn1", module.features[-1][1])
    model.plain("conv_head", module.classifier[0])
    model.weights["conv_head/weight"].kind = "pointwise"
    model.plain("classifier", module.classifier[3])
    return model


# --- ConvNeXt ---


def small_convnext():
    settings = [convnext.CNBlockConfig(8, 16, 1), convnext.CNBlockConfig(16, 24, 2), convnext.CNBlockConfig(24, None, 1)]
    module = convnext.ConvNeXt(settings, stochastic_depth_prob=0.0, num_classes=CLASSES)
    module.classifier[0].eps = 1e-12
    model = Model(module)
    features = module.features
    model.conv("convnext/embeddings/patch_embeddings", features[0][0])
    model.plain("convnext/embeddings/layernorm", features[0][1])
    for stage in range(3):
        path = f"convnext/encoder/stages/{stage}"
        if stage > 0:
            model.plain(f"{path}/downsampling_layer/0", features[2 * stage][0])
            model.conv(f"{path}/downsampling_layer/1", features[2 * stage][1])
        for i, block in enumerate(features[2 * stage + 1]):
            layer = f"{path}/layers/{i}"
            model.weights[f"{layer}/layer_scale_parameter"] = Weight(block.layer_scale, "vector")
            model.conv(f"{layer}/dwconv", block.block[0])
            model.plain(f"{layer}/layernorm", block.block[2])
            model.plain(f"{layer}/pwconv1", block.block[3])
            model.plain(f"{layer}/pwconv2", block.block[5])
    model.plain("convnext/layernorm", module.classifier[0])
    model.plain("classifier", module.classifier[2])
    return model


# Before an activation: in the middle of what it lets through. At a residual branch's end: quiet.
BEFORE_ACTIVATION = [2, 0.1]
QUIET = [0.3, 0.03]
RESNET = [(r"embedder/normalization/bias$|layer/0/normalization/bias$", BEFORE_ACTIVATION)]
MOBILENET_V2 = [(r"reduce_1x1/normalization/weight$", QUIET), (r"(first_conv|expand_1x1|conv_3x3|conv_1x1)/normalization/bias$", BEFORE_ACTIVATION)]
MOBILENET_V3 = [(r"bn3/weight$|0/0/bn2/weight$", QUIET), (r"blocks/[1-4].*bn[12]/bias$|^bn1/bias$|0/bn1/bias$", BEFORE_ACTIVATION)]
V2_CONFIG = {"architectures": ["MobileNetV2ForImageClassification"], "model_type": "mobilenet_v2", "depth_multiplier": 0.35, "depth_divisible_by": 8, "min_depth": 8, "expand_ratio": 6, "output_stride": 32, "first_layer_is_expansion": True, "finegrained_output": True, "hidden_act": "relu6", "layer_norm_eps": 0.001, "classifier_dropout_prob": 0.8, "num_channels": 3, "id2label": LABELS}
CONVNEXT = {"architectures": ["ConvNextForImageClassification"], "model_type": "convnext", "depths": [1, 2, 1], "hidden_sizes": [8, 16, 24], "num_stages": 3, "hidden_act": "gelu", "layer_norm_eps": 1e-12, "layer_scale_init_value": 1e-6, "patch_size": 4, "num_channels": 3, "id2label": LABELS}
TIMM = {"architecture": "mobilenetv3_small_050", "num_classes": CLASSES, "num_features": 1024, "pretrained_cfg": {"input_size": [3, 224, 224], "num_classes": 1000, "classifier": "classifier"}}

# name, config.json, the model, pixels a side, learning rate, where parameters start elsewhere than by default
CASES = [
    ("vit", {"architectures": ["ViTForImageClassification"], "model_type": "vit", **VIT, "id2label": LABELS}, partial(vit, False), 32, 1e-3),
    ("deit, distilled", {"architectures": ["DeiTForImageClassificationWithTeacher"], "model_type": "deit", **VIT, "id2label": LABELS}, partial(vit, True), 32, 1e-3),
    ("resnet, basic", resnet_config("basic", 8, [8, 16], [2, 1]), partial(small_resnet, resnet.BasicBlock, 8, [8, 16], [2, 1]), 32, 1e-3, RESNET),
    ("resnet, bottleneck", resnet_config("bottleneck", 8, [16, 24], [1, 2]), partial(small_resnet, resnet.Bottleneck, 8, [4, 6], [1, 2]), 32, 1e-3, RESNET),
    ("resnet, strides first", resnet_config("bottleneck", 8, [16, 24], [1, 1], downsample_in_first_stage=True, downsample_in_bottleneck=True), partial(small_resnet, resnet.Bottleneck, 8, [4, 6], [1, 1], True, True), 48, 1e-3, RESNET),
    ("mobilenet-v2, TensorFlow's padding", {**V2_CONFIG, "tf_padding": True}, partial(mobilenet_v2, True), 64, 1e-4, MOBILENET_V2),
    ("mobilenet-v3", TIMM, mobilenet_v3, 64, 1e-4, MOBILENET_V3),
    ("convnext", CONVNEXT, small_convnext, 36, 1e-3),
]


def tensors(name):
    """What a checkpoint of torchvision's, and so of timm's, holds; the counter of batches is no tensor of the model."""
    state = getattr(resnet, name)().state_dict()
    return {"name": name, "tensors": {key: list(value.shape) for key, value in state.items() if not key.endswith("num_batches_tracked")}}


def main():
    torch.set_num_threads(1)
    note = reference({"logits": 1e-4, "gradients": 1e-3, "losses": 1e-3}, "float32 sums in another order against double precision, through up to 52 convolutions and 10 steps")
    write("src/models/goldens/checkpoints-vision.json", {"reference": note, "cases": [case(*arguments) for arguments in CASES]})
    write("src/models/goldens/torchvision-names.json", {"reference": reference({}, "names and shapes, to be met exactly"), "cases": [tensors("resnet18"), tensors("resnet50")]})


if __name__ == "__main__":
    main()
