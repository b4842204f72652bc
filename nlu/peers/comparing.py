"""Ours and the peers on one split in one run."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from nlu import figures, modelfiles
from nlu.evaluation import Report
from nlu.peers.linear import characters, words
from nlu.teaching.labelled import Labelled
from nlu.teaching.measuring import Reads, latencies, learn, measure
from nlu.teaching.progress import Progress, quiet

VERSION = "3"
"""Raised when a peer's recipe or what is measured changes, so that nothing older is read back."""
TIMED = 100
OURS = "liuke"
TUNED = "liuke, fine-tuned"
TUNED_PEER = "e5-small, 12 layers, fine-tuned"


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

    Figures are kept in `store` by the hash of everything that they depend on, as are the deep peer's vectors and
    weights, so that a run that was cut off goes on. Latencies are measured anew in every run, message by message in
    turn; only that of our fine-tuned encoder is kept with its figures, being that of our frozen one.

    Args:
        train: what all of them learn from.
        test: what all of them are measured on.
        store: a folder for what is kept.
        model: the folder of our encoder.
        deep: the 12-layer peer too, which needs the extra `train`.
        finetune: ours and the 12-layer peer fine-tuned as well as frozen.
        seed: of every random choice.
        progress: told what is done.

    Raises:
        ModelDamaged: the model folder, or the deep peer's weights, cannot be used.
        TrainingMissing: PyTorch is needed and not there.
    """
    modelfiles.check(model)
    texts, labels = [row.text for row in train], [row.label for row in train]
    makers: dict[str, Callable[[], Reads]] = {OURS: lambda: learn(train, model, seed=seed, progress=progress)}
    if finetune:
        makers[TUNED] = lambda: learn(train, model, finetune=True, seed=seed, progress=progress)
    makers["character n-grams + logistic regression"] = lambda: characters().fit(texts, labels)
    makers["jieba words + linear SVM"] = lambda: words().fit(texts, labels)
    if deep:
        from nlu.peers.deep import FrozenE5, TunedE5

        makers["e5-small, 12 layers, frozen + LR"] = lambda: FrozenE5(store, progress).fit(texts, labels)
        if finetune:
            makers[TUNED_PEER] = lambda: TunedE5(store, progress, seed).fit(texts, labels)
    reports, readers = score(makers, train, test, store, model, seed=seed, progress=progress)
    return _timed_together(reports, readers, makers, test, progress)


def compare_tuned(
    train: Sequence[Labelled],
    test: Sequence[Labelled],
    store: Path,
    model: Path = modelfiles.SHIPPED,
    *,
    peer: bool = True,
    seed: int = 0,
    progress: Progress = quiet,
) -> dict[str, Report]:
    """Ours frozen and fine-tuned and the 12-layer peer fine-tuned, as `compare` makes and keeps them; no latencies.

    Without the `peer`, whose scores do not change with our model, it takes less than half the time.
    """
    from nlu.peers.deep import TunedE5

    texts, labels = [row.text for row in train], [row.label for row in train]
    makers: dict[str, Callable[[], Reads]] = {
        OURS: lambda: learn(train, model, seed=seed, progress=progress),
        TUNED: lambda: learn(train, model, finetune=True, seed=seed, progress=progress),
    }
    if peer:
        makers[TUNED_PEER] = lambda: TunedE5(store, progress, seed).fit(texts, labels)
    return score(makers, train, test, store, model, seed=seed, progress=progress)[0]


def score(
    makers: Mapping[str, Callable[[], Reads]],
    train: Sequence[Labelled],
    test: Sequence[Labelled],
    store: Path,
    model: Path,
    *,
    seed: int,
    progress: Progress,
) -> tuple[dict[str, Report], dict[str, Reads]]:
    """What each scores, read back where that was kept, and those that were made for it."""
    store.mkdir(parents=True, exist_ok=True)
    data = _hash(train, test)
    reports: dict[str, Report] = {}
    readers: dict[str, Reads] = {}
    for name, make in makers.items():
        kept = store / f"{_slug(name)}-{_key(data, name, model, seed)}.json"
        found = _read(kept)
        if found is None:
            progress(name, 0.0)
            readers[name] = make()
            found = measure(readers[name], test, progress)
            _write(kept, found)
        reports[name] = found
    return reports, readers


def _timed_together(
    reports: dict[str, Report],
    readers: dict[str, Reads],
    makers: dict[str, Callable[[], Reads]],
    test: Sequence[Labelled],
    progress: Progress,
) -> dict[str, Report]:
    """Latencies of one run only: a reader whose figures were read back is made again where that is quick."""
    for name, make in makers.items():
        if name not in readers and name != TUNED:
            readers[name] = make()
    names = [name for name in makers if name in readers]
    times = latencies([readers[name] for name in names], [row.text for row in test[:TIMED]], progress)
    measured = dict(zip(names, times, strict=True))
    return {
        name: replace(report, milliseconds=figures.percentiles(measured[name]))
        if name in measured
        else report
        for name, report in reports.items()
    }


def _hash(train: Sequence[Labelled], test: Sequence[Labelled]) -> str:
    content = "\1".join("\0".join(f"{row.text}\t{row.label}" for row in rows) for rows in (train, test))
    return hashlib.sha256(content.encode()).hexdigest()


def _key(data: str, name: str, model: Path, seed: int) -> str:
    """Ours depends on the model as well as on the data."""
    parts = [VERSION, data, name, str(seed)]
    if name in (OURS, TUNED):
        parts.append((model / "manifest.json").read_text("utf-8"))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]


def _slug(name: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in name)[:30].strip("-")


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


def _write(path: Path, report: Report) -> None:
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.write_text(json.dumps(asdict(report), ensure_ascii=False), "utf-8")
    fresh.replace(path)
