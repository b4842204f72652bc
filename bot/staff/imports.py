"""Imports in the console: files are brought, looked at by a trial, and taken in; one import at a time in a process.

How it stands is held here and not by a page: whoever comes back, or looks from another browser, sees it going on, and
its report afterwards.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery.faults import faults
from bot.settings import Settings
from bot.shop.importing.aside import aside
from bot.shop.importing.presets import PRESETS
from bot.shop.importing.recognition import Columns, columns_of, recognise
from bot.shop.importing.rows import Options
from bot.shop.importing.running import Import, Report, run_import
from bot.shop.importing.said import currency_of, language_of, statuses_of, zone_of
from bot.shop.importing.sources import KINDS
from bot.shop.intake.defaults import Defaults
from bot.shop.pictures import forget_pictures
from bot.staff.roles import IMPORTING, check, permitted
from bot.staff.uploads import MAX_BYTES, MAX_FILES, TooLarge, Upload, UploadFolder, named
from kernel.tables import TableRefused
from kernel.times import utc_now
from storage import Conflict, NotFound, Store
from storage.audit import Audit
from storage.shop import ImportRun, ImportRuns, Shop, ShopKind
from storage.staff import Staff, StaffMember

log = logging.getLogger(__name__)

SOURCES = (*PRESETS, *KINDS)
"""Where files may be from, or what their rows are."""


class ImportRunning(Conflict):
    """An import is going on; wait until it has ended."""


class NothingChosen(ValueError):
    """Say which files, and what they are."""


class Stage(StrEnum):
    """How far an import has come."""

    OPEN = "open"
    CHECKING = "checking"
    CHECKED = "checked"
    IMPORTING = "importing"
    IMPORTED = "imported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """How files are to be read, as somebody has said it; empty where the file or the shop's settings say it."""

    source: str = ""
    """One of `SOURCES`; empty: nobody knows yet."""
    currency: str = ""
    time_zone: str = ""
    language: str = ""
    date_format: str = ""
    statuses: str = ""
    """`Lost=cancelled,…`"""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Field to column, of a kind of rows."""
    replace_demo: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectsFile:
    """A file of rejected rows that can be fetched."""

    name: str
    """Of the file that they were in."""
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the import of this process stands."""

    stage: Stage = Stage.OPEN
    files: tuple[Upload, ...] = ()
    choice: Choice = field(default_factory=Choice)
    """What was tried and will be imported."""
    by: int | None = None
    """The member who began what is going on, or did last."""
    columns: Columns | None = None
    report: Report | None = None
    """Of the trial, or of the import."""
    rejects: tuple[RejectsFile, ...] = ()
    refused: str = ""
    """Why the files can't be taken so, in a sentence."""
    failed: bool = False
    """Something went wrong that nobody here can mend; the log says where."""

    @property
    def running(self) -> bool:
        """Whether something is going on."""
        return self.stage in (Stage.CHECKING, Stage.IMPORTING)


