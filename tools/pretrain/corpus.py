"""The text that the embedded language models are trained on: English from Debian packages, in the public domain or
under a permissive licence. Which packages, and how much of each a model reads, is in SOURCES."""
import gzip
import hashlib
import pathlib
import re
import subprocess

# Share of the training tokens. Dictionaries hold most of the text but say little about how people write,
# so that novels, scripture and sayings are read several times for each time a dictionary is.
SOURCES = {
    "austen": 0.27,  # r-cran-janeaustenr: six novels, public domain
    "bible": 0.10,  # bible-kjv-text: King James Version, public domain
    "sayings": 0.12,  # fortunes, fortunes-min: collected sayings
    "jargon": 0.08,  # dict-jargon: the Jargon File, public domain
    "devil": 0.03,  # dict-devil: Ambrose Bierce, public domain
    "wordnet": 0.18,  # wordnet-base: definitions and example sentences, WordNet licence (permissive)
    "webster": 0.22,  # dict-gcide: only what it marks as Webster's of 1913, public domain
}

# Collections of lyrics and of scripts that others hold rights in, and those whose humour is about groups of people.
_LEFT_OUT = {"songs-poems", "startrek", "zippy", "knghtbrd", "ethnic", "men-women", "drugs", "politics"}
_SLURS = re.compile(r"\b(nigg\w*|faggot\w*|kike\w*|spic|chink\w*|coon|darkies)\b", re.IGNORECASE)
_HELD_BACK = 50  # one chunk in so many is for validation


def documents(source):
    """-> [text]: the documents of one source, cleaned; each of at most about 8,000 characters."""
    found = [piece.strip() for text in _READERS[source]() for piece in _chunks(text)]
    return [text for text in found if len(text) > 20 and not _SLURS.search(text)]


def split(texts):
    """-> (training, validation): which of the two a document belongs to depends on its text alone."""
    held_back = [int(hashlib.sha256(text.encode()).hexdigest(), 16) % _HELD_BACK == 0 for text in texts]
    return [t for t, held in zip(texts, held_back) if not held], [t for t, held in zip(texts, held_back) if held]


def _chunks(text, size=8000):
    chunk = ""
    for paragraph in text.split("\n\n"):
        if chunk and len(chunk) + len(paragraph) > size:
            yield chunk
            chunk = ""
        chunk += paragraph + "\n\n"
    yield chunk


def _flowing(text):
    """Paragraphs as one line each: where a book's printer broke its lines is nothing to learn."""
    paragraphs = re.split(r"\n\s*\n", text)
    return "\n\n".join(re.sub(r" +", " ", " ".join(line.strip() for line in p.split("\n"))).strip() for p in paragraphs)


def _dictd(name):
    return gzip.open(f"/usr/share/dictd/{name}.dict.dz").read().decode("utf-8", "replace")


def _austen():
    script = 'library(janeaustenr); b <- austen_books(); for (n in levels(b$book)) { cat("\\f"); writeLines(b$text[b$book == n]) }'
    books = subprocess.run(["Rscript", "-e", script], capture_output=True, text=True, check=True).stdout
    return [_flowing(book.replace("--", " -- ").replace("_", "")) for book in books.split("\f") if book.strip()]


def _bible():
    lines = subprocess.run(["bible", "-f", "gen1:1-rev22:21"], capture_output=True, text=True, check=True).stdout.split("\n")
    chapters = {}
    for line in lines:
        verse = re.match(r"(\w+?)(\d+):(\d+) (.*)", line)
        if verse:
            chapters.setdefault((verse[1], verse[2]), []).append(verse[4])
    return [" ".join(verses) for verses in chapters.values()]


def _sayings():
    for path in sorted(pathlib.Path("/usr/share/games/fortunes").iterdir()):
        if path.suffix == "" and not path.is_symlink() and path.name not in _LEFT_OUT:
            for saying in path.read_text("utf-8", "replace").split("\n%\n"):
                yield re.sub(r"[ \t]+--", "\n--", saying.expandtabs(4)).strip()


def _jargon():
    text = _flowing(_dictd("jargon").replace("{", "").replace("}", ""))
    return [text[text.find("abbrev") :]]


def _devil():
    return [_flowing(_dictd("devil"))]


def _wordnet():
    for kind in ("noun", "verb", "adj", "adv"):
        lines = []
        for line in pathlib.Path(f"/usr/share/wordnet/data.{kind}").read_text().split("\n"):
            if " | " in line and not line.startswith("  "):
                facts, gloss = line.split(" | ", 1)
                word = facts.split(" ")[4].replace("_", " ")
                meaning, *examples = [part.strip() for part in re.split(r';? "', gloss)]
                sentences = " ".join(e.strip('"; ').capitalize() + "." for e in examples if len(e) > 8)
                lines.append(f"{word}: {meaning}. {sentences}".strip())
        for start in range(0, len(lines), 25):
            yield "\n".join(lines[start : start + 25])


def _webster():
    entries = list(_webster_entries())
    for start in range(0, len(entries), 12):
        yield "\n\n".join(entries[start : start + 12])


def _webster_entries():
    for entry in re.split(r"\n(?=\S)", _dictd("gcide")):
        paragraphs = [p for p in re.split(r"\n\s*\n", entry) if "[1913 Webster]" in p]
        text = "\n\n".join(paragraphs).replace("[1913 Webster]", "").replace("{", "").replace("}", "")
        text = re.sub(r"\\.*?\\", "", text, count=1)  # pronunciation
        text = re.sub(r"\[[^\]]*\]", "", text)  # etymology
        text = _flowing(text)
        if len(text) > 60:
            yield text


_READERS = {
    "austen": _austen,
    "bible": _bible,
    "sayings": _sayings,
    "jargon": _jargon,
    "devil": _devil,
    "wordnet": _wordnet,
    "webster": _webster,
}
