"""A message that answers, refuses or agrees, and says more: the rest of it is a message of its own, in the state that
the first part leaves."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from bot.conversation import decisions, heard, offers, phrases, refusals
from bot.conversation.read_message import first_clause
from bot.conversation.routing import PLAUSIBLE, Reading
from bot.conversation.skills.talk import TALK
from bot.conversation.turn import Turn
from nlu.acts import Act, DialogueState
from nlu.context.negation import is_conditional

Decided = tuple[decisions.Decision, ...]

_ANSWER = re.compile(r"(?:no|nope|nah|yes|yeah|yep|yea)\b[\s,.!;:–—-]*", re.IGNORECASE)
"""A bare yes or no before other words."""
_RATHER = 0.5
_PLAINLY = 0.6
_CERTAIN = 0.8
_SAYS = 0.3
_VALUES = (Act.GIVES, Act.CORRECTS, Act.ADDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """How a part of a message is taken."""

    read: Callable[[Turn], Awaitable[Reading]]
    """Understands the words of a turn in their place."""
    press: Callable[[Turn, str], Awaitable[Decided]]
    """Does what a button with this action does."""
    resume: Callable[[Turn], Awaitable[Decided | None]]
    """Takes the answer to the bot's question."""
    words: Callable[[Turn, Reading], Awaitable[Decided]]
    """Answers words."""


async def begun(turn: Turn, reading: Reading, taking: Taking) -> Decided:
    """What a message does with what it refuses, or with its first clause, and the answer to the rest; () where it is
    best taken as a whole."""
    if reading.refused is not None and reading.refused.tasks:
        return await _after_refusing(turn, reading.refused, taking)
    lead, rest = first_clause(turn.text)
    agreeing, besides = offers.without_notes(turn.text)
    action = await offers.agreed_to(turn, reading.where, agreeing)
    if action:
        return await _followed(turn, besides, await taking.press(await offers.pressing(turn), action), taking)
    said = None if _tells_values(turn) else await _answer(turn, reading.where, lead, rest)
    if said is None:
        return ()
    answering, rest = said
    if heard.says_more(turn) and not await _is_plain(turn, rest):
        return ()
    if turn.memory.pending is None:
        return await _followed(turn, _put_right(turn, answering, rest), (), taking)
    # What is asked may be answered in more than one clause; who asks something besides has answered with the first.
    made = await taking.resume(answering) if phrases.asks(rest) else None
    return await _followed(turn, rest, made, taking) if made else ()


async def _after_refusing(turn: Turn, refused: refusals.Heeded, taking: Taking) -> Decided:
    let_go = await refusals.let_go(turn, refused)
    if let_go is None and turn.acts.wishes:
        return ()
    made = decisions.only("request", let_go) if let_go is not None else ()
    rest = "" if phrases.takes_back(refused.rest) else refused.rest
    return await _followed(turn, rest, made, taking)


async def _is_plain(turn: Turn, rest: str) -> bool:
    """Whether words plainly ask or wish something by themselves."""
    read = await turn.read(rest, DialogueState())
    return read is not None and read.intent not in TALK and read.probability >= _CERTAIN


def _put_right(turn: Turn, answering: Turn, rest: str) -> str:
    """What follows a no to an answer: where it only names what was meant, that is asked of what was asked before."""
    before = turn.memory.before[-2] if len(turn.memory.before) > 1 else ""
    denies = answering.understanding is not None and answering.understanding.intent == "deny"
    names = denies and not (phrases.asks(rest) or turn.memory.filed)
    return f"{before} {rest}" if names and before else rest


def _after_answer(text: str) -> str:
    """What follows a bare yes or no that a text begins with; empty where it begins with none, or nothing follows."""
    said = text.strip()
    found = _ANSWER.match(said)
    return said[found.end() :] if found is not None else ""


def _tells_values(turn: Turn) -> bool:
    """Whether a message as a whole wishes something, or tells, adds or puts right something: then it is no answer with
    something besides."""
    return bool(turn.acts.wishes) or any(turn.acts.probability(act) >= _RATHER for act in _VALUES)


async def _answer(turn: Turn, where: DialogueState, lead: str, rest: str) -> tuple[Turn, str] | None:
    """The first clause of a message as an answer, and what follows it; None where it is none, or nothing follows."""
    if not rest and (rest := _after_answer(turn.text)):
        lead = turn.text[: -len(rest)].strip()
    read = await turn.read(lead, where) if rest else None
    if read is None or read.intent not in ("affirm", "deny") or read.probability < _PLAINLY:
        return None
    return replace(turn, text=lead, understanding=read), rest


async def _followed(turn: Turn, rest: str, done: Decided, taking: Taking) -> Decided:
    """What was done, and the answer to the rest of the message, where it asks or wishes something."""
    # What is to be done only if something happens isn't to be done now.
    if not rest or (is_conditional(rest) and not phrases.asks(rest)):
        return done
    memory = (done[-1].answer.memory if done else None) or turn.memory
    # Its stretches are places in these words alone.
    said = replace(turn.incoming, text=rest)
    before = turn.text.partition(rest)[0].strip()
    memory = replace(memory, before=(*memory.before[:-1], before, rest)[-len(memory.before) :])
    now = replace(turn.remembering(memory), incoming=said, text=rest, understanding=None)
    reading = await taking.read(now)
    asked = memory.pending is not None and memory.pending != turn.memory.pending
    if reading.whole is None or not _says_something(reading, asked=asked):
        return done
    now = replace(now, understanding=reading.whole, shown=reading.shown)
    made = await taking.words(now, reading)
    return (*done, *(one for one in made if not decisions.is_said(one, done)))


def _says_something(reading: Reading, *, asked: bool) -> bool:
    """Whether the rest of a message is worth an answer; to what the bot has only just `asked` it tells nothing."""
    whole = reading.whole
    if whole is None:
        return False
    if whole.acts.probability(Act.WAITS) >= _RATHER:
        return False
    best = whole.intents[0] if whole.intents else None
    told = not asked and any(whole.acts.probability(act) >= _RATHER for act in _VALUES)
    if told or any(wish.intent not in TALK for wish in whole.acts.wishes if wish.probability >= _SAYS):
        return True
    if best is None or (best.intent in TALK - {"out_of_scope"} and best.probability >= PLAUSIBLE):
        return False
    return best.probability >= _SAYS or phrases.asks(whole.text)
