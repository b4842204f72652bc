"""Reading → answers: who answers what a message says.

In this order: danger; the wish to be left alone or for a person; what the message does to the bot's question, to what
is under way and to what was asked of the shop; its wishes, each answered; a product's name alone; asking back once with
the two likeliest meanings; offering a person. To somebody who waits for a person all of it that takes nothing out of
people's hands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from bot.conversation import (
    by_value,
    certainty,
    decisions,
    done_by,
    filed,
    finishing,
    heard,
    in_parts,
    joined,
    offers,
    one_question,
    pressed,
    refusals,
    routing,
    sentences,
    state,
    task_words,
    tasks,
    unclear,
    waiting,
)
from bot.conversation.answer import Answer
from bot.conversation.read_message import ANSWERING, parts_of
from bot.conversation.registry import HEARD_ANYWAY, REGISTRY
from bot.conversation.routing import Reading
from bot.conversation.skills import (
    ahead,
    bargaining,
    fallback,
    language,
    needed,
    of_the_last,
    order_asked,
    order_talk,
    pages,
    recommending,
    refunds,
    stopping,
    suiting,
    which_order,
    wished_in_words,
)
from bot.conversation.skills.talk import TALK
from bot.conversation.slot_values import reads_asked
from bot.conversation.turn import Turn
from bot.messages import IncomingKind
from nlu.acts import Act, DialogueState
from nlu.types import DialogueContext, Understanding

_FAIRLY = 0.3
_OF_ONE_PRODUCT = unclear.ABOUT_ITS_USE | {"product_question"}


async def read(turn: Turn) -> Reading:
    """Understand the words of a turn in their place, about 2 to 4 ms; buttons and commands have none.

    Sentences that are each complete are understood one by one, too.
    """
    whole = await _read(turn)
    return whole if whole.whole is None else replace(whole, apart=await sentences.apart(turn, whole, _read))


async def _read(turn: Turn) -> Reading:
    worded = turn.incoming.kind in (IncomingKind.TEXT, IncomingKind.EDIT, IncomingKind.MEDIA)
    if not worded or not any(character.isalnum() for character in turn.text):
        return Reading(language=turn.language)
    told = await state.told(turn)
    (whole,) = await _understood(turn, [turn.text], told.state)
    apart_from = partial(_understood, turn)
    refused = await refusals.heeded(whole, turn.text, apart_from)
    whole = refused.whole
    wishes = [wish for wish in whole.acts.wishes if wish.intent not in TALK]
    # What is heard whatever else is said has to be plain by itself.
    apart = len(wishes) > 1 or any(wish.intent in HEARD_ANYWAY for wish in wishes)
    parts = await _understood(turn, [wish.text for wish in wishes]) if apart else [whole] * len(wishes)
    read_apart = await joined.wishes(turn.text, apart_from) if len(wishes) == 1 else []
    return Reading(
        language=turn.language if heard.only_gives(whole) else language.of_words(turn, whole),
        whole=whole,
        wishes=(
            *(read_apart or zip(wishes, parts, strict=True)),
            *await stopping.refused(turn.text, apart_from),
        ),
        shown=told.ids,
        in_context=told.state != DialogueState(before=told.state.before),
        where=told.state,
        refused=refused,
    )


async def _understood(
    turn: Turn, texts: Sequence[str], where: DialogueState | None = None
) -> list[Understanding]:
    return await turn.services.reader.understand(
        texts,
        DialogueContext(
            language="zh" if turn.language == "zh" else "en",
            previous_intents=turn.memory.intents,
            now=turn.now,
            time_zone=turn.contact.time_zone or turn.services.shop.time_zone,
            state=where or DialogueState(),
        ),
    )


async def decide(turn: Turn, reading: Reading, modes: Mapping[str, str]) -> tuple[decisions.Decision, ...]:
    """Every answer to a turn, in order; never none. `modes` are the skills' switches by name."""
    unread = turn

    async def read_more(text: str, where: DialogueState) -> Understanding | None:
        return (await _understood(unread, [text], where))[0]

    turn = replace(
        turn,
        language=reading.language,
        understanding=reading.whole,
        shown=reading.shown,
        read=read_more,
        memory=turn.memory.having_read(turn.text) if reading.whole is not None else turn.memory,
    )
    if reading.in_danger:
        made = await decisions.run(REGISTRY.by_name["danger"], turn, modes)
        # Whoever must not have something is shown none of it afterwards.
        return (*made[:-1], finishing.with_need(made[-1], turn))
    made = await _decided(turn, reading, modes)
    if not turn.in_queue:
        return made
    return tuple(
        [one if one.shadow else replace(one, answer=await waiting.fitted(turn, one.answer)) for one in made]
    )


