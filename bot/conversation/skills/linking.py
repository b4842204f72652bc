"""Who the customer is: by a deep link, or by an order number and a second fact.

Nothing here or anywhere else looks at an order before the account is linked, so an answer can't depend on
whether the order exists.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation import phrases, wording
from bot.conversation.answer import Answer
from bot.conversation.memory import Memory, Pending
from bot.conversation.skills import order_asked, pages
from bot.conversation.turn import Asked, Skill, Turn
from bot.linking.linker import LinkRefusal, LinkRefused, LinkResult
from nlu.acts import Act
from nlu.types import EntityKind
from storage.conversations import Conversations

# 500元 and ¥500 are sums.
_NUMBER = re.compile(
    r"(?<![A-Za-z0-9@.+¥￥$€£-])#?([A-Za-z]{0,6}-?\d[A-Za-z0-9-]{2,39})(?![A-Za-z0-9@]|\s?[元块折])"
)
_FOUR = re.compile(r"\d{4}")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]++@[\w-]++\.[\w.-]++")
_PHONE = re.compile(
    r"(?<![A-Za-z0-9])(?:\+\d[\d -]{8,17}\d|1[3-9]\d[ -]?\d{4}[ -]?\d{4}|0\d{3,4}[ -]?\d{3}[ -]?\d{3,4})(?!\d)"
)
_PHONE_DIGITS = 9
_TRIES = 2
_LITTLE_ELSE = 16
_OF_ONE_ORDER = frozenset({"order_status", "order_facts", "request_status", "chase_parcel", "show"})
"""Wishes that nothing general answers, or only for sure."""
_RULES = frozenset({"refund_status", "change_address", "change_order", "cancel_order", "invoice_request"})
"""Wishes whose rule is asked for in general where the message itself finds none."""


def ask(turn: Turn) -> Answer:
    """Explain why a proof is needed and ask for it; the wish is remembered and answered afterwards."""
    wish = turn.intent or "order_status"
    both = _both_at_once(turn.text)
    if both is not None:
        return _proving(replace(turn, text=""), {"wish": wish}, *both)
    number = turn.named(EntityKind.ORDER_NUMBER) or ""
    if number:
        return Answer(text=turn.say("link-second-fact"), memory=_asking(turn, number=number, wish=wish))
    return Answer(text=turn.say("link-ask"), memory=_asking(turn, number="", wish=wish))


async def asked(turn: Turn) -> Answer:
    """As `ask`, and before it what the shop's pages say, where the wish may be answered without knowing who asks."""
    on = None if order_asked.mine(turn.text) else await pages.asked_on(turn)
    if on is not None:
        return on
    who = ask(turn)
    of_one = turn.intent in _OF_ONE_ORDER
    if who.memory is None or turn.named(EntityKind.ORDER_NUMBER) or (of_one and order_asked.mine(turn.text)):
        return who
    theirs = replace(who, text=turn.say("link-for-theirs"))
    rule = turn.say(f"rule-question-{turn.intent}") if turn.intent in _RULES else ""
    return await pages.before(turn, theirs, pages.SURE if of_one else pages.NEAR, rule) or who


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
    if turn.denies:
        return Answer(text=turn.say("link-declined"), memory=turn.memory.settled())
    number, fact = _facts(turn.text, pending)
    if (number, fact) == (pending.data.get("number", ""), pending.data.get("fact", "")):
        if _elsewhere(turn, pending):
            return None
        return await _by_the_way(turn, pending) or _again(turn, pending)
    if not number:
        return Answer(text=turn.say("link-number"), memory=_kept(turn, pending, fact=fact))
    if not fact:
        return Answer(text=turn.say("link-second-fact"), memory=_kept(turn, pending, number=number))
    wished = await turn.about(pending.data.get("text", ""))
    return _proving(wished, pending.data, number, fact)


