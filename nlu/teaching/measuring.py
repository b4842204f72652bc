"""Any labelled split, read by our encoder: learn from one table, measure on another."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from nlu import figures, modelfiles
from nlu.evaluation import Report
from nlu.teaching.classifier import Answers, Classifier
from nlu.teaching.deep import DeepEncoder
from nlu.teaching.labelled import OUTSIDE, Labelled
from nlu.teaching.progress import Progress, counting, quiet

TIMED = 200
"""Messages read one by one for the latency."""


class Reads(Protocol):
    """Anything that answers messages with labels."""

    def read(self, texts: Sequence[str]) -> Answers: ...


def learn(
    train: Sequence[Labelled],
    model: Path = modelfiles.SHIPPED,
    *,
    finetune: bool = False,
    seed: int = 0,
    progress: Progress = quiet,
) -> Reads:
    """A classifier of the labels in `train`, on the encoder of a model folder.

    Args:
        train: labelled messages, of at least two labels.
        model: the folder of the encoder.
        finetune: train the encoder as well; needs the extra `train`.
        seed: of every random choice.
        progress: told what is done.

    Raises:
        ModelDamaged: the model folder cannot be used.
        TrainingMissing: PyTorch is needed and not there.
    """
    modelfiles.check(model)
    texts, labels = [row.text for row in train], [row.label for row in train]
    encoder = DeepEncoder(model)
    told = counting("reading messages", len(texts), progress)
    vectors = encoder.vectors(texts, told)
    progress("fitting heads", 0.0)
    frozen = Classifier(encoder).fit(texts, labels, seed=seed, vectors=vectors)
    progress("fitting heads", 1.0)
    if not finetune:
        return frozen
    from nlu.teaching.finetuning import finetuned

    return finetuned(frozen, texts, labels, model, seed=seed, progress=progress)


def evaluate_split(
    train: Sequence[Labelled],
    test: Sequence[Labelled],
    model: Path = modelfiles.SHIPPED,
    *,
    finetune: bool = False,
    seed: int = 0,
    progress: Progress = quiet,
) -> Report:
    """What a classifier learned from `train` makes of `test`; see `learn`."""
    return measure(learn(train, model, finetune=finetune, seed=seed, progress=progress), test, progress)


def measure(reader: Reads, test: Sequence[Labelled], progress: Progress = quiet) -> Report:
    """Accuracy, macro-F1 and calibration within the scope; how well what lies outside is told; latency."""
    progress("reading the test messages", 0.0)
    answers = reader.read([row.text for row in test])
    progress("reading the test messages", 1.0)
    times = latencies([reader], [row.text for row in test[:TIMED]], progress)[0]
    outside = np.array([row.label.lower() in OUTSIDE for row in test], bool)
    wanted = [row.label for row, out in zip(test, outside, strict=True) if not out]
    said = [label for label, out in zip(answers.best, outside, strict=True) if not out]
    right = np.array([a == b for a, b in zip(wanted, said, strict=True)], bool)
    sure = answers.probabilities.max(1)[~outside]
    far = answers.out_of_scope
    gone = [label.lower() in OUTSIDE for label, out in zip(answers.best, outside, strict=True) if out]
    return Report(
        rows=len(test),
        accuracy=float(right.mean()) if wanted else None,
        interval=figures.wilson(int(right.sum()), len(right)),
        macro_f1=figures.macro_f1(wanted, said) if wanted else None,
        calibration_error=figures.calibration_error(sure, right) if wanted else None,
        answered=None,
        out_of_scope_auroc=figures.auroc(far[outside], far[~outside]),
        sentiment_accuracy=None,
        by_style={},
        confused=figures.confusions(wanted, said),
        milliseconds=figures.percentiles(times),
        out_of_scope_recall=sum(gone) / len(gone) if gone else None,
    )


def latencies(
    readers: Sequence[Reads], texts: Sequence[str], progress: Progress = quiet
) -> list[list[float]]:
    """Milliseconds of each reader for each message by itself; turn by turn, so that all meet the same machine."""
    times: list[list[float]] = [[] for _ in readers]
    for done, text in enumerate(texts):
        for reader, spent in zip(readers, times, strict=True):
            began = time.perf_counter()
            reader.read([text])
            spent.append((time.perf_counter() - began) * 1000)
        progress("timing", (done + 1) / len(texts))
    return times
