"""What a member of staff can do, for the console and the command line alike."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation import ownership
from bot.conversation.texts import Texts
from bot.messages import load_reply
from bot.models.understanding import KIND
from bot.privacy.erasure import Eraser
from bot.staff.corrections import asked_before, correct, without_personal_data
from bot.staff.requests import ERASURE, conversation_of, decision_reply, erase_requester, told_key
from bot.staff.roles import ANSWERING, permitted, require
from kernel.times import utc_now
from nlu.intents import can_be_intent
from storage import Conflict, Store
from storage.audit import Audit
from storage.conversations import Contact, Conversations, Message
from storage.drafts import Agreement, Corrections, Draft, Drafts
from storage.escalations import Escalation, Escalations
from storage.models import ModelVersions
from storage.orders import Order, Orders
from storage.outbox import Outbox
from storage.requests import Request, Requests
from storage.scores import Scores
from storage.staff import Staff, StaffMember
from storage.warnings import Alarm, Alarms, ChurnWarning, Warnings

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A conversation with everything somebody needs to answer in it."""

    escalation: Escalation | None
    """The open case; None while the bot has the conversation."""
    contact: Contact
    messages: Sequence[Message]
    requests: Sequence[Request]
    drafts: Sequence[Draft]
    corrections: Mapping[int, str]
    """What staff said that messages really meant, by the message's id."""
    orders: Sequence[Order]
    """The customer's latest."""
    names: Mapping[int, str]
    """Members of staff by id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits for staff: the first of it, and how much there is."""

    cases: Sequence[Escalation]
    """In the order in which they should be taken."""
    all_cases: int
    requests: Sequence[Request]
    """Oldest first."""
    all_requests: int
    names: Mapping[int, str]
    """Members of staff by id."""


