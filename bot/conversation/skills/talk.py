"""Greeting, thanks, goodbye, yes, no, small talk, and what a shop can't help with."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

from bot.conversation import waiting, wording
from bot.conversation.answer import Answer, Rows, row
from bot.conversation.phrases import word_test
from bot.conversation.services import Services, Shop
from bot.conversation.skills import language
from bot.conversation.texts import Texts
from bot.conversation.turn import Skill, Turn
from bot.messages import Button, Incoming, IncomingKind, Reply, load_reply
from storage.conversations import Conversations

TALK = frozenset({"greeting", "thanks", "goodbye", "affirm", "deny", "chitchat", "out_of_scope"})
"""Intents (and skills) that come for nothing."""

_SAME_TALK = timedelta(hours=6)
_robot = word_test("机器人 真人 人工智能 你是谁 你叫什么", "ai bot robot human real_person who_are_you")
_SENTENCES = re.compile(r"(?<=[。！？\n])|(?<=[.!?] )")
"""Between two sentences of our own texts."""
_who = word_test("你是 你们是 你到底 你们到底 是不是", "are_you is_this who_are am_i")
_SHORT = 40
_IN_SHORT = 120
_LOOKED_BACK = 12
gives_orders = word_test("指令 提示词 规则 假装 扮演", "instruction* prompt* rule rules pretend*")
"""Somebody tries to talk the bot out of its rules."""
_DROPPED = (
    "忽略",
    "无视",
    "忘掉",
    "忘了",
    "忘记",
    "不管",
    "不要管",
    "不用管",
    "不必管",
    "不理会",
    "不遵守",
    "绕过",
    "覆盖",
)
_RULES = ("指令", "提示", "设定", "规则", "要求", "限制", "命令")
overrides = word_test(
    " ".join(f"{dropped}…{rule}" for dropped in _DROPPED for rule in _RULES),
    "系统提示 系统消息 系统指令 系统管理员 提示词 你现在是 你现在起是 你现在就是 你现在开始是 你现在扮演"
    " 你现在开始扮演 从现在…你是 从现在…你就是 从现在…你扮演 开发者模式 管理员模式 调试模式 上帝模式 越狱",
    " ".join(
        f"{verb}…{rule}"
        for verb in ("ignore", "disregard", "forget", "bypass", "override")
        for rule in ("instruction", "instructions", "prompt", "prompts", "rules", "guidelines")
    ),
    "system_prompt system_message developer_mode admin_mode debug_mode god_mode jailbreak* you_are_now",
    " ".join(
        f"{verb}…{role}"
        for verb in ("pretend_to_be", "pretend_you", "act_as", "act_like_you", "behave_as", "pretend_as")
        for role in ("admin", "owner", "manager", "ai", "bot", "gpt", "developer")
    ),
)
"""A message is plainly an attempt to give the bot other rules, whatever else it says."""


def welcome_buttons(texts: Texts, spoken: str) -> Rows:
    """What a customer may want, below a greeting."""
    wishes = (
        (("orders", "order:list"), ("recommend", "recommend:more")),
        (("offers", "offer:list"), ("human", "human:ask")),
    )
    return tuple(
        line
        for wanted in wishes
        for line in row(
            *(Button(label=texts.say(spoken, f"button-{name}"), action=action) for name, action in wanted)
        )
    )


def greeting_text(say: Callable[..., str], shop: Shop, language: str, name: str = "") -> str:
    """The greeting of a customer who is known by name, or of anybody; `say` is that of the texts in the language."""
    text = say(
        "greeting-known" if name else "greeting-new",
        shop=shop.names.get(language, shop.names["en"]),
        name=wording.called(name),
    )
    return f"{text}\n{say('demo-note')}" if shop.is_demo() else text


def opening(services: Services, incoming: Incoming) -> Reply:
    """What a stranger's opening of the conversation is answered with, for a channel that shows it at once."""
    spoken = language.of_first_words(incoming)
    return Reply(
        text=greeting_text(partial(services.texts.say, spoken), services.shop, spoken),
        buttons=welcome_buttons(services.texts, spoken),
        language=spoken,
    )


