"""Imports in the console: by admins, one at a time, looked at before, going on without a page."""

from __future__ import annotations

import asyncio
import logging
import stat
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.settings import Settings
from bot.shop.importing.running import Report, run_import
from bot.shop.importing.saying import in_language
from bot.staff import imports as module
from bot.staff import uploads
from bot.staff.audit_log import read_audit_log
from bot.staff.imports import ImportRunning, Imports, NothingChosen, Stage
from bot.staff.people import People
from bot.staff.roles import AccessChanged, NotAllowed
from bot.staff.uploads import TooLarge
from kernel.times import utc_now
from storage import Conflict, NotFound, Store
from storage.customers import Customers
from storage.schema import customer, product
from storage.staff import StaffMember
from tests.bot.staff.test_case_service import Team, opened
from tests.factories import add_product

CUSTOMERS = b"customer,name,tier\nc1,Ann,gold\nc2,Bob,\n,Eve,\n"


@dataclass
class Desk:
    """The imports of a process, and who uses them."""

    team: Team
    imports: Imports
    home: Path
    ahead: timedelta = field(default=timedelta(0))

    @property
    def root(self) -> StaffMember:
        return self.team.members["root"]

    def now(self) -> datetime:
        return utc_now() + self.ahead

    async def bring(self, content: bytes = CUSTOMERS, name: str = "customers.csv") -> None:
        await self.imports.add(self.root, name, _body(content))

    async def choice(self, **changed: Any) -> module.Choice:
        return replace((await self.imports.look(self.root)).choice, **changed)

    async def preview(self, **changed: Any) -> module.Standing:
        await self.imports.preview(self.root, await self.choice(**changed))
        await self.imports.ended()
        return await self.imports.look(self.root)

    async def run(self) -> module.Standing:
        await self.imports.run(self.root)
        await self.imports.ended()
        return await self.imports.look(self.root)

    def kept(self) -> list[Path]:
        return [path for path in (self.home / "uploads").rglob("*") if path.is_file()]

    async def customers(self) -> set[str]:
        async with self.team.store.read() as connection:
            return set(await connection.scalars(select(customer.c.id)))


async def _body(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 10):
        yield content[start : start + 10]


@pytest.fixture
async def desk(any_store: Store, tmp_path: Path) -> AsyncIterator[Desk]:
    home = tmp_path / "home"
    home.mkdir()
    team = await opened(any_store, home)
    made: list[Desk] = []
    imports = Imports(any_store, Settings(home=home), clock=lambda: made[0].now() if made else utc_now())
    made.append(Desk(team, imports, home))
    yield made[0]
    await imports.stop()


@dataclass
class Gate:
    """An import waits at it."""

    reached: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    gate, real = Gate(), run_import

    async def held(*arguments: Any, progress: Callable[[str, float], None], **more: Any) -> Report:
        progress("importing", 0.25)
        gate.reached.set()
        while not gate.opened.is_set():
            await asyncio.to_thread(gate.opened.wait, 0.05)
        return await real(*arguments, progress=progress, **more)

    monkeypatch.setattr(module, "run_import", held)
    return gate


async def test_files_are_looked_at_and_then_imported(desk: Desk) -> None:
    await desk.bring()
    seen = await desk.preview()
    assert (seen.stage, seen.choice.source, seen.choice.time_zone) == (
        Stage.CHECKED, "customers", "Asia/Shanghai",
    )  # fmt: skip
    assert seen.report is not None
    assert seen.columns is not None
    assert (seen.report.rows, seen.report.taken, seen.report.rejected) == (3, 2, 1)
    assert list(seen.report.examples) == [("customers.csv", 3, "customer: there is no value")]
    assert dict(seen.columns.taken) == {"customer": "customer", "name": "name", "tier": "tier"}
    assert await desk.customers() == set()

    done = await desk.run()
    assert (done.stage, done.files, done.by) == (Stage.IMPORTED, (), desk.root.id)
    assert done.report is not None
    assert done.report.written["customers"] == 2
    assert await desk.customers() == {"c1", "c2"}
    assert desk.kept() == []
    (run,) = await desk.imports.earlier()
    assert (run.kind, run.source, run.counts["rejected"]) == ("customers", "customers.csv", 1)
    entry = (await read_audit_log(desk.team.store)).entries[0]
    assert (entry.actor, entry.action, entry.subject) == (
        f"staff:{desk.root.id}", "imported", "import:customers",
    )  # fmt: skip
    assert dict(entry.details) == {"files": 1, "replaced_demo": False}


