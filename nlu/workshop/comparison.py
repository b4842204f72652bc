"""Any labelled split: learn from one table, measure on another, and set the baselines beside ours."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from kernel.console import Progress, quiet
from kernel.files import replacing
from nlu import modelfiles
from nlu.workshop import evaluation
from nlu.workshop.baselines import VERSION, characters, words
from nlu.workshop.classifier import Classifier, Predict
from nlu.workshop.evaluation import Report
from nlu.workshop.labelled import OUTSIDE, Labelled
from nlu.workshop.layered_encoder import LayeredEncoder
from nlu.workshop.training import needs_training

TIMED_ALONE = 200
"""Messages read one by one for the latency."""
TIMED_TOGETHER = 100
OURS = "liuke"
FINETUNED = "liuke, fine-tuned"
FINETUNED_BASELINE = "e5-small, 12 layers, fine-tuned"


def learn(
    train: Sequence[Labelled],
    model: Path = modelfiles.SHIPPED,
    *,
    finetune: bool = False,
    seed: int = 0,
    progress: Progress = quiet,
) -> Predict:
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
    if finetune:
        with needs_training():
            from nlu.workshop.training.finetuning import finetuned
    modelfiles.check(model)
    texts, labels = [row.text for row in train], [row.label for row in train]

    def advance(share: float) -> None:
        progress("reading messages" if share < 1 else "fitting heads", share % 1)

    frozen = Classifier(LayeredEncoder(model)).fit(texts, labels, seed=seed, advance=advance)
    progress("fitting heads", 1.0)
    if not finetune:
        return frozen.predict
    return finetuned(frozen, texts, labels, model, seed=seed, progress=progress)


def measure(predict: Predict, test: Sequence[Labelled], progress: Progress = quiet) -> Report:
    """Accuracy, macro-F1 and calibration within the scope; how well what lies outside is told; latency."""
    progress("reading the test messages", 0.0)
    said = predict([row.text for row in test])
    progress("reading the test messages", 1.0)
    (times,) = latencies([predict], [row.text for row in test[:TIMED_ALONE]], progress)
    outside = np.array([row.label.lower() in OUTSIDE for row in test], bool)
    best, inside = said.best, np.flatnonzero(~outside).tolist()
    gone = [best[i].lower() in OUTSIDE for i in np.flatnonzero(outside)]
    return Report(
        rows=len(test),
        **evaluation.figures(
            [test[i].label for i in inside],
            [best[i] for i in inside],
            said.probabilities.max(1)[~outside],
        ),
        answered=None,
        out_of_scope_auroc=evaluation.auroc(said.out_of_scope[outside], said.out_of_scope[~outside]),
        sentiment_accuracy=None,
        by_style={},
        milliseconds=evaluation.percentiles(times),
        out_of_scope_recall=sum(gone) / len(gone) if gone else None,
    )


def latencies(
    predictors: Sequence[Predict], texts: Sequence[str], progress: Progress = quiet
) -> list[list[float]]:
    """Milliseconds of each for each message by itself; turn by turn, so that all meet the same machine."""
    times: list[list[float]] = [[] for _ in predictors]
    for done, text in enumerate(texts):
        for predict, spent in zip(predictors, times, strict=True):
            began = time.perf_counter()
            predict([text])
            spent.append((time.perf_counter() - began) * 1000)
        progress("timing", (done + 1) / len(texts))
    return times


def compare(
    train: Sequence[Labelled],
    test: Sequence[Labelled],
    store: Path,
    model: Path = modelfiles.SHIPPED,
    *,
    deep: bool = True,
    finetune: bool = False,
    seed: int = 0,
    progress: Progress = quiet,
) -> dict[str, Report]:
    """Figures by name, ours first.

    Figures are kept in `store` by the hash of everything that they depend on, as are the 12-layer baseline's vectors
    and weights, so that a run that was cut off goes on. Latencies are measured anew in every run, message by message in
    turn; only that of our fine-tuned encoder is kept with its figures, being that of our frozen one.

    Args:
        train: what all of them learn from.
        test: what all of them are measured on.
        store: a folder for what is kept.
        model: the folder of our encoder.
        deep: the 12-layer baseline too, which needs the extra `train`.
        finetune: ours and the 12-layer baseline fine-tuned as well as frozen.
        seed: of every random choice.
        progress: told what is done.

    Raises:
        ModelDamaged: the model folder, or the 12-layer baseline's weights, cannot be used.
        TrainingMissing: PyTorch is needed and not there.
    """
    modelfiles.check(model)
    texts, labels = [row.text for row in train], [row.label for row in train]
    makers: dict[str, Callable[[], Predict]] = {
        OURS: lambda: learn(train, model, seed=seed, progress=progress)
    }
    if finetune:
        makers[FINETUNED] = lambda: learn(train, model, finetune=True, seed=seed, progress=progress)
    makers["character n-grams + logistic regression"] = lambda: characters().fit(texts, labels).predict
    makers["jieba words + linear SVM"] = lambda: words().fit(texts, labels).predict
    if deep:
        with needs_training():
            from nlu.workshop.training.e5_baselines import FinetunedE5, FrozenE5

        makers["e5-small, 12 layers, frozen + LR"] = lambda: (
            FrozenE5(store, progress).fit(texts, labels).predict
        )
        if finetune:
            makers[FINETUNED_BASELINE] = lambda: FinetunedE5(store, progress, seed).fit(texts, labels).predict
    reports, made = score(makers, train, test, store, model, seed=seed, progress=progress)
    return _timed_together(reports, made, makers, test, progress)


def score(
    makers: Mapping[str, Callable[[], Predict]],
    train: Sequence[Labelled],
    test: Sequence[Labelled],
    store: Path,
    model: Path,
    *,
    seed: int,
    progress: Progress,
) -> tuple[dict[str, Report], dict[str, Predict]]:
    """What each scores, read back where that was kept, and those that were made for it."""
    store.mkdir(parents=True, exist_ok=True)
    content = "\1".join("\0".join(f"{row.text}\t{row.label}" for row in rows) for rows in (train, test))
    data = hashlib.sha256(content.encode()).hexdigest()
    reports: dict[str, Report] = {}
    made: dict[str, Predict] = {}
    for name, make in makers.items():
        slug = "".join(c if c.isalnum() else "-" for c in name)[:30].strip("-")
        kept = store / f"{slug}-{_key(data, name, model, seed)}.json"
        found = _read(kept)
        if found is None:
            progress(name, 0.0)
            made[name] = make()
            found = measure(made[name], test, progress)
            with replacing(kept) as fresh:
                fresh.write_text(json.dumps(asdict(found), ensure_ascii=False), "utf-8")
        reports[name] = found
    return reports, made


def _timed_together(
    reports: dict[str, Report],
    made: dict[str, Predict],
    makers: dict[str, Callable[[], Predict]],
    test: Sequence[Labelled],
    progress: Progress,
) -> dict[str, Report]:
    """Latencies of one run only: a classifier whose figures were read back is made again where that is quick."""
    for name, make in makers.items():
        if name not in made and name != FINETUNED:
            made[name] = make()
    names = [name for name in makers if name in made]
    times = latencies([made[name] for name in names], [row.text for row in test[:TIMED_TOGETHER]], progress)
    timed = {
        name: replace(reports[name], milliseconds=evaluation.percentiles(spent))
        for name, spent in zip(names, times, strict=True)
    }
    return {**reports, **timed}


def _key(data: str, name: str, model: Path, seed: int) -> str:
    """Ours depends on the model as well as on the data."""
    parts = [VERSION, data, name, str(seed)]
    if name in (OURS, FINETUNED):
        parts.append((model / "manifest.json").read_text("utf-8"))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]


def _read(path: Path) -> Report | None:
    try:
        values = json.loads(path.read_text("utf-8"))
        return Report(
            **{
                **values,
                "interval": tuple(values["interval"]),
                "confused": tuple(tuple(pair) for pair in values["confused"]),
                "milliseconds": tuple(values["milliseconds"]),
            }
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None
