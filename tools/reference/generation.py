"""Golden continuations: python3 tools/reference/generation.py

The small decoders of checkpoints_text.py go on from a few tokens, each time with the likeliest next one, and read the whole text anew for
it: no cache. In double precision; the least distance between the best and the second logit says that float32 must find the same tokens.
Nothing is padding; the config names an id that does not occur.
"""
from functools import partial

import torch

from checkpoints_text import LLAMA3, VOCABULARY, Gpt2, Llama, fill, gpt2_config, llama3_scaling, llama_config, start as usual_start
from common import reference, write
from problems import rounded

PROMPT = [7, 31, 2, 19, 40]
POSITIONS = 96

# name, config.json, the model, new tokens
CASES = [
    ("gpt2", gpt2_config("GPT2LMHeadModel", n_positions=POSITIONS), partial(Gpt2, "tokens", POSITIONS), 72),
    ("llama", llama_config("llama", "LlamaForCausalLM", 2, head_dim=8, rope_theta=20000.0, rope_scaling=LLAMA3), partial(Llama, "tokens", 8, 2, llama3_scaling, 20000.0), 72),
    ("mistral", llama_config("mistral", "MistralForCausalLM", 1, sliding_window=None), partial(Llama, "tokens", 6, 1), 72),
    ("qwen2", llama_config("qwen2", "Qwen2ForCausalLM", 2, tie_word_embeddings=True, use_sliding_window=False, sliding_window=128), partial(Llama, "tokens", 6, 2, biases=True, tied=True), 72),
]


def start(path, shape):
    """A token is to say less and the layers more than usual, or most texts repeat one token for ever."""
    offset, scale = usual_start(path, shape)
    if len(shape) == 1:
        return [offset, scale]
    return [offset, float(f"{scale * (0.2 if 'embed_tokens' in path or 'wte' in path else 1.6):.9g}")]


def case(name, config, make, count):
    model = fill(make().double(), start)
    model.padding_id = -1
    ids, margins, first = list(PROMPT), [], None
    with torch.no_grad():
        for _ in range(count):
            logits = model(torch.tensor([ids]))[-1]
            first = logits if first is None else first
            best = logits.topk(2)
            margins.append((best.values[0] - best.values[1]).item())
            ids.append(best.indices[0].item())
    tokens = ids[len(PROMPT) :]
    assert min(margins) > 1e-3, (name, min(margins), tokens)
    padding = next(id_ for id_ in range(VOCABULARY) if id_ not in ids)
    print(f"{name}: {len(set(tokens))} different tokens, least margin {min(margins):.2g}")
    starts = {path: start(path, view(tensor).shape) for path, (tensor, view) in model.paths.items()}
    return {"name": name, "config": {**config, "pad_token_id": padding}, "starts": starts, "prompt": PROMPT, "logits": rounded(first.tolist()), "tokens": tokens, "leastMargin": float(f"{min(margins):.2g}")}


def main():
    torch.set_num_threads(1)
    note = reference({"logits": 1e-4, "tokens": "equal"}, "float32 sums in another order against double precision; the best logit is ahead by more than that")
    write("src/models/goldens/generation.json", {"reference": note, "cases": [case(*arguments) for arguments in CASES]})


if __name__ == "__main__":
    main()
