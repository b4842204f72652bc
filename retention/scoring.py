"""Scores all customers of a shop whose events lie in Parquet files: a stream in, a stream out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from retention.core import load
from retention.features.engines import Tables
from retention.features.expressions import Shop, raw_features
from retention.features.raw import NAMES as RAW
from retention.times import to_micros
from retention.types import RiskBand

SCORES: pa.Schema = pa.schema(
    [
        pa.field("customer", pa.string(), nullable=False),
        pa.field("probability", pa.float64(), nullable=False),
        pa.field("band", pa.string(), nullable=False),
    ]
)

_BANDS = np.array([RiskBand.LOW.value, RiskBand.MEDIUM.value, RiskBand.HIGH.value])
_BATCH = 50_000


def score_tables(model: Path, tables: Tables, out: Path, *, now: datetime) -> int:
    """Write the churn risk of everybody who bought before `now` to a Parquet file; return how many they are.

    The numbers are those of `retention.score_customers`, without their reasons, which cost more than the
    scores: ask the model for those of the few whom somebody looks at.

    Args:
        model: a folder that `retention.fit` wrote.
        tables: from `retention.features.engines`; its events are taken as checked.
        out: columns as in `SCORES`, in no order of rows; it appears whole or not at all.
        now: aware.

    Raises:
        ModelDamaged: the model cannot be read.
    """
    core = load(model)
    medium, high = core.churn.bands
    draft = out.with_name(f".{out.name}.part")
    scored = 0
    try:
        with TemporaryDirectory(dir=out.parent) as scratch, pq.ParquetWriter(draft, SCORES) as writer:
            for customers, raw in _buyers(tables, to_micros(now), Path(scratch)):
                chance = (
                    core.churn.probabilities(raw)
                    if core.churn.fitted
                    else np.full(len(raw), core.churn.base_rate)
                )
                bands = _BANDS[(chance >= medium).astype(int) + (chance >= high)]
                if not core.churn.fitted:
                    bands = np.full(len(raw), RiskBand.MEDIUM.value)
                writer.write_table(pa.table([customers, chance, bands], schema=SCORES))
                scored += len(raw)
        draft.replace(out)
    finally:
        draft.unlink(missing_ok=True)
    return scored


def _buyers(tables: Tables, moment: int, scratch: Path) -> Iterator[tuple[pa.Array, NDArray[np.int64]]]:
    """Customers who have bought and their raw features, shape (customers, raw.NAMES), a batch at a time."""
    shop = Shop(tables)
    for batch in shop.stream(raw_features(shop.before(moment)), scratch, _BATCH):
        raw = np.stack([batch.column(name).to_numpy(zero_copy_only=False) for name in RAW], axis=1)
        bought = raw[:, RAW.index("purchase_days")] > 0
        yield batch.column("customer").filter(pa.array(bought)), raw[bought]
