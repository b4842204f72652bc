"""Runs an import: reads, writes a step at a time, and keeps what could not be taken."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256 as sha256_of
from pathlib import Path

from bot.shop.importing.presets import PRESETS
from bot.shop.importing.recognition import require_kind
from bot.shop.importing.rejects import Rejects
from bot.shop.importing.rows import Options, Written
from bot.shop.importing.sources import KindSource, PresetSource, Source, Step
from kernel.console import Progress, quiet
from kernel.files import sha256
from kernel.sentence import Sentence
from kernel.tables import TableRefused
from storage import Store
from storage.shop import ImportRuns, Shop, ShopKind
from storage.trial import Writes, trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What an import came to, or would come to."""

    rows: int
    """In the files, below their headers."""
    taken: int
    rejected: int
    reasons: Mapping[str, int]
    """Rejected rows by reason."""
    examples: Sequence[tuple[str, int, str]]
    """Of rejected rows: the file's name, the row, and the reason with the value."""
    rejects: Sequence[Path]
    """Where the rejected rows are."""
    ignored: int
    """Left out, since they are about people who had themselves erased."""
    left_out: Mapping[str, int]
    """Rows that are nothing to be kept, by what they are."""
    written: Mapping[str, int]
    """Rows of the store that are new or changed, by what they are; all 0 when the files were imported before."""
    notes: Mapping[str, int]
    """What somebody should know of rows that were taken nevertheless, by what it is."""
    import_id: int | None = None
    """By which it can be undone; None: it changed nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """What is to be imported, and how."""

    kind: str
    """A kind of rows (`sources.KINDS`), or where its files are from (`presets.PRESETS`)."""
    files: Sequence[Path]
    """One of a kind of rows, or several exports of a system."""
    options: Options
    columns: Mapping[str, str] = field(default_factory=dict)
    """Field to column, of a kind of rows; by the columns' own names when there are none."""
    names: Mapping[Path, str] = field(default_factory=dict)
    """What people call the files, where that isn't their own name."""
    language: str = "en"
    """That reasons are in beside the rows that are rejected."""

    def called(self, path: Path) -> str:
        """What people call one of the files."""
        return self.names.get(path, path.name)

    @property
    def is_preset(self) -> bool:
        """Whether the files are a system's own exports."""
        return self.kind in PRESETS

    def open(self) -> Source:
        """Look at the files.

        Raises:
            TableRefused: the kind, a file or the columns can't be used.
        """
        if self.is_preset:
            return PresetSource(self.kind, self.files, self.options)
        if len(self.files) != 1:
            raise TableRefused(
                Sentence(
                    "one file of {kind} at a time, please; there are {files}",
                    kind=self.kind,
                    files=len(self.files),
                )
            )
        if not self.columns:
            require_kind(self.kind, self.files[0], self.options)
        return KindSource(self.kind, self.files[0], self.options, self.columns)

    def digest(self) -> str:
        """What tells these files from others."""
        each = [sha256(path) for path in self.files]
        return each[0] if len(each) == 1 else sha256_of("".join(sorted(each)).encode()).hexdigest()


async def run_import(
    store: Store,
    wanted: Import,
    *,
    rejects_folder: Path,
    replace_demo: bool = False,
    dry_run: bool = False,
    progress: Progress = quiet,
) -> Report:
    """Import files; the same files twice change nothing.

    Args:
        rejects_folder: where files of rejected rows are put, if there are any.
        replace_demo: take the demo shop out first.
        dry_run: only find out what would become of them.

    Raises:
        TableRefused: the kind, a file or the columns can't be used, or the demo shop is in the way.
    """
    await asyncio.to_thread(wanted.open)
    digest = await asyncio.to_thread(wanted.digest)
    replace_demo = await _mind_demo(store, replace_demo)
    if dry_run:
        async with trial(store) as tried:
            return await _through(tried, wanted, digest, rejects_folder, replace_demo, progress)
    names, now = ", ".join(map(wanted.called, wanted.files)), wanted.options.now
    import_id = await store.write(lambda c: ImportRuns(c).begin(wanted.kind, names, digest, now))
    kept = replace(wanted, options=replace(wanted.options, import_id=import_id))
    report = await _through(store, kept, digest, rejects_folder, replace_demo, progress)
    written = {what: count for what, count in report.written.items() if count}
    counts = {"rows": report.rows, "rejected": report.rejected, **written}
    await store.write(lambda c: ImportRuns(c).finish(import_id, counts, bool(written), now))
    return replace(report, import_id=import_id if written else None)


async def _through(
    store: Writes, wanted: Import, digest: str, rejects_folder: Path, replace_demo: bool, progress: Progress
) -> Report:
    source = await asyncio.to_thread(wanted.open)
    places = {
        path: rejects_folder / f"rejects-{wanted.kind}-{path.stem}-{digest[:8]}.csv" for path in wanted.files
    }
    with Rejects(places, source.headers, wanted.called, wanted.language) as rejects:
        run = _Run(rejects)
        await run.through(store, source, replace_demo, progress)
    return run.report()


class _Run:
    """The state of a running import."""

    def __init__(self, rejects: Rejects) -> None:
        self._rejects = rejects
        self._rows = 0
        self._ignored = 0
        self._left_out: Counter[str] = Counter()
        self._written: Written = Counter()
        self._notes: Counter[str] = Counter()

    async def through(self, store: Writes, source: Source, replace_demo: bool, progress: Progress) -> None:
        if replace_demo:
            await store.write(lambda connection: Shop(connection).remove_demo())
        with _seldom_collecting():
            async with aclosing(_read_ahead(source.steps())) as steps:
                async for step in steps:
                    await self._take(store, step)
                    progress("importing", step.share)

    async def _take(self, store: Writes, step: Step) -> None:
        self._rows += step.rows
        for one in step.left_out:
            self._left_out[one.why] += len(one.rows)
        flushed = await step.write(store)
        self._written.update(flushed.written)
        self._notes.update(flushed.notes)
        self._ignored += flushed.ignored
        for refused in (*step.refused, *flushed.refused):
            self._rejects.add(refused)

    def report(self) -> Report:
        """What it came to."""
        rejects = self._rejects
        return Report(
            rows=self._rows,
            taken=self._rows - rejects.count - self._ignored - self._left_out.total(),
            rejected=rejects.count,
            reasons=dict(rejects.reasons.most_common()),
            examples=rejects.examples,
            rejects=rejects.written,
            ignored=self._ignored,
            left_out=dict(self._left_out.most_common()),
            written=dict(self._written),
            notes={what: count for what, count in self._notes.most_common() if count},
        )


async def _read_ahead(steps: Iterator[Step]) -> AsyncGenerator[Step, None]:
    """Each step, while the one after it is read: in a thread of its own, since reading is no work for the loop."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1, "reading") as reading:
        coming = loop.run_in_executor(reading, next, steps, None)
        try:
            while (step := await coming) is not None:
                coming = loop.run_in_executor(reading, next, steps, None)
                yield step
        finally:
            coming.cancel()


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Python looks through all that is alive again and again as rows come: that took a third of an import's time."""
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


async def _mind_demo(store: Store, replace: bool) -> bool:
    """Whether the demo shop is there and may be taken out."""
    async with store.read() as connection:
        kind = await Shop(connection).kind()
    if kind is ShopKind.DEMO and not replace:
        raise TableRefused(
            "the store holds the demo shop, and the two must not be mixed: import into an empty LIUKE_HOME, "
            "or take the demo shop out with --replace-demo"
        )
    return kind is ShopKind.DEMO
