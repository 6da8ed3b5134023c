"""Golden numbers of a BERT that reads two texts: python3 tools/reference/bert_pairs.py

The small BERT of checkpoints_text.py, told which token is of which text: `[CLS] a [SEP] b [SEP]` and padding, with the token types that
transformers gives them. Logits, the loss and every gradient, the two rows of the segment table among them, in double precision.
"""
import torch
import torch.nn.functional as F

from checkpoints_text import BERT, EncoderClassifier, encoder_config, fill, short, start
from common import reference, write
from problems import rounded

CLS, SEP = 2, 3
PAIRS = [([5, 9, 14], [21, 22, 8, 30]), ([40], [7, 7, 12, 33, 18, 25]), ([11, 28, 6, 45, 16, 20], [])]
LABELS = [1, 2, 0]
TOKENS = 14


def main():
    torch.set_num_threads(1)
    rows, types = [], []
    for first, second in PAIRS:
        row = [CLS, *first, SEP, *second, SEP]
        rows.append(row + [0] * (TOKENS - len(row)))
        types.append([0] * (len(first) + 2) + [1] * (len(second) + 1) + [0] * (TOKENS - len(row)))
    model = fill(EncoderClassifier("bert", "gelu", 1e-12, 2, 16).double(), start)
    logits = model(torch.tensor(rows), torch.tensor(types))
    loss = F.cross_entropy(logits, torch.tensor(LABELS))
    loss.backward()
    case = {
        "name": "bert, pairs",
        "config": encoder_config("bert", "Bert", **BERT, hidden_act="gelu", layer_norm_eps=1e-12, type_vocab_size=2, max_position_embeddings=16),
        "starts": {path: start(path, view(tensor).shape) for path, (tensor, view) in model.paths.items()},
        "separatorId": SEP,
        "ids": rows,
        "labels": LABELS,
        "logits": {"shape": list(logits.shape), "values": rounded(logits.flatten().tolist())},
        "loss": loss.item(),
        "gradients": {path: short(view(tensor.grad)) for path, (tensor, view) in model.paths.items()},
    }
    both = model.paths["bert/embeddings/token_type_embeddings/weight"][0].grad
    print(f"loss {case['loss']:.4f}; of the segments' gradients, the first is {both[0].norm():.3g} long, the second {both[1].norm():.3g}")
    note = reference({"logits": 1e-4, "gradients": 1e-3}, "float32 sums in another order against double precision")
    write("src/models/bert/goldens/pairs.json", {"reference": note, "cases": [case]})


if __name__ == "__main__":
    main()
