"""Times and numbers as people write them, as DuckDB expressions.

Nothing is guessed from one row: what an ambiguous form means is decided from the whole column, or refused.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from retention.errors import LogRefused

_FORMS = (
    "%Y%m%dT%H%M%SZ",
    "%Y%m%dT%H%M%S",
    "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日 %H:%M",
    "%Y年%m月%d日",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y",
)
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_SLASHED = r"^\s*\d{1,2}/\d{1,2}/\d{4}"
_ZONED = r":\d\d.*(Z|UTC|GMT|[+-]\d\d(:?\d\d)?)\s*$"
_ZONE = r"(Z|UTC|GMT|[+-]\d\d(:?\d\d)?)\s*$"
_SHOWN_ZONES = 5


def moments(connection: Any, table: str, column: str, kind: pa.DataType) -> tuple[str, list[str]]:
    """An expression for microseconds since 1970 (null where it is no time), and what to say about it.

    Raises:
        LogRefused: the column's type holds no times, or day and month cannot be told apart.
    """
    if pa.types.is_timestamp(kind):
        told = [] if kind.tz else [f"the times in {column} name no zone: taken as UTC"]
        return f"epoch_us({column}::TIMESTAMPTZ)", told
    if pa.types.is_date(kind):
        return f"epoch_us({column}::TIMESTAMP)", [f"{column} holds days: taken as 00:00 UTC"]
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _epoch(f"{column}::DOUBLE"), []
    if pa.types.is_string(kind):
        return _text_moments(connection, table, column)
    raise LogRefused(f"the column for time is {kind}: it must hold times, dates, text or seconds since 1970")


def _epoch(number: str) -> str:
    """Seconds, milli-, micro- or nanoseconds by their size; eight digits that make a date are that date."""
    eight = f"CASE WHEN {number} BETWEEN 19000101 AND 21001231 THEN ({number})::BIGINT::VARCHAR END"
    day = f"try_strptime({eight}, '%Y%m%d')"
    return (
        f"CASE WHEN NOT isfinite({number}) THEN NULL "
        f"WHEN {day} IS NOT NULL THEN epoch_us({day}) "
        f"WHEN abs({number}) < 1e11 THEN round({number} * 1e6)::BIGINT "
        f"WHEN abs({number}) < 1e14 THEN round({number} * 1e3)::BIGINT "
        f"WHEN abs({number}) < 1e17 THEN round({number})::BIGINT "
        f"WHEN abs({number}) < 9e18 THEN round({number} / 1e3)::BIGINT END"
    )


def _text_moments(connection: Any, table: str, column: str) -> tuple[str, list[str]]:
    slashed, first, second, zoned, clocks, rows = connection.execute(
        f"""SELECT count(*) FILTER (slash),
                   max(try_cast(split_part({column}, '/', 1) AS INT)) FILTER (slash),
                   max(try_cast(split_part({column}, '/', 2) AS INT)) FILTER (slash),
                   count(*) FILTER (regexp_matches({column}, ?)),
                   count(*) FILTER (contains({column}, ':')), count({column})
            FROM (SELECT {column}, regexp_matches({column}, ?) AS slash FROM {table})""",  # noqa: S608
        [_ZONED, _SLASHED],
    ).fetchall()[0]
    parts = [_iso(column), _forms(column, _FORMS)]
    told = []
    if slashed:
        order = _slashes(first, second)
        told.append(f"times such as 1/2/2026 are read as {'month/day' if order == '%m/%d' else 'day/month'}")
        parts.append(_forms(column, [f"{order}/%Y{clock}" for clock in _CLOCKS]))
    parts.append(_epoch(f"try_cast({column} AS DOUBLE)"))
    if clocks and not zoned:
        told.append("the times name no zone: taken as UTC")
    elif zoned and zoned < rows:
        told.append(f"{rows - zoned} of {rows} times name no zone: taken as UTC")
    if zoned:
        told += _mixed_zones(connection, table, column)
    return f"coalesce({', '.join(parts)})", told


def _mixed_zones(connection: Any, table: str, column: str) -> list[str]:
    """What to say where the times name more than one zone: how many name each, the most frequent first."""
    zone = f"regexp_extract({column}, '{_ZONE}', 1)"
    offset = f"replace({zone}, ':', '')"
    utc = f"{zone} IN ('Z', 'UTC', 'GMT') OR {offset} IN ('+00', '-00', '+0000', '-0000')"
    name = (
        f"CASE WHEN {utc} THEN 'UTC' ELSE left({offset}, 3) || ':' || rpad(substr({offset}, 4), 2, '0') END"
    )
    found = connection.execute(
        f"""SELECT {name} AS zone, count(*) AS times FROM {table}
            WHERE regexp_matches({column}, ?) GROUP BY zone ORDER BY times DESC, zone""",  # noqa: S608
        [_ZONED],
    ).fetchall()
    if len(found) < 2:
        return []
    shown = [f"{times} in {zone}" for zone, times in found[:_SHOWN_ZONES]]
    rest = sum(times for _, times in found[_SHOWN_ZONES:])
    listed = ", ".join([*shown, f"{rest} in others"] if rest else shown)
    return [f"the times name {len(found)} time zones: {listed}; each is read in its own"]


def _slashes(first: int, second: int) -> str:
    if first > 12 >= second:
        return "%d/%m"
    if second > 12 >= first:
        return "%m/%d"
    raise LogRefused(
        "the times are written with slashes, and day and month cannot be told apart: "
        "write them as 2026-01-31 or 2026-01-31 08:30"
    )


def _iso(column: str) -> str:
    """ISO 8601 by DuckDB, whose zone is set to UTC; `UTC` and a space before an offset are put right first."""
    zone = f"regexp_replace(trim({column}), '\\s*(UTC|GMT)$', 'Z')"
    offset = f"regexp_replace({zone}, '(\\d)\\s+([+-]\\d\\d:?\\d\\d)$', '\\1\\2')"
    return f"epoch_us(CASE WHEN {column} ~ '^\\s*\\d{{4}}[-/].*' THEN try_cast({offset} AS TIMESTAMPTZ) END)"


def _forms(column: str, forms: Any) -> str:
    return f"epoch_us(try_strptime(trim({column}), [{', '.join(repr(one) for one in forms)}]))"


def number(column: str, kind: pa.DataType) -> str:
    """An expression for a finite number (null where it is none): currency signs, 1,234.50 and 12,5 are read."""
    if not pa.types.is_string(kind):
        value = f"try_cast({column} AS DOUBLE)"
        return f"CASE WHEN isfinite({value}) THEN {value} END"
    bare = f"regexp_replace({column}, '[\\s$£€¥￥元]|^(CNY|USD|EUR|GBP|RMB)|(CNY|USD|EUR|GBP|RMB)$', '', 'g')"
    plain = (
        f"CASE WHEN {bare} ~ '[+-]?\\d{{1,3}}(,\\d{{3}})+(\\.\\d*)?' THEN replace({bare}, ',', '') "
        f"WHEN {bare} ~ '[+-]?\\d{{1,3}}(\\.\\d{{3}})+,\\d*' THEN replace(replace({bare}, '.', ''), ',', '.') "
        f"WHEN {bare} ~ '[+-]?\\d+,\\d+' THEN replace({bare}, ',', '.') ELSE {bare} END"
    )
    value = f"coalesce(try_cast({column} AS DOUBLE), try_cast({plain} AS DOUBLE))"
    return f"CASE WHEN isfinite({value}) THEN {value} END"


def identifier(column: str, kind: pa.DataType) -> str:
    """An expression for a name: a string; whole numbers that a missing value turned into fractions are whole again."""
    if pa.types.is_floating(kind):
        whole = f"{column} = trunc({column}) AND abs({column}) < 9e15"
        text = f"CASE WHEN {whole} THEN {column}::BIGINT::VARCHAR ELSE {column}::VARCHAR END"
        return f"CASE WHEN isfinite({column}) THEN {text} END"
    return f"nullif(trim({column}::VARCHAR), '')"


def minor(amount: str, units: int) -> str:
    """An expression for a whole number of minor units, bounded by what an integer holds; NULL stays NULL.

    Args:
        amount: an expression for a number, of either sign.
        units: minor units in one of the file's.
    """
    return f"CASE WHEN {amount} IS NOT NULL THEN least(round(abs({amount}) * {units}), {10**15})::BIGINT END"
