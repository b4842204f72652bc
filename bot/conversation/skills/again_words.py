"""Words that wish for what was bought before."""

from __future__ import annotations

from bot.conversation.skills import order_asked
from bot.conversation.skills.order_words import words

_USUAL = words("老样子|老规矩|照旧|常买的|经常买的|the usual|my usual|usual order|usual stuff|what i usually")
_SAME_AGAIN = words(
    "再来一单|再下一单|再来一份一样|再买一次|再订一次|再来一遍|照上次|照着上次|跟上次一样|和上次一样|同上次|复购|再来一样"
    "|跟上回一样|和上回一样|上次的再来|上次买的再|上次那单再|same again|same as last time|same as before"
    "|same order again|order it again|order that again|order them again"
    "|order the same|buy it again|buy them again|buy the same|reorder"
    "|re order|repeat my order|repeat my last order|repeat order|same thing again|the same again"
)
_BOUGHT_LAST = words(
    "上次买的那|上次买的东西|上回买的那|上回买的东西|之前买的那款|what i bought last time|what i had last time"
    "|what i got last time|what i ordered last time|the one i bought last time|the ones i bought last time"
)
_WISHED = words("还要|再要|再来|再买|想要|想买|要|来|有吗|还有|want|like|need|get|again|still|more|have")
_MOVED_BACK = words(
    "取消|换货|坏|破|少发|错|broken|wrong|missing|cancel|refund|exchange|complain|problem|faulty"
)
_LAST_ALONE = 28
"""Words no longer than this that only name what was bought last wish for it."""
_BRIEF = 60


def of_the_usual(text: str) -> bool:
    """Whether words mean what the customer buys again and again."""
    return order_asked.says(text, _USUAL)


def wished(text: str) -> bool:
    """Whether words wish for what was bought before: the usual, the same again, what I bought last time."""
    says = order_asked.says
    if len(text) > _BRIEF or order_asked.of_the_way_back(text) or says(text, _MOVED_BACK):
        return False
    last = says(text, _BOUGHT_LAST) and (says(text, _WISHED) or len(text) <= _LAST_ALONE)
    return last or says(text, (*_USUAL, *_SAME_AGAIN))
