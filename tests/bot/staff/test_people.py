"""Who works here: added, changed and kept out by admins, never the last of them; and it is written down."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.staff.accounts import StaffAccounts
from bot.staff.audit_log import read_audit_log
from bot.staff.people import Change, LastAdmin, LoginInvalid, People
from bot.staff.roles import AccessChanged, NotAllowed
from storage import NotFound, Store
from storage.audit import Audit, AuditEntry
from storage.staff import ROLES, LoginTaken, Staff, StaffMember
from tests.bot.staff.test_case_service import NOW, Team, opened


@pytest.fixture
async def team(any_store: Store, tmp_path: Path) -> Team:
    return await opened(any_store, tmp_path)


@pytest.fixture
def people(any_store: Store) -> People:
    return People(any_store, clock=lambda: NOW)


async def add(store: Store, login: str, role: str = "admin") -> StaffMember:
    staff_id = await store.write(
        lambda connection: Staff(connection).add(
            login=login, name=login.title(), role=role, password_hash="-", language="en", now=NOW
        )
    )
    return await now(store, staff_id)


async def now(store: Store, staff_id: int) -> StaffMember:
    async with store.read() as connection:
        found = await Staff(connection).get(staff_id)
    assert found is not None
    return found


async def written(store: Store) -> list[AuditEntry]:
    async with store.read() as connection:
        return await Audit(connection).latest()


async def test_an_added_member_signs_in_with_the_password_that_was_shown(team: Team, people: People) -> None:
    root = team.members["root"]
    password = await people.add(root, "lin", "Lin", "campaigner", "zh")
    lin = await StaffAccounts(team.store).sign_in("lin", password, NOW)
    assert (lin.name, lin.role, lin.language, lin.active) == ("Lin", "campaigner", "zh", True)
    (entry,) = await written(team.store)
    assert (entry.actor, entry.action, entry.subject) == (
        f"staff:{root.id}", "member_added", f"staff:{lin.id}",
    )  # fmt: skip
    assert dict(entry.details) == {"login": "lin", "role": "campaigner"}
    with pytest.raises(LoginTaken):
        await people.add(root, "lin")


@pytest.mark.parametrize("login", ["", " ", "two words", "x" * 61, "a\x00b", "line\nbreak"])
async def test_what_can_not_be_a_login(people: People, login: str) -> None:
    with pytest.raises(LoginInvalid, match="login"):
        await people.add(None, login)


async def test_what_can_not_be_a_member(people: People) -> None:
    for wrong in ({"role": "boss"}, {"language": "fr"}, {"name": "x" * 101}):
        with pytest.raises(ValueError, match=r"role|language|name"):
            await people.add(None, "lin", **wrong)
    with pytest.raises(ValueError, match="boss"):
        await people.set_role(None, "lin", "boss")
    for change in (people.deactivate(None, "lin"), people.give_password(None, "lin")):
        with pytest.raises(NotFound, match="lin"):
            await change


@pytest.mark.parametrize("login", ["ann", "eye"])
async def test_only_admins_change_anybody(team: Team, people: People, login: str) -> None:
    member = team.members[login]
    for change in (
        people.add(member, "lin"),
        people.give_password(member, "root"),
        people.set_role(member, login, "admin"),
        people.deactivate(member, "bob"),
        people.activate(member, "bob"),
    ):
        with pytest.raises(NotAllowed, match=member.role):
            await change
    assert await written(team.store) == []


async def test_a_member_who_is_kept_out_gives_their_cases_back(team: Team, people: People) -> None:
    ann, bob, root = (team.members[login] for login in ("ann", "bob", "root"))
    mine = [await team.case(f"v-{number}") for number in range(3)]
    his = await team.case("v-his")
    for case in mine:
        await team.cases.take(ann, case)
    await team.cases.take(bob, his)
    change = await people.deactivate(root, "ann")
    assert (change.changed, change.released, change.member) == (True, 3, ann)
    cases = {case.id: (case.state, case.staff_id) for case in (await team.cases.waiting()).cases}
    assert cases == {his: ("taken", bob.id), **dict.fromkeys(mine, ("waiting", None))}
    for case in mine:
        assert await team.owner((await team.cases.case(case)).contact.conversation.id) == "queue"
    page = await read_audit_log(team.store, size=4)
    assert {(entry.action, entry.actor) for entry in page.entries} == {
        ("release", f"staff:{root.id}"), ("member_deactivated", f"staff:{root.id}"),
    }  # fmt: skip
    assert await people.deactivate(root, "ann") == Change(member=await now(team.store, ann.id), changed=False)


async def test_who_may_not_answer_any_more_gives_their_cases_back(team: Team, people: People) -> None:
    ann = team.members["ann"]
    await team.cases.take(ann, await team.case())
    assert (await people.set_role(None, "ann", "admin")).released == 0
    change = await people.set_role(None, "ann", "viewer")
    assert (change.changed, change.released) == (True, 1)
    (changed, *_) = [entry for entry in await written(team.store) if entry.action == "member_role"]
    assert (changed.actor, dict(changed.details)) == (
        "terminal", {"login": "ann", "was": "admin", "role": "viewer"},
    )  # fmt: skip


async def test_decisions_at_the_terminal_are_peoples(team: Team, people: People) -> None:
    await people.deactivate(None, "ann")
    page = await read_audit_log(team.store, people_only=True)
    assert [entry.actor for entry in page.entries] == ["terminal"]


async def test_a_change_between_taking_and_answering_refuses_the_answer(team: Team, people: People) -> None:
    case = await team.case()
    ann = team.members["ann"]
    await team.cases.take(ann, case)
    await people.give_password(None, "ann")
    with pytest.raises(AccessChanged, match="sign in again"):
        await team.cases.answer(ann, case, "Hello")
    assert await team.sent() == []
    await team.cases.answer(await now(team.store, ann.id), case, "Hello")


async def test_the_last_admin_stays(team: Team, people: People) -> None:
    await add(team.store, "gone")
    await people.deactivate(None, "gone")
    for change in (people.deactivate(None, "root"), people.set_role(None, "root", "agent")):
        with pytest.raises(LastAdmin, match="another"):
            await change
    assert (await people.set_role(None, "root", "admin")).changed is False
    await people.activate(None, "gone")
    assert (await people.deactivate(None, "root")).changed


@pytest.mark.parametrize("round_", range(5))
async def test_of_two_admins_who_change_each_other_at_once_one_stays(
    any_store: Store, people: People, round_: int
) -> None:
    one, two = await add(any_store, "one"), await add(any_store, "two")
    ways = [
        (people.deactivate(one, "two"), people.deactivate(two, "one")),
        (people.set_role(one, "two", "viewer"), people.set_role(two, "one", "agent")),
        (people.deactivate(one, "one"), people.deactivate(two, "two")),
        (people.deactivate(None, "one"), people.set_role(None, "two", "viewer")),
        (people.set_role(two, "one", "viewer"), people.deactivate(None, "two")),
    ]
    pairs = ways[round_]
    for other in (way for number, way in enumerate(ways) if number != round_):
        for work in other:
            work.close()
    results = await asyncio.gather(*pairs, return_exceptions=True)
    refused = [result for result in results if isinstance(result, BaseException)]
    assert [type(error) for error in refused] in ([LastAdmin], [AccessChanged]), refused
    members = await people.everybody()
    assert [member.role for member in members if member.active].count("admin") == 1


async def test_acting_and_being_kept_out_at_once(team: Team, people: People) -> None:
    """Whichever was first: a case is never left with somebody who may not answer."""
    cases = [await team.case(f"v-{number}") for number in range(12)]
    ann = team.members["ann"]
    taking = [team.cases.take(ann, case) for case in cases]
    results = await asyncio.gather(
        *taking[:6], people.deactivate(team.members["root"], "ann"), *taking[6:], return_exceptions=True
    )
    assert all(isinstance(result, Change | AccessChanged | None) for result in results), results
    assert [case for case in (await team.cases.waiting()).cases if case.state == "taken"] == []


LOGINS = ("one", "two", "three")
STEPS = st.lists(
    st.tuples(
        st.sampled_from([*LOGINS, None]),
        st.sampled_from(LOGINS),
        st.sampled_from(["deactivate", "activate", *ROLES]),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_whatever_is_changed_by_whom_an_admin_is_left(
    steps: list[tuple[str | None, str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Everybody acts as what they were at the beginning, as in a page that was left open."""
    store = await fresh(tmp_path_factory)
    people = People(store, clock=lambda: NOW)
    try:
        then = {login: await add(store, login) for login in LOGINS}
        for by, whom, what in steps:
            actor = None if by is None else then[by]
            at_work = actor is None or await now(store, actor.id) == actor
            try:
                if what in ROLES:
                    await people.set_role(actor, whom, what)
                else:
                    await getattr(people, what)(actor, whom)
                assert at_work, "somebody whose access was changed changed somebody"
            except AccessChanged:
                assert not at_work
            except LastAdmin:
                assert at_work
            left = [one for one in await people.everybody() if one.active and one.role == "admin"]
            assert left
    finally:
        await store.close()


async def fresh(folders: pytest.TempPathFactory) -> Store:
    from storage.schema import metadata

    store = Store.open(f"sqlite:///{folders.mktemp('people') / 'liuke.db'}")
    await store.write(lambda connection: connection.run_sync(metadata.create_all))
    return store