def _just_spoke(turn: Turn) -> bool:
    last = turn.contact.conversation.last_incoming_at
    return last is not None and turn.now - last < _SAME_TALK


async def _greeting(turn: Turn) -> Answer:
    if turn.in_queue:
        return await waiting.told(turn)
    if turn.incoming.kind is IncomingKind.TEXT and _just_spoke(turn):
        return Answer(text=turn.say("greeting-again"), memory=turn.memory)
    name = turn.contact.customer_name if turn.customer_id is not None else ""
    text = greeting_text(turn.say, turn.services.shop, turn.language, name)
    return Answer(text=text, buttons=_buttons(turn), memory=turn.memory)


async def _menu(turn: Turn) -> Answer:
    return Answer(text=turn.say("help"), buttons=_buttons(turn), memory=turn.memory.settled())


def _buttons(turn: Turn) -> Rows:
    return welcome_buttons(turn.services.texts, turn.language)


async def _talk(turn: Turn) -> Answer:
    memory = turn.memory
    match turn.intent:
        case "thanks":
            return Answer(text=turn.say("thanks"), memory=memory.settled())
        case "goodbye":
            return Answer(text=turn.say("goodbye"), memory=memory.settled())
        case "affirm":
            nothing = "waiting-fine" if turn.in_queue else "affirm-nothing"
            return Answer(text=turn.say(nothing), memory=memory, lacks=True)
        case "deny":
            return Answer(text=turn.say("deny-nothing"), memory=memory.settled())
        case _:
            return Answer(text=_small_talk(turn), memory=replace(memory, misses=0))


def asks_who(text: str) -> bool:
    """Whether somebody wants to know whether they talk to a person."""
    return len(text) <= _SHORT and _who(text) and _robot(text)


def _small_talk(turn: Turn) -> str:
    if gives_orders(turn.text) or overrides(turn.text):
        return turn.say("chat-orders")
    if turn.intent == "out_of_scope":
        return turn.say("out-of-scope")
    if _robot(turn.text):
        return turn.say("chat-robot")
    return turn.say("chitchat")


async def again(turn: Turn) -> Answer:
    """What was said last, in short, with its buttons; whatever was asked stays open."""
    history = await Conversations(turn.connection).history(turn.contact.conversation.id, _LOOKED_BACK)
    said = next((one for one in reversed(history) if one.direction == "out" and one.text.strip()), None)
    if said is None:
        return Answer(text=turn.say("repeat-nothing"), memory=turn.memory)
    text = turn.say("repeat-short", text=in_short(said.text))
    return Answer(text=text, buttons=load_reply(dict(said.payload)).buttons, memory=turn.memory)


def in_short(text: str) -> str:
    """The first whole sentences of an answer, and its question at the end."""
    sentences = [part for part in _SENTENCES.split(text.strip()) if part.strip()]
    kept: list[str] = []
    for sentence in sentences:
        if kept and len("".join(kept)) + len(sentence) > _IN_SHORT:
            break
        kept.append(sentence)
    asks = len(kept) < len(sentences) and sentences[-1].rstrip().endswith(("?", "？"))
    return "".join([*kept, *(sentences[-1:] if asks else ())]).strip()


SKILLS = (
    Skill(name="greeting", answer=_greeting, intents=("greeting",), commands=("start",), regrets=False),
    Skill(name="menu", answer=_menu, actions=("menu",), commands=("help", "menu")),
    Skill(
        name="talk", answer=_talk, intents=("thanks", "goodbye", "affirm", "deny", "chitchat", "out_of_scope")
    ),
    Skill(name="repeat", answer=again, intents=("repeat",), regrets=False, repeats=True),
)