async def _decided(turn: Turn, reading: Reading, modes: Mapping[str, str]) -> tuple[decisions.Decision, ...]:
    match turn.incoming.kind:
        case IncomingKind.BUTTON:
            return await pressed.button(turn, turn.incoming.payload, modes)
        case IncomingKind.COMMAND:
            return await pressed.command(turn, modes)
        case IncomingKind.START:
            verb = "start" if turn.incoming.payload else "greeting"
            skill = REGISTRY.by_name["linking" if turn.incoming.payload else "greeting"]
            return await decisions.run(skill, replace(turn, intent=verb), modes)
        case IncomingKind.TEXT if action := offers.written(turn):
            return await pressed.button(await offers.pressing(turn), action, modes)
        case _ if reading.whole is None and turn.in_queue:
            return decisions.only("waiting", await waiting.noted(turn))
        case IncomingKind.MEDIA | IncomingKind.OTHER if reading.whole is None:
            return decisions.only("media", await fallback.media(turn))
    if reading.whole is None:
        return decisions.only("fallback", await fallback.wordless(turn))
    if reading.apart:
        return await sentences.answered(turn, reading.apart, partial(_said, modes=modes))
    return await _said(turn, reading, modes)


async def _said(turn: Turn, reading: Reading, modes: Mapping[str, str]) -> tuple[decisions.Decision, ...]:
    """Every answer to a message in words, or to a sentence that is answered by itself."""
    answers = await _spoken(turn, reading, modes)
    return (*answers[:-1], await finishing.finished(answers[-1], turn))


async def _spoken(turn: Turn, reading: Reading, modes: Mapping[str, str]) -> tuple[decisions.Decision, ...]:
    plain = routing.plainly(turn, reading)
    implied = None if plain else by_value.wished(turn, reading) or await done_by.wished(turn, reading)
    if implied is not None:
        made = await decisions.wish(implied, REGISTRY.by_intent[implied.intent], implied.intent, modes)
        return await one_question.going_back(implied, made)
    return await (_by_words(turn, plain, modes) if plain else _words(turn, reading, modes))


def _taking(modes: Mapping[str, str]) -> in_parts.Taking:
    """How the parts of a message are taken."""
    return in_parts.Taking(
        read=_read,
        press=partial(pressed.button, modes=modes),
        resume=partial(_resumed, modes=modes),
        words=partial(_spoken, modes=modes),
    )


async def _words(turn: Turn, reading: Reading, modes: Mapping[str, str]) -> tuple[decisions.Decision, ...]:
    whole = reading.whole
    assert whole is not None  # noqa: S101 - the caller has looked
    said = await _of_the_last_or_the_wait(turn, reading, whole)
    if said:
        return said
    heard_first = routing.unmissable(whole) is not None
    if heard_first and len(reading.wishes) <= 1:
        return await _one(turn, reading, whole, modes)
    first = heard_first or routing.stops_in_part(reading)
    plain = () if first else await in_parts.begun(turn, reading, _taking(modes))
    plain = plain or (() if first else await _in_plain_words(turn, modes))
    if plain:
        return plain
    done = () if first else await _taken_up(turn, modes)
    if not done and needed.names_sum(turn):
        return await decisions.wish(turn, REGISTRY.by_name["recommend"], "recommend_request", modes)
    wished = routing.wishes(turn, reading, taken_up=bool(done))
    if done:
        looked = done[0].skill in ("recommend", "search")
        wished = tuple(
            one
            for one in wished
            if _is_left(turn, *one, done[0].skill) and not (looked and one[0] in needed.MAY_TELL)
        )
    if not done and (len(wished) <= 1 or {intent for intent, _ in wished} <= _OF_ONE_PRODUCT):
        variant = await unclear.variant(turn, whole, modes)
        if variant is not None:
            return variant
    if not done and not wished:
        return await _one(turn, reading, whole, modes)
    memory = turn.memory
    for intent, part in wished:
        skill = REGISTRY.by_intent.get(intent) or REGISTRY.by_name["own"]
        memory = (done[-1].answer.memory if done else None) or memory
        guessed = certainty.is_guessed(REGISTRY, intent, part)
        now = replace(turn.remembering(memory), understanding=part, text=part.text, guessed=guessed)
        made = await decisions.wish(now, skill, intent, modes)
        if memory is not turn.memory:
            made = tuple(one_question.kept_for_next(now, intent, one) for one in made)
        done += tuple(one for one in made if not decisions.is_said(one, done))
    return await one_question.going_back(turn, done, by_the_way=bool(wished))


