"""A system whose exports are known: which of its files is which, and the records that they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.shop.importing.presets.columns import Reading
from bot.shop.importing.presets.grouping import Details, File, Progress, groups
from bot.shop.importing.presets.shapes import Group, Result, Shape, Unfit
from bot.shop.importing.rows import Options
from bot.shop.importing.told import Found, LeftOut, Refused, Told
from bot.shop.intake.records import ProductRecord, Record
from kernel.columns import listed
from kernel.sentence import Sentence
from kernel.tables import TableRefused, open_table

_PORTION = 5_000
"""Rows that come in one Found, about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A system's exports."""

    name: str
    shapes: tuple[Shape, ...]
    """In the order in which their records are told. Of two that fit a file, the first counts."""
    currency: str | None = None
    """Of all its amounts, where there is only one."""

    def shape_of(self, header: Sequence[str]) -> Shape | None:
        """Which of the system's exports a file with these columns is."""
        return next((shape for shape in self.shapes if shape.fits(header)), None)

    def read(self, files: Sequence[Path], options: Options) -> Iterator[Found]:
        """What the files hold: customers, then products, then orders, whatever the order of the files.

        Where there are files of products, a product that only an order names comes right before that order, as one
        that is not for sale any more. Files of one kind are read in the order given. No more than some thousand
        rows are held at a time, and the keys of the records.

        Raises:
            TableRefused: a file can't be read, or is none of the system's exports.
        """
        return self._found([self._file(path) for path in files], options)

    def _found(self, files: Sequence[File], options: Options) -> Iterator[Found]:
        progress = Progress({file.path: file.path.stat().st_size for file in files})
        there = {file.shape.kind for file in files}
        products: set[str] | None = set() if "products" in there else None
        start = Reading(options=options, currency=self._currency(files, options), products=products)
        for shape in self.shapes:
            of_shape = [file for file in files if file.shape is shape]
            if shape.make is not None and of_shape:
                details = [file for file in files if file.shape.kind == shape.details]
                results = _results(shape.make, of_shape, details, start, progress)
                yield from _portioned(_remembering(results, start), progress)
        yield from _portioned(_orphans(files, there, start), progress)

    def _file(self, path: Path) -> File:
        table = open_table(path)
        shape = self.shape_of(table.header)
        if shape is None:
            expected = "; ".join(f"{one.called}: {one.needed()}" for one in self.shapes)
            raise TableRefused(
                Sentence(
                    "{path} is none of the exports of {name} that are known. The columns that each must have: "
                    "{expected}. {columns}",
                    path=str(path),
                    name=self.name,
                    expected=expected,
                    columns=listed(table.header),
                )
            )
        return File(path, table, shape)

    def _currency(self, files: Sequence[File], options: Options) -> str:
        """Of amounts whose own row says none."""
        said = options.currency or self.currency
        with_column = [file for file in files if "currency" in file.shape.places(file.table.header)]
        return said or next(filter(None, map(_first_currency, with_column)), options.defaults.currency)


def _first_currency(file: File) -> str | None:
    place = file.shape.places(file.table.header)["currency"]
    for row, broken in file.rows():
        if not broken and row.values[place]:
            return str(row.values[place]).strip().upper()
    return None


def _results(
    make: Callable[[Group, Reading], Iterable[Result]],
    files: Sequence[File],
    details: Sequence[File],
    start: Reading,
    progress: Progress,
) -> Iterator[Result]:
    shape = files[0].shape
    if shape.first is not None:
        for file in files:
            for group in groups(file, start):
                shape.first(group, start)
    if shape.details is None:
        for file in files:
            for group in groups(file, start, progress):
                yield from _made(make, group, start, shape.whole)
        return
    with Details(details, start, progress) as there:
        for file in files:
            for group in groups(file, start, progress):
                lines = there.of(str(group.get(shape.key or "") or ""))
                yield from _made(make, Group(group.reads, lines), start, shape.whole)
        for group in there.left():
            why = Unfit(
                Sentence("its order is in none of the files: add {file} of the same time", file=shape.called)
            )
            yield group.refused(why)


def _made(
    make: Callable[[Group, Reading], Iterable[Result]], group: Group, start: Reading, whole: bool
) -> Iterator[Result]:
    """What rows are made into, or why not: one bad row spoils them all, or only itself."""
    bad = [read.bad for read in (*group.reads, *group.details) if read.bad is not None]
    if bad and whole:
        yield group.refused(bad[0])
        return
    for why in bad:
        yield Group([why.read] if why.read is not None else group.reads).refused(why)
    if all(read.bad for read in group.reads):
        return
    try:
        yield from make(group, start)
    except Unfit as why:
        yield group.refused(why)


def _orphans(files: Sequence[File], there: set[str], start: Reading) -> Iterator[Result]:
    """Rows of details without any file of what they belong to."""
    for file in files:
        if file.shape.make is None and not any(
            other.shape.details == file.shape.kind and other.shape.kind in there for other in files
        ):
            why = Unfit(
                Sentence(
                    "{file} says nothing of the orders themselves: add the file that does",
                    file=file.shape.called,
                )
            )
            for group in groups(file, start):
                yield group.refused(why)


def _remembering(results: Iterable[Result], start: Reading) -> Iterator[Result]:
    for result in results:
        match result:
            case Told(record=ProductRecord(id=name)) if start.products is not None:
                start.products.add(name)
        yield result


def _portioned(results: Iterable[Result], progress: Progress) -> Iterator[Found]:
    """Portions in which no two files speak of the same thing: what the later one says holds."""
    found, size = Found(), 0
    spoken: dict[tuple[type[Record], str], Path] = {}
    for result in results:
        if isinstance(result, Told):
            thing = type(result.record), str(getattr(result.record, "number", None) or result.record.id)
            file = result.rows[0].file
            if spoken.get(thing, file) != file:
                yield _shared(found, progress)
                found, size, spoken = Found(), 0, {}
            spoken[thing] = file
        match result:
            case Told():
                found.told.append(result)
            case Refused():
                found.refused.append(result)
            case LeftOut():
                found.left_out.append(result)
        size += len(result.rows)
        if size >= _PORTION:
            yield _shared(found, progress)
            found, size, spoken = Found(), 0, {}
    if size:
        yield _shared(found, progress)


def _shared(found: Found, progress: Progress) -> Found:
    found.told.sort(key=lambda one: not isinstance(one.record, ProductRecord))
    found.share = progress.share
    return found
