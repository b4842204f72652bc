"""What is asked of the last answer by words that name nothing: whether it is sure, why, and what to do now."""

from __future__ import annotations

import re
from enum import StrEnum

from bot.conversation.answer import Answer, Rows, row
from bot.conversation.made import request_text
from bot.conversation.skills import danger, order_rules, pages, talk, which_order
from bot.conversation.turn import Turn
from storage.orders import Order
from storage.requests import UNDECIDED, Requests


class Asked(StrEnum):
    """What a bare question asks of the last answer."""

    SURE = "sure"
    WHETHER = "whether"
    """Once more, in short: can I or not?"""
    WHY = "why"
    NOW = "now"
    """What is to be done next."""


_SAID = {
    Asked.SURE: "确定|你确定|确定吗|你确定吗|真的|真的吗|真的假的|是真的吗|肯定吗|没搞错|没搞错吧|准吗|准不准|靠谱吗"
    "|are you sure|you sure|sure about that|are you sure about that|are you certain|is that right"
    "|is that true|is that correct|really|for real|seriously|is that so|you sure about that",
    Asked.WHETHER: "能不能|行不行|可不可以|能还是不能|行还是不行|可以还是不可以|能吗|行吗|可以吗|到底能不能|到底行不行"
    "|到底可不可以|can i or not|can i or can i not|can i or can't i|yes or no|is it or not|is that a yes"
    "|is that a no|is that a yes or a no|can we or not|do you or not|will you or not",
    Asked.WHY: "为什么|为啥|为何|凭什么|凭啥|怎么会|为什么不行|为什么不能|为啥不行|为啥不能|why|why not|how come"
    "|why is that|why's that|what for|for what reason|why can't i",
    Asked.NOW: "怎么办|该怎么办|要怎么办|咋办|咋整|咋弄|该咋办|该咋整|怎么弄|能怎么办|应该怎么办|该怎么做|要做什么"
    "|该做什么|需要做什么|有什么办法|有什么选择|有啥办法|还有什么办法|接下来怎么办|接下来呢|下一步呢"
    "|what do i do|what should i do"
    "|what do we do|what should we do|what can i do|what can i do about it|what am i supposed to do"
    "|what are my options|what options do i have|what do you suggest|now what|what now|what next"
    "|what's next|where do i go from here|what can you do|what can you do about it|can you do anything"
    "|can you do anything about it|what do you want me to do|what happens now|what happens next",
}
_ASKED = {said: asked for asked, words in _SAID.items() for said in words.split("|")}
_LEADING = re.compile(
    r"^(?:那么|那|所以|可是|但是|但|不过|现在|我|请问|哎|唉|额|嗯|你说|您说|你们|你|您|到底|\s"
    r"|(?:so|ok|okay|and|but|then|well|right|hm+|oh|fine|please|pls|alright|yeah|no|now|just)\b\s*)"
)
_TRAILING = re.compile(r"(?:呢|啊|呀|吧|啦|哦|现在|\s|\b(?:then|now|please|pls|though|tho|exactly))$")
_LONGEST = 48
_STAYS_OPEN = ("product", "link")
"""Questions of the bot's that stay open beside it; of any other it is asked."""
_SENT_BACK = ("return", "exchange")
_YOU = re.compile(r"\bu\b")
_MARKS = re.compile(r"[^\w\s'一-鿿]+")


def asked(text: str) -> Asked | None:
    """What a message asks of the last answer, where it asks nothing else; None where it does."""
    if len(text) > _LONGEST:
        return None
    said = " ".join(_MARKS.sub(" ", text.casefold().replace("’", "'")).split())
    said = _YOU.sub("you", said)
    while said:
        if said in _ASKED:
            return _ASKED[said]
        shorter = _TRAILING.sub("", said, count=1).strip()
        if shorter in _ASKED:
            return _ASKED[shorter]
        begun = _LEADING.sub("", said, count=1).strip()
        if begun == said:
            return _ASKED.get(shorter)
        said = begun
    return None


async def answer(turn: Turn) -> Answer | None:
    """The answer to a bare question about what was said last; None for any other message, and where nothing was."""
    what = asked(turn.text)
    if what is None:
        return None
    if turn.in_queue:
        return danger.once_more(turn) if what in (Asked.NOW, Asked.SURE) else None
    pending = turn.memory.pending
    waits = pending is not None and pending.kind not in _STAYS_OPEN
    if turn.memory.misses or not turn.memory.intents or waits:
        return None
    of_order = turn.memory.intents[0] in turn.skills.about_orders
    if what is Asked.NOW:
        return await _next(turn) if of_order or turn.memory.filed else None
    if what is Asked.SURE:
        kind = "pages" if turn.memory.topic else "order" if of_order else "else"
        return Answer(text=turn.say("sure", of=kind), buttons=turn.human, memory=turn.memory)
    if what is Asked.WHETHER and (on := await pages.asked_on(turn)) is not None:
        return on
    if what is Asked.WHY and turn.memory.topic:
        return Answer(text=turn.say("why-unknown"), buttons=turn.human, memory=turn.memory)
    if what is Asked.WHY and of_order and turn.memory.intents[0] not in turn.skills.tasks_of:
        return None  # the order may tell it
    return await talk.again(turn)


async def _next(turn: Turn) -> Answer | None:
    """What can be done about the order spoken of; nothing, while a request of it waits for people."""
    made = await Requests(turn.connection).of_conversation(turn.contact.conversation.id, limit=1)
    numbers = {filed.request for filed in turn.memory.filed}
    latest = next((one for one in made if one.number in numbers and one.state in UNDECIDED), None)
    if latest is not None:
        text = turn.say("next-waits", state=request_text(turn, f"request-{latest.state}", latest))
        if latest.kind in _SENT_BACK:
            text = f"{text} {turn.say('return-send-later')}"
        return Answer(text=text, buttons=turn.human, memory=turn.memory.settled())
    order = await which_order.spoken_of(turn)
    if order is None:
        return None
    kind, buttons = await _can_be_done(turn, order)
    text = turn.say(f"next-{kind}", number=order.number)
    return Answer(text=text, buttons=(*buttons, *turn.human), memory=turn.memory.settled())


async def _can_be_done(turn: Turn, order: Order) -> tuple[str, Rows]:
    if order.status in which_order.NOT_SHIPPED:
        shown = await order_rules.buttons(turn, order, order_rules.CANCEL, order_rules.ADDRESS)
        return "unsent" if shown else "packed", shown
    if order.status == "shipped":
        return "sent", row(turn.button("button-chase", f"parcel:chase:{order.id}"))
    if order.status == "delivered":
        missing = turn.button("button-missing", f"parcel:missing:{order.id}")
        shown = await order_rules.buttons(turn, order, order_rules.RETURN, beside=(missing,))
        return "delivered", shown
    return "ended", ()
