"""`liuke retention churn --events`: a log, however long, in parts of its customers."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kernel.console import failing, out, print_table, working
from kernel.times import to_micros
from retention.commands.files import (
    load_part,
    merged,
    print_metrics,
    print_notes,
    print_problems,
    save_part,
    write_table,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from kernel.arrays import Floats
    from retention.checks import Checked
    from retention.churn.model import ChurnModel
    from retention.logs import LogParts
    from retention.report import Problem

PART = "churn"
SAMPLE = 15_000
"""Customers that a model of a long log is fitted on: over several windows of time they are some 60,000 outcomes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command was asked for, but for the log."""

    horizon: int | None
    capacity: float | None
    save: Path | None
    model: Path | None
    seed: int


def run(
    events: Path, columns: str | None, before: datetime | None, asked: Asked, out_file: Path | None
) -> None:
    """Read, fit or take a model, save it, and write the scores."""
    from retention.logs import Columns, read_parts

    with failing(), ExitStack() as stack:
        with failing(), working(f"reading {events.name}"):
            log = stack.enter_context(read_parts(events, Columns.parse(columns), before=before))
            whole = log.part(0).checked() if log.count == 1 else None
        print_problems(whole.problems if whole is not None else ())
        print_notes(log.notes)
        found = _model(log, whole, asked)
        if out_file is None:
            return
        with failing(), working("scoring"):
            table, problems = _scored(log, whole, found, asked)
        print_problems(problems if whole is None else ())
        write_table(table, out_file, log=log)


def _model(log: LogParts, whole: Checked | None, asked: Asked) -> ChurnModel:
    from retention.churn.model import restored, saved

    measured: Mapping[str, float] = {}
    data = ""
    if asked.model is not None:
        found = restored(*load_part(asked.model, PART))
        if asked.horizon is not None and asked.horizon != found.horizon_days:
            print_notes(
                [f"the model was fitted for {found.horizon_days} days; carried on to {asked.horizon}"]
            )
    else:
        # Of a long log, a part is fitted on: a model of customers needs no more of them.
        checked = (
            whole if whole is not None else _sampled(log.part(asked.seed % log.count).checked(), asked.seed)
        )
        found, measured = _fit(log, checked, asked)
        data = checked.history.fingerprint() if asked.save is not None else ""
    if asked.save is not None:
        save_part(asked.save, PART, saved(found), seed=asked.seed, at=log.at, data=data, metrics=measured)
    return found


def _fit(log: LogParts, checked: Checked, asked: Asked) -> tuple[ChurnModel, Mapping[str, float]]:
    from retention.churn.expected import EXPECTED
    from retention.churn.fit import fit
    from retention.features.expressions import Shop

    told = []
    if log.count > 1:
        sampled = len(checked.history.events.column("customer").unique())
        told.append(
            f"a long log: fitted on {sampled:,} of its {log.customers():,} customers, drawn by chance"
        )
    with failing(), working("learning who leaves"):
        fitted = fit(checked, Shop(checked.history), seed=asked.seed, horizon_days=asked.horizon)
    notes = [*told, *fitted.notes]
    if asked.horizon is None:
        notes.append(f"the horizon is {fitted.model.horizon_days} days, by the gaps between purchases")
    print_notes([*notes, *(str(one) for one in fitted.readiness if not one.enough)])
    judged = {name: one for name, one in fitted.metrics.items() if not name.startswith(EXPECTED)}
    print_metrics(f"Judged on the last {fitted.model.window_days} days before", judged, "churn_")
    if fitted.model.level is not None:
        out.print(str(fitted.model.level))
    return fitted.model, fitted.metrics


def _sampled(checked: Checked, seed: int) -> Checked:
    """The events of at most `SAMPLE` customers, drawn by the seed."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    events = checked.history.events
    names = pc.unique(events.column("customer")).sort()
    draw = np.random.default_rng(seed)
    chosen = draw.choice(len(names), min(SAMPLE, len(names)), replace=False)
    kept = events.filter(pc.is_in(events.column("customer"), value_set=names.take(pa.array(np.sort(chosen)))))
    return replace(checked, history=replace(checked.history, events=kept))


def _scored(
    log: LogParts, whole: Checked | None, model: ChurnModel, asked: Asked
) -> tuple[pa.Table, list[Problem]]:
    """Everybody in the log, by their ids, and what was wrong with its rows."""
    import numpy as np
    import pyarrow as pa

    from retention.churn.listing import listed
    from retention.features.expressions import RawTable, Shop
    from retention.types import RiskContext

    nothing_known = RiskContext(now=log.at, horizon_days=asked.horizon)
    tables, stakes, active = [], [], 0
    problems: list[Problem] = []
    shop: Shop | None = None
    for number in range(log.count):
        checked = whole if whole is not None else log.part(number).checked()
        problems = merged(problems, checked.problems)
        if shop is None:
            shop = Shop(checked.history)
        shop.turn_to(checked.history)
        raw = RawTable.of(shop, to_micros(log.at))
        table, stake, more = listed(model, raw.customers, raw.values, nothing_known)
        tables.append(table)
        stakes.append(stake)
        active += more
        pa.default_memory_pool().release_unused()
    found, stake = pa.concat_tables(tables), np.concatenate(stakes)
    chance = found.column("probability").to_numpy()
    found = found.add_column(2, "band", _bands(chance, stake, active, model, asked))
    dominant = log.dominant()
    return found.sort_by("customer"), merged(problems, [dominant] if dominant else [])


def _bands(chance: Floats, stake: Floats, active: int, model: ChurnModel, asked: Asked) -> Any:
    """Each customer's band, and a table of how many are in each."""
    import numpy as np
    import pyarrow as pa

    from retention.churn.bands import CAPACITY, ORDER, Bands, places

    treated = places(asked.capacity or CAPACITY, active)
    if model.fitted:
        bands = Bands.drawn(chance, stake, medium=model.bands[0], places=treated)
        heights = bands.heights(chance, stake)
    else:
        heights = np.ones(len(chance), np.int64)
    counts, at_stake = np.bincount(heights, minlength=3), np.bincount(heights, stake, 3)
    whole = max(float(at_stake.sum()), 1e-9)
    print_table(
        f"Bands: {active:,} of {len(chance):,} customers are still active, {treated:,} can be looked after",
        ("band", "customers", "share", "of what is at stake"),
        [
            (band.value, f"{counts[place]:,}", f"{counts[place] / max(len(chance), 1):.1%}",
             f"{at_stake[place] / whole:.1%}")
            for place, band in reversed(list(enumerate(ORDER)))
        ],
    )  # fmt: skip
    return pa.array([one.value for one in ORDER]).take(pa.array(heights))