async def test_the_columns_of_a_kind_are_changed(desk: Desk) -> None:
    await desk.bring(b"KundenNr,Name\nc1,Ann\n")
    with pytest.raises(NothingChosen):
        await desk.preview()
    refused = await desk.preview(source="customers")
    assert (refused.stage, refused.report) == (Stage.OPEN, None)
    assert refused.refused.startswith("which column is customer?")
    assert refused.columns is not None
    columns = {**refused.columns.taken, "customer": "KundenNr"}
    assert (await desk.preview(source="customers", columns=columns)).stage is Stage.CHECKED
    await desk.run()
    async with desk.team.store.read() as connection:
        found = await Customers(connection).get("c1")
    assert found is not None
    assert found.name == "Ann"


async def test_only_admins_import_and_see_what_is_in_files(desk: Desk) -> None:
    await desk.bring()
    await desk.preview()
    standing = await desk.imports.look(desk.root)
    for login in ("ann", "eye"):
        member = desk.team.members[login]
        for act in (
            desk.imports.look(member),
            desk.imports.add(member, "a.csv", _body(b"a")),
            desk.imports.remove(member, 1),
            desk.imports.preview(member, standing.choice),
            desk.imports.run(member),
            desk.imports.start_over(member),
            desk.imports.rejects(member, 0),
        ):
            with pytest.raises(NotAllowed):
                await act
    assert await desk.imports.look(desk.root) == standing
    assert len(desk.kept()) == 2


async def test_who_is_no_admin_any_more_does_not_begin(desk: Desk) -> None:
    await desk.bring()
    await desk.preview()
    other = await People(desk.team.store).add(None, "zoe", role="admin")
    assert other
    await People(desk.team.store).set_role(None, "root", "agent")
    with pytest.raises(AccessChanged):
        await desk.imports.run(desk.root)
    with pytest.raises(AccessChanged):
        await desk.imports.look(desk.root)
    assert await desk.customers() == set()
    assert await desk.imports.earlier() == []


async def test_what_was_not_looked_at_is_not_imported(desk: Desk) -> None:
    await desk.bring()
    with pytest.raises(Conflict):
        await desk.imports.run(desk.root)
    await desk.preview()
    await desk.bring(name="another.csv")
    with pytest.raises(Conflict):
        await desk.imports.run(desk.root)
    assert await desk.customers() == set()


async def test_one_at_a_time_and_others_see_it_going_on(desk: Desk, gate: Gate) -> None:
    gate.opened.set()
    await desk.bring()
    await desk.preview()
    gate.opened.clear()
    gate.reached.clear()
    began = await asyncio.gather(
        desk.imports.run(desk.root), desk.imports.run(desk.root), return_exceptions=True
    )
    assert [type(one) for one in began] == [type(None), ImportRunning]
    await asyncio.to_thread(gate.reached.wait)
    # No page has to be there for it; whoever looks sees the same.
    await People(desk.team.store).add(None, "zoe", role="admin")
    (zoe,) = [one for one in await People(desk.team.store).everybody() if one.login == "zoe"]
    seen = await desk.imports.look(zoe)
    assert (seen.stage, seen.by, desk.imports.share) == (Stage.IMPORTING, desk.root.id, 0.25)
    for act in (
        desk.imports.add(zoe, "a.csv", _body(b"a")),
        desk.imports.remove(zoe, 1),
        desk.imports.preview(zoe, seen.choice),
        desk.imports.run(zoe),
        desk.imports.start_over(zoe),
    ):
        with pytest.raises(ImportRunning):
            await act
    gate.opened.set()
    await desk.imports.ended()
    assert (await desk.imports.look(zoe)).stage is Stage.IMPORTED
    assert (
        len([one for one in (await read_audit_log(desk.team.store)).entries if one.action == "imported"]) == 1
    )


async def test_the_end_of_the_program_ends_it(desk: Desk, gate: Gate) -> None:
    await desk.bring()
    await desk.imports.preview(desk.root, await desk.choice())
    await asyncio.to_thread(gate.reached.wait)
    try:
        async with asyncio.timeout(20):
            await desk.imports.stop()
    finally:
        gate.opened.set()
    assert desk.imports._task is not None
    assert desk.imports._task.cancelled()


async def test_names_of_files_are_shown_and_nothing_else(desk: Desk) -> None:
    await desk.bring(name="../..\\../etc/passwd\n.csv")
    await desk.bring(name="")
    (first, second) = (await desk.imports.look(desk.root)).files
    assert (first.name, second.name) == ("passwd.csv", "?")
    for one in (first, second):
        assert one.path.parent.parent == desk.home / "uploads"
        assert stat.S_IMODE(one.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(first.path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"PAR1 but no more"])
