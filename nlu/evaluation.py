"""Measuring a model on labelled messages."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from nlu import figures
from nlu.datafiles import read_table
from nlu.errors import DataRefused
from nlu.figures import wilson
from nlu.intents import INTENTS, OUT_OF_SCOPE
from nlu.types import Understander, Understanding


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
    accuracy: float
    """Share of messages whose best intent is the labelled one."""
    interval: tuple[float, float]
    """95 % Wilson interval of the accuracy."""
    macro_f1: float
    calibration_error: float
    """Expected calibration error of the best intent's probability, ten bins."""
    answered: float | None
    """Share of messages within the scope that count as understood; None for labels that are no intents of ours."""
    out_of_scope_auroc: float | None
    sentiment_accuracy: float | None
    by_style: dict[str, float]
    confused: tuple[tuple[str, str, int], ...]
    """Labelled, said instead, how often; the most frequent first."""
    milliseconds: tuple[float, float, float]
    """Median, 95th and 99th percentile of one message read by itself."""
    out_of_scope_recall: float | None = None
    """Share of the messages outside the scope that were said to be so; for a split with its own labels."""


def read_rows(path: Path, table: Path | None = None) -> list[Row]:
    """Labelled messages: column `text`, and `intent` or `label`; `table` maps labels to intents, `-` leaves out.

    Raises:
        DataRefused: the file or the table cannot be used, or a label is no intent.
    """
    rows = read_table(path, ["text"], skip_empty=True)
    column = next((name for name in ("intent", "label") if rows and name in rows[0]), None)
    if column is None:
        raise DataRefused(path, ["line 1: a column named intent or label is needed"])
    mapping = _read_mapping(table)
    labelled, unknown = [], Counter[str]()
    for row in rows:
        intent = mapping.get(row[column], mapping.get("*", row[column]))
        if intent == "-":
            continue
        if intent not in INTENTS:
            unknown[row[column]] += 1
        also = tuple(part.strip() for part in row.get("also", "").split(",") if part.strip())
        labelled.append(
            Row(
                text=row["text"],
                intent=intent,
                also=also,
                sentiment=row.get("sentiment", ""),
                style=row.get("style", ""),
            )
        )
    if unknown:
        problems = [
            f"{label!r} is no intent ({n} rows); map it with --map" for label, n in unknown.most_common()
        ]
        raise DataRefused(path, problems)
    return labelled


def _read_mapping(table: Path | None) -> dict[str, str]:
    if table is None:
        return {}
    return {row["label"]: row["intent"] for row in read_table(table, ["label", "intent"])}


def evaluate(understander: Understander, rows: Sequence[Row]) -> Report:
    """All figures over the rows; each message is read by a call of its own, as in the bot."""
    read: list[Understanding] = []
    times: list[float] = []
    for row in rows:
        began = time.perf_counter()
        read.extend(understander.understand([row.text]))
        times.append((time.perf_counter() - began) * 1000)
    right = np.array([is_right(row, meaning) for row, meaning in zip(rows, read, strict=True)], bool)
    wanted = [row.intent for row in rows]
    said = [
        row.intent if is_right(row, m) else (m.intent or "nothing") for row, m in zip(rows, read, strict=True)
    ]
    inside = [m.understood for row, m in zip(rows, read, strict=True) if row.intent != OUT_OF_SCOPE]
    felt = [row.sentiment == m.sentiment for row, m in zip(rows, read, strict=True) if row.sentiment]
    return Report(
        rows=len(rows),
        accuracy=float(right.mean()) if len(rows) else 0.0,
        interval=wilson(int(right.sum()), len(rows)),
        macro_f1=figures.macro_f1(wanted, said),
        calibration_error=figures.calibration_error(np.array([m.probability for m in read]), right),
        answered=sum(inside) / max(1, len(inside)),
        out_of_scope_auroc=figures.auroc(
            _scores(rows, read, outside=True), _scores(rows, read, outside=False)
        ),
        sentiment_accuracy=sum(felt) / len(felt) if felt else None,
        by_style=_by_style(rows, right),
        confused=figures.confusions(wanted, said),
        milliseconds=figures.percentiles(times),
    )


def is_right(row: Row, meaning: Understanding) -> bool:
    """Whether the best intent is the labelled one; not being understood is the right answer out of scope."""
    if row.intent == OUT_OF_SCOPE and not meaning.understood:
        return True
    return meaning.intent == row.intent


def _scores(rows: Sequence[Row], read: Sequence[Understanding], *, outside: bool) -> figures.Floats:
    chosen = [
        m.out_of_scope for row, m in zip(rows, read, strict=True) if (row.intent == OUT_OF_SCOPE) == outside
    ]
    return np.array(chosen, np.float64)


def _by_style(rows: Sequence[Row], right: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> dict[str, float]:
    styles = sorted({row.style for row in rows if row.style})
    return {
        style: float(np.mean([hit for row, hit in zip(rows, right, strict=True) if row.style == style]))
        for style in styles
    }


PREDICTION_COLUMNS = (
    "text", "intent", "probability", "intents", "out_of_scope", "sentiment", "sentiment_strength", "urgent", "entities",
)  # fmt: skip


def prediction(text: str, meaning: Understanding) -> dict[str, str]:
    """One row of `liuke nlu predict`."""
    intents = [asdict(score) for score in meaning.intents]
    entities = [{**asdict(entity), "kind": entity.kind.value} for entity in meaning.entities]
    return {
        "text": text,
        "intent": meaning.intent or "",
        "probability": f"{meaning.probability:.4f}",
        "intents": json.dumps(intents, ensure_ascii=False),
        "out_of_scope": f"{meaning.out_of_scope:.6f}",
        "sentiment": meaning.sentiment.value,
        "sentiment_strength": f"{meaning.sentiment_strength:.4f}",
        "urgent": "1" if meaning.urgent else "0",
        "entities": json.dumps(entities, ensure_ascii=False),
    }
