"""Stop writing to me, write to me again, and the switch for personal prices.

A no holds at once. A yes is only ever the answer to a question that says what it is for: neither a command, nor a
word such as "subscribe", nor anything that is read so agrees to something that nobody has been told. The ledger
keeps the question as it was read.
"""

from __future__ import annotations

import hashlib

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation import price_rules
from bot.conversation.answer import Answer, row
from bot.conversation.skills import stopping
from bot.conversation.turn import Asked, Skill, Turn
from nlu.acts import Act
from storage.consents import MARKETING
from storage.customers import Consents, Customers

_QUESTIONS = ("opt_out", "opt_in")
# The model is less sure of 随便 and "yeah why not": a consent is no shrug.
_CLEAR_YES = 0.8


async def _news(turn: Turn) -> Answer:
    match turn.intent:
        case "off" | "stop":
            return _recorded(turn, False)
        case "opt_out":
            return _recorded(turn, False) if _plain(turn) else _ask_whether_to_stop(turn)
        case "keep":
            return Answer(text=turn.say("news-kept"), memory=turn.memory.settled())
        case "yes":
            wording = _wording_asked(turn)
            asked = wording is not None and turn.argument == _mark(wording)
            return _recorded(turn, True, wording) if asked else await _ask_for_consent(turn)
        case _:
            return await _ask_for_consent(turn)


async def _resume(turn: Turn) -> Answer | None:
    """The answer in words to either question; None when it is none."""
    pending = turn.memory.pending
    if pending is None:
        return None
    if pending.kind == "opt_out":
        if turn.affirms or _says(turn, "button-opt-out-yes"):
            return _recorded(turn, False)
        kept = turn.denies or _says(turn, "button-opt-out-no")
        return Answer(text=turn.say("news-kept"), memory=turn.memory.settled()) if kept else None
    if turn.denies or _says(turn, "button-opt-in-no"):
        return _recorded(turn, False)
    if _agrees(turn) or _says(turn, "button-opt-in-yes"):
        return _recorded(turn, True, _wording_asked(turn))
    # Thanks, or half a yes: once more, and then it is let go.
    polite = turn.understanding is not None and turn.understanding.intent in ("affirm", "thanks")
    return await _ask_for_consent(turn) if polite and not pending.tries else None


def _plain(turn: Turn) -> bool:
    pending = turn.memory.pending
    asked_else = pending is not None and pending.kind not in _QUESTIONS
    busy = asked_else or turn.memory.order is not None
    return turn.chosen or stopping.says_stop(turn.text, turn.understanding, busy=busy)


def _agrees(turn: Turn) -> bool:
    return turn.acts.probability(Act.YES) >= _CLEAR_YES


def _says(turn: Turn, label: str) -> bool:
    """Whether a button's label was typed."""
    return turn.text.strip().casefold() == turn.say(label).casefold()


def _ask_whether_to_stop(turn: Turn) -> Answer:
    return Answer(
        text=turn.say("opt-out-question"),
        buttons=row(
            turn.button("button-opt-out-yes", "news:off"), turn.button("button-opt-out-no", "news:keep")
        ),
        memory=turn.memory.asking("opt_out"),
    )


async def _ask_for_consent(turn: Turn) -> Answer:
    if await _agreed(turn, turn.connection):
        return Answer(
            text=turn.say("opted-in-already"),
            buttons=row(turn.button("button-opt-out", "news:off")),
            memory=turn.memory.settled(),
        )
    names = turn.services.shop.names
    wording = turn.say("opt-in-question", shop=names.get(turn.language, names["en"]))
    return Answer(
        text=wording,
        buttons=row(
            turn.button("button-opt-in-yes", f"news:yes:{_mark(wording)}"),
            turn.button("button-opt-in-no", "news:off"),
        ),
        memory=turn.memory.asking("opt_in", wording=wording),
    )


def _wording_asked(turn: Turn) -> str | None:
    """The question that waits for an answer, as it was read."""
    pending = turn.memory.pending
    return pending.data.get("wording") if pending is not None and pending.kind == "opt_in" else None


def _mark(wording: str) -> str:
    """Ties a button to the question that it stands below: messengers keep buttons for ever."""
    return hashlib.sha256(wording.encode()).hexdigest()[:16]


async def _agreed(turn: Turn, connection: AsyncConnection) -> bool:
    """Whether they may be written to here."""
    return await Consents(connection).granted(
        MARKETING,
        customer_id=turn.customer_id,
        account_id=turn.contact.conversation.account_id,
        channel=turn.incoming.channel,
    )


async def _record(
    turn: Turn, connection: AsyncConnection, granted: bool, wording: str | None, channel: str | None = None
) -> None:
    await Consents(connection).record(
        MARKETING,
        granted,
        source=f"conversation:{turn.incoming.channel}",
        wording=wording,
        now=turn.now,
        customer_id=turn.customer_id,
        account_id=turn.contact.conversation.account_id,
        channel=channel,
    )


def _recorded(turn: Turn, granted: bool, wording: str | None = None) -> Answer:
    async def record(connection: AsyncConnection) -> None:
        await _record(turn, connection, granted, wording)
        # Whoever agrees here takes a no to this channel back, too; one to another channel stays.
        if granted and not await _agreed(turn, connection):
            await _record(turn, connection, granted, wording, channel=turn.incoming.channel)

    undo = turn.button("button-opt-out", "news:off") if granted else turn.button("button-opt-in", "news:on")
    return Answer(
        text=turn.say("opted-in" if granted else "opted-out"),
        buttons=row(undo),
        memory=turn.memory.settled(),
        effects=(record,),
    )


async def _personal_prices(turn: Turn) -> Answer:
    customer_id = turn.customer_id
    if customer_id is None:
        return Answer(text=turn.say("personal-prices-unlinked"))
    changing = turn.intent in ("on", "off")
    on = turn.intent == "on" if changing else turn.contact.personal_prices

    async def switch(connection: AsyncConnection) -> None:
        await Customers(connection).set_personal_prices(customer_id, on)

    state = "on" if on else "off"
    other = "off" if on else "on"
    rules = price_rules.published(turn.part, turn.services.decisions.policy)
    return Answer(
        text=turn.say(
            f"personal-prices-{state}" if changing else f"personal-prices-are-{state}", rules=rules
        ),
        buttons=row(turn.button(f"button-prices-{other}", f"prices:{other}")),
        memory=turn.memory.settled() if changing else None,
        effects=(switch,) if changing else (),
    )


SKILLS = (
    Skill(
        name="consent",
        answer=_news,
        intents=("opt_out", "opt_in"),
        actions=("news",),
        commands=("stop", "subscribe"),
        questions={name: Asked(kind="confirm", task=name) for name in _QUESTIONS},
        resume=_resume,
        always=True,
    ),
    Skill(
        name="personal_prices",
        answer=_personal_prices,
        actions=("prices",),
        commands=("prices",),
        always=True,
    ),
)
