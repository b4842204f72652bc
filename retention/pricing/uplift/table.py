"""Any table of an experiment as numbers: who was treated, what came of it, and what was known of each before."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import numpy as np

from kernel.arrays import Bools, Floats
from retention.churn.encoding import Encoder
from retention.errors import ExperimentRefused, MissingColumn

Texts = Sequence[str | None]
Table = Mapping[str, Texts]
"""Column name to values as text, None where missing."""

_YES = frozenset({"1", "1.0", "true", "yes", "y", "t", "是"})
_NO = frozenset({"0", "0.0", "false", "no", "n", "f", "否"})
_NOTHING = frozenset({"", "nan", "null", "none", "na", "n/a", "<na>", "nat"})
_CONTROL = re.compile(r"no\b|none\b|not\b|non[-_ ]|un|control|holdout|hold[-_ ]out|placebo|ctrl|对照|无|不")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?")
_DATE_SHARE = 0.95
_ID_NAME = re.compile(
    r"(^|[_\s-])(id|ids|no|nr|number|key|uuid|code|row|index|customer|user|编号)$", re.IGNORECASE
)
_ID_NAME_CAMEL = re.compile(r"[a-z](Id|ID|No|Key|Code)$")
LEAST_ROWS = 40
LEAST_OF_A_GROUP = 10
_FEW_KINDS = 30
_BY_CHANCE = -14.0
"""Log of a probability of one in a million."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """How a table becomes rows of numbers."""

    encoder: Encoder
    dates: frozenset[str]
    """Columns of days, read as numbers."""

    def encode(self, table: Table, rows: int) -> Floats:
        """Shape (rows, encoded columns).

        Raises:
            MissingColumn: the table lacks a column that was learned from.
        """
        missing = [one.name for one in self.encoder.columns if one.name not in table]
        if missing:
            raise MissingColumn("test", missing)
        used = {
            one.name: _days(table[one.name]) if one.name in self.dates else table[one.name]
            for one in self.encoder.columns
        }
        return self.encoder.encode(used, rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """A table whose customers were treated or not."""

    columns: Columns
    rows: Floats
    """Shape (customers, encoded columns)."""
    treated: Bools
    outcome: Floats
    binary: bool
    control: str
    """What the treatment's column says of the untreated."""
    notes: tuple[str, ...]


def read(
    table: Table, treatment: str, outcome: str, *, control: str | None = None, only: Sequence[str] = ()
) -> Experiment:
    """Read an experiment.

    Args:
        table: a row a customer.
        treatment: the column that says who was treated: 1/0, yes/no, true/false, or the names of two groups.
        outcome: the column that says what came of it: 1/0, yes/no, true/false, or a number.
        control: the group that was not treated; without it, 0/no/false, a name such as `control` or `No e-mail`, else
            the smaller group.
        only: the columns to learn from; all others that can be, without it.

    Raises:
        MissingColumn: a named column is not there.
        ExperimentRefused: one group is missing or there are more than two, the outcome never varies or is neither a
            yes/no nor a number, or there are too few rows.
    """
    named = [treatment, outcome, *only]
    missing = [one for one in dict.fromkeys(named) if one not in table]
    if missing:
        raise MissingColumn("data", missing)
    if treatment == outcome:
        raise ExperimentRefused(f"the column {treatment!r} can't be both the treatment and the outcome")
    groups = [_plain(one) for one in table[treatment]]
    values, binary = _outcomes(table[outcome], outcome)
    whose, notes = _control(groups, treatment, control)
    known = np.array([one != "" for one in groups]) & np.isfinite(values)
    if not known.all():
        notes.append(f"{int((~known).sum())} rows without a {treatment} or {outcome} are left out")
    treated = np.array([one != whose for one in groups])[known]
    result = values[known]
    _refuse_too_little(treated, result, treatment, outcome)
    kept = known.tolist()
    chosen = only or [one for one in table if one not in (treatment, outcome)]
    used: dict[str, Texts] = {
        name: [one for one, there in zip(table[name], kept, strict=True) if there]
        for name in chosen
        if name not in (treatment, outcome)
    }
    if not only:
        used, said = _usable(used, result, outcome)
        notes += said
    columns, said = _columns(used)
    return Experiment(
        columns=columns,
        rows=columns.encode(used, len(result)),
        treated=treated,
        outcome=result,
        binary=binary,
        control=whose,
        notes=(*notes, *said),
    )


# --- treatment and outcome --------------------------------------------------------------------------------


def _plain(value: str | None) -> str:
    text = (value or "").strip()
    return "" if text.casefold() in _NOTHING and text.casefold() != "none" else text


def _control(groups: Sequence[str], treatment: str, named: str | None) -> tuple[str, list[str]]:
    counts = Counter(one for one in groups if one)
    if named is not None and named not in counts:
        raise ExperimentRefused(
            f"no row of {treatment!r} is {named!r}: it has {_shown(counts)}; name one of these as the control"
        )
    if len(counts) < 2:
        raise ExperimentRefused(
            f"every row of {treatment!r} is {_shown(counts) or 'empty'}: an effect needs customers with the treatment "
            "and without it"
        )
    if len(counts) > 2:
        raise ExperimentRefused(
            f"{treatment!r} names {len(counts)} groups, {_shown(counts)}: leave only the rows of two, the treated and "
            "the others"
        )
    if named is not None:
        return named, []
    said_no = [one for one in counts if one.casefold() in _NO]
    called = [one for one in counts if _CONTROL.match(one.casefold())]
    for found in (said_no, called):
        if len(found) == 1:
            return found[0], []
    smaller = min(counts, key=lambda one: (counts[one], one))
    return smaller, [f"{smaller!r}, the smaller group, is taken as the untreated; --control names another"]