class CaseService:
    """The queue and the requests."""

    def __init__(
        self,
        store: Store,
        *,
        texts: Texts,
        eraser: Eraser,
        wake: Callable[[], None] = lambda: None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """Wire it up.

        Args:
            texts: what customers are told of their requests.
            eraser: erases whoever asked for it.
            wake: called when something was put into the outbox.
        """
        self._store = store
        self._texts = texts
        self._eraser = eraser
        self._wake = wake
        self._clock = clock

    async def waiting(self, *, cases: int | None = None, requests: int | None = None) -> Waiting:
        """Open cases and undecided requests: so many of each, or all."""
        async with self._store.read() as connection:
            escalations, asked = Escalations(connection), Requests(connection)
            return Waiting(
                cases=await escalations.find(limit=cases),
                all_cases=await escalations.count(),
                requests=await asked.find(limit=requests),
                all_requests=await asked.count(),
                names=await _names(connection),
            )

    async def open_among(self, conversation_ids: Collection[int]) -> set[int]:
        """Those of some conversations that have an open case."""
        async with self._store.read() as connection:
            return await Escalations(connection).open_among(conversation_ids)

    async def warnings(self, limit: int = 50) -> list[ChurnWarning]:
        """Customers who may be about to leave and whom nobody has seen to yet, the dearest first."""
        async with self._store.read() as connection:
            return await Warnings(connection).open(limit=limit)

    async def risk_bands(self) -> Mapping[str, int]:
        """How many customers are in each band of the risk of leaving, as of the last night."""
        async with self._store.read() as connection:
            return await Scores(connection).bands("churn")

    async def see_to(self, member: StaffMember, warning_id: int) -> None:
        """Take a warning off the list: something was done, or there is nothing to do.

        Raises:
            storage.NotFound: there is no such warning.
            storage.Conflict: somebody else saw to it first.
        """
        await self._see_to(Warnings, member, warning_id, "warning_seen", "churn_warning")

    async def alarms(self) -> list[Alarm]:
        """What looks like an attack and nobody has seen to yet, the latest first."""
        async with self._store.read() as connection:
            return await Alarms(connection).open()

    async def see_to_alarm(self, member: StaffMember, alarm_id: int) -> None:
        """Take an alarm off the page; the next of its kind is a new one.

        Raises:
            storage.NotFound: there is no such alarm.
            storage.Conflict: somebody else saw to it first.
        """
        await self._see_to(Alarms, member, alarm_id, "alarm_seen", "alarm")

    async def _see_to(
        self, register: type[Warnings | Alarms], member: StaffMember, number: int, action: str, subject: str
    ) -> None:
        now = self._clock()

        async def work(connection: AsyncConnection) -> None:
            await register(connection).see_to(number, member.id, now)
            await Audit(connection).add(f"staff:{member.id}", action, f"{subject}:{number}", {}, now)

        await self._act(member, work)

    async def case(self, escalation_id: int) -> Case:
        """A case with its conversation.

        Raises:
            storage.NotFound: there is no such case.
        """
        async with self._store.read() as connection:
            escalation = await Escalations(connection).get(escalation_id)
            return await _case(connection, escalation.conversation_id, escalation)

    async def numbered(self, number: str) -> int | None:
        """By `bot.staff.requests.conversation_of`."""
        async with self._store.read() as connection:
            return await conversation_of(connection, number)

    async def conversation(self, conversation_id: int) -> Case:
        """A conversation, with its open case where there is one.

        Raises:
            storage.NotFound: there is no such conversation.
        """
        async with self._store.read() as connection:
            escalation = await Escalations(connection).open_of(conversation_id)
            return await _case(connection, conversation_id, escalation)

    async def take_over(self, member: StaffMember, conversation_id: int) -> int:
        """Take a conversation from the bot, to ask about a request for instance; return the case's id.

        Raises:
            storage.Conflict: somebody else has it.
        """
        now = self._clock()

        async def work(connection: AsyncConnection) -> int:
            case = await ownership.escalate(
                connection, conversation_id, reason="request", now=now, actor=f"staff:{member.id}"
            )
            await ownership.take(connection, case, member.id, now)
            return case

        return await self._act(member, work)

    async def take(self, member: StaffMember, escalation_id: int) -> None:
        """Become the one who answers.

        Raises:
            storage.Conflict: somebody else was first.
        """
        await self._act(
            member, lambda connection: ownership.take(connection, escalation_id, member.id, self._clock())
        )

    async def answer(
        self, member: StaffMember, escalation_id: int, text: str, *, sending: str | None = None
    ) -> None:
        """Write to the customer; a waiting case is taken by it.

        Args:
            member: who writes.
            escalation_id: the case.
            text: what to say.
            sending: names this sending, by up to 64 characters: asked for again, even where the case is somebody
                else's by then, it is done already.

        Raises:
            ValueError: there is nothing to send.
            storage.Conflict: somebody else holds the case.
        """
        if not text.strip():
            raise ValueError("an answer needs words")
        key = None if sending is None else f"answer:{member.id}:{sending[:64]}"
        now, words = self._clock(), text.strip()

        async def work(connection: AsyncConnection) -> None:
            await ownership.answer(
                connection, escalation_id, member.id, member.name, words, now, dedupe_key=key
            )

        try:
            await self._act(member, work)
        except Conflict:
            if key is None or not await self._was_put(key):
                raise
        self._wake()

    async def _was_put(self, key: str) -> bool:
        async with self._store.read() as connection:
            return await Outbox(connection).was_put(key)

    async def send_draft(self, member: StaffMember, escalation_id: int, draft: Draft, text: str) -> None:
        """Answer with what a skill in shadow mode drafted.

        Unchanged it counts as agreement and goes out with its cards and buttons.

        Raises:
            ValueError: there is nothing to send.
            storage.Conflict: somebody else holds the case, or judged the draft first.
        """
        drafted = load_reply(dict(draft.reply))
        unchanged = text.strip() == drafted.text.strip()
        if not text.strip() and not (unchanged and drafted.cards):
            raise ValueError("an answer needs words")
        now = self._clock()

        async def work(connection: AsyncConnection) -> None:
            await Drafts(connection).judge(draft.id, "agreed" if unchanged else "edited", member.id, now)
            await ownership.answer(
                connection,
                escalation_id,
                member.id,
                member.name,
                text.strip(),
                now,
                whole=drafted if unchanged else None,
            )

        await self._act(member, work)
        self._wake()

    async def judge(self, member: StaffMember, draft_id: int, verdict: str) -> None:
        """Say what a draft was worth."""
        await self._act(
            member, lambda connection: Drafts(connection).judge(draft_id, verdict, member.id, self._clock())
        )

    async def correct(self, member: StaffMember, message: Message, label: str | None) -> None:
        """Say what a customer's message really meant, for the model to learn from; None takes it back.

        Personal data is taken out of what is kept.

        Raises:
            ValueError: the label can't be an intent's name.
            storage.NotFound: the message is gone, or has no words.
        """
        if label is not None and not can_be_intent(label):
            raise ValueError(f"{label!r} can't be an intent's name")
        asked = asked_before(message.understanding)
        text = without_personal_data(message.text, asked) if label is not None else ""
        await self._act(
            member,
            lambda connection: correct(
                connection, member, message.id, message.conversation_id,
                text=text, label=label or "", now=self._clock(),
            ),
        )  # fmt: skip

    async def own_intents(self) -> tuple[str, ...]:
        """The shop's own intents, as far as the model in use was taught them."""
        async with self._store.read() as connection:
            current = await ModelVersions(connection).current(KIND)
        report = {} if current is None else current.report
        # A version that an older program taught says only what was new in it.
        return tuple(report.get("own_intents") or report.get("new_intents") or ())

    async def agreement(self) -> list[Agreement]:
        """How often staff agreed with each skill in shadow mode."""
        async with self._store.read() as connection:
            return await Drafts(connection).agreement()

    async def release(self, member: StaffMember, escalation_id: int) -> None:
        """Put one's case back into the queue."""
        await self._act(
            member, lambda connection: ownership.release(connection, escalation_id, member.id, self._clock())
        )

    async def give_back(self, member: StaffMember, escalation_id: int) -> None:
        """Let the bot answer again."""
        await self._end(member, escalation_id, "bot")

    async def close(self, member: StaffMember, escalation_id: int) -> None:
        """End a case; the customer's next message goes to the bot."""
        await self._end(member, escalation_id, "closed")

    async def decide(
        self, member: StaffMember, request_id: int, *, seen_state: str, decision: str, note: str = ""
    ) -> Request:
        """Accept, decline or finish a request and tell the customer, in one transaction.

        To finish a request for erasure is to erase whoever made it; they are told when it is accepted.

        Raises:
            storage.Conflict: somebody decided it first.
            ErasureNotYet: they haven't been told.
        """
        now = self._clock()
        if decision == "done":
            async with self._store.read() as connection:
                asked = await Requests(connection).get(request_id)
            if asked.kind == ERASURE:
                return await erase_requester(self._store, self._eraser, member, asked, seen_state, now)

        async def work(connection: AsyncConnection) -> Request:
            decided = await Requests(connection).decide(
                request_id, seen_state=seen_state, state=decision, staff_id=member.id, note=note, now=now
            )
            await ownership.send(
                connection,
                decided.conversation_id,
                (decided.channel, decided.address),
                decision_reply(self._texts, decided),
                now,
                outbox_kind="staff",
                customer_id=decided.customer_id,
                dedupe_key=told_key(request_id, decision),
            )
            await Audit(connection).add(
                f"staff:{member.id}", f"request_{decision}", f"request:{request_id}", {}, now
            )
            return decided

        request = await self._act(member, work)
        self._wake()
        return request

    async def _act(self, member: StaffMember, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Do what those who answer may do; whether the member still may is seen in the same transaction."""
        return await self._store.write(permitted(member, ANSWERING, work))

    async def _end(self, member: StaffMember, escalation_id: int, owner: Literal["bot", "closed"]) -> None:
        async def work(connection: AsyncConnection) -> None:
            now = await require(connection, member, ANSWERING)
            admin = now.role == "admin"
            await ownership.end(connection, escalation_id, now.id, self._clock(), owner=owner, force=admin)

        await self._store.write(work)


async def _case(connection: AsyncConnection, conversation_id: int, escalation: Escalation | None) -> Case:
    conversations = Conversations(connection)
    contact = await conversations.contact_of(conversation_id)
    orders = await Orders(connection).by_customer(contact.customer_id, limit=3) if contact.customer_id else []
    return Case(
        escalation=escalation,
        contact=contact,
        messages=await conversations.history(conversation_id, limit=100),
        requests=await Requests(connection).of_conversation(conversation_id, limit=5),
        drafts=await Drafts(connection).of_conversation(conversation_id),
        corrections=await Corrections(connection).of_conversation(conversation_id),
        orders=orders,
        names=await _names(connection),
    )


async def _names(connection: AsyncConnection) -> dict[int, str]:
    return {member.id: member.name for member in await Staff(connection).all()}
