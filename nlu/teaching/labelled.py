"""Tables of labelled messages, checked before anything is learned from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz import fuzz, process

from nlu.datafiles import read_lines
from nlu.errors import DataRefused
from nlu.intents import LONGEST_NAME, can_be_intent
from nlu.normalise import normalise

OUTSIDE = frozenset({"out_of_scope", "oos"})
"""Labels that stand for messages outside the scope."""
_NEAR = 84.0
"""Likeness of two names, of 100, from which one is taken for a slip of the other: `order_staus`."""
LABEL_COLUMNS = ("label", "intent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """One message with its label."""

    text: str
    label: str
    line: int


def read_labelled(path: Path) -> list[Labelled]:
    """The messages of a table with the columns `text` and `label` (or `intent`).

    Raises:
        DataRefused: a column is missing, it isn't UTF-8, or a line has too many fields, no text or no label.
    """
    lines = read_lines(path, ["text"], one_of=LABEL_COLUMNS)
    column = next(name for name in LABEL_COLUMNS if not lines or name in lines[0][1])
    problems = [f"line {line}: {column} is empty" for line, row in lines if not row[column]]
    if problems or not lines:
        raise DataRefused(path, problems or ["it holds no message"])
    return [Labelled(text=row["text"], label=row[column], line=line) for line, row in lines]


def contradictions(rows: Sequence[Labelled]) -> list[str]:
    """Messages that are there with several labels, each as a line to be shown."""
    seen: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows:
        seen[normalise(row.text).text.casefold()].setdefault(row.label, row.line)
    return [
        "lines "
        + " and ".join(f"{line} ({label})" for label, line in labels.items())
        + f": one text, several labels: {_short(text)}"
        for text, labels in seen.items()
        if len(labels) > 1
    ]


def remarks(path: Path, learned: Sequence[Labelled], measured: Sequence[Labelled]) -> list[str]:
    """What is odd about a split, a line each: texts with several labels, and labels that are never learned.

    Raises:
        DataRefused: fewer than two labels are there to learn.
    """
    labels = {row.label for row in learned}
    if len(labels) < 2:
        raise DataRefused(path, ["messages of at least two labels are needed"])
    found = contradictions(learned)
    said = [f"{path}: {found[0]}" + (f", and {len(found) - 1} more" if found[1:] else "")] if found else []
    unknown = sorted({row.label for row in measured} - labels - OUTSIDE)
    if unknown:
        said.append(f"{path} has no message of {', '.join(unknown[:5])}: those of the test count as wrong")
    return said


def check_for_training(path: Path, rows: Sequence[Labelled], known: Collection[str], fewest: int) -> None:
    """Refuse what would teach nonsense.

    Raises:
        DataRefused: a text has several labels, a label is a slip of a known one, cannot be a name, or has fewer than
            `fewest` messages although no model knows it yet.
    """
    odd = _odd_names(rows, known)
    problems = [*contradictions(rows), *odd.values()]
    fresh = {row.label for row in rows} - set(known) - set(odd)
    for label in sorted(fresh):
        lines = [row.line for row in rows if row.label == label]
        if len(lines) < fewest:
            problems.append(
                f"line {lines[0]}: {label!r} is new and needs {fewest} messages, not {len(lines)}"
            )
    if problems:
        raise DataRefused(path, problems)


def without_repeats(rows: Iterable[Labelled]) -> list[Labelled]:
    """Each text once."""
    return list({normalise(row.text).text.casefold(): row for row in reversed(list(rows))}.values())[::-1]


def _odd_names(rows: Sequence[Labelled], known: Collection[str]) -> dict[str, str]:
    """What is wrong with labels, by the label."""
    first = {row.label: row.line for row in reversed(rows)}
    problems: dict[str, str] = {}
    for label, line in first.items():
        if label in known:
            continue
        if not can_be_intent(label):
            problems[label] = (
                f"line {line}: {_short(label)!r} can't be an intent's name: "
                f"one word of at most {LONGEST_NAME} characters"
            )
        elif near := _near(label, known):
            problems[label] = (
                f"line {line}: {label!r} looks like a slip of {near!r}; call your own intent something else"
            )
    return problems


def _near(label: str, known: Collection[str]) -> str | None:
    found = process.extractOne(label.casefold(), list(known), scorer=fuzz.ratio, score_cutoff=_NEAR)
    return None if found is None else str(found[0])


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