def _outcomes(values: Texts, name: str) -> tuple[Floats, bool]:
    """Numbers, NaN where missing, and whether they are all 0 or 1."""
    texts = [_plain(one).casefold() for one in values]
    found = np.array([_outcome(one) for one in texts], np.float64)
    given = np.array([one not in ("", "none") for one in texts])
    strange = sorted(
        {one for one, number in zip(texts, found, strict=True) if not np.isfinite(number)} - {"", "none"}
    )
    if strange:
        told = ", ".join(repr(one) for one in strange[:5])
        raise ExperimentRefused(f"the outcome {name!r} has the values {told}: write 1/0, yes/no or a number")
    return np.where(given, found, np.nan), bool(np.isin(found[given], (0.0, 1.0)).all())


def _outcome(text: str) -> float:
    if text in _YES:
        return 1.0
    if text in _NO:
        return 0.0
    try:
        number = float(text.replace(",", ""))
    except ValueError:
        return float("nan")
    return number if np.isfinite(number) else float("nan")


def _refuse_too_little(treated: Bools, outcome: Floats, treatment: str, name: str) -> None:
    fewest = min(int(treated.sum()), int((~treated).sum()))
    if fewest == 0:
        raise ExperimentRefused(
            f"all rows with a known {name!r} are in one group of {treatment!r}: an effect needs both"
        )
    if len(outcome) < LEAST_ROWS or fewest < LEAST_OF_A_GROUP:
        raise ExperimentRefused(
            f"{len(outcome)} rows, {fewest} in the smaller group: at least {LEAST_ROWS} with {LEAST_OF_A_GROUP} in "
            "each are needed"
        )
    if not np.any(outcome != outcome[0]):
        raise ExperimentRefused(
            f"the outcome {name!r} is {outcome[0]:g} everywhere: there is no effect to learn"
        )


def _shown(counts: Counter[str]) -> str:
    return ", ".join(f"{name!r} ({count})" for name, count in counts.most_common(5))


# --- what was known before --------------------------------------------------------------------------------


def _columns(used: Mapping[str, Texts]) -> tuple[Columns, list[str]]:
    dates = frozenset(name for name, values in used.items() if _is_dated(values))
    encoder, notes = Encoder.of({name: _days(one) if name in dates else one for name, one in used.items()})
    # Effects are learned from few customers: a straight line a column, and trees bend it where they are better.
    straight = Encoder(columns=tuple(replace(one, knots=()) for one in encoder.columns))
    return Columns(encoder=straight, dates=dates), notes


def _usable(used: Mapping[str, Texts], outcome: Floats, name: str) -> tuple[dict[str, Texts], list[str]]:
    """Without what names a row, and without what is known only when the outcome is."""
    kept, notes = {}, []
    happened = _unusual(outcome)
    for column, values in used.items():
        if _names_rows(column, values):
            notes.append(f"the column {column!r} is left out: every row has a number of its own there")
        elif _after(values, happened):
            notes.append(
                f"the column {column!r} is left out: it tells whether {name!r} came about, so it is not known before; "
                "--columns takes it all the same"
            )
        else:
            kept[column] = values
    return kept, notes


def _unusual(outcome: Floats) -> Bools:
    """Where the outcome is not the usual one: a purchase, an amount above 0."""
    values, counts = np.unique(outcome, return_counts=True)
    result: Bools = outcome != values[np.argmax(counts)]
    return result


def _after(values: Texts, happened: Bools) -> bool:
    """Whether a value never comes without the outcome, or the outcome never without a value that few have."""
    rate = float(happened.mean())
    if not 0 < rate < 0.5:
        return False
    texts = np.array([(one or "").strip() for one in values])
    kinds, place, counts = np.unique(texts, return_inverse=True, return_counts=True)
    usual = int(np.argmax(counts))
    others = place != usual
    hits = np.bincount(place, weights=happened, minlength=len(kinds))
    groups = [(int(others.sum()), int(happened[others].sum()))]
    if len(kinds) <= _FEW_KINDS:
        groups += [(int(counts[one]), int(hits[one])) for one in range(len(kinds))]
    size, all_hits = len(texts), int(happened.sum())
    return any(
        (hit == count and count * np.log(rate) < _BY_CHANCE)
        or (hit == all_hits and count < size / 2 and all_hits * np.log(count / size) < _BY_CHANCE)
        for count, hit in groups
        if count
    )


def _names_rows(name: str, values: Texts) -> bool:
    """Whole numbers, no two alike: those of a column called so, or lying close together."""
    if not values or any(one is None for one in values):
        return False
    try:
        numbers = {int(float(one or "")) for one in values if float(one or "").is_integer()}
    except (ValueError, OverflowError):
        return False
    called = _ID_NAME.search(name) is not None or _ID_NAME_CAMEL.search(name) is not None
    return len(numbers) == len(values) and (called or max(numbers) - min(numbers) < 3 * len(values))


def _is_dated(values: Texts) -> bool:
    given = [one.strip() for one in values if one is not None and one.strip()]
    if not given or _DATE.fullmatch(given[0]) is None:
        return False
    return sum(_day(one) is not None for one in given) >= _DATE_SHARE * len(given)


def _days(values: Texts) -> Texts:
    days = {one: _day(one) for one in set(values) if one is not None}
    return [None if one is None or days[one] is None else str(days[one]) for one in values]


def _day(text: str) -> float | None:
    """Days since the year 1, with the part of the day."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    start = datetime.combine(date(found.year, found.month, found.day), datetime.min.time(), found.tzinfo)
    return found.toordinal() + (found - start).total_seconds() / 86_400
