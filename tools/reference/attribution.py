"""Golden integrated gradients: python3 tools/reference/attribution.py

The small classifiers of checkpoints_text.py, weights and texts by the same formulas. From the zero embedding to the text's, 128 steps
of the midpoint rule in double precision; the first token (a mark) and padding stay what they are. Explained is a class's log-odds.
"""
import torch

from checkpoints_text import BATCH, CASES, CLASSES, TOKENS, VOCABULARY, fill
from common import reference, write
from problems import rounded, text_batch

STEPS = 128
CLASS = 1


class Replaced(torch.nn.Module):
    """Stands where the table of tokens was, and gives what it is told."""

    def forward(self, ids):
        return self.values


def explained(logits):
    others = [c for c in range(CLASSES) if c != CLASS]
    return logits[:, CLASS] - torch.logsumexp(logits[:, others], dim=-1)


def case(name, make, padded):
    model = fill(make().to(torch.float64)).eval()
    ids, _ = text_batch(0, BATCH, TOKENS, VOCABULARY, CLASSES, padded, model.padding_id)
    texts = []
    for row in (0, 1):
        text = ids[row : row + 1]
        embedded = model.words(text).detach()
        moves = (torch.arange(TOKENS)[None] > 0) & (text != model.padding_id)
        shares = (torch.arange(STEPS, dtype=torch.float64) + 0.5) / STEPS
        # The ends, for the outputs, then the line.
        line = torch.cat([torch.tensor([0.0, 1.0], dtype=torch.float64), shares])[:, None, None]
        values = (embedded * torch.where(moves[..., None], line, torch.ones_like(line))).requires_grad_()
        words, model.words = model.words, Replaced()
        model.words.values = values
        outputs = explained(model(text.expand(len(line), -1)))
        outputs.sum().backward()
        model.words = words
        scores = (values.grad[2:].mean(0, keepdim=True) * embedded).sum(-1) * moves
        baseline, output = outputs[0].item(), outputs[1].item()
        assert abs(scores.sum().item() - (output - baseline)) < 0.02 * abs(output - baseline)
        texts.append({"row": row, "scores": rounded(scores.flatten().tolist()), "output": output, "baseline": baseline})
    return {"name": name, "class": CLASS, "texts": texts}


if __name__ == "__main__":
    torch.set_num_threads(1)
    wanted = [case(name, make, padded) for name, _, make, padded in CASES if name in ("bert", "roberta", "distilbert")]
    write("src/engine/attribution/goldens/attribution.json", {"reference": reference({"scores": 1e-3}, "float32 against double precision at the same places of the line, of the largest score"), "cases": wanted})
