"""Measuring a model on labelled messages."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kernel.arrays import Bools
from kernel.intervals import wilson
from nlu.datafiles import read_lines
from nlu.errors import DataRefused
from nlu.intents import INTENTS, OUT_OF_SCOPE, SENTIMENTS
from nlu.types import IntentScore, Understander, Understanding
from nlu.workshop.labelled import Labelled, contradiction_remark, shown

COLUMNS = ("intent", "label")
NAMED = 0.5
"""From this probability on a further wish counts as named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One labelled message."""

    text: str
    intent: str
    also: tuple[str, ...] = ()
    sentiment: str = ""
    style: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the figures of `liuke nlu evaluate` mean."""

    rows: int
    accuracy: float | None
    """Share of messages whose best intent is the labelled one; see `best`. None, as are the next two, where no message
    counts: for a split with its own labels those within the scope do."""
    interval: tuple[float, float]
    """95 % Wilson interval of the accuracy; from 0 to 1 where that is None."""
    macro_f1: float | None
    calibration_error: float | None
    """Expected calibration error of the best intent's probability, ten bins."""
    answered: float | None
    """Share of messages within the scope that count as understood; None where there are none, and for labels that are
    no intents of ours."""
    out_of_scope_auroc: float | None
    sentiment_accuracy: float | None
    by_style: dict[str, float]
    confused: tuple[tuple[str, str, int], ...]
    """Labelled, said instead, how often; the most frequent first."""
    milliseconds: tuple[float, float, float]
    """Median, 95th and 99th percentile of one message read by itself."""
    out_of_scope_recall: float | None = None
    """Share of the messages outside the scope that were said to be so; for a split with its own labels."""
    further_named: float | None = None
    """Share of the messages with several wishes whose further wishes are all named, with a probability of at least
    `NAMED`; None where no message has a label for a further wish."""
    further_false: float | None = None
    """Share of all messages for which a further wish is named, likewise, that they don't hold."""


def read_rows(
    path: Path,
    table: Path | None = None,
    known: Collection[str] = INTENTS,
    remark: Callable[[str], object] = len,
) -> list[Row]:
    """Labelled messages: column `text`, and `intent` or `label`; perhaps `also`, `sentiment` and `style`.

    Args:
        path: the messages.
        table: maps labels to intents; `-` leaves a label out, `*` stands for every other label.
        known: the intents of the model that is to be measured.
        remark: told what is odd but no reason to refuse: empty texts, texts with several labels, and what is left out.

    Raises:
        DataRefused: the file or the table cannot be used, a label is missing, or is no intent of the model.
    """
    lines = read_lines(path, ["text"], one_of=COLUMNS, keep_empty=True)
    empty = [line for line, row in lines if not row["text"] and any(row.values())]
    found = [(line, row) for line, row in lines if row["text"]]
    if not found:
        raise DataRefused(path, ["it holds no message"])
    if empty:
        remark(f"{path}: {len(empty)} empty texts are left out: lines {shown(empty)}")
    column = next(name for name in COLUMNS if name in found[0][1])
    mapping = {} if table is None else _read_mapping(table, known)
    problems = [*_odd_values(found, column), *_unknown(found, column, mapping, known, table)]
    if problems:
        raise DataRefused(path, problems)
    rows = [(line, _row(row, column, mapping)) for line, row in found]
    measured = [(line, row) for line, row in rows if row.intent != "-"]
    by = "the label `-`" if table is None else str(table)
    if not measured:
        raise DataRefused(path, [f"no message is left: {by} leaves all of them out"])
    if len(measured) < len(rows):
        remark(f"{path}: {len(rows) - len(measured)} of {len(rows)} messages are left out by {by}")
    labelled = [Labelled(text=row.text, label=row.intent, line=line) for line, row in measured]
    for said in contradiction_remark(path, labelled):
        remark(said)
    return [row for _, row in measured]


def _row(row: dict[str, str], column: str, mapping: dict[str, str]) -> Row:
    also = (_mapped(label, mapping) for label in _further(row))
    return Row(
        text=row["text"],
        intent=_mapped(row[column], mapping),
        also=tuple(intent for intent in also if intent != "-"),
        sentiment=row.get("sentiment", ""),
        style=row.get("style", ""),
    )


def _mapped(label: str, mapping: dict[str, str]) -> str:
    return mapping.get(label, mapping.get("*", label))


