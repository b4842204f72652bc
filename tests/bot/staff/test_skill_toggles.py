"""Skills are switched by admins alone, those that customers must always reach by nobody; and it is written down."""

from __future__ import annotations

import pytest

from bot.conversation.answer import Answer
from bot.conversation.registry import REGISTRY
from bot.conversation.turn import Skill, Turn
from bot.staff.audit_log import read_audit_log
from bot.staff.roles import AccessChanged, NotAllowed
from bot.staff.skill_toggles import SkillState, SkillToggles
from storage import NotFound, Store
from storage.audit import Audit
from storage.conversations import Conversations, NewMessage
from storage.customers import Accounts
from storage.drafts import Drafts, SkillSwitches
from storage.staff import Staff, StaffMember
from tests.factories import NOW


async def _says_nothing(_turn: Turn) -> Answer:
    return Answer()


SKILLS = (Skill(name="stock", answer=_says_nothing), Skill(name="human", answer=_says_nothing, always=True))


@pytest.fixture
def board(store: Store) -> SkillToggles:
    return SkillToggles(store, SKILLS, clock=lambda: NOW)


async def member(store: Store, role: str) -> StaffMember:
    staff_id = await store.write(
        lambda c: Staff(c).add(login=role, name="Ann", role=role, password_hash="", language="en", now=NOW)
    )
    return StaffMember(id=staff_id, login=role, name="Ann", role=role, language="en", active=True)


async def stock(board: SkillToggles) -> SkillState:
    return next(state for state in await board.skills() if state.skill.name == "stock")


async def test_a_switch_holds_and_is_written_down(store: Store, board: SkillToggles) -> None:
    admin = await member(store, "admin")
    assert (await stock(board)).mode == "on"
    for mode in ("shadow", "off"):
        await board.set(admin, "stock", mode)
        assert (await stock(board)).mode == mode
    async with store.read() as connection:
        assert await SkillSwitches(connection).all() == {"stock": "off"}
    page = await read_audit_log(store)
    assert [(one.action, one.subject, page.names[one.staff_id or 0]) for one in page.entries] == [
        ("skill_off", "skill:stock", "Ann"),
        ("skill_shadow", "skill:stock", "Ann"),
    ]


@pytest.mark.parametrize("role", ["viewer", "agent", "campaigner"])
async def test_others_may_only_look(store: Store, board: SkillToggles, role: str) -> None:
    with pytest.raises(NotAllowed, match=role):
        await board.set(await member(store, role), "stock", "off")
    assert (await stock(board)).mode == "on"


async def test_an_admin_who_is_none_any_more_switches_nothing(store: Store, board: SkillToggles) -> None:
    admin = await member(store, "admin")
    await store.write(lambda c: Staff(c).change(admin.id, role="viewer"))
    with pytest.raises(AccessChanged):
        await board.set(admin, "stock", "off")
    assert (await stock(board)).mode == "on"


async def test_what_customers_must_reach_stays_on(store: Store, board: SkillToggles) -> None:
    admin = await member(store, "admin")
    with pytest.raises(ValueError, match="always on"):
        await board.set(admin, "human", "off")
    with pytest.raises(ValueError, match="shadow"):
        await board.set(admin, "stock", "maybe")
    with pytest.raises(NotFound):
        await board.set(admin, "poetry", "off")
    assert {"human", "consent"} <= {skill.name for skill in REGISTRY.skills if skill.always}


async def test_how_often_staff_agreed_is_beside_the_switch(store: Store, board: SkillToggles) -> None:
    ann = await member(store, "agent")
    account = await store.write(
        lambda c: Accounts(c).get_or_create("web", "w1", name="", language="en", now=NOW)
    )
    await store.write(lambda c: Conversations(c).open("web", "w1", account.id, "en", NOW))
    async with store.read() as connection:
        contact = await Conversations(connection).contact("web", "w1")
    assert contact is not None
    conversation = contact.conversation.id
    message = await store.write(
        lambda c: Conversations(c).append(
            NewMessage(
                conversation_id=conversation, direction="in", author="customer", kind="text", text="?", at=NOW
            )
        )
    )
    for verdict in ("agreed", "agreed", "edited", None):
        draft = await store.write(lambda c: Drafts(c).add(conversation, message, "stock", {}, NOW))
        if verdict is not None:
            await store.write(lambda c, d=draft, v=verdict: Drafts(c).judge(d, v, ann.id, NOW))  # type: ignore[misc]
    agreement = (await stock(board)).agreement
    assert agreement is not None
    assert (agreement.drafts, agreement.judged, agreement.agreed) == (4, 3, 2)


async def test_the_trail_can_be_followed_back(store: Store) -> None:
    for number in range(7):
        actor = "staff:1" if number % 2 else "bot"
        await store.write(lambda c, a=actor, n=number: Audit(c).add(a, "take", f"case:{n}", {}, NOW))  # type: ignore[misc]
    seen: list[str] = []
    before: int | None = None
    for _ in range(3):
        page = await read_audit_log(store, before=before, size=3)
        seen += [entry.subject for entry in page.entries]
        before = page.older
    assert seen == [f"case:{number}" for number in range(6, -1, -1)]
    assert before is None
    people = await read_audit_log(store, people_only=True)
    assert {entry.actor for entry in people.entries} == {"staff:1"}