async def test_what_can_not_be_read_is_told_at_once_by_its_name(desk: Desk, content: bytes) -> None:
    await desk.bring(content, "bad.csv")
    standing = await desk.imports.look(desk.root)
    assert standing.refused.startswith("bad.csv ")
    assert str(desk.home) not in standing.refused
    assert in_language(standing.refused, "zh").replace("无法读取 ", "").startswith("bad.csv ")
    await desk.imports.remove(desk.root, standing.files[0].number)
    assert desk.kept() == []
    assert (await desk.imports.look(desk.root)).refused == ""


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"currency": "euros"}, "no currency"),
        ({"time_zone": "Mars/Base"}, "no time zone"),
        ({"statuses": "Lost=gone"}, "no status"),
        ({"source": "shopify"}, "none of the exports"),
    ],
)
async def test_what_is_said_wrongly_is_refused_in_a_sentence(
    desk: Desk, said: dict[str, str], why: str
) -> None:
    await desk.bring()
    standing = await desk.preview(**said)
    assert why in standing.refused
    assert (standing.stage, len(standing.files)) == (Stage.OPEN, 1)


async def test_too_much_is_not_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 100)
    await desk.bring()
    with pytest.raises(TooLarge):
        await desk.bring(b"x" * 60)
    monkeypatch.setattr(module, "MAX_FILES", 1)
    with pytest.raises(TooLarge):
        await desk.bring(b"x")
    assert len(desk.kept()) == 1


async def test_no_more_is_read_than_may_be_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 100)
    read: list[int] = []

    async def long() -> AsyncIterator[bytes]:
        for number in range(100):
            read.append(number)
            yield b"0123456789"

    with pytest.raises(TooLarge):
        await desk.imports.add(desk.root, "long.csv", long())
    assert len(read) == 11
    assert desk.kept() == []


async def test_files_that_nobody_imports_are_deleted_after_a_day(desk: Desk, any_store: Store) -> None:
    await desk.bring()
    another = Imports(any_store, Settings(home=desk.home), clock=desk.now)
    await another.look(desk.root)
    assert len(desk.kept()) == 1
    desk.ahead = uploads.KEPT + timedelta(minutes=1)
    # Of a process that is not there any more, too.
    await another.look(desk.root)
    assert desk.kept() == []
    assert (await desk.imports.look(desk.root)).files == ()
    await another.stop()


async def test_what_is_going_on_is_not_deleted(desk: Desk, gate: Gate) -> None:
    await desk.bring()
    await desk.imports.preview(desk.root, await desk.choice())
    desk.ahead = uploads.KEPT * 2
    assert (await desk.imports.look(desk.root)).stage is Stage.CHECKING
    assert len(desk.kept()) == 1
    gate.opened.set()


async def test_only_the_rejected_rows_that_are_shown_can_be_fetched(desk: Desk) -> None:
    (desk.home / "imports").mkdir()
    (desk.home / "imports" / "rejects-of-before.csv").write_text("secret")
    await desk.bring()
    await desk.preview()
    looked_at = await desk.imports.rejects(desk.root, 0)
    assert looked_at.path.parent.parent == desk.home / "uploads"
    await desk.run()
    found = await desk.imports.rejects(desk.root, 0)
    assert (found.name, found.path.parent) == ("customers.csv", desk.home / "imports")
    assert "Eve" in found.path.read_text()
    for number in (-1, 1):
        with pytest.raises(NotFound):
            await desk.imports.rejects(desk.root, number)
    await desk.imports.start_over(desk.root)
    with pytest.raises(NotFound):
        await desk.imports.rejects(desk.root, 0)


async def test_the_demo_shop_goes_first_if_somebody_says_so(desk: Desk) -> None:
    async def stock(connection: AsyncConnection) -> None:
        await add_product(connection, "p1")
        await connection.execute(update(product).values(demo=True))

    await desk.team.store.write(stock)
    drawn = desk.home / "media" / "products" / "p1.webp"
    drawn.parent.mkdir(parents=True)
    drawn.touch()
    assert await desk.imports.is_demo()
    await desk.bring()
    assert "demo shop" in (await desk.preview()).refused
    assert (await desk.preview(replace_demo=True)).stage is Stage.CHECKED
    assert await desk.imports.is_demo()
    assert (await desk.run()).stage is Stage.IMPORTED
    assert not await desk.imports.is_demo()
    assert not drawn.exists()
    assert (await read_audit_log(desk.team.store)).entries[0].details["replaced_demo"] is True


async def test_what_nobody_here_can_mend_is_logged_without_what_is_in_the_files(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: Any, **__: Any) -> Report:
        raise RuntimeError("Ann, gold")

    monkeypatch.setattr(module, "run_import", fail)
    await desk.bring(name="ann.csv")
    with caplog.at_level(logging.INFO):
        standing = await desk.preview()
    assert (standing.stage, standing.failed, len(standing.files)) == (Stage.OPEN, True, 1)
    assert "an import in the console failed: RuntimeError at test_imports.py" in caplog.text
    assert "Ann" not in caplog.text.replace("RuntimeError at", "")
    assert "ann.csv" not in caplog.text