class Imports:
    """The one import of a process; only for members who may import."""

    def __init__(self, store: Store, settings: Settings, *, clock: Callable[[], datetime] = utc_now) -> None:
        """Wire it up, within a running loop; what nobody has imported for a day is deleted from then on."""
        self._store = store
        self._settings = settings
        self._clock = clock
        self._folder = UploadFolder(settings.home)
        self._standing = self._anew()
        self._task: asyncio.Task[None] | None = None
        self._sweeping: asyncio.TimerHandle | None = None
        self.share = 0.0
        """How much of what is going on is finished, 0 to 1."""
        self._sweep()

    async def look(self, member: StaffMember) -> Standing:
        """How it stands.

        Raises:
            NotAllowed: the member may not import, or not any more.
        """
        await self._check(member)
        self._sweep()
        return self._standing

    async def earlier(self) -> Sequence[ImportRun]:
        """Imports that have ended, newest first, those of commands too."""
        async with self._store.read() as connection:
            return await ImportRuns(connection).latest()

    async def is_demo(self) -> bool:
        """Whether the demo shop would have to be taken out first."""
        async with self._store.read() as connection:
            return await Shop(connection).kind() is ShopKind.DEMO

    async def add(self, member: StaffMember, name: str, body: AsyncIterator[bytes]) -> None:
        """Take a file as it arrives, and find out whose it may be.

        Raises:
            NotAllowed: as `look`.
            ImportRunning: something is going on.
            TooLarge: together with those that are there it is too much.
        """
        await self._check(member)
        self._mind_running()
        if self._standing.stage is Stage.IMPORTED:
            self._begin_anew()
        files = self._standing.files
        if len(files) >= MAX_FILES:
            raise TooLarge
        upload = await self._folder.take(name, body, MAX_BYTES - sum(one.size for one in files))
        try:
            # Others may have brought files, or begun something, while this one came.
            self._mind_running()
            taken = (*self._standing.files, upload)
            if len(taken) > MAX_FILES or sum(one.size for one in taken) > MAX_BYTES:
                raise TooLarge
        except (ImportRunning, TooLarge):
            upload.path.unlink(missing_ok=True)
            raise
        await self._use(taken)
        self._sweep()

    async def remove(self, member: StaffMember, number: int) -> None:
        """Take a file away again.

        Raises:
            NotAllowed, ImportRunning: as `add`.
        """
        await self._check(member)
        self._mind_running()
        files = self._standing.files
        for one in (one for one in files if one.number == number):
            one.path.unlink(missing_ok=True)
        await self._use(tuple(one for one in files if one.number != number))

    async def preview(self, member: StaffMember, choice: Choice, language: str = "en") -> None:
        """Begin to find out what would become of the files; say it in a language beside rejected rows.

        Raises:
            NotAllowed, ImportRunning: as `add`.
            NothingChosen: there are no files, or nobody has said what they are.
        """
        await self._check(member)
        self._mind_running()
        if not self._standing.files or choice.source not in SOURCES:
            raise NothingChosen
        self._go(Stage.CHECKING, member, choice, language)

    async def run(self, member: StaffMember, language: str = "en") -> None:
        """Begin to import what was last looked at, in the same way; `language` is as in `preview`.

        Raises:
            NotAllowed, ImportRunning: as `add`.
            Conflict: it was not looked at yet.
        """
        standing = self._standing
        details = {"files": len(standing.files), "replaced_demo": standing.choice.replace_demo}

        async def note(connection: AsyncConnection) -> None:
            await Audit(connection).add(
                f"staff:{member.id}", "imported", f"import:{standing.choice.source}", details, self._clock()
            )

        self._mind_running()
        if standing.stage is not Stage.CHECKED:
            raise Conflict("these files were not looked at yet")
        # From here on nobody else can begin.
        self._standing = replace(standing, stage=Stage.IMPORTING)
        try:
            await self._store.write(permitted(member, IMPORTING, note))
        except BaseException:
            self._standing = standing
            raise
        self._go(Stage.IMPORTING, member, standing.choice, language)

    async def start_over(self, member: StaffMember) -> None:
        """Forget the files and the report.

        Raises:
            NotAllowed, ImportRunning: as `add`.
        """
        await self._check(member)
        self._mind_running()
        self._begin_anew()

    async def rejects(self, member: StaffMember, number: int) -> RejectsFile:
        """One of the files of rejected rows of what is shown.

        Raises:
            NotAllowed: as `look`.
            storage.NotFound: there is none of this number, or not any more.
        """
        await self._check(member)
        found = self._standing.rejects
        if not 0 <= number < len(found) or not found[number].path.is_file():
            raise NotFound("there is no such file of rejected rows")
        return found[number]

    async def ended(self) -> None:
        """Wait until nothing is going on."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def stop(self) -> None:
        """End what is going on; what was imported stays, and the same import again takes the rest."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        if self._task is not None:
            self._task.cancel()
            await self.ended()

    async def _check(self, member: StaffMember) -> None:
        async with self._store.read() as connection:
            check(await Staff(connection).get(member.id), member, IMPORTING)

    def _mind_running(self) -> None:
        if self._standing.running:
            raise ImportRunning((ImportRunning.__doc__ or "").strip())

    async def _use(self, files: tuple[Upload, ...]) -> None:
        """Have these files and no others, of which nothing is known but what their columns say."""
        choice = replace(self._standing.choice, source="", columns={})
        self._standing = standing = Standing(files=files, choice=choice)
        try:
            source = await asyncio.to_thread(
                recognise, [one.path for one in files], Options(now=self._clock())
            )
        except TableRefused as refused:
            standing = replace(standing, refused=named(str(refused), files))
        else:
            standing = replace(standing, choice=replace(choice, source=source or ""))
        # Unless there are others by now.
        if self._standing.files is files and not self._standing.running:
            self._standing = standing

    def _go(self, stage: Stage, member: StaffMember, choice: Choice, language: str) -> None:
        before = self._standing
        self._standing = Standing(
            stage=stage, files=before.files, choice=choice, by=member.id, columns=before.columns
        )
        self.share = 0.0
        self._task = asyncio.create_task(self._do(self._standing, language), name=f"import-{stage}")

    async def _do(self, standing: Standing, language: str) -> None:
        dry_run = standing.stage is Stage.CHECKING
        files, failed = standing.files, replace(standing, stage=Stage.OPEN)
        try:
            wanted = self._wanted(standing, language)
            if not wanted.is_preset and len(files) == 1:
                columns = await asyncio.to_thread(
                    columns_of, wanted.kind, files[0].path, wanted.options, wanted.columns
                )
                failed = replace(failed, columns=columns)
            demo = standing.choice.replace_demo and await self.is_demo()
            report = await aside(self._through(wanted, standing.choice.replace_demo, dry_run))
            if demo and not dry_run:
                await asyncio.to_thread(forget_pictures, self._settings.media)
        except TableRefused as refused:
            self._standing = replace(failed, refused=named(str(refused), files))
        except Exception as error:  # noqa: BLE001 - told here; the page says that it failed
            faults.tell(log.error, error, "an import in the console failed")
            self._standing = replace(failed, failed=True)
        else:
            done = replace(failed, report=report, rejects=_rejects(report, wanted))
            if dry_run:
                self._standing = replace(done, stage=Stage.CHECKED)
                return
            self._standing = replace(done, stage=Stage.IMPORTED, files=())
            self._folder.clear()

    async def _through(self, wanted: Import, replace_demo: bool, dry_run: bool) -> Report:
        """Import on another loop, through a store of that loop's own."""
        folder = self._folder.path if dry_run else self._settings.home / "imports"
        async with Store.open(self._store.url) as store:
            return await run_import(
                store,
                wanted,
                rejects_folder=folder,
                replace_demo=replace_demo,
                dry_run=dry_run,
                progress=self._progress,
            )

    def _progress(self, _what: str, share: float) -> None:
        self.share = share

    def _wanted(self, standing: Standing, language: str) -> Import:
        choice, settings = standing.choice, self._settings
        options = Options(
            now=self._clock(),
            currency=currency_of(choice.currency) if choice.currency.strip() else None,
            defaults=Defaults(
                language=language_of(choice.language),
                time_zone=settings.time_zone,
                currency=settings.currency,
            ),
            zone=zone_of(choice.time_zone.strip() or settings.time_zone),
            date_format=choice.date_format.strip() or None,
            statuses=statuses_of(choice.statuses),
            beside_others=True,
        )
        return Import(
            kind=choice.source,
            files=[one.path for one in standing.files],
            options=options,
            columns={} if choice.source in PRESETS else choice.columns,
            names={one.path: one.name for one in standing.files},
            language=language,
        )

    def _anew(self) -> Standing:
        return Standing(choice=Choice(time_zone=self._settings.time_zone, language="zh"))

    def _begin_anew(self) -> None:
        self._folder.clear()
        self._standing = self._anew()

    def _sweep(self) -> None:
        """Delete what is a day old, and look again when something will be."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        now = self._clock()
        due = self._folder.sweep(now, spare=self._standing.running)
        if not all(one.path.exists() for one in self._standing.files):
            self._begin_anew()
        self._sweeping = None
        if due is not None:
            wait = (due - now).total_seconds()
            self._sweeping = asyncio.get_running_loop().call_later(wait, self._sweep)


def _rejects(report: Report, wanted: Import) -> tuple[RejectsFile, ...]:
    return tuple(
        RejectsFile(name=wanted.called(path), path=rejects)
        for rejects in report.rejects
        for path in wanted.files
        if rejects.name.startswith(f"rejects-{wanted.kind}-{path.stem}-")
    )
