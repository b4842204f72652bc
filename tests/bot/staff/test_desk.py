"""What staff can do, and what they can't do to each other."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation import state
from bot.conversation.codec import dump_reply
from bot.conversation.messages import Button, Card, Reply
from bot.conversation.texts import Texts
from bot.staff.accounts import StaffAccounts
from bot.staff.decisions import DecisionTexts
from bot.staff.desk import Desk
from bot.staff.roles import NotAllowed
from retention.features.derived import CONCEPTS
from storage import Conflict, NotFound, Store
from storage.conversations import Conversations, Message, NewMessage
from storage.corrections import Corrections
from storage.customers import Accounts
from storage.drafts import Drafts
from storage.requests import NewRequest, Request, Requests
from storage.schema import message, outbox
from storage.staff import Staff, StaffMember
from storage.warnings import NewWarning, Warnings
from tests.factories import add_customer

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)


@dataclass
class Office:
    """A desk with an agent, a colleague, an admin and a viewer."""

    store: Store
    desk: Desk
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
            lambda connection: state.escalate(
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
async def office(store: Store) -> Office:
    return await opened(store)


@pytest.fixture
async def any_office(any_store: Store) -> Office:
    return await opened(any_store)


async def opened(store: Store) -> Office:
    async def fill(connection: AsyncConnection) -> None:
        for login, role in (("ann", "agent"), ("bob", "agent"), ("root", "admin"), ("eye", "viewer")):
            await Staff(connection).add(
                login=login, name=login.title(), role=role, password_hash="-", language="en", now=NOW
            )

    await store.write(fill)
    async with store.read() as connection:
        members = {member.login: member for member in await Staff(connection).all()}
    woken: list[None] = []
    desk = Desk(
        store, decided=DecisionTexts(Texts.load()), wake=lambda: woken.append(None), clock=lambda: NOW
    )
    return Office(store, desk, members, woken)


async def test_the_earliest_promise_comes_first(office: Office) -> None:
    late = await office.case("v-late", priority=1)
    urgent = await office.case("v-urgent", priority=0)
    forgotten = await office.case("v-forgotten", priority=2, now=NOW - timedelta(hours=5))
    assert [case.id for case in await office.desk.queue()] == [forgotten, urgent, late]


async def test_one_of_two_gets_the_case(any_office: Office) -> None:
    case = await any_office.case()
    ann, bob = any_office.members["ann"], any_office.members["bob"]
    results = await asyncio.gather(
        any_office.desk.take(ann, case), any_office.desk.take(bob, case), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "NoneType"]
    held = (await any_office.desk.case(case)).escalation
    assert held is not None
    loser = bob if held.staff_id == ann.id else ann
    with pytest.raises(Conflict):
        await any_office.desk.answer(loser, case, "me too")
    assert await any_office.sent() == []


async def test_an_answer_goes_out_under_the_name_of_who_wrote_it(office: Office) -> None:
    case = await office.case()
    await office.desk.answer(office.members["ann"], case, "  Hello, Ann here.  ")
    assert await office.sent() == [("Ann", "Hello, Ann here.")]
    assert office.woken == [None]
    seen = await office.desk.case(case)
    assert seen.escalation is not None
    assert (seen.escalation.state, seen.names[office.members["ann"].id]) == ("taken", "Ann")
    assert seen.messages[-1].author == f"staff:{office.members['ann'].id}"
    with pytest.raises(ValueError, match="words"):
        await office.desk.answer(office.members["ann"], case, "   ")


@pytest.mark.parametrize(("act", "owner"), [("release", "queue"), ("give_back", "bot"), ("close", "closed")])
async def test_every_way_out_of_a_case(office: Office, act: str, owner: str) -> None:
    case = await office.case()
    ann, bob = office.members["ann"], office.members["bob"]
    await office.desk.take(ann, case)
    with pytest.raises(Conflict):
        await getattr(office.desk, act)(bob, case)
    await getattr(office.desk, act)(ann, case)
    assert await office.owner((await office.desk.case(case)).contact.conversation.id) == owner
    if act != "release":
        with pytest.raises(Conflict):
            await getattr(office.desk, act)(ann, case)


async def test_an_admin_may_end_what_a_colleague_holds(office: Office) -> None:
    case = await office.case()
    await office.desk.take(office.members["ann"], case)
    await office.desk.give_back(office.members["root"], case)
    assert await office.owner((await office.desk.case(case)).contact.conversation.id) == "bot"


async def test_a_viewer_looks_and_does_not_act(office: Office) -> None:
    case, request = await office.case(), await office.request()
    eye, desk = office.members["eye"], office.desk
    assert await desk.queue()
    for act in (
        desk.take(eye, case),
        desk.answer(eye, case, "x"),
        desk.release(eye, case),
        desk.give_back(eye, case),
        desk.close(eye, case),
        desk.take_over(eye, request.conversation_id),
        desk.decide(eye, request.id, seen_state="asked", decision="done"),
    ):
        with pytest.raises(NotAllowed):
            await act
    assert await office.sent() == []


async def test_a_conversation_can_be_taken_from_the_bot(office: Office) -> None:
    conversation = await office.conversation()
    ann, bob = office.members["ann"], office.members["bob"]
    assert (await office.desk.conversation(conversation)).escalation is None
    case = await office.desk.take_over(ann, conversation)
    assert await office.owner(conversation) == "person"
    with pytest.raises(Conflict):
        await office.desk.take_over(bob, conversation)
    seen = await office.desk.conversation(conversation)
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
    office: Office, language: str, decision: str, words: str
) -> None:
    request = await office.request(language)
    await office.desk.decide(
        office.members["ann"], request.id, seen_state="asked", decision=decision, note=" 谢谢 <b> "
    )
    [(author, text)] = await office.sent()
    assert author == "bot"
    assert words in text
    assert "R1" in text
    assert text.endswith("谢谢 <b>")


async def test_a_request_is_decided_by_one(any_office: Office) -> None:
    request = await any_office.request()
    desk, ann, bob = any_office.desk, any_office.members["ann"], any_office.members["bob"]
    results = await asyncio.gather(
        desk.decide(ann, request.id, seen_state="asked", decision="accepted"),
        desk.decide(bob, request.id, seen_state="asked", decision="declined"),
        return_exceptions=True,
    )
    assert sum(isinstance(result, Conflict) for result in results) == 1
    assert len(await any_office.sent()) == 1
    with pytest.raises(Conflict):
        await desk.decide(ann, request.id, seen_state="declined", decision="done")


KINDS = (
    "cancel_order", "change_order", "change_address", "refund", "return", "exchange", "item_problem",
    "invoice", "price_protection", "data_export", "data_erasure", "something_new",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("order", ["1024", None])
def test_every_kind_of_request_has_words(kind: str, order: str | None) -> None:
    say = DecisionTexts(Texts.load())
    for language in ("zh", "en"):
        for decided in ("accepted", "declined", "done"):
            request = Request(
                id=1, number="R1", kind=kind, state=decided, conversation_id=1, customer_id=None,
                order_id=order, order_number=order, details={}, created_at=NOW, decided_at=NOW,
                staff_id=1, note="", channel="web", address="v", language=language,
            )  # fmt: skip
            text = say(request).text
            assert "R1" in text
            assert "{" not in text
            assert "_" not in text


async def _drafted(office: Office) -> int:
    case = await office.case()
    conversation = (await office.desk.case(case)).contact.conversation.id
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

    await office.store.write(work)
    return case


async def test_a_draft_sent_unchanged_is_agreement_and_keeps_its_cards(office: Office) -> None:
    case = await _drafted(office)
    [draft] = (await office.desk.case(case)).drafts
    ann = office.members["ann"]
    await office.desk.send_draft(ann, case, draft, "Try this one ")
    async with office.store.read() as connection:
        sent = (await connection.execute(select(outbox.c.payload))).scalar_one()
        kept = (
            await connection.execute(select(message.c.payload).where(message.c.direction == "out"))
        ).scalar_one()
    assert sent["cards"][0]["title"] == "Tea"
    assert kept == sent
    [agreement] = await office.desk.agreement()
    assert (agreement.skill, agreement.agreed, agreement.rate) == ("recommend", 1, 1.0)
    with pytest.raises(Conflict):
        await office.desk.send_draft(ann, case, draft, "Try this one")
    assert len(await office.sent()) == 1


async def test_a_draft_changed_or_rejected_is_none(office: Office) -> None:
    case = await _drafted(office)
    [draft] = (await office.desk.case(case)).drafts
    await office.desk.send_draft(office.members["ann"], case, draft, "Try another one")
    assert await office.sent() == [("Ann", "Try another one")]
    [agreement] = await office.desk.agreement()
    assert (agreement.agreed, agreement.edited) == (0, 1)


async def test_a_draft_is_not_judged_when_the_case_is_a_colleagues(office: Office) -> None:
    case = await _drafted(office)
    await office.desk.take(office.members["bob"], case)
    [draft] = (await office.desk.case(case)).drafts
    with pytest.raises(Conflict):
        await office.desk.send_draft(office.members["ann"], case, draft, "Try this one")
    [agreement] = await office.desk.agreement()
    assert agreement.judged == 0


async def test_a_warning_stands_until_one_has_seen_to_it(any_office: Office) -> None:
    desk, ann, bob = any_office.desk, any_office.members["ann"], any_office.members["bob"]
    warning = NewWarning(
        customer_id="c1", at=NOW, was="low", band="high", probability=0.8, lead_days=-4.0, expected_loss=12_300,
        currency="CNY", reasons=[{"code": "recency", "value": 9.0, "weight": 0.7}], policy="blend/v",
    )  # fmt: skip

    async def warn(connection: AsyncConnection) -> None:
        await add_customer(connection, "c1")
        await Warnings(connection).add([warning])

    await any_office.store.write(warn)
    [found] = await desk.warnings()
    assert (found.customer_name, found.band, found.expected_loss) == ("Name c1", "high", 12_300)
    results = await asyncio.gather(
        desk.see_to(ann, found.id), desk.see_to(bob, found.id), return_exceptions=True
    )
    assert sum(isinstance(result, Conflict) for result in results) == 1
    assert await desk.warnings() == []


async def test_a_viewer_can_not_take_a_warning_off(office: Office) -> None:
    with pytest.raises(NotAllowed):
        await office.desk.see_to(office.members["eye"], 1)


def test_every_reason_of_a_warning_has_words_in_the_console() -> None:
    texts = Texts.load(package="bot.staff.console")
    for language in ("zh", "en"):
        for concept in (*CONCEPTS.values(), "other"):
            assert f"feature-{concept}" in texts.variables[language]


async def test_what_is_not_there_is_not_found(office: Office) -> None:
    with pytest.raises(NotFound):
        await office.desk.case(99)
    with pytest.raises(NotFound):
        await office.desk.conversation(99)
    with pytest.raises(NotFound):
        await office.desk.take(office.members["ann"], 99)


async def test_the_first_admin_is_made_once(store: Store) -> None:
    accounts = StaffAccounts(store)
    made = await accounts.first_admin(NOW)
    assert made is not None
    assert await accounts.first_admin(NOW) is None
    member = await accounts.sign_in(*made, NOW)
    assert member.role == "admin"


async def _said(office: Office, text: str) -> tuple[int, Message]:
    conversation = await office.conversation()

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

    await office.store.write(write)
    return conversation, (await office.desk.conversation(conversation)).messages[-1]


async def test_staff_say_what_a_message_meant_and_no_personal_data_is_kept(office: Office) -> None:
    conversation, said = await _said(office, "wrap it as a present, call me on 13800001234")
    ann = office.members["ann"]
    await office.desk.correct(ann, said, "gift_wrap")
    assert (await office.desk.conversation(conversation)).corrections == {said.id: "gift_wrap"}
    async with office.store.read() as connection:
        (kept,) = await Corrections(connection).all()
    assert kept.text == "wrap it as a present, call me on [phone]"
    await office.desk.correct(ann, said, None)
    assert (await office.desk.conversation(conversation)).corrections == {}


async def test_a_correction_needs_a_name_and_somebody_who_may(office: Office) -> None:
    conversation, said = await _said(office, "wrap it")
    with pytest.raises(ValueError, match="name"):
        await office.desk.correct(office.members["ann"], said, "gift wrap")
    with pytest.raises(NotAllowed):
        await office.desk.correct(office.members["eye"], said, "gift_wrap")
    assert (await office.desk.conversation(conversation)).corrections == {}