def _further(row: dict[str, str]) -> list[str]:
    """Labels of a message's wishes beyond the first."""
    return [part.strip() for part in row.get("also", "").split(",") if part.strip()]


def _odd_values(found: Sequence[tuple[int, dict[str, str]]], column: str) -> list[str]:
    """Labels that are missing, and sentiments that are none."""
    missing = [f"line {line}: {column} is empty" for line, row in found if not row[column]]
    return missing + [
        f"line {line}: {row['sentiment']!r} is no sentiment ({', '.join(SENTIMENTS)})"
        for line, row in found
        if row.get("sentiment") and row["sentiment"] not in SENTIMENTS
    ]


def _unknown(
    found: Sequence[tuple[int, dict[str, str]]],
    column: str,
    mapping: dict[str, str],
    known: Collection[str],
    table: Path | None,
) -> list[str]:
    """Labels that the model has no intent for, each with its lines."""
    lines: dict[str, list[int]] = {}
    for line, row in found:
        for label in dict.fromkeys([row[column], *_further(row)]):
            if label and _mapped(label, mapping) not in known and _mapped(label, mapping) != "-":
                lines.setdefault(label, []).append(line)
    where = "map it with --map" if table is None else f"{table} doesn't map it"
    return [
        f"line{'s' if at[1:] else ''} {shown(at)}: {label!r} is no intent of this model; {where}"
        for label, at in sorted(lines.items(), key=lambda pair: -len(pair[1]))
    ]


def _read_mapping(table: Path, known: Collection[str]) -> dict[str, str]:
    """Label to intent.

    Raises:
        DataRefused: the table, named as such, gives a label twice, or an intent that the model doesn't have.
    """
    lines = read_lines(table, ["label", "intent"])
    first: dict[str, int] = {}
    problems = [] if lines else ["it maps no label"]
    for line, row in lines:
        before = first.setdefault(row["label"], line)
        if before != line:
            problems.append(f"line {line}: label {row['label']!r} is mapped in line {before} already")
        if row["intent"] not in known and row["intent"] != "-":
            problems.append(f"line {line}: {row['intent']!r} is no intent of this model")
    if problems:
        raise DataRefused(table, problems)
    return {row["label"]: row["intent"] for _, row in lines}


def evaluate(understander: Understander, rows: Sequence[Row]) -> Report:
    """All figures over the rows; each message is read by a call of its own, as in the bot."""
    read: list[Understanding] = []
    times: list[float] = []
    for row in rows:
        began = time.perf_counter()
        read.extend(understander.understand([row.text]))
        times.append((time.perf_counter() - began) * 1000)
    wanted, said = [row.intent for row in rows], [best(meaning).intent for meaning in read]
    sure = np.array([best(meaning).probability for meaning in read])
    outside = np.array([row.intent == OUT_OF_SCOPE for row in rows], bool)
    far = np.array([meaning.out_of_scope for meaning in read])
    inside = [m.understood for row, m in zip(rows, read, strict=True) if row.intent != OUT_OF_SCOPE]
    felt = [row.sentiment == m.sentiment for row, m in zip(rows, read, strict=True) if row.sentiment]
    return Report(
        rows=len(rows),
        **figures(wanted, said, sure),
        answered=sum(inside) / len(inside) if inside else None,
        out_of_scope_auroc=auroc(far[outside], far[~outside]),
        sentiment_accuracy=sum(felt) / len(felt) if felt else None,
        by_style=_by_style(rows, said),
        milliseconds=percentiles(times),
        **_further_wishes(rows, read),
    )


def best(meaning: Understanding) -> IntentScore:
    """What is said of a message in one word; one that nothing can be read in is surely out of scope."""
    return meaning.intents[0] if meaning.intents else IntentScore(intent=OUT_OF_SCOPE, probability=1.0)


def _further_wishes(rows: Sequence[Row], read: Sequence[Understanding]) -> dict[str, Any]:
    """How many further wishes are named; nothing where the rows don't say which there are."""
    if not any(row.also for row in rows):
        return {"further_named": None, "further_false": None}
    named, false = [], []
    for row, meaning in zip(rows, read, strict=True):
        likely = {score.intent for score in meaning.intents if score.probability >= NAMED}
        if row.also:
            named.append(likely.issuperset(row.also))
        # A first answer that is wrong counts in the accuracy already.
        false.append(bool(likely - {row.intent, *row.also, best(meaning).intent}))
    return {"further_named": sum(named) / len(named), "further_false": sum(false) / len(false)}


