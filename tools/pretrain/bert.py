"""A small BERT for masked tokens: PyTorch modules under the names that Hugging Face's checkpoints use. It learns first to write the
next token, then to fill in masked ones: so an encoder learns more in the same time (Gisserot-Boukhlef et al., 2025), and one as small
as this leaves the plateau where it knows no more than how frequent each word is."""
import math
import sys

import torch
from torch import nn
from torch.nn import functional as F

import card
import loop
import text

CONFIG = {
    "architectures": ["BertForMaskedLM"],
    "model_type": "bert",
    "hidden_act": "gelu",
    "hidden_size": 256,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "intermediate_size": 1024,
    "max_position_embeddings": 256,
    "type_vocab_size": 2,
    "layer_norm_eps": 1e-12,
    "vocab_size": text.VOCABULARY,
    "pad_token_id": 0,
    "torch_dtype": "float16",
}
ROWS, LENGTH = 16, 128
MASKED = 0.3  # twice BERT's share: more to learn from in each step, and no worse (Wettig et al., 2023)
WRITING = 0.4  # the share of the steps that learn the next token
FIRST_WORD, CLS, SEP, MASK = 5, 2, 3, 4  # ids: [PAD] [UNK] [CLS] [SEP] [MASK], then the vocabulary


class Layer(nn.Module):
    def __init__(self, width, inner, heads, eps):
        super().__init__()
        self.attention = nn.ModuleDict({
            "self": nn.ModuleDict({name: nn.Linear(width, width) for name in ("query", "key", "value")}),
            "output": nn.ModuleDict({"dense": nn.Linear(width, width), "LayerNorm": nn.LayerNorm(width, eps)}),
        })
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(width, inner)})
        self.output = nn.ModuleDict({"dense": nn.Linear(inner, width), "LayerNorm": nn.LayerNorm(width, eps)})
        self.heads = heads

    def forward(self, x, mask):
        rows, length, width = x.shape
        q, k, v = (
            self.attention["self"][name](x).reshape(rows, length, self.heads, -1).transpose(1, 2) for name in ("query", "key", "value")
        )
        weights = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(width / self.heads) + mask, -1)
        mixed = (weights @ v).transpose(1, 2).reshape(rows, length, width)
        x = self.attention["output"]["LayerNorm"](x + self.attention["output"]["dense"](mixed))
        return self.output["LayerNorm"](x + self.output["dense"](F.gelu(self.intermediate["dense"](x))))


def waves(length, width):
    """Sines and cosines of the position (Vaswani et al., 2017). -> float32 [length, width]"""
    angles = torch.arange(length)[:, None] * torch.exp(-math.log(10_000) * torch.arange(0, width, 2) / width)
    return torch.stack((angles.sin(), angles.cos()), -1).reshape(length, width)


