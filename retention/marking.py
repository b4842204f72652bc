"""Marking bad rows: dropped or blanked, and always counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from retention.report import Problem


def report(
    found: list[Problem], code: str, table: str, ids: pa.ChunkedArray, action: str, message: str
) -> None:
    """Note so many rows and up to five of their ids; nothing when there are none."""
    if len(ids):
        examples = tuple(str(one) for one in ids.slice(0, 5).to_pylist())
        found.append(
            Problem(code=code, table=table, count=len(ids), action=action, message=message, examples=examples)
        )


def true(condition: Any) -> Any:
    """The condition with unknown as false."""
    return pc.fill_null(condition, False)


def drop(
    rows: pa.Table,
    bad: Any,
    found: list[Problem],
    code: str,
    message: str,
    *,
    key: str = "id",
    table: str = "events",
) -> pa.Table:
    """The rows without the bad ones, which are noted."""
    bad = true(bad)
    if not pc.any(bad).as_py():
        return rows
    report(found, code, table, rows.column(key).filter(bad), "dropped", message)
    return rows.filter(pc.invert(bad))


def replace(rows: pa.Table, column: str, values: Any) -> pa.Table:
    """The rows with other values in a column."""
    position = rows.schema.get_field_index(column)
    return rows.set_column(position, rows.schema.field(column), values)


def blank(
    rows: pa.Table,
    bad: Any,
    column: str,
    found: list[Problem],
    code: str,
    message: str,
    *,
    key: str = "id",
    table: str = "events",
) -> pa.Table:
    """The rows with the bad values of a column unknown; the bad rows are noted."""
    bad = true(bad)
    report(found, code, table, rows.column(key).filter(bad), "blanked", message)
    nothing = pa.scalar(None, type=rows.schema.field(column).type)
    return replace(rows, column, pc.if_else(bad, nothing, rows.column(column)))


def first_occurrence(column: pa.ChunkedArray) -> pa.Array:
    """Whether a value is there for the first time, shape (rows,)."""
    codes = column.combine_chunks().dictionary_encode()
    if isinstance(codes, pa.ChunkedArray):
        codes = codes.combine_chunks()
    indices = codes.indices.to_numpy(zero_copy_only=False)
    first = np.zeros(len(indices), dtype=bool)
    first[np.unique(indices, return_index=True)[1]] = True
    return pa.array(first)


def ascending(column: pa.ChunkedArray) -> bool:
    """Whether each value is larger than the one before, as the ids of a log in the order of its file are."""
    return bool(
        pc.all(pc.less(column.slice(0, max(len(column) - 1, 0)), column.slice(1)), min_count=0).as_py()
    )


def medians(codes: np.ndarray, values: np.ndarray, groups: int) -> tuple[np.ndarray, np.ndarray]:
    """Lower medians and counts of `values` by group code, shape (groups,); infinite for an empty group."""
    order = np.lexsort((values, codes))
    counts = np.bincount(codes, minlength=groups)
    starts = np.cumsum(counts) - counts
    medians = np.full(groups, np.inf)
    filled = counts > 0
    medians[filled] = values[order][starts[filled] + (counts[filled] - 1) // 2]
    return medians, counts
