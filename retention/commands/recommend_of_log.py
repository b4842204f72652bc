"""`liuke retention recommend --events`: a log, however long, in parts of its customers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from kernel.console import fail, failing, progress_bar, working
from retention.commands.files import (
    as_in_the_log,
    merged,
    print_metrics,
    print_notes,
    print_problems,
    write_tables,
)
from retention.recommenders.registry import MODELS

if TYPE_CHECKING:
    import pyarrow as pa

    from retention.checks import Checked
    from retention.logs import Log, LogParts
    from retention.logs.items import Items
    from retention.recommenders.base import ItemModel
    from retention.recommenders.batch import CatalogueView
    from retention.recommenders.interactions import Interactions
    from retention.recommenders.model import Recommender
    from retention.recommenders.rules import WrittenRules
    from retention.report import Problem

    Lists: TypeAlias = Callable[[Checked], pa.Table]
    """From customers to their lists: in their order, a row a place."""

AT_ONCE = 2
"""Parts of a long log whose lists are made at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command was asked for, but for the log."""

    items: Path | None
    item_columns: str | None
    rules: Path | None
    n: int
    repeats: bool
    model_name: str
    save: Path | None
    model: Path | None
    seed: int


def run(
    events: Path, columns: str | None, before: datetime | None, asked: Asked, out_file: Path | None
) -> None:
    """Read, fit or take a model, save it, and write the lists."""
    from retention.logs import Columns, read_parts
    from retention.recommenders.interactions import Interactions
    from retention.recommenders.models.two_stage import TwoStage

    with failing(), ExitStack() as stack:
        rules = _rules(asked.rules)
        with working(f"reading {events.name}"):
            log = stack.enter_context(read_parts(events, Columns.parse(columns), before=before))
            print_problems(log.part(0).checked().problems if log.count == 1 else ())
        print_notes(log.notes)
        if "item" not in log.columns:
            fail("a recommendation needs items: name their column with --columns item=…")
        shop = _Shop(log, _items(asked.items, asked.item_columns))
        # Of a long log a part is fitted on, drawn by chance: a model of products needs no more customers.
        sample = shop.part(asked.seed % log.count)
        checked = sample.checked()
        view, names = _view(log, checked, rules, asked.rules), _names(sample)
        data = sample.history.fingerprint() if asked.save is not None else ""
        known = Interactions.of(checked)
        # Of a long log, no part is kept in memory longer than it takes.
        whole = checked if log.count == 1 else None
        del sample, checked
        fitted = _loaded(asked.model) if asked.model is not None else _fitted(log, known, asked)
        del known
        print_notes(fitted.notes)
        print_metrics("Judged on the last weeks of its past", fitted.metrics)
        if asked.save is not None:
            _save(fitted, asked.save, log.at, asked.seed, data)
        if out_file is None:
            return
        each = _OneByOne(fitted, view, names, asked)
        if whole is not None:
            with progress_bar() as advance:
                found = each.table(whole, progress=lambda share: advance("making the lists", share))
            write_tables([as_in_the_log(found, log.types)], out_file)
            return
        problems: list[Problem] = []
        lists: Lists = each.table
        if isinstance(fitted, TwoStage) and view.rules is None and fitted.recommender.products:
            lists = _Together(each, fitted.recommender).table
        write_tables(_of_parts(shop, lists, problems), out_file)
        print_problems(problems)


@dataclass(frozen=True, slots=True)
class _Shop:
    """A log, and what a file says of its items."""

    log: LogParts
    items: Items | None

    def part(self, number: int) -> Log:
        part = self.log.part(number)
        return part if self.items is None else self.items.beside(part)


def _rules(path: Path | None) -> WrittenRules | None:
    from retention.recommenders.rules import read_rules

    if path is None:
        return None
    if not path.is_file():
        fail(f"--rules {path}: there is no such file")
    return read_rules(path)


def _items(path: Path | None, columns: str | None) -> Items | None:
    """What a file says of items, and what is wrong with it."""
    from retention.logs.columns import ITEMS, Columns
    from retention.logs.items import read_items

    if path is None:
        return None
    found = read_items(path, Columns.parse(columns, ITEMS))
    print_notes(found.notes)
    print_notes(
        [
            f"{path.name}: {one.count} {one.message} ({one.action}), such as row {', '.join(one.examples)}"
            for one in found.problems
        ]
    )
    return found


def _view(log: LogParts, checked: Checked, rules: WrittenRules | None, path: Path | None) -> CatalogueView:
    from retention.recommenders.batch import catalogue_view

    first_seen = log.first_seen() if rules is not None and log.count > 1 else None
    view, unknown = catalogue_view(checked, rules, first_seen)
    if path is not None:
        print_notes([f"{path.name}: {one} is not in the log and is ignored" for one in unknown])
    return view


def _loaded(directory: Path) -> ItemModel:
    from retention.recommenders.registry import load_model

    return load_model(directory)


def _fitted(log: LogParts, known: Interactions, asked: Asked) -> ItemModel:
    from retention.recommenders.registry import fit_model
    from retention.threads import one_thread

    name = asked.model_name
    if log.count > 1:
        print_notes(
            [
                f"a long log: fitted on {known.customers:,} of its {log.customers():,} customers, drawn by chance"
            ]
        )
    with progress_bar() as advance, one_thread(("scipy.linalg",)):
        advance(f"fitting {name}", 0.0)
        try:
            model = fit_model(name, known, seed=asked.seed)
        except ImportError as error:
            extra = MODELS[name].extra
            fail(f"{name} cannot be fitted: {error}" + (f": pip install 'liuke[{extra}]'" if extra else ""))
        advance(f"fitting {name}", 1.0)
        return model


def _save(fitted: ItemModel, directory: Path, at: datetime, seed: int, data: str) -> None:
    from retention.recommenders.registry import save_model

    try:
        save_model(fitted, directory, at=at, seed=seed, data_hash=data)
    except OSError as error:
        fail(f"--save {directory}: {error}")


def _names(log: Log) -> Mapping[str, str]:
    """What products are called."""
    products = log.history.products
    called = zip(*(products.column(name).to_pylist() for name in ("name_en", "name_zh")), strict=True)
    return {
        product: english or chinese or ""
        for product, (english, chinese) in zip(products.column("product").to_pylist(), called, strict=True)
    }


# --- lists ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _OneByOne:
    """Lists of any model, within the shop's rules."""

    model: ItemModel
    view: CatalogueView
    names: Mapping[str, str]
    asked: Asked

    def table(
        self,
        checked: Checked,
        customers: list[str] | None = None,
        progress: Callable[[float], None] = lambda share: None,
    ) -> pa.Table:
        """The lists of these customers, or of all, in their order; a row a place."""
        import pyarrow as pa

        from retention.recommenders.batch import lists_for_all
        from retention.recommenders.explanation import sentence

        if customers is None:
            customers = sorted(set(checked.history.events.column("customer").to_pylist()))
        asked = self.asked
        lines = lists_for_all(
            self.model,
            checked,
            customers,
            asked.n,
            repeats=asked.repeats,
            view=self.view,
            seed=asked.seed,
            progress=progress,
        )
        rows = [
            (one.customer, one.rank, one.product, one.score, sentence(one.reason, self.names))
            for one in lines
        ]
        schema = _schema()
        columns = zip(*rows, strict=True) if rows else [()] * len(schema)
        return pa.table(
            [pa.array(one, kind) for one, kind in zip(columns, schema.types, strict=True)], schema=schema
        )


