"""Writes a trained model as a Hugging Face checkpoint: config, half-precision safetensors, tokenizer, and a model card."""
import json
import pathlib

import torch
from safetensors.torch import save_file

import corpus

_PACKAGES = {
    "austen": ("r-cran-janeaustenr", "six novels of Jane Austen", "public domain"),
    "bible": ("bible-kjv-text", "the King James Bible", "public domain"),
    "sayings": ("fortunes, fortunes-min", "short sayings; lyrics, scripts and jokes about groups of people left out", "BSD (the collection)"),
    "jargon": ("dict-jargon", "the Jargon File", "public domain"),
    "devil": ("dict-devil", "Ambrose Bierce, The Devil's Dictionary", "public domain"),
    "wordnet": ("wordnet-base", "definitions and example sentences of WordNet 3.0", "WordNet licence (permissive)"),
    "webster": ("dict-gcide", "only the entries of Webster's Dictionary of 1913", "public domain"),
}

def write(folder, model, config, tokenizer_config, told, title, what, limits):
    """`told` is what loop.train says. The files go to `folder`/model."""
    out = pathlib.Path(folder) / "model"
    out.mkdir(exist_ok=True)
    halves = {name: values.detach().to(torch.float16).contiguous() for name, values in model.state_dict().items()}
    save_file(halves, str(out / "model.safetensors"), metadata={"format": "pt"})
    (out / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    (out / "tokenizer_config.json").write_text(json.dumps(tokenizer_config, indent=2) + "\n")
    (out / "tokenizer.json").write_text((pathlib.Path(folder) / "tokenizer.json").read_text())
    (out / "README.md").write_text(_card(model, told, title, what, limits))


def _card(model, told, title, what, limits):
    parameters = sum(values.numel() for values in model.parameters())
    rows = "\n".join(f"| {share:.0%} | {_PACKAGES[name][1]} | {_PACKAGES[name][0]} | {_PACKAGES[name][2]} |" for name, share in corpus.SOURCES.items())
    return f"""---
license: apache-2.0
language: en
---

# {title}

{what} {parameters:,} parameters, stored in half precision.

## Data

Text in packages of Debian 12; the share is that of the training tokens.

| share | text | package | licence |
|---|---|---|---|
{rows}

One document in fifty is held back, chosen by its content's hash.

## Training

{told["steps"]:,} steps (Muon for the hidden matrices, AdamW for the rest), {told["tokens"] / 1e6:.1f} million tokens seen, {told["minutes"]} minutes of one core, with the scripts in `tools/pretrain` and their fixed seeds.
Loss on held-back text: {told["validation"]:.3f} nats a token, perplexity {told["perplexity"]:.1f}.

## Limits

{limits} It repeats the prejudices of its sources' times. English only.
"""
