"""What a member of staff can do, for the console and the command line alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation import state
from bot.conversation.codec import dump_reply, load_reply
from bot.conversation.messages import Reply
from bot.staff.roles import ANSWERING, require
from bot.understanding import KIND
from nlu.intents import can_be_intent
from nlu.redaction import redact
from storage import Store
from storage.audit import Audit
from storage.conversations import Contact, Conversations, Message, NewMessage
from storage.corrections import Corrections
from storage.drafts import Agreement, Draft, Drafts
from storage.escalations import Escalation, Escalations
from storage.models import ModelVersions
from storage.orders import Order, Orders
from storage.outbox import Outbox
from storage.requests import Request, Requests
from storage.staff import Staff, StaffMember
from storage.warnings import ChurnWarning, Warnings


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


class Desk:
    """The queue and the requests."""

    def __init__(
        self,
        store: Store,
        *,
        decided: Callable[[Request], Reply],
        wake: Callable[[], None] = lambda: None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Wire it up.

        Args:
            store: where everything is kept.
            decided: tells the customer, in their language, what became of a request.
            wake: called when something was put into the outbox.
            clock: the time now.
        """
        self._store = store
        self._decided = decided
        self._wake = wake
        self._clock = clock

    async def queue(self, staff_id: int | None = None) -> list[Escalation]:
        """Open cases in the order in which they should be taken; with an id, one's own."""
        async with self._store.read() as connection:
            return await Escalations(connection).find(staff_id=staff_id)

    async def names(self) -> dict[int, str]:
        """The names of members of staff by id."""
        async with self._store.read() as connection:
            return await _names(connection)

    async def warnings(self, limit: int = 50) -> list[ChurnWarning]:
        """Customers who may be about to leave and whom nobody has seen to yet, the dearest first."""
        async with self._store.read() as connection:
            return await Warnings(connection).open(limit=limit)

    async def see_to(self, member: StaffMember, warning_id: int) -> None:
        """Take a warning off the list: something was done, or there is nothing to do.

        Raises:
            storage.NotFound: there is no such warning.
            storage.Conflict: somebody else saw to it first.
        """
        require(member, ANSWERING)
        now = self._clock()

        async def work(connection: AsyncConnection) -> None:
            await Warnings(connection).see_to(warning_id, member.id, now)
            await Audit(connection).add(
                f"staff:{member.id}", "warning_seen", f"churn_warning:{warning_id}", {}, now
            )

        await self._store.write(work)

    async def case(self, escalation_id: int) -> Case:
        """A case with its conversation.

        Raises:
            storage.NotFound: there is no such case.
        """
        async with self._store.read() as connection:
            escalation = await Escalations(connection).get(escalation_id)
            return await _case(connection, escalation.conversation_id, escalation)

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
        require(member, ANSWERING)
        now = self._clock()

        async def work(connection: AsyncConnection) -> int:
            case = await state.escalate(
                connection, conversation_id, reason="request", now=now, actor=f"staff:{member.id}"
            )
            await state.take(connection, case, member.id, now)
            return case

        return await self._store.write(work)

    async def take(self, member: StaffMember, escalation_id: int) -> None:
        """Become the one who answers.

        Raises:
            storage.Conflict: somebody else was first.
        """
        require(member, ANSWERING)
        await self._store.write(
            lambda connection: state.take(connection, escalation_id, member.id, self._clock())
        )

    async def answer(self, member: StaffMember, escalation_id: int, text: str) -> None:
        """Write to the customer; a waiting case is taken by it.

        Raises:
            ValueError: there is nothing to send.
            storage.Conflict: somebody else holds the case.
        """
        require(member, ANSWERING)
        if not text.strip():
            raise ValueError("an answer needs words")
        await self._store.write(
            lambda connection: state.answer(
                connection, escalation_id, member.id, member.name, text.strip(), self._clock()
            )
        )
        self._wake()

    async def send_draft(self, member: StaffMember, escalation_id: int, draft: Draft, text: str) -> None:
        """Answer with what a skill in shadow mode drafted.

        Unchanged it counts as agreement and goes out with its cards and buttons.

        Raises:
            ValueError: there is nothing to send.
            storage.Conflict: somebody else holds the case, or judged the draft first.
        """
        require(member, ANSWERING)
        drafted = load_reply(dict(draft.reply))
        unchanged = text.strip() == drafted.text.strip()
        if not text.strip() and not (unchanged and drafted.cards):
            raise ValueError("an answer needs words")
        now = self._clock()

        async def work(connection: AsyncConnection) -> None:
            await Drafts(connection).judge(draft.id, "agreed" if unchanged else "edited", member.id, now)
            await state.answer(
                connection,
                escalation_id,
                member.id,
                member.name,
                text.strip(),
                now,
                whole=drafted if unchanged else None,
            )

        await self._store.write(work)
        self._wake()

    async def judge(self, member: StaffMember, draft_id: int, verdict: str) -> None:
        """Say what a draft was worth."""
        require(member, ANSWERING)
        await self._store.write(
            lambda connection: Drafts(connection).judge(draft_id, verdict, member.id, self._clock())
        )

    async def correct(self, member: StaffMember, message: Message, label: str | None) -> None:
        """Say what a customer's message really meant, for the model to learn from; None takes it back.

        Personal data is taken out of what is kept.

        Raises:
            ValueError: the label can't be an intent's name.
            storage.NotFound: the message is gone, or has no words.
        """
        require(member, ANSWERING)
        if label is not None and not can_be_intent(label):
            raise ValueError(f"{label!r} can't be an intent's name")

        async def work(connection: AsyncConnection) -> None:
            corrections = Corrections(connection)
            if label is None:
                await corrections.drop(message.id)
            else:
                await corrections.put(
                    message.id, label, text=redact(message.text), staff_id=member.id, now=self._clock()
                )

        await self._store.write(work)

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
        require(member, ANSWERING)
        await self._store.write(
            lambda connection: state.release(connection, escalation_id, member.id, self._clock())
        )

    async def give_back(self, member: StaffMember, escalation_id: int) -> None:
        """Let the bot answer again."""
        require(member, ANSWERING)
        await self._store.write(
            lambda connection: state.give_back(
                connection, escalation_id, member.id, self._clock(), force=member.role == "admin"
            )
        )

    async def close(self, member: StaffMember, escalation_id: int) -> None:
        """End a case; the customer's next message goes to the bot."""
        require(member, ANSWERING)
        await self._store.write(
            lambda connection: state.close(
                connection, escalation_id, member.id, self._clock(), force=member.role == "admin"
            )
        )

    async def requests(self, states: tuple[str, ...] = ("asked", "accepted")) -> list[Request]:
        """Requests in these states, oldest first."""
        async with self._store.read() as connection:
            return await Requests(connection).find(states)

    async def decide(
        self, member: StaffMember, request_id: int, *, seen_state: str, decision: str, note: str = ""
    ) -> Request:
        """Accept, decline or finish a request and tell the customer, in one transaction.

        Raises:
            storage.Conflict: somebody decided it first.
        """
        require(member, ANSWERING)
        now = self._clock()

        async def work(connection: AsyncConnection) -> Request:
            decided = await Requests(connection).decide(
                request_id, seen_state=seen_state, state=decision, staff_id=member.id, note=note, now=now
            )
            reply = self._decided(decided)
            message_id = await Conversations(connection).append(
                NewMessage(
                    conversation_id=decided.conversation_id,
                    direction="out",
                    author="bot",
                    kind="text",
                    text=reply.text,
                    payload=dump_reply(reply),
                    at=now,
                )
            )
            await Outbox(connection).put(
                channel=decided.channel,
                address=decided.address,
                kind="staff",
                policy="retry",
                reply=dump_reply(reply),
                now=now,
                message_id=message_id,
                customer_id=decided.customer_id,
                dedupe_key=f"request:{request_id}:{decision}",
            )
            await Audit(connection).add(
                f"staff:{member.id}", f"request_{decision}", f"request:{request_id}", {}, now
            )
            return decided

        request = await self._store.write(work)
        self._wake()
        return request


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
