"""The formulas that src/models/testing/reference-problems.ts has too, and how a golden keeps a large tensor."""
import math

import numpy
import torch

PERIOD = 4


def chirp(count, phase):
    # math.sin, not numpy's: its vector routines may differ by more than a double's last bit for large arguments.
    return numpy.array([math.sin(0.37 * (i * i) + phase) for i in range(count)])


def phase_of(name):
    return sum(ord(letter) for letter in name)


def image_batch(step, batch, image_size, classes):
    """Stripes whose width goes with the label, under a pattern that is the step's and the example's own. NHWC."""
    turn = step % PERIOD
    size = image_size * image_size * 3
    labels = [(3 * example + turn) % classes for example in range(batch)]
    patterns = chirp(batch * size, turn)
    values = [0.7 * math.sin(0.013 * (labels[i // size] + 1) * (i % size) + i // size + turn) + 0.3 * patterns[i] for i in range(batch * size)]
    return torch.tensor(numpy.array(values, dtype=numpy.float32)).reshape(batch, image_size, image_size, 3), torch.tensor(labels)


def text_batch(step, batch, tokens, vocabulary, classes, padded, padding_id=0):
    """Every third token is one of the label's eight; the rest is mixed. Where padded, every second text ends early. No other token has the padding's id."""
    turn = step % PERIOD
    labels = [(3 * example + turn) % classes for example in range(batch)]
    ids = []
    for i in range(batch * tokens):
        example, token = divmod(i, tokens)
        if padded and example % 2 == 1 and token >= tokens - 2 - example:
            ids.append(padding_id)
            continue
        id_ = 8 * labels[example] + token % 8 if token % 3 == 0 else (7 * i * i + 13 * i + 101 * turn) % (vocabulary - 1)
        ids.append(id_ if id_ < padding_id else id_ + 1)
    return torch.tensor(ids).reshape(batch, tokens), torch.tensor(labels)


def rounded(values, digits=9):
    return [float(f"{value:.{digits}g}") for value in values]


def summary(tensor, samples=24, small=64, digits=9):
    """All of a small tensor; of a large one its length and samples that are spread evenly."""
    flat = tensor.detach().flatten()
    count = flat.numel()
    if count <= small:
        return {"shape": list(tensor.shape), "values": rounded(flat.tolist(), digits)}
    places = [k * count // samples for k in range(samples)]
    norm, largest = rounded([flat.double().norm().item(), flat.abs().max().item()], digits)
    return {"shape": list(tensor.shape), "norm": norm, "largest": largest, "samples": rounded(flat[places].tolist(), digits)}
