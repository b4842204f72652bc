"""Turns of conversations written by hand, read from the folder `nlu/corpus/dialogues`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from nlu.acts import Act, Asking, Danger, DialogueState, Question, Shown, ShownKind
from nlu.errors import DataRefused
from nlu.types import Language
from nlu.workshop.dialogues import labels

FOLDER = Path(__file__).parents[2] / "corpus" / "dialogues"
MOST_SHOWN = 6
_FIELDS = frozenset(
    ("lang", "shop", "bot", "asked", "tasks", "filed", "shown", "before", "say", "acts", "wishes", "points", "slots",
     "danger")
)  # fmt: skip
_SHOWN = re.compile(rf"\A({'|'.join(get_args(ShownKind))})\b([^:：]*+)[:：](.*)", re.DOTALL)
_PRICE = re.compile(r"[¥￥$£€]\s?(\d++(?:\.\d++)?)|(?<!\d)(\d++(?:\.\d++)?)\s?(?:元|块)")
_CHINESE_DAY = re.compile(r"(\d{1,2})[-月/](\d{1,2})")
_ENGLISH_DAY = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?\s*(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_YEAR = 2026


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Part of a message with its label; `start` and `end` in the message as written."""

    label: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledTurn:
    """A message in its conversation, and what a person reads in it."""

    text: str
    language: Language
    state: DialogueState
    acts: frozenset[Act]
    wishes: tuple[Stretch, ...] = ()
    slots: tuple[Stretch, ...] = ()
    points: frozenset[int] = frozenset()
    """Places in `state.shown`, from 0."""
    none: bool = False
    other: bool = False
    danger: Danger | None = None
    whole: bool = True
    """False where only its wishes and acts are known."""


def read_turns(path: Path) -> list[LabelledTurn]:
    """The turns of a file: an object in JSON a line.

    Raises:
        DataRefused: something in it is no such turn; each is named.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except UnicodeDecodeError:
        raise DataRefused(path, ["it is not UTF-8"]) from None
    turns, wrong = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            turns.append(_turn(json.loads(line)))
        except (ValueError, KeyError, TypeError) as error:
            wrong.append(f"line {number}: {error}")
    if wrong:
        raise DataRefused(path, wrong)
    return turns


def _turn(row: Mapping[str, Any]) -> LabelledTurn:
    if frozenset(row) != _FIELDS:
        raise ValueError(f"has not the fields {', '.join(sorted(_FIELDS))}")
    pointed, slots = row["points"] or [], row["slots"] or []
    points = [point for point in pointed if isinstance(point, int)]
    shown = tuple(_shown(text) for text in row["shown"])
    if any(not 1 <= point <= len(shown) for point in points):
        raise ValueError(f"points at {points}, and {len(shown)} are shown")
    return LabelledTurn(
        text=row["say"],
        language="zh" if row["lang"] == "zh" else "en",
        state=DialogueState(
            question=_question(row["asked"], row["bot"]),
            tasks=tuple(_known(name, labels.TASKS) for name in row["tasks"]),
            filed=tuple(_known(name, labels.TASKS) for name in row["filed"]),
            shown=shown,
            before=tuple(row["before"][-2:]),
        ),
        acts=frozenset(Act(name) for name in row["acts"]),
        wishes=tuple(_stretches(row["say"], row["wishes"], labels.WISHES)),
        slots=tuple(_stretches(row["say"], slots, labels.SLOTS)),
        points=frozenset(point - 1 for point in points),
        none="none" in pointed,
        other="other" in pointed,
        danger=Danger(row["danger"]) if row["danger"] else None,
        whole=row["points"] is not None and row["slots"] is not None,
    )


def _known(name: str, names: Sequence[str]) -> str:
    if name not in names:
        raise ValueError(f"there is no {name!r}")
    return name


def _question(asked: str, words: str) -> Question | None:
    if not asked:
        return None
    kind, _, rest = asked.partition(" ")
    task, _, slot = rest.partition(".")
    if task == "meaning":
        task, slot = "", "meaning"
    known: Asking = next(one for one in get_args(Asking) if one == _known(kind, labels.ASKING))
    return Question(
        kind=known,
        task=_known(task, labels.TASKS) if task else "",
        slot=slot,
        words=words,
    )


def _shown(text: str) -> Shown:
    found = _SHOWN.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is nothing that is shown")
    kind: ShownKind = next(one for one in get_args(ShownKind) if one == found[1])
    told = found[3].strip()
    facts = told.partition("|")[2]
    price = _PRICE.search(facts)
    named = found[2].strip()
    return Shown(
        kind=kind,
        text=told if kind == "order" else f"{named} {told}".strip(),
        number=named if kind == "order" else "",
        price=round(float(price[1] or price[2]) * 100) if price else None,
        at=_day(facts.lower()),
    )


def _day(facts: str) -> datetime | None:
    """The day that stands among the facts of an order; which year it is doesn't matter."""
    chinese, english = _CHINESE_DAY.search(facts), _ENGLISH_DAY.search(facts)
    try:
        if english:
            return datetime(_YEAR, _MONTHS.index(english[2]) + 1, int(english[1]), tzinfo=UTC)
        return datetime(_YEAR, int(chinese[1]), int(chinese[2]), tzinfo=UTC) if chinese else None
    except ValueError:
        return None


def _stretches(text: str, pairs: Sequence[Sequence[str]], names: Sequence[str]) -> Iterator[Stretch]:
    """Where in a message each stretch stands; of one that stands there twice the next place each time."""
    after: dict[str, int] = {}
    for name, words in pairs:
        start = text.find(words, after.get(words, 0))
        if start < 0:
            start = text.find(words)
        if start < 0 or not words:
            raise ValueError(f"{words!r} does not stand in the message")
        after[words] = start + len(words)
        yield Stretch(label=_known(name, names), start=start, end=start + len(words))