async def _by_words(turn: Turn, wish: str, modes: Mapping[str, str]) -> tuple[decisions.Decision, ...]:
    asked = certainty.is_asked(REGISTRY, wish, turn.understanding)
    now = replace(turn, guessed=asked and wish not in wished_in_words.TO_BE_TOLD)
    made = await decisions.wish(now, REGISTRY.by_intent[wish], wish, modes)
    return await one_question.going_back(turn, made)


async def _in_plain_words(turn: Turn, modes: Mapping[str, str]) -> tuple[decisions.Decision, ...]:
    """What goes on from the answer before, or is asked of a refund or goods; () if nothing, or a task is wished."""
    if certainty.wishes_task(REGISTRY, turn.text, turn.acts.wishes):
        return ()
    aside = await refunds.by_the_way(turn)
    if aside is not None:
        aside = replace(aside, memory=(aside.memory or turn.memory).heard("refund_status"))
        made = await decisions.of_pages(turn, decisions.only("refund_status", aside))
        return await one_question.going_back(turn, made)
    suits = await suiting.answered(turn)
    if suits is not None:
        return decisions.only(*suits)
    asked = await bargaining.follow_up(turn) or await order_talk.follow_up(turn)
    if asked is not None:
        return await decisions.wish(asked[0], REGISTRY.by_intent[asked[1]], asked[1], modes)
    plain = await ahead.answered(turn, modes)
    return await decisions.of_pages(turn, decisions.only(*plain)) if plain is not None else ()


async def _one(
    turn: Turn, reading: Reading, whole: Understanding, modes: Mapping[str, str]
) -> tuple[decisions.Decision, ...]:
    """A message in which no wish stands out where it is said."""
    meant = routing.meant(turn, whole)
    meant = None if meant is not None and heard.is_aside(turn, meant) else meant
    skill = routing.skill_of(meant)
    if (described := await unclear.described(turn, meant, whole, modes)) is not None:
        return await decisions.of_pages(turn, described)
    if meant is None or skill is None or (meant in ("affirm", "deny") and heard.says_more(turn)):
        return await decisions.of_pages(turn, await unclear.decided(turn, whole, modes))
    if skill.about_order and skill.tasks and turn.does(Act.ASKS_STATE):
        # How something stands is asked, and nothing is wished.
        meant, skill = "order_status", REGISTRY.by_name["order_status"]
    turn = replace(turn, guessed=certainty.is_guessed(REGISTRY, meant, whole, placed=reading.in_context))
    if meant == "place_order" and (await recommending.by_words(turn)) is not None:
        # Who names what they want to buy wants to see it, and not how buying works.
        meant, skill = "product_search", REGISTRY.by_name["search"]
    return await one_question.going_back(turn, await decisions.wish(turn, skill, meant, modes))


async def _of_the_last_or_the_wait(
    turn: Turn, reading: Reading, whole: Understanding
) -> tuple[decisions.Decision, ...]:
    """What a message asks of the last answer, or does to the wait for a person where it isn't to be left alone."""
    bare = await of_the_last.answer(turn)
    if bare is not None:
        return decisions.only("repeat", bare)
    stops = routing.unmissable(whole) == "opt_out" or routing.stops_in_part(reading)
    waited = await waiting.taken_up(turn) if turn.in_queue and not stops else None
    if waited is None:
        return ()
    # What the pages answer needs no person.
    told = None if waited.leaves_queue else await pages.by_the_way(turn)
    return decisions.only("waiting", waited) if told is None else decisions.only("policy", told)


def _is_left(turn: Turn, intent: str, part: Understanding, taken_up_by: str) -> bool:
    """Whether a wish of a message that was taken up is still to be answered."""
    if taken_up_by == "request" and len(part.text) >= len(turn.text.strip()):
        # Who takes one thing back may wish another in the same breath.
        instead = turn.surely(Act.WITHDRAWS) and len(parts_of(turn.text)) > 1 and intent in REGISTRY.tasks_of
        return instead or intent in HEARD_ANYWAY
    if intent in HEARD_ANYWAY:
        return True
    skill = REGISTRY.by_intent.get(intent)
    reads = skill is not None and not skill.tasks
    if turn.does(Act.WAITS):
        return reads
    if reads and intent in REGISTRY.about_orders and which_order.only_chooses(turn, part.text):
        return False
    says_more = not turn.does(Act.ASKS_STATE) and any(turn.does(act) for act in ANSWERING)
    # What tells one thing seldom wishes another done: its own words have to, too.
    says_more &= reads or any(one.intent == intent and one.probability >= _FAIRLY for one in part.intents)
    return says_more and REGISTRY.tasks_of.get(intent) not in heard.answered(turn)


