"""A request for erasure is done by erasing: by an admin, once the customer has been told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from nicegui import ui
from nicegui.testing.user_simulation import user_simulation
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.privacy.erasure import Eraser, Erasure
from bot.staff.console.frame import Acting
from bot.staff.console.queue_page import Lists
from bot.staff.requests import ERASURE, ErasureNotYet
from bot.staff.roles import AccessChanged, NotAllowed
from storage import Conflict, Store
from storage.audit import Audit
from storage.conversations import Conversations, NewMessage
from storage.customers import Accounts, Customers
from storage.requests import Request, Requests
from storage.schema import account, message, outbox, request
from storage.staff import Staff
from tests.bot.delivery.fakes import until
from tests.bot.staff.test_case_service import NOW, Team, opened
from tests.bot.staff.visits import Visitor
from tests.factories import add_customer

WORDS = "my name is Rumpelstiltskin"


@pytest.fixture
async def team(store: Store, tmp_path: Path) -> Team:
    return await opened(store, tmp_path)


@pytest.fixture
async def any_team(any_store: Store, tmp_path: Path) -> Team:
    return await opened(any_store, tmp_path)


async def _asked(team: Team, customer_id: str | None = None, *, linked: bool = True) -> Request:
    """Somebody who wrote a word, and then asked for it to be forgotten."""
    made = await team.request(kind=ERASURE)

    async def work(connection: AsyncConnection) -> Request:
        writes = await Accounts(connection).find(made.channel, made.address)
        assert writes is not None
        if customer_id is not None:
            await add_customer(connection, customer_id, telegram="77")
            if linked:
                await Accounts(connection).link(writes.id, customer_id, "order", NOW)
            asked = update(request).where(request.c.id == made.id).values(customer_id=customer_id)
            await connection.execute(asked)
        await Conversations(connection).append(
            NewMessage(
                conversation_id=made.conversation_id, direction="in", author="customer", kind="text",
                text=WORDS, at=NOW,
            )
        )  # fmt: skip
        return await Requests(connection).get(made.id)

    return await team.store.write(work)


async def _accepted(team: Team, asked: Request) -> None:
    await team.cases.decide(team.members["ann"], asked.id, seen_state="asked", decision="accepted")
    await team.store.write(lambda c: c.execute(update(outbox).values(state="sent")))


async def _erase(team: Team, asked: Request, login: str = "root", seen: str = "accepted") -> Request:
    return await team.cases.decide(team.members[login], asked.id, seen_state=seen, decision="done")


async def _words(team: Team) -> set[str]:
    async with team.store.read() as connection:
        return set((await connection.execute(select(message.c.text))).scalars())


@pytest.mark.parametrize(
    ("customer_id", "linked"),
    [(None, True), ("c1", True), ("c1", False)],
    ids=["stranger", "customer", "once"],
)
async def test_to_finish_it_is_to_erase(any_team: Team, customer_id: str | None, linked: bool) -> None:
    asked = await _asked(any_team, customer_id, linked=linked)
    await _accepted(any_team, asked)
    assert "last message" in (await any_team.sent())[0][1]
    done = await _erase(any_team, asked)
    assert (done.state, done.details, done.number) == ("done", {}, f"erased-{asked.id}")
    assert await _words(any_team) == {""}
    async with any_team.store.read() as connection:
        assert await Customers(connection).get("c1") is None
        addresses = set((await connection.execute(select(account.c.address))).scalars())
        assert all(address.startswith("erased-") for address in addresses)
        entries = [(entry.actor, entry.action) for entry in await Audit(connection).latest()]
        left = (await connection.execute(select(outbox.c.state, outbox.c.payload))).all()
    root = f"staff:{any_team.members['root'].id}"
    assert {(root, "person_erased"), (root, "request_done")} <= set(entries)
    # Nothing more is sent: there is nobody to send it to.
    assert [tuple(row) for row in left] == [("sent", {})]


async def test_only_an_admin_may(any_team: Team) -> None:
    asked = await _asked(any_team)
    await _accepted(any_team, asked)
    with pytest.raises(NotAllowed):
        await _erase(any_team, asked, "ann")
    assert WORDS in await _words(any_team)


@pytest.mark.parametrize("when", ["before", "meanwhile"])
async def test_an_admin_who_is_none_any_more_erases_nothing(
    any_team: Team, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """Not in the files either, unless their access is changed while those are gone through."""
    asked = await _asked(any_team)
    await _accepted(any_team, asked)
    erase, begun = Eraser.erase, []

    async def change() -> None:
        root = any_team.members["root"].id
        await any_team.store.write(lambda connection: Staff(connection).change(root, role="agent"))

    async def erase_meanwhile(eraser: Eraser, *given: Any, **more: Any) -> Erasure:
        begun.append(when)
        await change()
        return await erase(eraser, *given, **more)

    monkeypatch.setattr(Eraser, "erase", erase_meanwhile)
    if when == "before":
        await change()
    with pytest.raises(AccessChanged):
        await _erase(any_team, asked)
    assert begun == ([] if when == "before" else [when])
    assert WORDS in await _words(any_team)


async def test_they_are_told_first(any_team: Team) -> None:
    asked = await _asked(any_team)
    with pytest.raises(ErasureNotYet):
        await _erase(any_team, asked, seen="asked")
    await any_team.cases.decide(any_team.members["ann"], asked.id, seen_state="asked", decision="accepted")
    with pytest.raises(ErasureNotYet):
        await _erase(any_team, asked)
    assert WORDS in await _words(any_team)
    await any_team.store.write(lambda c: c.execute(update(outbox).values(state="failed")))
    await _erase(any_team, asked)
    assert WORDS not in await _words(any_team)


async def test_one_that_was_declined_meanwhile_erases_nobody(any_team: Team) -> None:
    asked = await _asked(any_team)
    await _accepted(any_team, asked)
    await any_team.cases.decide(any_team.members["ann"], asked.id, seen_state="accepted", decision="declined")
    await any_team.store.write(lambda c: c.execute(update(outbox).values(state="sent")))
    with pytest.raises(Conflict):
        await _erase(any_team, asked)
    assert WORDS in await _words(any_team)


async def test_a_place_that_is_somebody_elses_by_now_stays_theirs(any_team: Team) -> None:
    asked = await _asked(any_team, "c1")
    await _accepted(any_team, asked)

    async def relinked(connection: AsyncConnection) -> None:
        await add_customer(connection, "c2")
        here = await Accounts(connection).find(asked.channel, asked.address)
        assert here is not None
        await Accounts(connection).link(here.id, "c2", "order", NOW)

    await any_team.store.write(relinked)
    await _erase(any_team, asked)
    assert WORDS in await _words(any_team)
    async with any_team.store.read() as connection:
        assert await Customers(connection).present(["c1", "c2"]) == {"c2"}


async def test_another_request_is_finished_as_ever(any_team: Team) -> None:
    made = await any_team.request(kind="data_export")
    done = await _erase(any_team, made, "ann", "asked")
    assert (done.state, done.number) == ("done", made.number)


async def _card(team: Team, login: str, request_id: int) -> None:
    """The list of requests, as a member sees it."""
    visit = Visitor(team.members[login]).visit()

    async def nothing(_conversation: int = 0) -> None:
        return

    lists = Lists(team.cases, Acting(visit, nothing), nothing, nothing)
    # Drawn on a page that is not the tab's first.
    lists._tabs["requests"].parent_slot.parent.set_value("requests")  # type: ignore[union-attr]
    waiting = await lists.read()
    assert [request.id for request in waiting.requests] == [request_id]
    lists.show_waiting(waiting, NOW)


async def test_an_admin_is_asked_twice_in_the_console(team: Team) -> None:
    asked = await _asked(team)
    await _accepted(team, asked)

    async def page() -> None:
        await _card(team, "root", asked.id)

    async with user_simulation(page) as user:
        await user.open("/")
        (dialog,) = user.find(kind=ui.dialog).elements
        for answer, left in (("erase-cancel", True), ("erase-sure", False)):
            user.find(marker=f"erase-{asked.id}").click()
            await until(lambda: bool(dialog.value))
            user.find(marker=answer).click()
            await until(lambda: not dialog.value)
            assert not left or WORDS in await _words(team)
        await until(lambda: "Erased." in str(user.notify.messages))
    assert WORDS not in await _words(team)


@pytest.mark.parametrize(("login", "state"), [("ann", "accepted"), ("root", "asked")])
async def test_others_and_earlier_there_is_no_such_button(team: Team, login: str, state: str) -> None:
    asked = await _asked(team)
    if state == "accepted":
        await _accepted(team, asked)

    async def page() -> None:
        await _card(team, login, asked.id)

    async with user_simulation(page) as user:
        await user.open("/")
        await user.should_see("Decline")
        await user.should_not_see("Erase the data")