class _Together:
    """Lists of the two-stage recommender without rules, for many customers at once."""

    def __init__(self, each: _OneByOne, recommender: Recommender) -> None:
        import numpy as np
        import pyarrow as pa

        from retention.recommenders.explanation import sentence
        from retention.recommenders.many import NAMING, ManyLists
        from retention.types import Reason

        self._each, self._products = each, recommender.products
        away = [recommender.index[one] for one in each.view.away if one in recommender.index]
        self._many = ManyLists(recommender, repeats=each.asked.repeats, hidden=np.array(away, np.int64))
        self._items = pa.array(recommender.products, pa.string())
        reasons = [Reason(code="popular")]
        reasons += [Reason(code=code, product=one) for code in NAMING for one in recommender.products]
        self._sentences = [sentence(one, each.names) for one in reasons]

    def table(self, checked: Checked) -> pa.Table:
        """As `_OneByOne.table`, by which the few are made that are not full of candidates."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        from retention.recommenders.explanation import sentence
        from retention.recommenders.interactions import Interactions
        from retention.types import Reason

        n = self._each.asked.n
        log = Interactions.of(checked, everybody=True, products=self._products)
        full = np.zeros(log.customers, dtype=bool)
        shape = (log.customers, n)
        items, reasons, days, scores = (
            np.zeros(shape, int),
            np.zeros(shape, int),
            np.zeros(shape),
            np.zeros(shape),
        )
        for who, found in self._many.blocks(log, n):
            full[who] = found.items[:, -1] >= 0
            items[who], reasons[who], scores[who] = found.items, found.reasons, found.scores
            days[who] = np.rint(np.round(found.days, 2))
        bought = [Reason(code="buy_again", value=float(one)) for one in range(int(days.max(initial=0)) + 1)]
        reasons = np.where(days >= 0, len(self._sentences) + days.astype(int), reasons)
        sentences = pa.array([*self._sentences, *(sentence(one, {}) for one in bought)])
        names = pa.array(log.names, pa.string()).filter(pa.array(full))
        columns = [
            names.take(pa.array(np.repeat(np.arange(len(names)), n))),
            pa.array(np.tile(np.arange(1, n + 1), len(names))),
            self._items.take(pa.array(items[full].ravel())),
            pa.array(scores[full].ravel()),
            sentences.take(pa.array(reasons[full].ravel())),
        ]
        table = pa.table(columns, schema=_schema())
        everybody = pc.unique(checked.history.events.column("customer")).sort()
        rest = everybody.filter(pc.invert(pc.is_in(everybody, value_set=names)))
        if not len(rest):
            return table
        table = pa.concat_tables([table, self._each.table(checked, rest.to_pylist())])
        return table.sort_by([("customer", "ascending"), ("rank", "ascending")])


def _schema() -> pa.Schema:
    import pyarrow as pa

    return pa.schema(
        {
            "customer": pa.string(),
            "rank": pa.int64(),
            "item": pa.string(),
            "score": pa.float64(),
            "reason": pa.string(),
        }
    )


def _of_parts(shop: _Shop, lists: Lists, problems: list[Problem]) -> Iterator[pa.Table]:
    """The lists of one part after the other; what was wrong with the rows is added to the problems."""
    import pyarrow as pa

    log, running = shop.log, deque[Future[pa.Table]]()
    found: list[Problem] = []
    with progress_bar() as advance, ThreadPoolExecutor(AT_ONCE) as pool:

        def done(left: int) -> Iterator[pa.Table]:
            while len(running) > left:
                yield as_in_the_log(running.popleft().result(), log.types)
                pa.default_memory_pool().release_unused()

        for number in range(log.count):
            part = shop.part(number)
            checked = part.checked()
            found = merged(found, checked.problems)
            running.append(pool.submit(lists, checked))
            del part, checked  # while the next part is read, who is done with this one lets it go
            advance("making the lists", number / log.count)
            yield from done(AT_ONCE - 1)
        yield from done(0)
        advance("making the lists", 1.0)
    dominant = log.dominant()
    problems += merged(found, [dominant] if dominant else [])
