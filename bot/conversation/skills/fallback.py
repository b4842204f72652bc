"""Honest answers for what was not understood, can't be read, or is switched off; a person, and complaints."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation import phrases, tasks, waiting
from bot.conversation.answer import Answer, HandOver, column
from bot.conversation.skills import pages, which_order, wished_in_words
from bot.conversation.turn import Asked, RequestKind, Skill, Task, Turn
from nlu.acts import Act

OFFER = "human"
"""The question whether a person shall take over, in `Memory.pending`."""
_STRONG = 0.5
_PLAIN = 0.8
_BEYOND = 0.5
_TOLD = 2
"""Messages in which a complaint is told: the first, and the answer to what went wrong."""
COMPLAINT = Task(name="complaint", request="complaint", filed="complaint-noted")
_MEDIA = {"photo": "picture", "video": "picture", "document": "file", "location": "place"}


def ask_back(turn: Turn, intents: tuple[str, ...]) -> Answer:
    """Ask once with the likeliest meanings; the second time offer a person."""
    memory = replace(turn.memory, misses=turn.memory.misses + 1)
    whole = turn.understanding
    if whole is not None and turn.negative and whole.sentiment_strength >= _STRONG:
        return offering(turn.remembering(memory), "unclear-upset", reason="upset", priority=0)
    beyond = whole is not None and whole.intent == "out_of_scope" and whole.probability >= _BEYOND
    if beyond and not intents:
        offered = turn.human if memory.misses > 1 else ()
        return Answer(text=turn.say("out-of-scope"), buttons=offered, memory=memory.settled())
    if memory.misses > 1:
        return offering(turn.remembering(memory), "unclear-again")
    if turn.memory.pending is not None and turn.memory.pending.kind in tasks.QUESTIONS:
        # One question at a time: what is under way is asked again.
        return Answer(text=turn.say("unclear"), memory=memory)
    if not intents:
        return Answer(text=turn.say("unclear"), memory=memory.settled())
    labels = [turn.say(f"ask-{intent}") for intent in intents]
    text_id = "ask-back-two" if len(labels) > 1 else "ask-back-one"
    names = dict(zip(("first", "second"), labels, strict=False))
    buttons = [turn.button(f"ask-{intent}", f"ask:{intent}") for intent in intents]
    kept = {"text": turn.text[:500], "intents": ",".join(intents)}
    return Answer(
        text=turn.say(text_id, **names),
        buttons=(*column(*buttons), *turn.human),
        memory=memory.asking("clarify", **kept),
    )


def offering(turn: Turn, text_id: str, *, reason: str = "asked", priority: int = 1) -> Answer:
    """A text that asks whether a person shall take over: a yes to it passes on."""
    memory = turn.memory.asking(OFFER, reason=reason, priority=str(priority))
    return Answer(text=turn.say(text_id), buttons=turn.human, memory=memory)


async def _offered(turn: Turn) -> Answer | None:
    """The answer to the offer of a person."""
    pending = turn.memory.pending
    if pending is None or turn.does(Act.NO):
        return Answer(text=turn.say("deny-nothing"), memory=turn.memory.settled()) if pending else None
    if not turn.affirms or turn.acts.wishes:
        return None
    over = HandOver(
        reason=pending.data.get("reason", "asked"), priority=int(pending.data.get("priority", "1"))
    )
    return Answer(memory=turn.memory.settled(), hand_over=over)


async def _resume(turn: Turn) -> Answer | None:
    """Which of the offered meanings an answer in words picks; None where it picks none."""
    pending = turn.memory.pending
    intents = pending.data.get("intents", "").split(",") if pending is not None else []
    alone = turn.understanding.intents if turn.understanding is not None else ()
    picked = [score.intent for score in alone if score.intent in intents and score.probability >= _PLAIN]
    picked = picked or [intent for intent in turn.pointed_at if intent in intents]
    if not picked and len(intents) == 1 and turn.affirms:
        picked = intents
    said = turn.text.strip().casefold()
    picked = picked or [intent for intent in intents if turn.say(f"ask-{intent}").casefold() == said]
    more = turn.text if turn.acts.slots else ""
    return await clarified(turn, picked[0], more) if len(picked) == 1 else None


async def clarified(turn: Turn, intent: str, more: str = "") -> Answer:
    """Answer what was written before, in the sense that was meant, and what the choice tells `more` of it."""
    skill = turn.skills.by_intent.get(intent)
    if skill is None:
        return stale(turn)
    pending = turn.memory.pending
    text = pending.data.get("text", "") if pending is not None and pending.kind == "clarify" else ""
    clear = replace(
        turn, memory=turn.memory.settled().heard(intent), understanding=None, chosen=True, intent=intent
    )
    return await skill.answer(await clear.about(f"{text}\n{more}".strip()))


async def media(turn: Turn) -> Answer:
    """Pictures, stickers, voice notes and other things without words: say honestly what can't be read, and what
    would help; one answer for a whole album."""
    sent = turn.incoming.media
    memory = replace(turn.memory, album=turn.incoming.album or turn.memory.album)
    if sent is None:
        return Answer(text=turn.say("media-other"), buttons=turn.human, memory=memory)
    if sent.kind == "sticker":
        return replace(await _sticker(turn, sent.emoji or ""), memory=memory)
    if sent.kind in ("voice", "audio"):
        return Answer(text=turn.say("media-voice"), buttons=turn.human, memory=memory)
    picture = sent.kind in ("photo", "video")
    waiting = await which_order.picture_of(turn) if picture else None
    if waiting is not None:
        return replace(waiting, memory=replace(waiting.memory or memory, album=memory.album))
    if turn.memory.order is not None and picture:
        return Answer(text=turn.say("media-picture-kept"), buttons=turn.human, memory=memory)
    text = turn.say(f"media-{_MEDIA.get(sent.kind, 'other')}")
    return Answer(text=text, buttons=turn.human, memory=memory)


async def _sticker(turn: Turn, emoji: str) -> Answer:
    feeling = phrases.mood(emoji)
    if feeling == "sad":
        return await wordless(replace(turn, incoming=replace(turn.incoming, text=emoji)))
    return Answer(text=turn.say("emoji-glad" if feeling == "glad" else "emoji-none"))


async def wordless(turn: Turn) -> Answer:
    """A message of emoji, punctuation or nothing at all."""
    feeling = phrases.mood(turn.incoming.text)
    if feeling == "glad":
        return Answer(text=turn.say("emoji-glad"), memory=turn.memory)
    if feeling == "sad":
        return Answer(text=turn.say("emoji-sad"), buttons=turn.human)
    return Answer(text=turn.say("emoji-none" if turn.incoming.text.strip() else "nothing-written"))


def stale(turn: Turn) -> Answer:
    """A button of an old keyboard, or one that was never ours."""
    return Answer(text=turn.say("button-stale"))


async def _human(turn: Turn) -> Answer:
    if turn.intent == "leave":
        return await waiting.left(turn) if turn.in_queue else stale(turn)
    plain = turn.in_queue or turn.chosen or phrases.asks_for_a_person(turn.text)
    if turn.intent == "human_agent" and not plain:
        return offering(turn, "human-offer")
    urgent = turn.understanding is not None and turn.understanding.urgent
    priority = 0 if urgent and turn.negative else 1
    return Answer(memory=turn.memory.settled(), hand_over=HandOver(reason="asked", priority=priority))


async def _complaint(turn: Turn) -> Answer:
    """What can be done about it, and a person if they like; for somebody who waits for one it is more urgent."""
    passage = (
        await pages.passage_for(turn, at_least=pages.NEAR)
        if wished_in_words.asks_how_to_complain(turn.text)
        else None
    )
    if passage is not None:
        return pages.said_of(turn, [passage])
    if turn.in_queue:
        urgent = HandOver(reason="complaint", priority=0)
        return Answer(text=turn.say("complaint-waiting"), memory=turn.memory.settled(), hand_over=urgent)
    if wished_in_words.complains(turn.text):
        return await noted(turn)
    offered = turn.memory.pending is not None and turn.memory.pending.kind == OFFER
    return offering(turn, "complaint-again" if offered else "complaint", reason="complaint", priority=0)


def tells_complaint(turn: Turn) -> bool:
    """Whether a message tells what went wrong, after the bot has asked that of who is unhappy."""
    pending = turn.memory.pending
    asked = pending is not None and pending.kind == OFFER and pending.data.get("reason") == "complaint"
    return asked and not (turn.affirms or turn.denies or turn.acts.wishes or phrases.asks(turn.text))


async def noted(turn: Turn) -> Answer:
    """A complaint that says it is one has a number at once; a person may take it over beside that. What went wrong,
    told when asked, goes with what was said first."""
    told = "\n".join(turn.memory.before[-_TOLD:]) if tells_complaint(turn) else turn.text
    made = await tasks.file(replace(turn, text=told), COMPLAINT, None)

    def with_person(answer: Answer) -> Answer:
        memory = (answer.memory or turn.memory).asking(OFFER, reason="complaint", priority="0")
        return replace(answer, buttons=turn.human, memory=memory)

    return made.changed(with_person)


async def _clarify(turn: Turn) -> Answer:
    """A button below the question which of two is meant."""
    return await clarified(turn, turn.intent)


SKILLS = (
    Skill(
        name="human",
        answer=_human,
        intents=("human_agent",),
        actions=("human",),
        commands=("human", "agent"),
        questions={OFFER: Asked(kind="offer", task="human")},
        resume=_offered,
        regrets=False,
        always=True,
    ),
    Skill(
        name="complaint",
        answer=_complaint,
        intents=("complaint",),
        tasks=(COMPLAINT,),
        requests=(RequestKind(name="complaint", trouble=True),),
        regrets=False,
    ),
    Skill(
        name="clarify",
        answer=_clarify,
        actions=("ask",),
        questions={"clarify": Asked(kind="choice", slot="meaning")},
        resume=_resume,
        always=True,
    ),
)
