"""What staff can do, and what they can't do to each other."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation import ownership
from bot.conversation.texts import Texts
from bot.messages import Button, Card, Reply, dump_reply
from bot.privacy.erasure import Eraser
from bot.staff.accounts import StaffAccounts
from bot.staff.case_service import CaseService
from bot.staff.requests import decision_reply
from bot.staff.roles import AccessChanged, NotAllowed
from retention.features.derived import CONCEPTS
from storage import Conflict, NotFound, Store
from storage.conversations import Conversations, Message, NewMessage
from storage.customers import Accounts
from storage.drafts import Corrections, Drafts
from storage.requests import NewRequest, Request, Requests
from storage.schema import message, metadata, outbox, staff
from storage.staff import Staff, StaffMember
from storage.warnings import NewWarning, Warnings
from tests.factories import add_customer

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)


@dataclass
class Team:
    """A cases with an agent, a colleague, an admin and a viewer."""

    store: Store
    cases: CaseService
    members: dict[str, StaffMember]
    woken: list[None]

    async def conversation(self, address: str = "v-1", language: str = "en") -> int:
        async def work(connection: AsyncConnection) -> int:
            account = await Accounts(connection).get_or_create("web", address, now=NOW)
            await Conversations(connection).open("web", address, account.id, language, NOW)
            contact = await Conversations(connection).contact("web", address)
            assert contact is not None
            return contact.conversation.id

        return await self.store.write(work)

    async def case(self, address: str = "v-1", priority: int = 1, now: datetime = NOW) -> int:
        conversation = await self.conversation(address)
        return await self.store.write(
            lambda connection: ownership.escalate(
                connection, conversation, reason="asked", priority=priority, now=now
            )
        )

    async def request(self, language: str = "en", number: str = "R1", kind: str = "refund") -> Request:
        conversation = await self.conversation(f"v-{number}", language)

        async def work(connection: AsyncConnection) -> Request:
            made = await Requests(connection).add(
                NewRequest(
                    number=number, kind=kind, conversation_id=conversation, customer_id=None,
                    order_id=None, details={},
                ),
                NOW,
            )  # fmt: skip
            return await Requests(connection).get(made)

        return await self.store.write(work)

    async def sent(self) -> list[tuple[str, str]]:
        async with self.store.read() as connection:
            rows = await connection.execute(select(outbox.c.author, outbox.c.payload).order_by(outbox.c.id))
            return [(row.author, row.payload["text"]) for row in rows]

    async def owner(self, conversation: int) -> str:
        async with self.store.read() as connection:
            return (await Conversations(connection).get(conversation)).owner


@pytest.fixture
async def team(store: Store, tmp_path: Path) -> Team:
    return await opened(store, tmp_path)


@pytest.fixture
async def any_team(any_store: Store, tmp_path: Path) -> Team:
    return await opened(any_store, tmp_path)


async def opened(store: Store, home: Path) -> Team:
    async def fill(connection: AsyncConnection) -> None:
        for login, role in (("ann", "agent"), ("bob", "agent"), ("root", "admin"), ("eye", "viewer")):
            await Staff(connection).add(
                login=login, name=login.title(), role=role, password_hash="-", language="en", now=NOW
            )

    await store.write(fill)
    async with store.read() as connection:
        members = {member.login: member for member in await Staff(connection).all()}
    woken: list[None] = []
    cases = CaseService(
        store,
        texts=Texts.load(),
        eraser=Eraser(store, home, clock=lambda: NOW),
        wake=lambda: woken.append(None),
        clock=lambda: NOW,
    )
    return Team(store, cases, members, woken)


async def test_the_earliest_promise_comes_first(team: Team) -> None:
    late = await team.case("v-late", priority=1)
    urgent = await team.case("v-urgent", priority=0)
    forgotten = await team.case("v-forgotten", priority=2, now=NOW - timedelta(hours=5))
    assert [case.id for case in (await team.cases.waiting()).cases] == [forgotten, urgent, late]


async def test_one_of_two_gets_the_case(any_team: Team) -> None:
    case = await any_team.case()
    ann, bob = any_team.members["ann"], any_team.members["bob"]
    results = await asyncio.gather(
        any_team.cases.take(ann, case), any_team.cases.take(bob, case), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "NoneType"]
    held = (await any_team.cases.case(case)).escalation
    assert held is not None
    loser = bob if held.staff_id == ann.id else ann
    with pytest.raises(Conflict):
        await any_team.cases.answer(loser, case, "me too")
    assert await any_team.sent() == []


async def test_an_answer_goes_out_under_the_name_of_who_wrote_it(team: Team) -> None:
    case = await team.case()
    await team.cases.answer(team.members["ann"], case, "  Hello, Ann here.  ")
    assert await team.sent() == [("Ann", "Hello, Ann here.")]
    assert team.woken == [None]
    seen = await team.cases.case(case)
    assert seen.escalation is not None
    assert (seen.escalation.state, seen.names[team.members["ann"].id]) == ("taken", "Ann")
    assert seen.messages[-1].author == f"staff:{team.members['ann'].id}"
    with pytest.raises(ValueError, match="words"):
        await team.cases.answer(team.members["ann"], case, "   ")


async def test_an_answer_asked_for_twice_is_sent_once(any_team: Team) -> None:
    case, cases = await any_team.case(), any_team.cases
    ann, root = any_team.members["ann"], any_team.members["root"]
    await asyncio.gather(*(cases.answer(ann, case, "Hello.", sending="one") for _ in range(3)))
    await cases.answer(ann, case, "Hello.", sending="two")
    assert await any_team.sent() == [("Ann", "Hello.")] * 2
    assert [said.text for said in (await cases.case(case)).messages] == ["Hello."] * 2
    # It was sent, whatever has happened to the case since.
    await cases.close(root, case)
    await cases.answer(ann, case, "Hello.", sending="two")
    assert len(await any_team.sent()) == 2
    with pytest.raises(Conflict):
        await cases.answer(ann, case, "Hello.", sending="three")


async def test_what_waits_is_counted_whole_and_shown_in_parts(team: Team) -> None:
    cases = [await team.case(f"v-{place}") for place in range(3)]
    requests = [(await team.request(number=f"R{place}")).id for place in range(3)]
    waiting = await team.cases.waiting(cases=2, requests=1)
    assert [case.id for case in waiting.cases] == cases[:2]
    assert [request.id for request in waiting.requests] == requests[:1]
    assert (waiting.all_cases, waiting.all_requests) == (3, 3)
    assert waiting.names[team.members["ann"].id] == "Ann"


@pytest.mark.parametrize(("act", "owner"), [("release", "queue"), ("give_back", "bot"), ("close", "closed")])
async def test_every_way_out_of_a_case(team: Team, act: str, owner: str) -> None:
    case = await team.case()
    ann, bob = team.members["ann"], team.members["bob"]
    await team.cases.take(ann, case)
    with pytest.raises(Conflict):
        await getattr(team.cases, act)(bob, case)
    await getattr(team.cases, act)(ann, case)
    assert await team.owner((await team.cases.case(case)).contact.conversation.id) == owner
    if act != "release":
        with pytest.raises(Conflict):
            await getattr(team.cases, act)(ann, case)


async def test_an_admin_may_end_what_a_colleague_holds(team: Team) -> None:
    case = await team.case()
    await team.cases.take(team.members["ann"], case)
    await team.cases.give_back(team.members["root"], case)
    assert await team.owner((await team.cases.case(case)).contact.conversation.id) == "bot"


async def test_a_viewer_looks_and_does_not_act(team: Team) -> None:
    case, request = await team.case(), await team.request()
    eye, cases = team.members["eye"], team.cases
    assert (await cases.waiting()).cases
    for act in (
        cases.take(eye, case),
        cases.answer(eye, case, "x"),
        cases.release(eye, case),
        cases.give_back(eye, case),
        cases.close(eye, case),
        cases.take_over(eye, request.conversation_id),
        cases.decide(eye, request.id, seen_state="asked", decision="done"),
    ):
        with pytest.raises(NotAllowed):
            await act
    assert await team.sent() == []


@pytest.mark.parametrize("change", [{"active": False}, {"role": "viewer"}, {"password_hash": "another"}])
async def test_nothing_is_done_by_whom_they_were_before_their_access_was_changed(
    any_team: Team, change: dict[str, Any]
) -> None:
    """As in a page that was left open."""
    cases, ann = any_team.cases, any_team.members["ann"]
    case = await _drafted(any_team)
    [draft] = (await cases.case(case)).drafts
    conversation, said = await _said(any_team, "wrap it")
    asked, erasure = await any_team.request(), await any_team.request(number="R2", kind="data_erasure")
    await cases.take(ann, case)
    await any_team.store.write(lambda connection: Staff(connection).change(ann.id, **change))
    before = await _everything(any_team.store)
    for act in (
        cases.see_to(ann, 1),
        cases.take_over(ann, conversation),
        cases.take(ann, case),
        cases.answer(ann, case, "x"),
        cases.send_draft(ann, case, draft, "x"),
        cases.judge(ann, draft.id, "rejected"),
        cases.correct(ann, said, "gift_wrap"),
        cases.release(ann, case),
        cases.give_back(ann, case),
        cases.close(ann, case),
        cases.decide(ann, asked.id, seen_state="asked", decision="done"),
        cases.decide(ann, erasure.id, seen_state="accepted", decision="done"),
    ):
        with pytest.raises(AccessChanged, match="sign in again"):
            await act
    assert await _everything(any_team.store) == before


async def test_an_admins_reach_ends_with_the_role(team: Team) -> None:
    case, root = await team.case(), team.members["root"]
    await team.cases.take(team.members["ann"], case)
    # By hand, in the database: the version stays.
    await team.store.write(
        lambda connection: connection.execute(update(staff).where(staff.c.id == root.id).values(role="agent"))
    )
    with pytest.raises(Conflict):
        await team.cases.close(root, case)
    await team.store.write(
        lambda connection: connection.execute(
            update(staff).where(staff.c.id == root.id).values(role="campaigner")
        )
    )
    with pytest.raises(NotAllowed, match="root, campaigner"):
        await team.cases.take(root, case)
    await team.store.write(
        lambda connection: connection.execute(
            update(staff).where(staff.c.id == root.id).values(role="admin", active=False)
        )
    )
    with pytest.raises(AccessChanged):
        await team.cases.take(root, case)


async def _everything(store: Store) -> dict[str, list[Any]]:
    async with store.read() as connection:
        return {
            table.name: list(await connection.execute(select(table).order_by(*table.primary_key)))
            for table in metadata.sorted_tables
        }


async def test_a_conversation_can_be_taken_from_the_bot(team: Team) -> None:
    conversation = await team.conversation()
    ann, bob = team.members["ann"], team.members["bob"]
    assert (await team.cases.conversation(conversation)).escalation is None
    case = await team.cases.take_over(ann, conversation)
    assert await team.owner(conversation) == "person"
    with pytest.raises(Conflict):
        await team.cases.take_over(bob, conversation)
    seen = await team.cases.conversation(conversation)
    assert seen.escalation is not None
    assert (seen.escalation.id, seen.escalation.staff_id) == (case, ann.id)


@pytest.mark.parametrize(
    ("language", "decision", "words"),
    [
        ("en", "accepted", "has been accepted"),
        ("en", "declined", "was declined"),
        ("zh", "accepted", "已通过"),
        ("zh", "declined", "没有通过"),
        ("zh", "done", "已经办好了"),
    ],
)
async def test_the_customer_is_told_in_their_language(
    team: Team, language: str, decision: str, words: str
) -> None:
    request = await team.request(language)
    await team.cases.decide(
        team.members["ann"], request.id, seen_state="asked", decision=decision, note=" 谢谢 <b> "
    )
    [(author, text)] = await team.sent()
    assert author == "bot"
    assert words in text
    assert "R1" in text
    assert text.endswith("谢谢 <b>")


async def test_a_request_is_decided_by_one(any_team: Team) -> None:
    request = await any_team.request()
    cases, ann, bob = any_team.cases, any_team.members["ann"], any_team.members["bob"]
    results = await asyncio.gather(
        cases.decide(ann, request.id, seen_state="asked", decision="accepted"),
        cases.decide(bob, request.id, seen_state="asked", decision="declined"),
        return_exceptions=True,
    )
    assert sum(isinstance(result, Conflict) for result in results) == 1
    assert len(await any_team.sent()) == 1
    with pytest.raises(Conflict):
        await cases.decide(ann, request.id, seen_state="declined", decision="done")


KINDS = (
    "cancel_order", "change_order", "change_address", "refund", "return", "exchange", "item_problem",
    "invoice", "price_protection", "data_export", "data_erasure", "something_new",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("order", ["1024", None])
def test_every_kind_of_request_has_words(kind: str, order: str | None) -> None:
    texts = Texts.load()
    for language in ("zh", "en"):
        for decided in ("accepted", "declined", "done"):
            request = Request(
                id=1, number="R1", kind=kind, state=decided, conversation_id=1, customer_id=None,
                order_id=order, order_number=order, details={}, created_at=NOW, decided_at=NOW,
                staff_id=1, note="", channel="web", address="v", language=language,
            )  # fmt: skip
            text = decision_reply(texts, request).text
            assert "R1" in text
            assert "{" not in text
            assert "_" not in text


async def _drafted(team: Team) -> int:
    case = await team.case()
    conversation = (await team.cases.case(case)).contact.conversation.id
    reply = Reply(
        text="Try this one",
        cards=(Card(product_id="p", title="Tea", text="¥1"),),
        buttons=((Button(label="More", action="recommend:more"),),),
        language="en",
    )

    async def work(connection: AsyncConnection) -> None:
        asked = await Conversations(connection).append(
            NewMessage(
                conversation_id=conversation, direction="in", author="customer", kind="text", text="?", at=NOW
            )
        )
        await Drafts(connection).add(conversation, asked, "recommend", dump_reply(reply), NOW)

    await team.store.write(work)
    return case


async def test_a_draft_sent_unchanged_is_agreement_and_keeps_its_cards(team: Team) -> None:
    case = await _drafted(team)
    [draft] = (await team.cases.case(case)).drafts
    ann = team.members["ann"]
    await team.cases.send_draft(ann, case, draft, "Try this one ")
    async with team.store.read() as connection:
        sent = (await connection.execute(select(outbox.c.payload))).scalar_one()
        kept = (
            await connection.execute(select(message.c.payload).where(message.c.direction == "out"))
        ).scalar_one()
    assert sent["cards"][0]["title"] == "Tea"
    assert kept == sent
    [agreement] = await team.cases.agreement()
    assert (agreement.skill, agreement.agreed, agreement.rate) == ("recommend", 1, 1.0)
    with pytest.raises(Conflict):
        await team.cases.send_draft(ann, case, draft, "Try this one")
    assert len(await team.sent()) == 1


async def test_a_draft_changed_or_rejected_is_none(team: Team) -> None:
    case = await _drafted(team)
    [draft] = (await team.cases.case(case)).drafts
    await team.cases.send_draft(team.members["ann"], case, draft, "Try another one")
    assert await team.sent() == [("Ann", "Try another one")]
    [agreement] = await team.cases.agreement()
    assert (agreement.agreed, agreement.edited) == (0, 1)


async def test_a_draft_is_not_judged_when_the_case_is_a_colleagues(team: Team) -> None:
    case = await _drafted(team)
    await team.cases.take(team.members["bob"], case)
    [draft] = (await team.cases.case(case)).drafts
    with pytest.raises(Conflict):
        await team.cases.send_draft(team.members["ann"], case, draft, "Try this one")
    [agreement] = await team.cases.agreement()
    assert agreement.judged == 0


async def test_a_warning_stands_until_one_has_seen_to_it(any_team: Team) -> None:
    cases, ann, bob = any_team.cases, any_team.members["ann"], any_team.members["bob"]
    warning = NewWarning(
        customer_id="c1", at=NOW, was="low", band="high", probability=0.8, lead_days=-4.0, expected_loss=12_300,
        currency="CNY", reasons=[{"code": "recency", "value": 9.0, "weight": 0.7}], policy="blend/v",
    )  # fmt: skip

    async def warn(connection: AsyncConnection) -> None:
        await add_customer(connection, "c1")
        await Warnings(connection).add([warning])

    await any_team.store.write(warn)
    [found] = await cases.warnings()
    assert (found.customer_name, found.band, found.expected_loss) == ("Name c1", "high", 12_300)
    results = await asyncio.gather(
        cases.see_to(ann, found.id), cases.see_to(bob, found.id), return_exceptions=True
    )
    assert sum(isinstance(result, Conflict) for result in results) == 1
    assert await cases.warnings() == []


async def test_a_viewer_can_not_take_a_warning_off(team: Team) -> None:
    with pytest.raises(NotAllowed):
        await team.cases.see_to(team.members["eye"], 1)
    with pytest.raises(NotAllowed):
        await team.cases.see_to_alarm(team.members["eye"], 1)


def test_every_reason_of_a_warning_has_words_in_the_console() -> None:
    texts = Texts.load(package="bot.staff.console")
    for language in ("zh", "en"):
        for concept in (*CONCEPTS.values(), "other"):
            assert f"feature-{concept}" in texts.variables[language]


async def test_what_is_not_there_is_not_found(team: Team) -> None:
    with pytest.raises(NotFound):
        await team.cases.case(99)
    with pytest.raises(NotFound):
        await team.cases.conversation(99)
    with pytest.raises(NotFound):
        await team.cases.take(team.members["ann"], 99)


async def test_the_first_admin_is_made_once(store: Store) -> None:
    accounts = StaffAccounts(store)
    made = await accounts.first_admin(NOW)
    assert made is not None
    assert await accounts.first_admin(NOW) is None
    member = await accounts.sign_in(*made, NOW)
    assert member.role == "admin"


async def _said(team: Team, text: str) -> tuple[int, Message]:
    conversation = await team.conversation()

    async def write(connection: AsyncConnection) -> None:
        await Conversations(connection).append(
            NewMessage(
                conversation_id=conversation,
                direction="in",
                author="customer",
                kind="text",
                text=text,
                at=NOW,
            )
        )

    await team.store.write(write)
    return conversation, (await team.cases.conversation(conversation)).messages[-1]


async def test_staff_say_what_a_message_meant_and_no_personal_data_is_kept(
    team: Team,
) -> None:
    conversation, said = await _said(team, "wrap it as a present, call me on 13800001234")
    ann = team.members["ann"]
    await team.cases.correct(ann, said, "gift_wrap")
    assert (await team.cases.conversation(conversation)).corrections == {said.id: "gift_wrap"}
    async with team.store.read() as connection:
        (kept,) = await Corrections(connection).all()
    assert kept.text == "wrap it as a present, call me on [phone]"
    await team.cases.correct(ann, said, None)
    assert (await team.cases.conversation(conversation)).corrections == {}


async def test_a_correction_needs_a_name_and_somebody_who_may(team: Team) -> None:
    conversation, said = await _said(team, "wrap it")
    with pytest.raises(ValueError, match="name"):
        await team.cases.correct(team.members["ann"], said, "gift wrap")
    with pytest.raises(NotAllowed):
        await team.cases.correct(team.members["eye"], said, "gift_wrap")
    assert (await team.cases.conversation(conversation)).corrections == {}
