"""Golden losses of packed, completion-only texts: python3 tools/reference/masked_loss.py

The small GPT-2 of checkpoints_text.py learns pairs of prompt and completion that share windows: the end of a text stands between them and
before the first, only completions and their ends are targets, and the windows' rest is padded. As transformers reads such a window, the
end of a text is a token like any other for attention. Twenty steps of AdamW over batches of up to three windows, first of those that 8 tokens hold,
whose counts of targets differ; the loss is the mean over a batch's targets. In double precision; the losses in single beside them.
"""
from functools import partial

import torch
import torch.nn.functional as F

from checkpoints_text import LEARNING_RATE, VOCABULARY, WEIGHT_DECAY, Gpt2, fill, gpt2_config, start
from common import reference, write
from problems import rounded

STEPS, CONTEXT, BATCH, IGNORED = 20, 16, 3, -100
END = VOCABULARY - 1
# Tokens of prompt and completion. The fifth outgrows a window, and is cut.
SIZES = [(3, 4), (2, 2), (5, 3), (1, 6), (4, 26), (2, 5), (6, 1), (3, 3), (7, 2), (2, 9), (4, 4), (1, 1)]


def documents():
    """(ids, whether each is learned): the end of another text, a prompt, a completion, the end."""
    found = []
    for number, (prompt, completion) in enumerate(SIZES):
        tokens = [(5 * i * i + 11 * number + 3 * i) % END for i in range(prompt + completion)]
        found.append(([END, *tokens, END], [False] * (1 + prompt) + [True] * (completion + 1)))
    return found


def windows():
    """Documents that fit side by side, then rows of `CONTEXT` tokens beside the tokens that follow them."""
    packs, pack = [], []
    for document in documents():
        if pack and sum(len(ids) for ids, _ in pack) + len(document[0]) > CONTEXT + 1:
            packs.append(pack)
            pack = []
        pack.append(document)
    packs.append(pack)
    rows = []
    for pack in packs:
        ids = [i for each, _ in pack for i in each]
        targets = [i if learned else IGNORED for each, flags in pack for i, learned in zip(each, flags)]
        for begin in range(0, len(ids) - 1, CONTEXT):
            x = ids[begin : begin + CONTEXT][: len(ids) - 1 - begin]
            y = targets[begin + 1 : begin + 1 + len(x)]
            if any(target != IGNORED for target in y):
                rows.append((x, y))
    return rows


def padded(values, filler):
    return values + [filler] * (CONTEXT - len(values))


def case(name, smoothing):
    rows = windows()
    batches = []
    for bucket in ([row for row in rows if len(row[0]) <= 8], [row for row in rows if len(row[0]) > 8]):
        batches += [bucket[begin : begin + BATCH] for begin in range(0, len(bucket), BATCH)]
    assert len(batches) >= 4 and len({sum(t != IGNORED for _, y in batch for t in y) for batch in batches}) > 1

    def losses(dtype):
        model = fill(partial(Gpt2, "tokens", CONTEXT)().to(dtype), start)
        model.padding_id = -1
        groups = [{"params": [p for p in model.parameters() if (p.ndim > 1) == decays], "weight_decay": WEIGHT_DECAY if decays else 0} for decays in (True, False)]
        optimizer = torch.optim.AdamW(groups, lr=LEARNING_RATE)
        result = []
        for step in range(STEPS):
            batch = batches[step % len(batches)]
            ids = torch.tensor([padded(x, END) for x, _ in batch])
            targets = torch.tensor([padded(y, IGNORED) for _, y in batch])
            loss = F.cross_entropy(model(ids), targets.flatten(), label_smoothing=smoothing)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            result.append(loss.item())
        return result

    single, double = losses(torch.float32), losses(torch.float64)
    worst = max(abs(a - b) / (1 + abs(b)) for a, b in zip(single, double))
    print(f"{name}: windows of {[len(x) for x, _ in rows]} tokens, losses {double[0]:.4f} -> {double[-1]:.4f}, float32 and float64 differ by {worst:.1e}")
    model = fill(partial(Gpt2, "tokens", CONTEXT)(), start)
    return {
        "name": name,
        "config": gpt2_config("GPT2LMHeadModel"),
        "starts": {path: start(path, view(tensor).shape) for path, (tensor, view) in model.paths.items()},
        "contextLength": CONTEXT,
        "labelSmoothing": smoothing,
        "learningRate": LEARNING_RATE,
        "weightDecay": WEIGHT_DECAY,
        "documents": [{"ids": ids, "learned": learned} for ids, learned in documents()],
        "windows": [{"ids": x, "targets": y} for x, y in rows],
        "batch": BATCH,
        "losses": rounded(double),
        "float32Differs": float(f"{worst:.2g}"),
    }


def main():
    torch.set_num_threads(1)
    note = reference({"losses": 1e-4}, "float32 sums in another order against double precision, through two layers and 20 steps")
    write("src/tasks/text-generation/goldens/masked-loss.json", {"reference": note, "cases": [case("plain", 0.0), case("smoothed", 0.1)]})


if __name__ == "__main__":
    main()
