"""Golden numbers of the bag of words: python3 tools/reference/yardstick.py (scikit-learn, Debian: python3-sklearn)

Sixty made-up sentences in a few languages, whose words go with the targets more often than not. What is compared: the predictions for
other sentences, and the coefficient of a word as the score of that word alone, less that of the empty text.
"""
import platform

import numpy
import sklearn
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge

from common import write

WORDS = [
    ["good", "bright", "lovely", "well", "made", "très", "beau", "хорошо"],
    ["bad", "dull", "poor", "badly", "done", "très", "triste", "плохо"],
    ["odd", "neither", "nor", "ΜΈΤΡΙΑ", "so", "3", "über", "it's"],
]
COMMON = ["the", "film", "was", "a", "not", "naïve", "x_1"]


def sentence(i, topic):
    own = [WORDS[(topic + (1 if (i + k) % 5 == 0 else 0)) % 3][(i * i + 3 * k) % 8] for k in range(4)]
    return f"{COMMON[i % 7].title()} {own[0]}, {COMMON[(i * 3 + 1) % 7]} {own[1]} {own[0] if i % 4 == 0 else own[2]} - {COMMON[(i + 4) % 7]} {own[3]}!"


topics = [(i * i + i // 3) % 3 for i in range(60)]
train = [sentence(i, topic) for i, topic in enumerate(topics)]
held = [sentence(i, i % 3) for i in range(100, 108)] + ["", "unheard"]
words = ["good", "dull", "film", "хорошо", "μέτρια"]
# The empty text has no vector, so its score is the intercept.
asked = held + words

vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b")
rows = vectorizer.fit_transform(train)
others = vectorizer.transform(asked)


def logistic(labels):
    return LogisticRegression(C=10, tol=1e-10, max_iter=100_000).fit(rows, labels)


def listed(values):
    return [float(f"{value:.9g}") for value in numpy.asarray(values, dtype=numpy.float64).flatten()]


two = [int(topic == 1) for topic in topics]
labels = [[int(topic == label or i % (label + 3) == 0) for label in range(3)] for i, topic in enumerate(topics)]
numbers = [3 * topic + 10 + (i % 4) / 4 for i, topic in enumerate(topics)]
cases = [
    {"kind": "classes", "classes": 2, "labels": two, "predictions": listed(logistic(two).predict_proba(others))},
    {"kind": "classes", "classes": 3, "labels": topics, "predictions": listed(logistic(topics).predict_proba(others))},
    {"kind": "labels", "labels": 3, "targets": numpy.array(labels).flatten().tolist(), "predictions": listed(numpy.stack([logistic([row[label] for row in labels]).predict_proba(others)[:, 1] for label in range(3)], axis=1))},
    {"kind": "number", "targets": numbers, "predictions": listed(Ridge(alpha=1, tol=1e-12, solver="lsqr", max_iter=100_000).fit(rows, numbers).predict(others))},
]
model = logistic(two)
coefficients = {word: float(model.coef_[0][vectorizer.vocabulary_[word]]) for word in words}
write("src/tasks/text-classification/goldens/yardstick.json", {
    "reference": {
        "script": "tools/reference/yardstick.py", "command": "python3 tools/reference/yardstick.py",
        "versions": {"python": platform.python_version(), "scikit-learn": sklearn.__version__}, "seed": "none: the sentences are made by formula",
        "tolerance": {"predictions": 1e-3}, "why": "our optimizer stops earlier than the reference's, which was driven to 1e-10",
        "train": train, "asked": asked, "terms": len(vectorizer.vocabulary_), "coefficients": coefficients,
    },
    "cases": cases,
})