def _by_style(rows: Sequence[Row], said: Sequence[str]) -> dict[str, float]:
    right: dict[str, list[bool]] = {}
    for row, answer in zip(rows, said, strict=True):
        right.setdefault(row.style, []).append(row.intent == answer)
    return {style: sum(hits) / len(hits) for style, hits in sorted(right.items()) if style}


PREDICTION_COLUMNS = (
    "text", "intent", "probability", "intents", "out_of_scope", "sentiment", "sentiment_strength", "urgent", "entities",
)  # fmt: skip


def prediction(text: str, meaning: Understanding) -> dict[str, str]:
    """One row of `liuke nlu predict`.

    The figures of `evaluate` can be computed from it again, save the share that counts as understood and the times.
    """
    intents = [asdict(score) for score in meaning.intents]
    entities = [{**asdict(entity), "kind": entity.kind.value} for entity in meaning.entities]
    return {
        "text": text,
        "intent": best(meaning).intent,
        "probability": f"{best(meaning).probability:.4f}",
        "intents": json.dumps(intents, ensure_ascii=False),
        "out_of_scope": f"{meaning.out_of_scope:.6f}",
        "sentiment": meaning.sentiment.value,
        "sentiment_strength": f"{meaning.sentiment_strength:.4f}",
        "urgent": "1" if meaning.urgent else "0",
        "entities": json.dumps(entities, ensure_ascii=False),
    }


_BINS = 10


def figures(wanted: Sequence[str], said: Sequence[str], sure: NDArray[np.floating]) -> dict[str, Any]:
    """What a report says of answers that were given with a probability, `sure`; None where there are none."""
    right = np.array([label == answer for label, answer in zip(wanted, said, strict=True)], bool)
    return {
        "accuracy": float(right.mean()) if len(right) else None,
        "interval": wilson(int(right.sum()), len(right)),
        "macro_f1": macro_f1(wanted, said) if len(right) else None,
        "calibration_error": calibration_error(sure, right) if len(right) else None,
        "confused": confusions(wanted, said),
    }


def macro_f1(wanted: Sequence[str], said: Sequence[str]) -> float:
    """Mean over the labels that occur of their F1."""
    hits = Counter(label for label, answer in zip(wanted, said, strict=True) if label == answer)
    there, given = Counter(wanted), Counter(said)
    scores = [2 * hits[label] / (there[label] + given[label]) for label in there]
    return float(np.mean(scores))


def calibration_error(probabilities: NDArray[np.floating], right: Bools) -> float:
    """Expected calibration error of the best answer's probability, ten bins (Guo et al. 2017)."""
    bins = np.minimum((probabilities * _BINS).astype(int), _BINS - 1)
    gaps = [
        abs(float(probabilities[bins == number].mean()) - float(right[bins == number].mean()))
        * (bins == number).mean()
        for number in range(_BINS)
        if (bins == number).any()
    ]
    return float(sum(gaps))


def auroc(outside: NDArray[np.floating], inside: NDArray[np.floating]) -> float | None:
    """Probability that a message outside the scope has the higher score (Mann and Whitney 1947).

    None where one of the two is empty.
    """
    if not outside.size or not inside.size:
        return None
    ordered = np.sort(inside)
    below = np.searchsorted(ordered, outside, side="left")
    ties = np.searchsorted(ordered, outside, side="right") - below
    return float((below + 0.5 * ties).mean() / inside.size)


def confusions(
    wanted: Sequence[str], said: Sequence[str], most: int = 15
) -> tuple[tuple[str, str, int], ...]:
    """Labelled, said instead, how often; the most frequent first."""
    pairs = Counter(pair for pair in zip(wanted, said, strict=True) if pair[0] != pair[1])
    return tuple((label, answer, count) for (label, answer), count in pairs.most_common(most))


def percentiles(milliseconds: Sequence[float]) -> tuple[float, float, float]:
    """Median, 95th and 99th percentile; zeros without any."""
    if not milliseconds:
        return 0.0, 0.0, 0.0
    middle, late, latest = (float(value) for value in np.percentile(milliseconds, [50, 95, 99]))
    return middle, late, latest