async def _taken_up(turn: Turn, modes: Mapping[str, str]) -> tuple[decisions.Decision, ...]:
    """What a message does to the bot's question, to what is under way and to requests made; () if nothing."""
    if turn.does(Act.WAITS) and not (reads_asked(turn) or needed.goes_on(turn)):
        told = await pages.by_the_way(turn)
        if told is not None:
            return await one_question.going_back(turn, decisions.only("policy", told))
        return decisions.only("waiting", Answer(text=turn.say("take-your-time"), memory=turn.memory))
    resumed = await _resumed(turn, modes)
    if resumed is not None:
        return resumed
    of_task = turn.memory.pending is not None and turn.memory.pending.kind in tasks.QUESTIONS
    if turn.does(Act.ASKS_ABOUT) and of_task and not (turn.acts.wishes or heard.only_asks(turn)):
        return decisions.only("question", await task_words.explained(turn))
    moved = await _for_another_order(turn, modes)
    if moved:
        return moved
    # Before requests made: what is told of a search under way would otherwise be added to one of them.
    if looking := await _looking_on(turn, modes):
        return looking
    answer = await filed.touched(turn)
    if answer is not None and (told := await pages.of_a_request(turn)) is not None:
        return decisions.only("policy", told)
    return () if answer is None else await decisions.of_pages(turn, decisions.only("request", answer))


async def _looking_on(turn: Turn, modes: Mapping[str, str]) -> tuple[decisions.Decision, ...]:
    """Who looks for something and tells more of it, or wants others, goes on looking, by what was said before, too; who
    only points at a product wants to know of it."""
    pending = turn.memory.pending
    asked = pending is not None and pending.kind not in ("clarify", "product", "measures")
    plainly = turn.understanding is not None and routing.plainly_of_task(turn.understanding)
    if asked or plainly or order_asked.names_orders(turn.text):
        return ()
    if needed.goes_on(turn):
        looked = needed.looked_for(turn)
        return await decisions.wish(replace(turn, intent=looked), REGISTRY.by_intent[looked], looked, modes)
    if turn.acts.wishes or (pending is not None and pending.kind != "clarify"):
        return ()
    if len(turn.pointed_at) != 1 or turn.pointed_at[0] not in turn.memory.products:
        return ()
    of_it = unclear.asked_of_product(turn)
    return await decisions.wish(replace(turn, intent=of_it), REGISTRY.by_intent[of_it], of_it, modes)


async def _for_another_order(turn: Turn, modes: Mapping[str, str]) -> tuple[decisions.Decision, ...]:
    """What was wished last, for the order meant instead; what was asked of the shop for the first is taken back."""
    last = turn.memory.intents[0] if turn.memory.intents else ""
    skill = REGISTRY.by_intent.get(last)
    corrects = turn.does(Act.CORRECTS) and turn.memory.pending is None
    if not corrects or skill is None or not skill.about_order or turn.acts.wishes:
        return ()
    known = await filed.of_another_order(turn, which_order.named_in)
    if known is None and (turn.memory.filed or not turn.order_number):
        return ()
    back = decisions.only("request", filed.withdrawing(turn, known)) if known is not None else ()
    return (*back, *await decisions.wish(turn, skill, last, modes))


async def _resumed(turn: Turn, modes: Mapping[str, str]) -> tuple[decisions.Decision, ...] | None:
    pending = turn.memory.pending
    # Numbers and codes answer the questions for them whatever else is said.
    if pending is None:
        return None
    of_task = pending.kind in tasks.QUESTIONS
    if pending.kind not in ("link", "order") and not turn.answers and not heard.wished_again(turn):
        return None
    skill = (
        REGISTRY.by_task.get(pending.data.get("task", ""))
        if of_task
        else REGISTRY.by_pending.get(pending.kind)
    )
    resume = tasks.resume if of_task else skill.resume if skill is not None else None
    if skill is None or resume is None or (modes.get(skill.name, "on") != "on" and not skill.always):
        return None
    answer = await resume(turn)
    return None if answer is None else decisions.only(skill.name, answer)
