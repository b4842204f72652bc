"""The churn risk of all customers at once: of a history in memory, and of Parquet files as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kernel.arrays import Ints
from kernel.files import replacing
from kernel.times import DAY, to_micros
from retention.checks import check
from retention.churn.bands import ORDER
from retention.churn.windows import buyers
from retention.core import load
from retention.features.engines import Tables
from retention.features.expressions import Shop, raw_features
from retention.features.raw import NAMES as RAW
from retention.history import History
from retention.types import CustomerId, EventKind, Risk, RiskBand, RiskContext

SCORES: pa.Schema = pa.schema(
    [
        pa.field("customer", pa.string(), nullable=False),
        pa.field("probability", pa.float64(), nullable=False),
        pa.field("band", pa.string(), nullable=False),
    ]
)

_BANDS = np.array([one.value for one in ORDER])
_BATCH = 50_000


def score_customers(directory: Path, history: History, *, now: datetime) -> Iterator[Risk]:
    """The risk of every customer who ever bought, in the order of their ids, from the model in `directory`.

    The same numbers that `RetentionCore.risk` gives one by one, computed for all at once; for the child
    process that has just fitted.

    Raises:
        ModelDamaged: the model cannot be read.
    """
    core = load(directory)
    table = buyers(Shop(check(history, now).history), to_micros(now))
    if not core.churn.fitted:
        yield from (core.risk(customer, RiskContext(now=now)) for customer in table.customers)
    elif table.customers:
        yield from core.churn.risks(table.customers, table.values, version=core.version)


def active_customers(history: History, *, now: datetime, days: int) -> int:
    """How many customers bought in so many days before `now`: of whom a share that can be looked after is taken."""
    events = history.events
    since, until = to_micros(now) - days * DAY, to_micros(now)
    recent = pc.and_(pc.greater_equal(events.column("at"), since), pc.less(events.column("at"), until))
    bought = pc.and_(recent, pc.equal(events.column("kind"), EventKind.PURCHASE.value))
    return len(pc.unique(events.column("customer").filter(bought)))


def silent_too_long(
    directory: Path, history: History, *, now: datetime, since: datetime
) -> frozenset[CustomerId]:
    """Whose silence became too long for their own rhythm after `since`; nobody's by a model that knows none.

    Raises:
        ModelDamaged: the model cannot be read.
    """
    churn = load(directory).churn
    if churn.rhythm is None or since >= now:
        return frozenset()
    table = buyers(Shop(check(history, now).history), to_micros(now))
    days = (to_micros(now) - to_micros(since)) / DAY
    passed = churn.rhythm.passed(table.values, churn.horizon_days, days)
    return frozenset(table.customers[place] for place in np.flatnonzero(passed).tolist())


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
    scored = 0
    with (
        replacing(out) as draft,
        TemporaryDirectory(dir=out.parent) as scratch,
        pq.ParquetWriter(draft, SCORES) as writer,
    ):
        for customers, raw in _buyers(tables, to_micros(now), Path(scratch)):
            if core.churn.fitted:
                chance = core.churn.probabilities(raw)
                bands = _BANDS[core.churn.heights(chance, core.churn.stakes(raw, chance))]
            else:
                chance = np.full(len(raw), core.churn.base_rate)
                bands = np.full(len(raw), RiskBand.MEDIUM.value)
            writer.write_table(pa.table([customers, chance, bands], schema=SCORES))
            scored += len(raw)
    return scored


def _buyers(tables: Tables, moment: int, scratch: Path) -> Iterator[tuple[pa.Array, Ints]]:
    """Customers who have bought and their raw features, shape (customers, raw.NAMES), a batch at a time."""
    shop = Shop(tables)
    for batch in shop.stream(raw_features(shop.before(moment)), scratch, _BATCH):
        raw = np.stack([batch.column(name).to_numpy(zero_copy_only=False) for name in RAW], axis=1)
        bought = raw[:, RAW.index("purchase_days")] > 0
        yield batch.column("customer").filter(pa.array(bought)), raw[bought]