class Bert(nn.Module):
    def __init__(self):
        super().__init__()
        width, eps = CONFIG["hidden_size"], CONFIG["layer_norm_eps"]
        self.bert = nn.ModuleDict({
            "embeddings": nn.ModuleDict({
                "word_embeddings": nn.Embedding(CONFIG["vocab_size"], width),
                "position_embeddings": nn.Embedding(CONFIG["max_position_embeddings"], width),
                "token_type_embeddings": nn.Embedding(CONFIG["type_vocab_size"], width),
                "LayerNorm": nn.LayerNorm(width, eps),
            }),
            "encoder": nn.ModuleDict({
                "layer": nn.ModuleList(
                    Layer(width, CONFIG["intermediate_size"], CONFIG["num_attention_heads"], eps) for _ in range(CONFIG["num_hidden_layers"])
                )
            }),
        })
        self.cls = nn.ModuleDict({
            "predictions": nn.ModuleDict({
                "transform": nn.ModuleDict({"dense": nn.Linear(width, width), "LayerNorm": nn.LayerNorm(width, eps)}),
            })
        })
        self.cls["predictions"].register_parameter("bias", nn.Parameter(torch.zeros(CONFIG["vocab_size"])))
        for module in self.modules():
            if isinstance(module, (nn.Linear, nn.Embedding)):
                nn.init.normal_(module.weight, std=0.02)
        # A masked token is known by its neighbours alone: waves make "the one before" the same direction at every position.
        positions = self.bert["embeddings"]["position_embeddings"]
        positions.weight = nn.Parameter(0.1 * waves(CONFIG["max_position_embeddings"], width), requires_grad=False)

    def forward(self, ids, wanted, writing=False):
        """int64 [rows, length], boolean [rows, length]; `writing`: no place sees a later one -> logits [wanted places, vocabulary]"""
        tables = self.bert["embeddings"]
        # Texts here are shorter than the table: another place at each step, so that all of it is trained.
        start = torch.randint(0, CONFIG["max_position_embeddings"] - ids.shape[1] + 1, ()) * self.training
        positions = tables["position_embeddings"].weight[start : start + ids.shape[1]]
        x = tables["LayerNorm"](tables["word_embeddings"](ids) + positions + tables["token_type_embeddings"].weight[0])
        mask = torch.full(ids.shape[1:] * 2, float("-inf")).triu(1) if writing else torch.zeros(())
        for layer in self.bert["encoder"]["layer"]:
            x = layer(x, mask)
        head = self.cls["predictions"]
        hidden = head["transform"]["LayerNorm"](F.gelu(head["transform"]["dense"](x[wanted])))
        return F.linear(hidden, tables["word_embeddings"].weight, head.bias)


def masked(ids, generator):
    """Of the tokens that are chosen, 80% become [MASK], 10% another token, 10% stay. -> (answers, ids, wanted places, False)"""
    chance = torch.rand(ids.shape, generator=generator)
    wanted = (chance < MASKED) & (ids >= FIRST_WORD)
    fate = torch.rand(ids.shape, generator=generator)
    anything = torch.randint(FIRST_WORD, CONFIG["vocab_size"], ids.shape, generator=generator)
    replaced = torch.where(fate < 0.8, torch.full_like(ids, MASK), torch.where(fate < 0.9, anything, ids))
    return ids, torch.where(wanted, replaced, ids), wanted, False


def framed(ids):
    """The first token becomes [CLS], the last [SEP], as in the sentences that the model will be given."""
    ids = ids.clone()
    ids[:, 0], ids[:, -1] = CLS, SEP
    return ids


def next_tokens(ids):
    """Every place but the last is asked for the token after it. -> (answers, ids, wanted places, True)"""
    wanted = torch.ones_like(ids, dtype=torch.bool)
    wanted[:, -1] = False
    return ids.roll(-1, 1), ids, wanted, True


def loss_of(model, batch):
    answers, shown, wanted, writing = batch
    return F.cross_entropy(model(shown, wanted, writing), answers[wanted])


def main(folder, steps):
    torch.manual_seed(1)
    tokenizer, streams = text.prepare(folder, text.bert_tokenizer, "[SEP]")
    model = Bert()

    def batch(generator, done):
        ids = framed(streams.batch(ROWS, LENGTH, generator))
        return next_tokens(ids) if done < WRITING else masked(ids, generator)

    rows = framed(streams.held_back(LENGTH, most=40))
    held_back = [masked(part, torch.Generator().manual_seed(2)) for part in rows.split(ROWS)]
    told = loop.train(
        model, folder, batch, loss_of,
        lambda trained: sum(loss_of(trained, part).item() * len(part[0]) for part in held_back) / len(rows),
        steps, ROWS * LENGTH,
    )
    card.write(folder, model, CONFIG, {"model_max_length": CONFIG["max_position_embeddings"], "tokenizer_class": "BertTokenizer", "do_lower_case": True}, told,
               "Graft BERT mini", "An encoder of the BERT family with an uncased WordPiece vocabulary of its own, pre-trained from nothing to write the next token and then to fill in masked ones; it has not seen pairs of sentences.",
               "It is small and has read little, most of it old. The sentence encoder or a model from the hub is the better choice where accuracy counts;\n"
               "this one is here so that the family is at hand without a network.")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
