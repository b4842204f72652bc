"""Members of staff and their sessions, on both stores."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from storage import NotFound, Store
from storage.staff import LoginTaken, Staff, StaffMember, StaffSession, StaffSessions

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)


async def add(store: Store, login: str = "ada", role: str = "agent") -> int:
    return await store.write(
        lambda connection: Staff(connection).add(
            login=login, name=login.title(), role=role, password_hash="-", language="en", now=NOW
        )
    )


async def get(store: Store, staff_id: int) -> StaffMember:
    async with store.read() as connection:
        found = await Staff(connection).get(staff_id)
    assert found is not None
    return found


async def test_every_change_of_access_begins_a_new_version(any_store: Store) -> None:
    ada, bob = await add(any_store), await add(any_store, "bob")
    assert (await get(any_store, ada)).session_version == 0
    await any_store.write(lambda connection: Staff(connection).change(ada, password_hash="new"))
    await any_store.write(lambda connection: Staff(connection).change(ada, role="viewer"))
    await any_store.write(lambda connection: Staff(connection).change(ada, active=False))
    changed = await get(any_store, ada)
    assert (changed.session_version, changed.role, changed.active) == (3, "viewer", False)
    await any_store.write(lambda connection: Staff(connection).change(ada, active=True))
    async with any_store.read() as connection:
        found = await Staff(connection).by_login("ada")
    assert found is not None
    assert (found[0].session_version, found[1]) == (4, "new")
    assert (await get(any_store, bob)).session_version == 0


async def test_who_is_not_there_can_not_be_changed(any_store: Store) -> None:
    with pytest.raises(NotFound):
        await any_store.write(lambda connection: Staff(connection).change(99, role="viewer"))
    await add(any_store)
    with pytest.raises(LoginTaken, match="ada"):
        await add(any_store)


async def test_who_stands_stays_so_until_the_transaction_ends(any_store: Store) -> None:
    """A change that comes while somebody acts waits for them, and what comes after it sees it."""
    ada = await add(any_store)
    acting, act_on = asyncio.Event(), asyncio.Event()
    order: list[str] = []

    async def act() -> None:
        async def work(connection: object) -> None:
            assert await Staff(connection).standing(ada)  # type: ignore[arg-type]
            acting.set()
            await act_on.wait()
            order.append("acted")

        await any_store.write(work)

    async def change() -> None:
        await any_store.write(lambda connection: Staff(connection).change(ada, active=False))
        order.append("changed")

    async with asyncio.TaskGroup() as group:
        group.create_task(act())
        await acting.wait()
        waiting = group.create_task(change())
        # Whatever could be done meanwhile is done.
        await asyncio.wait([waiting], timeout=0.2)
        act_on.set()
    assert order == ["acted", "changed"]
    seen = await any_store.write(lambda connection: Staff(connection).standing(ada))
    assert seen is not None
    assert not seen.active


async def test_a_session_gets_another_key_once_and_in_time(any_store: Store) -> None:
    ada = await add(any_store)
    await any_store.write(
        lambda connection: StaffSessions(connection).add("ticket", staff_id=ada, version=3, now=NOW)
    )

    async def rekey(new: str, since: datetime) -> bool:
        return await any_store.write(
            lambda connection: StaffSessions(connection).rekey("ticket", new, used_since=since)
        )

    assert not await rekey("late", NOW + timedelta(microseconds=1))
    assert sorted(await asyncio.gather(rekey("one", NOW), rekey("two", NOW))) == [False, True]
    async with any_store.read() as connection:
        found = [await StaffSessions(connection).get(key) for key in ("ticket", "late", "one", "two")]
    (session,) = [one for one in found if one is not None]
    assert session == StaffSession(key=session.key, staff_id=ada, version=3, used_at=NOW)


async def test_a_session_is_used_and_ends(any_store: Store) -> None:
    ada = await add(any_store)
    later = NOW + timedelta(hours=1)

    async def work(connection: object) -> list[StaffSession | None]:
        sessions = StaffSessions(connection)  # type: ignore[arg-type]
        for key in ("a", "b"):
            await sessions.add(key, staff_id=ada, version=0, now=NOW)
        await sessions.used("a", later)
        await sessions.end("b")
        await sessions.end("b")
        return [await sessions.get(key) for key in ("a", "b")]

    used, ended = await any_store.write(work)
    assert used is not None
    assert used.used_at == later
    assert ended is None
