"""Golden measures of predictions: python3 tools/reference/metrics.py (scikit-learn and SciPy, Debian: python3-sklearn)

Probabilities are sines through a softmax or a sigmoid, rounded to hundredths so that many are equal.
"""
import math

import numpy
import scipy
import scipy.stats
import sklearn
import sklearn.calibration
import sklearn.metrics as measures

from common import reference, write

cases = []


def scores(rows, columns, phase, scale=2.0):
    i = numpy.arange(rows * columns)
    return (scale * numpy.sin(0.37 * i * i + phase) + 0.6 * numpy.cos(0.11 * i)).reshape(rows, columns)


def float32(values):
    return numpy.asarray(values, dtype=numpy.float32)


def listed(values):
    return [float(f"{value:.9g}") for value in numpy.asarray(values, dtype=numpy.float64).flatten()]


def curves(truth, score):
    """None for what scikit-learn warns of."""
    positives, negatives = int(truth.sum()), int((1 - truth).sum())
    result = {"area": None, "averagePrecision": None, "roc": [], "precisionRecall": []}
    if positives and negatives:
        result["area"] = measures.roc_auc_score(truth, score)
        false_rate, true_rate, thresholds = measures.roc_curve(truth, score, drop_intermediate=False)
        result["roc"] = [listed(row) for row in zip(false_rate[1:], true_rate[1:], thresholds[1:])]
    if positives:
        result["averagePrecision"] = measures.average_precision_score(truth, score)
        precision, recall, thresholds = measures.precision_recall_curve(truth, score)
        # From the highest threshold down, without the end that scikit-learn adds.
        result["precisionRecall"] = [listed(row) for row in zip(recall[:-1], precision[:-1], thresholds)][::-1]
    return result


def bins(truth, score):
    """Counts beside what scikit-learn gives for the bins that are not empty."""
    observed, predicted = sklearn.calibration.calibration_curve(truth, score, n_bins=10, strategy="uniform")
    counts = numpy.bincount(numpy.searchsorted(numpy.linspace(0, 1, 11)[1:-1], score), minlength=10)
    weights = counts[counts > 0] / len(score)
    return {"observed": listed(observed), "predicted": listed(predicted), "counts": counts.tolist(), "error": float((weights * numpy.abs(observed - predicted)).sum())}


def classes(name, rows, count, phase, absent=()):
    logits = numpy.round(scores(rows, count, phase), 1)
    probabilities = float32(numpy.exp(logits) / numpy.exp(logits).sum(axis=1, keepdims=True))
    probabilities = float32(numpy.round(probabilities, 2))
    present = [c for c in range(count) if c not in absent]
    # Rather often the class that is most probable, so that the curves bend.
    labels = numpy.array([present[(i * i + 3 * i) % len(present)] if i % 3 else int(probabilities[i][present].argmax()) for i in range(rows)])
    labels = numpy.array([label if label in present else present[0] for label in labels])
    one_hot = numpy.eye(count)[labels]
    top = probabilities.argmax(axis=1)
    cases.append({
        "kind": "classes", "name": name, "classes": count, "probabilities": listed(probabilities), "labels": labels.tolist(),
        "curves": [curves(one_hot[:, c], probabilities[:, c]) for c in range(count)],
        "calibration": bins((top == labels).astype(int), probabilities.max(axis=1)),
        "brier": count * measures.mean_squared_error(one_hot, probabilities),
        "brierOfFirst": float(((probabilities[:, 0].astype(float) - one_hot[:, 0]) ** 2).mean()) if absent else measures.brier_score_loss(one_hot[:, 0], probabilities[:, 0]),
        "reliabilityOfFirst": bins(one_hot[:, 0], probabilities[:, 0]),
    })


def labels(name, rows, count, phase, never=(), always=()):
    probabilities = float32(numpy.round(1 / (1 + numpy.exp(-scores(rows, count, phase))), 2))
    truth = numpy.array([[int((i * (c + 2) + c) % 3 == 0 or (probabilities[i][c] > 0.7 and i % 2 == 0)) for c in range(count)] for i in range(rows)])
    for c in never:
        truth[:, c] = 0
        probabilities[:, c] = float32(numpy.round(0.4 * probabilities[:, c], 2))
    for c in always:
        truth[:, c] = 1
    said = (probabilities >= 0.5).astype(int)
    occurring = [c for c in range(count) if truth[:, c].any() or said[:, c].any()]
    precision, recall, f1, support = measures.precision_recall_fscore_support(truth, said, average=None, zero_division=0)
    averages = [float(measures.average_precision_score(truth[:, c], probabilities[:, c])) if truth[:, c].any() else None for c in range(count)]
    known = [average for average in averages if average is not None]
    clipped = numpy.clip(probabilities.astype(float), 1e-12, 1 - 1e-12)
    cases.append({
        "kind": "labels", "name": name, "labels": count, "probabilities": listed(probabilities), "targets": truth.flatten().tolist(),
        "loss": float(numpy.mean([measures.log_loss(truth[:, c], clipped[:, c], labels=[0, 1]) for c in range(count)])),
        "f1Micro": measures.f1_score(truth, said, average="micro", zero_division=0),
        "f1Macro": measures.f1_score(truth, said, average="macro", labels=occurring, zero_division=0),
        "subsetAccuracy": measures.accuracy_score(truth, said),
        "hammingLoss": measures.hamming_loss(truth, said),
        "meanAveragePrecision": float(numpy.mean(known)),
        "precision": listed(precision), "recall": listed(recall), "f1": listed(f1), "support": support.tolist(), "averagePrecision": averages,
    })


def regression(name, targets, predictions):
    targets, predictions = float32(targets), float32(predictions)
    x, y = targets.astype(float), predictions.astype(float)
    cases.append({
        "kind": "regression", "name": name, "targets": listed(targets), "predictions": listed(predictions),
        "meanAbsoluteError": measures.mean_absolute_error(x, y), "rootMeanSquaredError": math.sqrt(measures.mean_squared_error(x, y)),
        "r2": measures.r2_score(x, y), "pearson": float(scipy.stats.pearsonr(x, y)[0]), "spearman": float(scipy.stats.spearmanr(x, y)[0]),
    })


classes("two classes", 40, 2, 0.2)
classes("four classes with ties", 60, 4, 0.7)
classes("a class without examples", 30, 3, 1.1, absent=(0,))
labels("five labels", 40, 5, 0.4)
labels("a label that never occurs and one that always does", 24, 4, 0.9, never=(1,), always=(3,))
ramp = numpy.arange(50)
regression("a noisy line", 0.3 * ramp + 2, 0.28 * ramp + 1.5 + 2 * numpy.sin(ramp * ramp))
regression("ties", ramp // 7, numpy.round(numpy.cos(0.3 * ramp) * 3))
regression("worse than the mean", numpy.sin(ramp), 4 - 3 * numpy.sin(ramp) + 0.1 * ramp)

about = reference({"values": 1e-6}, "float64 sums of float32 probabilities")
about["versions"] = {**about["versions"], "scikit-learn": sklearn.__version__, "scipy": scipy.__version__}
write("src/engine/metrics/goldens/metrics.json", {"reference": about, "cases": cases})
