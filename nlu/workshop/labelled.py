"""Tables of labelled messages, checked before anything is learned from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rapidfuzz import fuzz, process

from nlu.datafiles import read_lines, write_lines, written_beside
from nlu.errors import DataRefused
from nlu.intents import LONGEST_NAME, can_be_intent
from nlu.normalise import normalise
from nlu.redaction import redact

OUTSIDE = frozenset({"out_of_scope", "oos"})
"""Labels that stand for messages outside the scope."""
_NEAR = 84.0
"""Likeness of two names, of 100, from which one is taken for a slip of the other: `order_staus`."""
LABEL_COLUMNS = ("label", "intent")
TIME_COLUMN = "corrected_at"
TAUGHT_BEFORE = "taught before"
"""What stands for the file of a message that a model was taught with earlier."""
SHOWN = 5
"""Lines, or texts, that a remark names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """One message with its label."""

    text: str
    label: str
    line: int
    file: str = ""
    """As it was named; empty where there is but one."""
    at: datetime | None = None
    """When staff said so, aware; None for what a shop has written down itself."""

    @property
    def key(self) -> str:
        """Alike for texts that differ in white space, width and case only."""
        return normalise(self.text).text.casefold()

    @property
    def readable(self) -> bool:
        """Whether anything is left of the text for a model to read: zero-width characters alone are nothing."""
        return bool(normalise(self.text).text)

    @property
    def kept_key(self) -> str:
        """Alike besides for texts that differ in personal data only, which are not kept."""
        return redact(self.text).casefold()


def read_labelled(path: Path) -> list[Labelled]:
    """The messages of a table with the columns `text` and `label` (or `intent`), and perhaps `corrected_at`.

    Raises:
        DataRefused: a column is missing, it isn't UTF-8, or a line has too many fields, no text, no label or something
            that is no time.
    """
    lines = read_lines(path, ["text"], one_of=LABEL_COLUMNS)
    column = next(name for name in LABEL_COLUMNS if not lines or name in lines[0][1])
    problems = [f"line {line}: {column} is empty" for line, row in lines if not row[column]]
    problems += [
        f"line {line}: {_short(row[TIME_COLUMN])!r} is no time such as 2026-01-31T09:30:00Z"
        for line, row in lines
        if row.get(TIME_COLUMN) and _time(row[TIME_COLUMN]) is None
    ]
    if problems or not lines:
        raise DataRefused(path, problems or ["it holds no message"])
    return [
        Labelled(
            text=row["text"],
            label=row[column],
            line=line,
            file=str(path),
            at=_time(row.get(TIME_COLUMN, "")),
        )
        for line, row in lines
    ]


def _time(written: str) -> datetime | None:
    """The time, in UTC where it names no zone; None where there is none."""
    try:
        time = datetime.fromisoformat(written)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def settled(rows: Sequence[Labelled]) -> list[Labelled]:
    """Of what staff said about one text at several times only the latest; rows without a time stay."""
    latest: dict[str, datetime] = {}
    for row in rows:
        if row.at is not None:
            latest[row.key] = max(row.at, latest.get(row.key, row.at))
    return [row for row in rows if row.at is None or row.at == latest[row.key]]


def read_taught(path: Path) -> list[Labelled]:
    """The messages that a model was taught with before; none where the folder holds no such file.

    Raises:
        DataRefused: somebody has changed the file, and it can't be read any more.
    """
    if not path.exists():
        return []
    lines = read_lines(path, ["text", "label"], plain=True)
    return [
        Labelled(text=row["text"], label=row["label"], line=line, file=TAUGHT_BEFORE) for line, row in lines
    ]


def write_taught(path: Path, rows: Sequence[Labelled]) -> None:
    """Keep the messages that a model was taught with, without personal data, each once."""
    kept: dict[str, tuple[str, str]] = {}
    for row in rows:
        kept.setdefault(row.kept_key, (redact(row.text), row.label))
    with written_beside(path) as file:
        write_lines(file, ("text", "label"), [pair for pair in kept.values() if pair[0]])


def contradictions(rows: Iterable[Labelled], *, kept: bool = False) -> list[str]:
    """Messages that are there with several labels, each as a line to be shown.

    Or `kept`: those that differ in personal data only. One of them could be kept, and nobody would know.
    """
    labels: dict[str, dict[str, Labelled]] = defaultdict(dict)
    for row in rows:
        labels[row.kept_key if kept else row.key].setdefault(row.label, row)
    what = "one text save for personal data" if kept else "one text"
    return [
        f"{_places(list(found.values()))}: {what}, several labels: {_short(text)}"
        for text, found in labels.items()
        if len(found) > 1 and not (kept and len({row.key for row in found.values()}) == 1)
    ]