def _facts(text: str, pending: Pending) -> tuple[str, str]:
    """The order number and the second fact, from the words and from what was said before.

    Four digits are a second fact once a number is known or stands beside them; other codes are the number.
    """
    number, fact = pending.data.get("number", ""), pending.data.get("fact", "")
    rest = text
    email, phone = _EMAIL.search(rest), _PHONE.search(rest)
    if phone is not None:
        # With or without a country's code in front: the last digits are the same.
        fact = "".join(filter(str.isdecimal, phone.group()))[-_PHONE_DIGITS:]
        rest = rest.replace(phone.group(), " ")
    if email is not None:
        fact, rest = email.group(), rest.replace(email.group(), " ")
    codes = [found.group(1) for found in _NUMBER.finditer(rest)]
    codes = [code for code in codes if code.casefold() != number.casefold()]
    digits = [code for code in codes if _FOUR.fullmatch(code)]
    others = [code for code in codes if code not in digits]
    if others:
        number = others[0]
    elif digits and not number:
        number = digits.pop(0)
    if digits:
        fact = digits[0]
    return number, fact


def _elsewhere(turn: Turn, pending: Pending) -> bool:
    """The customer has moved on to something else, or repeats the wish without the facts too often."""
    wished = [wish.intent for wish in turn.acts.wishes]
    if not wished or pending.data.get("wish") in wished:
        return pending.tries >= _TRIES
    return turn.does(Act.ASIDE)


async def _by_the_way(turn: Turn, pending: Pending) -> Answer | None:
    """What the shop's pages say to a question of another kind than what the proof is for; it is waited for on."""
    wished = pending.data.get("wish", "")
    says_yes = turn.affirms and not phrases.asks(turn.text)
    if says_yes or wished in {wish.intent for wish in turn.acts.wishes} & _OF_ONE_ORDER:
        return None
    asks_on = bool(turn.memory.topic) and phrases.asks(turn.text)
    passage = await pages.passage_for(turn, at_least=pages.STILL if asks_on else pages.SURE)
    if passage is None:
        return None
    told = pages.said_of(turn, [passage])
    return replace(told, memory=replace(told.memory or turn.memory, pending=pending))


def _again(turn: Turn, pending: Pending) -> Answer:
    text_id = "link-second-fact" if pending.data.get("number") else "link-ask-again"
    return Answer(
        text=turn.say(text_id),
        buttons=turn.human,
        memory=_kept(turn, pending),
    )


def _kept(turn: Turn, pending: Pending, **data: str) -> Memory:
    return turn.memory.asking("link", **{**pending.data, **data})


def _proving(turn: Turn, asked: Mapping[str, str], number: str, fact: str) -> Answer:
    """Check the facts inside the transaction, and then answer the wish that they were asked for.

    The turn holds the words of that wish, read before: no transaction waits for a reader.
    """
    wish = {"wish": asked.get("wish", ""), "text": asked.get("text", "")}

    async def prove(connection: AsyncConnection) -> Answer:
        account_id = turn.contact.conversation.account_id
        result = await turn.services.linker.prove(
            connection, account_id, number, fact, turn.now, turn.incoming.client
        )
        if result in (LinkResult.TOO_MANY, LinkResult.PAUSED):
            paused = result is LinkResult.PAUSED
            return Answer(
                text=turn.say("link-paused" if paused else "link-too-many"),
                memory=turn.memory.settled(),
                buttons=turn.human,
            )
        if result is LinkResult.WRONG:
            return Answer(text=turn.say("link-wrong"), memory=turn.memory.asking("link", **wish, number=""))
        return await _welcome(turn, connection, wish, number)

    return Answer(effects=(prove,))


async def _welcome(turn: Turn, connection: AsyncConnection, wish: dict[str, str], number: str) -> Answer:
    """Linked: say so and do what the customer came for."""
    contact = await Conversations(connection).contact_of(turn.contact.conversation.id)
    linked = replace(turn, contact=contact, connection=connection, memory=turn.memory.settled())
    greeting = linked.say(
        "link-done" if number else "link-opened",
        name=wording.called(contact.customer_name),
        known="yes" if contact.customer_name else "no",
    )
    skill = turn.skills.by_intent.get(wish.get("wish", ""))
    if skill is None:
        return Answer(text=greeting, memory=linked.memory)
    wished = replace(linked, intent=wish["wish"], argument=f"#{number}" if number else "")
    answer = await (await skill.answer(wished)).settled(connection)
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

    return Answer(effects=(redeem,))


SKILLS = (
    Skill(
        name="linking",
        answer=_start,
        actions=("link",),
        commands=("link",),
        questions={"link": Asked(kind="link")},
        resume=_resume,
        always=True,
    ),
)
