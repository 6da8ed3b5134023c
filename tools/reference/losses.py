"""Golden values and gradients of the losses of classes, of labels and of numbers: python3 tools/reference/losses.py"""
import torch
import torch.nn.functional as F

from common import described, reference, wave, write

logits = wave((5, 4), scale=3.0)
labels = torch.tensor([2, 0, 3, 3, 1])
class_weights = [0.5, 2.0, 1.0, 3.5]
example_weights = [1.0, 0.0, 2.0, 0.5, 1.0]
cases = []


def case(name, options, run, x=logits, labels=labels):
    leaf = x.clone().requires_grad_()
    loss = run(leaf)
    (gradient,) = torch.autograd.grad(loss, leaf)
    cases.append({"name": name, "options": options, "logits": described(x), "labels": described(labels), "loss": loss.item(), "gradient": described(gradient)})


weights = torch.tensor(class_weights)
case("plain", {}, lambda x: F.cross_entropy(x, labels))
case("smoothed", {"labelSmoothing": 0.1}, lambda x: F.cross_entropy(x, labels, label_smoothing=0.1))
case("class weights", {"classWeights": class_weights}, lambda x: F.cross_entropy(x, labels, weight=weights))
case("smoothed class weights", {"classWeights": class_weights, "labelSmoothing": 0.2}, lambda x: F.cross_entropy(x, labels, weight=weights, label_smoothing=0.2))


def per_example(x):
    """PyTorch has no weight per example: its unreduced losses, averaged by hand as its weighted mean is."""
    w = torch.tensor(example_weights)
    losses = F.cross_entropy(x, labels, weight=weights, label_smoothing=0.2, reduction="none")
    return (losses * w).sum() / (weights[labels] * w).sum()


case("example and class weights", {"classWeights": class_weights, "labelSmoothing": 0.2, "exampleWeights": example_weights}, per_example)
case("logits of a thousand", {}, lambda x: F.cross_entropy(x, labels), x=wave((5, 4), scale=1000.0))
some = torch.tensor([2, -100, 3, -100, 1])
case("ignored labels", {}, lambda x: F.cross_entropy(x, some), labels=some)
case("ignored labels, smoothed class weights", {"classWeights": class_weights, "labelSmoothing": 0.2}, lambda x: F.cross_entropy(x, some, weight=weights, label_smoothing=0.2), labels=some)
many = wave((66, 70), scale=4.0)
many_labels = torch.tensor([-100 if i % 9 == 4 else (i * i + 3 * i) % 70 for i in range(66)])
case("more rows and classes than threads", {"labelSmoothing": 0.1}, lambda x: F.cross_entropy(x, many_labels, label_smoothing=0.1), x=many, labels=many_labels)
targets = torch.tensor([[1, 0, 0, 1], [0, 0, 0, 0], [1, 1, 1, 1], [0, 1, 0, 0], [1, 0, 1, 0]], dtype=torch.float32)
positive_weights = [0.5, 2.0, 1.0, 3.5]
others = []


def other(kind, name, options, run, x, y):
    leaf = x.clone().requires_grad_()
    loss = run(leaf)
    (gradient,) = torch.autograd.grad(loss, leaf)
    others.append({"kind": kind, "name": name, "options": options, "outputs": described(x), "targets": described(y), "loss": loss.item(), "gradient": described(gradient)})


def binary(x, y, **options):
    return F.binary_cross_entropy_with_logits(x, y, **options)


pos_weight = torch.tensor(positive_weights)
other("labels", "plain", {}, lambda x: binary(x, targets), logits, targets)
other("labels", "positive weights", {"positiveWeights": positive_weights}, lambda x: binary(x, targets, pos_weight=pos_weight), logits, targets)
other("labels", "smoothed positive weights", {"positiveWeights": positive_weights, "labelSmoothing": 0.2}, lambda x: binary(x, 0.8 * targets + 0.1, pos_weight=pos_weight), logits, targets)
large = wave((5, 4), scale=1000.0)
other("labels", "logits of a thousand", {}, lambda x: binary(x, targets), large, targets)
numbers = wave((6, 1), phase=0.9, scale=40.0, offset=300.0)
other("number", "in units of 25", {"unit": 25}, lambda x: F.mse_loss(x / 25, numbers / 25), wave((6, 1), scale=50.0, offset=280.0), numbers)
write("src/engine/goldens/target-losses.json", {"reference": reference({"values": 1e-5, "gradients": 1e-5}, "float32"), "cases": others})
write("src/engine/goldens/losses.json", {"reference": reference({"values": 1e-5, "gradients": 1e-5}, "float32"), "cases": cases})