def shown(what: Sequence[object], most: int = SHOWN) -> str:
    """The first few of many, and how many more there are."""
    said = ", ".join(map(str, what[:most]))
    return said if len(what) <= most else f"{said} and {len(what) - most} more"


def _places(rows: Sequence[Labelled]) -> str:
    """Where rows with different labels are: `lines 2 (a) and 5 (b)`, with the files where there are several."""
    if len({row.file for row in rows}) == 1:
        return "lines " + " and ".join(f"{row.line} ({row.label})" for row in rows)
    return " and ".join(f"{row.file} line {row.line} ({row.label})" for row in rows)


def _place(row: Labelled, rows: Sequence[Labelled]) -> str:
    """Where a row is, with its file where there are several."""
    several = any(other.file != row.file for other in rows)
    return f"{row.file} line {row.line}" if several else f"line {row.line}"


def remarks(path: Path, learned: Sequence[Labelled], measured: Sequence[Labelled]) -> Iterator[str]:
    """What is odd about a split: texts with several labels, or with nothing to read, and labels never learned.

    Raises:
        DataRefused: fewer than two labels are there to learn, or no text can be read.
    """
    labels = {row.label for row in learned}
    if len(labels) < 2:
        raise DataRefused(path, ["messages of at least two labels are needed"])
    blank = [row.line for row in learned if not row.readable]
    if len(blank) == len(learned):
        raise DataRefused(path, [f"lines {shown(blank)}: nothing can be read in any text"])
    yield from contradiction_remark(path, learned)
    if blank:
        yield f"{path}: nothing can be read in {len(blank)} texts: lines {shown(blank)}"
    unknown = sorted({row.label for row in measured} - labels - OUTSIDE)
    if unknown:
        yield f"{path} has no message of {', '.join(unknown[:5])}: those of the test count as wrong"


def contradiction_remark(path: Path, rows: Sequence[Labelled]) -> Iterator[str]:
    """One remark about texts with several labels, where there are such."""
    found = contradictions(rows)
    if found:
        more = [f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
        yield "\n  ".join([f"{path}:", *found[:SHOWN], *more])


def check_for_training(source: object, rows: Sequence[Labelled], known: Collection[str], fewest: int) -> None:
    """Refuse what would teach nonsense.

    Args:
        source: the file, or the files, as they are to be named.
        rows: what all of them hold.
        known: labels that a model knows already.
        fewest: messages that any other label needs.

    Raises:
        DataRefused: a text has several labels, or nothing in it can be read; a label is a slip of a known one, cannot
            be a name, or has fewer than `fewest` messages although no model knows it yet.
    """
    odd = _odd_names(rows, known)
    unread = [f"{_place(row, rows)}: nothing can be read in the text" for row in rows if not row.readable]
    readable = [row for row in rows if row.readable]
    problems = [*contradictions(readable), *contradictions(readable, kept=True), *unread, *odd.values()]
    fresh = {row.label for row in rows} - set(known) - set(odd)
    for label in sorted(fresh):
        found = without_repeats(row for row in rows if row.label == label)
        if len(found) < fewest:
            place = _place(found[0], rows)
            problems.append(f"{place}: {label!r} is new and needs {fewest} messages, not {len(found)}")
    if problems:
        raise DataRefused(source, problems)


def without_repeats(rows: Iterable[Labelled]) -> list[Labelled]:
    """Each text once, where it comes first."""
    first: dict[str, Labelled] = {}
    for row in rows:
        first.setdefault(row.key, row)
    return list(first.values())


def _odd_names(rows: Sequence[Labelled], known: Collection[str]) -> dict[str, str]:
    """What is wrong with labels, by the label."""
    problems: dict[str, str] = {}
    for label, row in {row.label: row for row in reversed(rows) if row.label not in known}.items():
        near = process.extractOne(label.casefold(), list(known), scorer=fuzz.ratio, score_cutoff=_NEAR)
        if not can_be_intent(label):
            what = (
                f"{_short(label)!r} can't be an intent's name: one word of at most {LONGEST_NAME} characters"
            )
        elif near is not None:
            what = f"{label!r} looks like a slip of {near[0]!r}; call your own intent something else"
        else:
            continue
        problems[label] = f"{_place(row, rows)}: {what}"
    return problems


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
