"""Tokenizers trained on the corpus, and the corpus as streams of token ids."""
import pathlib
import random

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

import corpus

VOCABULARY = 8192


def gpt2_tokenizer(texts):
    """GPT-2's byte-level byte-pair encoding, with a vocabulary of its own."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=["<|endoftext|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def bert_tokenizer(texts):
    """BERT's uncased WordPiece, with a vocabulary of its own. The trainer breaks ties by chance: some rare pieces differ from run to run."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(
        vocab_size=VOCABULARY, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    ids = {name: tokenizer.token_to_id(name) for name in ("[CLS]", "[SEP]")}
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", ids["[SEP]"]), ("[CLS]", ids["[CLS]"]))
    return tokenizer


class Streams:
    """Each source's documents as one stream of ids, separated by `separator`; windows are drawn from a source by its share."""

    def __init__(self, training, validation, names):
        self.training, self.validation, self.names = training, validation, names
        self.shares = torch.tensor([corpus.SOURCES[name] for name in names])

    def batch(self, rows, length, generator):
        """-> int64 [rows, length]"""
        sources = torch.multinomial(self.shares, rows, replacement=True, generator=generator)
        windows = []
        for source in sources:
            stream = self.training[source]
            start = torch.randint(0, len(stream) - length, (1,), generator=generator)
            windows.append(stream[start : start + length])
        return torch.stack(windows).long()

    def held_back(self, length, most=20):
        """-> int64 [rows, length]: the same rows each time, of each source in proportion to its share."""
        rows = []
        for stream, share in zip(self.validation, self.shares):
            count = min(len(stream) // length, int(most * share * 10))
            rows += [stream[i * length : (i + 1) * length] for i in range(count)]
        return torch.stack(rows).long()


def prepare(folder, train_tokenizer, separator):
    """-> (tokenizer, Streams); what was made is kept in `folder` and read again."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    texts = {name: corpus.split(corpus.documents(name)) for name in corpus.SOURCES}
    path = folder / "tokenizer.json"
    if not path.exists():
        train_tokenizer([text for training, _ in texts.values() for text in training]).save(str(path))
    tokenizer = Tokenizer.from_file(str(path))
    cache = folder / "tokens.pt"
    if not cache.exists():
        torch.save([[_stream(tokenizer, part, separator) for part in texts[name]] for name in texts], cache)
    training, validation = zip(*torch.load(cache))
    return tokenizer, Streams(training, validation, list(texts))


def _stream(tokenizer, texts, separator):
    texts = list(texts)
    random.Random(0).shuffle(texts)
    end = tokenizer.token_to_id(separator)
    ids = []
    for encoded in tokenizer.encode_batch(texts, add_special_tokens=False):
        ids += encoded.ids + [end]
    return torch.tensor(ids, dtype=torch.int16)
