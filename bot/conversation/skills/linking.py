"""Who the customer is: by a deep link, or by an order number and a second fact.

Nothing here or anywhere else looks at an order before the account is linked, so an answer can't depend on
whether the order exists.
"""

from __future__ import annotations

import re
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.memory import Memory, Pending
from bot.conversation.turn import Answer, Skill, Turn, row
from bot.linking import LinkRefusal, LinkRefused, LinkResult
from nlu.types import EntityKind
from storage.conversations import Conversations

_NUMBER = re.compile(r"(?<![\w@.])#?([A-Za-z]{0,6}-?\d[\w-]{2,39})(?![\w@])")
_FOUR = re.compile(r"(?<![A-Za-z0-9-])(\d{4})(?![A-Za-z0-9-])")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_PHONE = re.compile(r"(?<!\d)\+?\d[\d -]{6,16}\d(?!\d)")
_TRIES = 2
_LITTLE_ELSE = 16


def ask(turn: Turn) -> Answer:
    """Explain why a proof is needed and ask for it; the wish is remembered and answered afterwards."""
    wish = turn.intent or "order_status"
    both = _both_at_once(turn.text)
    if both is not None:
        return Answer(then=_Proof(turn, Pending(kind="link", data={"wish": wish}), *both))
    number = turn.named(EntityKind.ORDER_NUMBER) or ""
    if number:
        return Answer(text=turn.say("link-second-fact"), memory=_asking(turn, number=number, wish=wish))
    return Answer(text=turn.say("link-ask"), memory=_asking(turn, number="", wish=wish))


def _asking(turn: Turn, **data: str) -> Memory:
    return turn.memory.asking("link", **data, text=turn.text[:300])


def _both_at_once(text: str) -> tuple[str, str] | None:
    """The facts of a message that is nothing but an order number and a second fact."""
    number, fact = _facts(text, Pending(kind="link"))
    rest = len(text.strip()) - len(number) - len(fact)
    return (number, fact) if number and fact and rest <= _LITTLE_ELSE else None


async def _resume(turn: Turn) -> Answer | None:
    pending = turn.memory.pending
    if pending is None:
        return None
    if turn.understanding is not None and turn.understanding.intent == "deny":
        return Answer(text=turn.say("link-declined"), memory=turn.memory.settled())
    number, fact = _facts(turn.text, pending)
    if (number, fact) == (pending.data.get("number", ""), pending.data.get("fact", "")):
        return None if _elsewhere(turn, pending) else _again(turn, pending)
    if not number:
        return Answer(text=turn.say("link-number"), memory=_kept(turn, pending, fact=fact))
    if not fact:
        return Answer(text=turn.say("link-second-fact"), memory=_kept(turn, pending, number=number))
    return Answer(then=_Proof(turn, pending, number, fact))


def _facts(text: str, pending: Pending) -> tuple[str, str]:
    """The order number and the second fact, from the words and from what was said before."""
    number, fact = pending.data.get("number", ""), pending.data.get("fact", "")
    email = _EMAIL.search(text)
    rest = text
    if email is not None:
        fact, rest = email.group(), text.replace(email.group(), " ")
    if number and not email:
        four, phone = _FOUR.search(rest), _PHONE.search(rest)
        found = phone.group() if phone is not None else four.group(1) if four is not None else ""
        if found:
            return number, found
    candidates = [found.group(1) for found in _NUMBER.finditer(rest)]
    if not candidates:
        return number, fact
    if number and not fact:
        return candidates[0], fact
    if len(candidates) == 1:
        return candidates[0], fact
    facts = [item for item in candidates[1:] if _FOUR.fullmatch(item) or _PHONE.fullmatch(item)]
    return candidates[0], fact or (facts[0] if facts else "")


def _elsewhere(turn: Turn, pending: Pending) -> bool:
    """The customer has moved on to something else, or repeats the wish without the facts too often."""
    whole = turn.understanding
    if whole is None or not whole.understood or whole.intent in (pending.data.get("wish"), "affirm"):
        return pending.tries >= _TRIES
    return True


def _again(turn: Turn, pending: Pending) -> Answer:
    text_id = "link-second-fact" if pending.data.get("number") else "link-ask-again"
    return Answer(
        text=turn.say(text_id),
        buttons=row(turn.button("button-human", "human:ask")),
        memory=_kept(turn, pending),
    )


def _kept(turn: Turn, pending: Pending, **data: str) -> Memory:
    return turn.memory.asking("link", **{**pending.data, **data})


class _Proof:
    """Checks the facts inside the transaction, and then answers the wish that they were asked for."""

    def __init__(self, turn: Turn, pending: Pending, number: str, fact: str) -> None:
        self._turn = turn
        self._pending = pending
        self._number = number
        self._fact = fact

    async def __call__(self, connection: AsyncConnection) -> Answer:
        turn = self._turn
        outcome = await turn.services.linker.prove(
            connection, turn.contact.conversation.account_id, self._number, self._fact, turn.now
        )
        if outcome.result is LinkResult.TOO_MANY:
            return Answer(
                text=turn.say("link-too-many"),
                memory=turn.memory.settled(),
                buttons=row(turn.button("button-human", "human:ask")),
            )
        if outcome.result is LinkResult.WRONG:
            return Answer(
                text=turn.say("link-wrong"), memory=turn.memory.asking("link", **self._wish(), number="")
            )
        return await _welcome(turn, connection, self._wish(), self._number)

    def _wish(self) -> dict[str, str]:
        return {"wish": self._pending.data.get("wish", ""), "text": self._pending.data.get("text", "")}


async def _welcome(turn: Turn, connection: AsyncConnection, wish: dict[str, str], number: str) -> Answer:
    """Linked: say so and do what the customer came for."""
    from bot.conversation.skills import REGISTRY  # the registry holds this skill

    contact = await Conversations(connection).contact_of(turn.contact.conversation.id)
    linked = replace(turn, contact=contact, connection=connection, memory=turn.memory.settled())
    greeting = linked.say(
        "link-done", name=contact.customer_name, known="yes" if contact.customer_name else "no"
    )
    skill = REGISTRY.of_intent(wish.get("wish", ""))
    if skill is None:
        return Answer(text=greeting, memory=linked.memory)
    answer = await skill.answer(
        replace(
            linked, intent=wish["wish"], argument=f"#{number}" if number else "", text=wish.get("text", "")
        )
    )
    if answer.then is not None:
        answer = await answer.then(connection)
    return replace(answer, text=f"{greeting}\n{answer.text}".strip(), memory=answer.memory or linked.memory)


async def _start(turn: Turn) -> Answer:
    if turn.intent != "start":
        return ask(replace(turn, intent="order_status"))
    token = turn.incoming.payload

    async def redeem(connection: AsyncConnection) -> Answer:
        account = turn.contact.conversation.account_id
        try:
            await turn.services.linker.redeem(connection, account, token, turn.now)
        except LinkRefused as refused:
            expired = refused.reason is LinkRefusal.EXPIRED
            return Answer(text=turn.say("link-expired" if expired else "link-invalid"))
        return await _welcome(turn, connection, {}, "")

    return Answer(then=redeem)


LINKING = Skill(
    name="linking",
    answer=_start,
    actions=("link",),
    commands=("link",),
    pending=("link",),
    resume=_resume,
    always=True,
)
