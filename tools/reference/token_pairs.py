"""Golden pairs of texts: python3 tools/reference/token_pairs.py, where `pip install tokenizers==0.23.2` has been run.

Two tokenizers as those of bert-base-uncased and roberta-base are made, by Hugging Face's own library, small enough to read. For each pair of
texts the ids, and the segment of each, whole and cut as "longest_first" to every length from where the library can cut at all. Each text
is read to its end before it is cut: `encode` of this version stops reading at a word once it has enough tokens, and of two texts that were both
stopped the second may get the odd token that else the longer one has.
"""
import json
import pathlib
import platform

import tokenizers
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGET = "src/models/tokenizers/goldens/pairs.json"

PAIRS = [
    ("a good film", "it was dull"),
    ("the actor wore a bad hat and a good coat in the film", "so dull"),
    ("dull", "the actor wore a bad hat and a good coat in the film"),
    ("the film was good and so was the hat", "the film was bad and so was the coat"),
    ("a film, a hat", "a good, bad, dull film in a coat"),
    ("", "it was good"),
    ("it was good", ""),
    ("", ""),
    ("Käse 🙂 film", "naïve\ncoat"),
]


def bert():
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "the", "it", "so", "in", "and", "was", "film", "act", "##or", "w", "##ore", "good", "bad", "du", "##ll", "h", "##at", "co", "##e", "k", "##a", "##s", "na", "##ive", ",", "."]
    ids = {word: id_ for id_, word in enumerate(words)}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[(mark, ids[mark]) for mark in ("[CLS]", "[SEP]")])
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.add_special_tokens(words[:5])
    return tokenizer


def roberta():
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [("Ġ", "f"), ("i", "l"), ("il", "m"), ("Ġf", "ilm"), ("t", "h"), ("th", "e"), ("Ġ", "the"), ("Ġ", "a"), ("o", "o"), ("oo", "d"), ("g", "ood"), ("l", "l")]
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *letters, *(a + b for a, b in merges)]
    ids = {piece: id_ for id_, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.BPE(ids, merges, fuse_unk=False))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(pieces[:5])
    return tokenizer


def encoded(tokenizer, first, second, limit):
    tokenizer.no_truncation()
    texts = [tokenizer.encode(text, add_special_tokens=False) for text in (first, second)]
    if limit is not None:
        tokenizer.enable_truncation(limit, strategy="longest_first")
    result = tokenizer.post_process(*texts)
    return {"maxTokens": limit, "ids": result.ids, "segments": result.type_ids}


def case(name, tokenizer, padding_id):
    # As published: nothing is cut or padded by the file.
    published = json.loads(tokenizer.to_str())
    marks = tokenizer.num_special_tokens_to_add(True)
    pairs = []
    for first, second in PAIRS:
        whole = encoded(tokenizer, first, second, None)
        cuts = [encoded(tokenizer, first, second, limit) for limit in range(marks + 1, len(whole["ids"]) + 1)]
        pairs.append({"first": first, "second": second, "encodings": [whole, *cuts]})
    print(f"{name}: {len(pairs)} pairs, {sum(len(pair['encodings']) for pair in pairs)} encodings")
    return {"name": name, "tokenizer": published, "paddingId": padding_id, "rows": tokenizer.get_vocab_size(), "pairs": pairs}


def main():
    note = {
        "script": "tools/reference/token_pairs.py",
        "command": "python3 tools/reference/token_pairs.py",
        "versions": {"python": platform.python_version(), "tokenizers": tokenizers.__version__},
        "tolerance": "equal",
    }
    cases = [case("bert", bert(), 0), case("roberta", roberta(), 1)]
    lines = ",\n".join("  " + json.dumps(each, separators=(",", ":"), ensure_ascii=False) for each in cases)
    target = ROOT / TARGET
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(f'{{\n"reference": {json.dumps(note)},\n"cases": [\n{lines}\n]\n}}\n', encoding="utf-8")
    print(f"{TARGET}: {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
