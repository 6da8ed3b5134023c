"""Golden probabilities of the next token: python3 tools/reference/sampling.py

The processors of transformers (generation/logits_process.py), written from what they document: the penalty for repetition, then
temperature, top-k and top-p on sorted probabilities, in double precision. No two logits are equal, so that order is no matter.
"""
import torch

from common import reference, wave, write
from problems import rounded

SEEN = [3, 3, 17, 8, 0, 22]


def penalized(scores, seen, penalty):
    ids = torch.tensor(sorted(set(seen)))
    some = scores[ids]
    return scores.scatter(0, ids, torch.where(some < 0, some * penalty, some / penalty))


def top_k(scores, k):
    return scores if k == 0 else scores.masked_fill(scores < scores.topk(min(k, scores.numel())).values[-1], -torch.inf)


def top_p(scores, p):
    if p == 1:
        return scores
    ascending, order = scores.sort()
    too_far = ascending.softmax(-1).cumsum(-1) <= 1 - p
    too_far[-1] = False
    return scores.masked_fill(too_far.scatter(0, order, too_far), -torch.inf)


# temperature, top k, top p, penalty
SETTINGS = [(1.0, 0, 1.0, 1.0), (0.7, 0, 1.0, 1.0), (1.6, 5, 1.0, 1.0), (1.0, 100, 1.0, 1.0), (1.0, 0, 0.8, 1.0), (1.0, 0, 0.02, 1.0), (0.5, 0, 0.9, 1.3), (1.0, 9, 0.6, 1.8), (2.0, 1, 0.5, 2.0)]


def case(temperature, k, p, penalty):
    logits = 2.5 * wave((31,), phase=0.4)
    assert logits.unique().numel() == 31 and (logits[SEEN] < 0).any() and (logits[SEEN] > 0).any()
    scores = top_p(top_k(penalized(logits.double(), SEEN, penalty) / temperature, k), p)
    options = {"temperature": temperature, "topK": k, "topP": p, "repetitionPenalty": penalty}
    return {"options": options, "logits": rounded(logits.tolist()), "seen": SEEN, "probabilities": rounded(scores.softmax(-1).tolist())}


def main():
    note = reference(1e-5, "float32 scores against double precision; what is left out is exactly 0")
    write("src/engine/generation/goldens/sampling.json", {"reference": note, "cases": [case(*settings) for settings in SETTINGS]})


if __name__ == "__main__":
    main()
