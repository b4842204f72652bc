"""What a message asks about orders: which facts, of one or of several, by words that each of them is asked with."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from bot.conversation.skills.order_words import WORDS, Fact, expanded, has, words
from bot.conversation.turn import Turn
from nlu.types import EntityKind

OF_DELIVERY = frozenset(
    {Fact.ARRIVAL, Fact.ARRIVED, Fact.SENT, Fact.LATE, Fact.ON_TIME, Fact.STILL, Fact.WHERE, Fact.CARRIER}
    | {Fact.RECORD}
)
OF_MONEY = frozenset({Fact.TOTAL, Fact.COSTS, Fact.UNPAID, Fact.PAID_WITH})
OF_ALL = frozenset({Fact.DEAREST, Fact.CHEAPEST, Fact.TIMES, Fact.SPENT})
"""What is asked of all orders of a customer and not of one."""


_PAYING = words("付的|付款|付钱|支付")
_HAVE_PAID = words("我付|已付|付过|付完|i paid|i've paid|have paid")
_IS_THERE = words(
    "did u receive it|did you receive it|did u get it|did you get it|have you got it|你们收到|收到了吗"
)
_WAS_PAID = words("how was|how were|how did|how had")
_TO_PAY = words("得付|要付|付掉|付清|can i pay|must i pay|to pay|pay by")
_HOW = words("怎么|咋|什么|啥|哪")
_HOW_MUCH = words("how much|多少")
_WHEN = words(
    "什么时候|啥时候|什么时间|几点|几号|哪天|日期|几时|多久|还要几天|还得几天|几天能|几天到|再等几天"
    "|when|what time|what day|which day|date|eta|how long"
)
_HOURS = words("几点|上午|下午|早上|中午|晚上|傍晚|what time|morning|afternoon|evening|tonight|noon")
_COUNTED = words("多少件|多少个|数量|how many|quantity|number of")
_WITHOUT = {
    Fact.COUNT: {Fact.TOTAL},
    Fact.ADDRESS: {Fact.WHERE},
    Fact.UNPAID: {Fact.PAID_WITH, Fact.PLACED, Fact.DAY},
    Fact.PAID_WITH: {Fact.TOTAL},
    Fact.PAID: {Fact.TOTAL, Fact.PAID_WITH, Fact.ARRIVED, Fact.CARRIER},
}
"""What is not asked besides a fact, though its words may mean it, too."""
_OF_A_SUM = words("多少钱|how much")
_DUTY = words("关税|税|duty|duties|tax|taxes")
_APIECE = words("each|apiece|单价|每个|每件")
_EACH = (*_APIECE, *words("one|一个|一只|一件"))
_POINTS_AT_ONE = words("that one|this one|which one|the one|other one|first one|second one|last one|one of")
_NO_COUNT = words("几号|几天|几点|几时|几月|几次|几回|哪几|好几|这几|那几|几块|几毛")
_COMES = words(
    "到|送|收到|签收|来|arrive|arriving|come|coming|deliver|delivered|get here|get it|did i get"
    "|i get|arrived|be here|here|receive|received|reach|get to|show up|showing up|turn up|turning up|turned up"
    "|make it|expect|eta|due|land|landing|doorstep|be with me"
)
_BOUGHT = words(
    "下单|下的单|下的|买的|订的|拍的|买了|购买|did i order|did i buy|did i place|was it placed"
    "|was it ordered|bought|placed|ordered"
)
_SEVERAL = words(
    "哪个先|哪单先|谁先|先到|sooner|here first|arrive first|come first|arriving first|coming first"
    "|两单|三单|四单|几单|两个订单|三个订单|几个订单|所有订单|全部订单|两个都|每单|both|all three"
    "|all two|all four|the two|the three|two of|three of|all of them|all my orders|each of"
    "|all orders|which of my orders|which orders|哪些订单|哪几单|哪些单|哪几个订单|还有哪些没到|哪些还没到"
)
_TOGETHER = words(
    "一共|总共|合计|加起来|一起|两个|三个|都|全部|所有|all|together|altogether|they|them|these|those"
    "|total|each|sooner|first|earlier|先到|先送|俩|今年|this year|so far|ever"
)
_OF_AN_ORDER = words("那单|这单|那个订单|order|the one with")
_ONE = words("那单|这单|it|that order|this order|that one|this one")
_LISTED = words(
    "订单列表|订单记录|订单历史|历史订单|购买记录|都买|都订|买过|订过|下过|order history|order list"
    "|purchase history|past orders|previous orders|all my orders|have i ordered|have i bought"
)
_ORDERS = words("订单|orders|purchases")
_LOOKED_AT = words(
    "看|查|翻|打开|点开|显示|调出|列|全部|所有|see|view|find|check|look|list|show|all|display|open"
)
_MOVED = words(
    "催|尽快|加急|追踪|跟踪|退|取消|track|cancel|refund|return|status|coming|still|yet|什么时候|还没|when"
)
_BACK = words("退|寄回|return|returned|sent back|posted back|shipped back|mailed back")
_FOR_HOW_MANY = {2: ("两", "二", "2", "both", "two"), 3: ("三", "3", "three"), 4: ("四", "4", "four")}
_FROM_A_DAY = words("那单|那次|那箱|那回|the one from|i got|i picked|parcel|order from")
_MINE = words("我的|我那|我买的|我订的|my")
_OF_AN_OWN_ORDER = words(
    "我那单|我这单|我的单|我的订单|我的包裹|这单|那单|新单|整单|这几单|下过几单|我买了|我买的|我拍了|我拍的"
    "|我都拍|我订了|我订的|我下的|我昨|我付了"
    "|买的那|下的单"
    "|my order|my orders|my parcel|my package|my box|my basket|my newest|my latest|order of mine|whole order"
    "|that order|this order|big order|first order|second order|did i|i got|i bought|i ordered|i picked"
    "|i chose|i paid|was i|wasn't i|were i|you sent me|i cancelled|on the way to me|i have to pay|我要付"
)
_HAD = words("刚到的|刚收到的|收到的|到货的|订单里|mine|i have|i've got|i got|just arrived|in the order")
_PURCHASES = words(
    "买了什么|买了啥|买的什么|买的啥|买过什么|订了什么|did i buy|did i order last|did i last order"
    "|did i last buy|order did i place"
)
_LAST = words("最后|最近|last|latest")
_OF_NEWS = words("消息|动态|news|heard|heard of")
_OVERRUN = words("晚了|晚几|拖|超了|超期|逾期|past the date|past the day")
_SO_LONG = words("天|周|星期|礼拜|月|days|weeks")
_WAS_CANCELLED = words("给我取消|给取消|就取消|被取消|取消了|自己取消|自动取消")
_SINGULAR = {
    "they": "it", "them": "it", "these": "it", "those": "it", "their": "its", "are": "is", "were": "was",
    "have": "has", "they're": "it is",
}  # fmt: skip
_HAS_IT = re.compile(
    r"^(?:[^.?!]{0,80}[,.!] *)?(?:(?!you\b|i\b|we\b)\w{1,20} ){0,2}(?:has|have|did)\s++"
    r"(?!you\b|i\b|we\b|any\b)(?P<done>[^.?!]+)"
)
_DONE = {
    Fact.SENT: words("left|sent|shipped|gone out|dispatched|posted|set off"),
    Fact.ARRIVED: words("arrived|delivered|arrive|come|landed|get to|got to|reach|reached"),
    Fact.STILL: words("moved|move|budged"),
}
_DONE_YET = re.compile(r"[,.:;-]\s*(?:is it |already |been )?(?P<done>\w+)(?: yet)?\W*$")
"""The walnut loaf, sent?"""
_PAID_WITH = re.compile(r"\b(?:pay|paid)\b[^.?!]{0,80} with\W{0,8}$")
_BOUGHT_IT = re.compile(r"\bdid i (?:\w+ ){0,2}(?:order|buy|place)\b|第?[一二两三几上]?[回次]买")
_IS_THERE_YET = re.compile(
    r"\b(?:is|are) (?!you\b|it possible)[^.?!]{0,60}\b(?:here|there|in the|with me)\b[^.?!]{0,60}\byet\b"
)
_WHO_TOOK_IT = re.compile(
    r"谁.{0,4}[收签拿领](?!费|钱|款)|(?:是放|放在?了?).{0,4}(?:柜|门卫|驿站|物业|前台|保安)"
)
_IS_IT_THERE = re.compile(r"到(?!底|账|哪|时).{1,8}(?:没有?|了吗|了么|了没)[啊呀呢嘛\s？?！!。]*$")
_OF_OTHERS = ("到底", "too late", "at all")
"""到底 asks for no arrival, what is too late is not delayed, and "at all" speaks of no several."""
_PASSED = words(
    "when did it|which day did it|what day did it|哪天到的|几号到的|什么时候到的|哪天过的|几号过的|什么时候过的"
)
_WAS_TO_COME = words("本来|原来|原定|说好|预计|应该|该到|supposed|due|meant to|should")
_BARE = 6
_BRIEF = 60


def facts(turn: Turn) -> frozenset[Fact]:
    """What the words ask for; with a day that is to come, whether it is there by then."""
    asked = asked_in(turn.text) or asked_in(turn.asked_before)
    return asked | {Fact.ARRIVAL} if _by_a_day(turn) else asked


def asked_in(text: str) -> frozenset[Fact]:
    """What words ask for."""
    said = _folded(text)
    alike = _of_one_thing(said)
    found = {fact for fact, asking in WORDS.items() if has(said, asking) or has(alike, asking)}
    rest = said
    for word in _NO_COUNT:
        rest = rest.replace(word, "")
    if "几" in rest or has(said, _COUNTED):
        found.add(Fact.COUNT)
        if "how many" in said or "多少" in said:
            found.discard(Fact.CONTENTS)
    was_paid = has(said, _WAS_PAID) and has(said, ("pay", "paid"))
    if was_paid or (has(said, _PAYING) and has(said, _HOW) and not has(said, _HOW_MUCH)):
        found.add(Fact.PAID_WITH)
    found |= _by_two(said)
    if has(said, _WHEN) and not found & {Fact.SENT, Fact.STILL, Fact.TIMES}:
        found.add(Fact.PLACED if _bought(said) else Fact.ARRIVAL if has(said, _COMES) else Fact.DAY)
        found -= {Fact.ARRIVED} if Fact.ARRIVAL in found else set()
    each = has(said, _EACH) and not has(said, _POINTS_AT_ONE)
    if has(said, _APIECE) or (Fact.TOTAL in found and each):
        found = found - {Fact.TOTAL} | {Fact.CONTENTS}
    if found & OF_ALL:
        found &= OF_ALL
    both = {Fact.TOTAL} & found if has(said, _OF_A_SUM) else set()
    for fact, others in _WITHOUT.items():
        found -= others if fact in found else set()
    found |= both if Fact.COUNT in found else set()
    return frozenset(found - {Fact.RECORD} if has(said, _DUTY) else found)


def _by_two(said: str) -> set[Fact]:
    """What is asked with words of two kinds that mean it together."""
    found = {Fact.COSTS} if "%" in said else set()
    if has(said, _HAVE_PAID) and has(said, _IS_THERE):
        found.add(Fact.PAID)
    if has(said, _HOURS) and has(said, _COMES):
        found.add(Fact.ARRIVAL)
    if has(said, _WHEN) and has(said, _TO_PAY):
        found.add(Fact.UNPAID)
    if has(said, _LAST) and has(said, _OF_NEWS):
        found.add(Fact.STILL)
    if has(said, _OVERRUN) and has(said, _SO_LONG):
        found.add(Fact.LATE)
    if has(said, _HOW) and has(said, _WAS_CANCELLED):
        found.add(Fact.WHY)
    return found | _by_form(said)


def _by_form(said: str) -> set[Fact]:
    """What is asked of a thing that is named between the verb and what it has done: "have the blue wellies left?"."""
    done = _HAS_IT.search(said) or _DONE_YET.search(said)
    found = {fact for fact, words in _DONE.items() if done and has(done["done"], words)}
    found |= {Fact.ARRIVED} if _IS_IT_THERE.search(said) or _IS_THERE_YET.search(said) else set()
    found |= {Fact.RECORD} if _WHO_TOOK_IT.search(said) else set()
    return found | ({Fact.PAID_WITH} if _PAID_WITH.search(said) else set())


def _of_one_thing(said: str) -> str:
    """Words that speak of several things as they would be said of one: "have they left" as "has it left"."""
    return " ".join(_SINGULAR.get(word, word) for word in said.split())


def asking_words(text: str) -> frozenset[str]:
    """The Latin words that ask for a fact: they name no product."""
    said = _folded(text)
    found = (
        phrase for asking in WORDS.values() for phrase in asking if phrase.isascii() and has(said, (phrase,))
    )
    return frozenset(word for phrase in found for word in phrase.split())


def _folded(text: str) -> str:
    """In small letters, with "is" in whole, and without what only holds other words."""
    said = expanded(text.casefold()).replace("订单号", "订单")
    for other in _OF_OTHERS:
        said = said.replace(other, "")
    return said


def _by_a_day(turn: Turn) -> bool:
    """Whether something is to be there by a day: it is read so, or the words say that it comes on a day to come."""
    day = turn.named(EntityKind.DATE)
    if day is None:
        return False
    wished = {wish.intent for wish in turn.acts.wishes} | {turn.intent}
    to_come = date.fromisoformat(day) >= turn.now.astimezone(turn.zone).date()
    of_rules = bool(wished & turn.skills.of_rules)
    return "delivery_time" in wished or (to_come and not of_rules and has(_folded(turn.text), _COMES))


def of_an_hour(text: str) -> bool:
    """Whether words ask for a time of day."""
    return has(_folded(text), _HOURS)


def of_a_time(text: str) -> bool:
    """Whether words ask when, or till when."""
    return has(_folded(text), _WHEN)


def of_what_it_passed(text: str) -> bool:
    """Whether words ask when something on the way of a parcel was, such as its getting to a country."""
    said = _folded(text)
    return has(said, _PASSED) and not has(said, _WAS_TO_COME)


def of_several(text: str) -> bool:
    """Whether words plainly speak of more than one order."""
    return has(_folded(text), _SEVERAL)


def together(text: str) -> bool:
    """Whether words may speak of more than one order."""
    said = _folded(text)
    return of_several(text) or (has(said, _TOGETHER) and not has(said, _ONE))


def how_many(text: str) -> int:
    """How many orders words speak of; 0 where they don't say."""
    said = _folded(text)
    return next((count for count, words in _FOR_HOW_MANY.items() if has(said, words)), 0)


def of_an_order(text: str) -> bool:
    """Whether words name an order by what is in it."""
    return has(_folded(text), _OF_AN_ORDER)


def mine(text: str) -> bool:
    """Whether words speak of something of the customer's."""
    return has(_folded(text), _MINE)


def of_an_own_order(text: str) -> bool:
    """Whether words plainly speak of something that the customer has ordered."""
    return has(_folded(text), _OF_AN_OWN_ORDER)


def owned(text: str) -> bool:
    """Whether words speak of something that the customer has, or has ordered."""
    return mine(text) or of_an_own_order(text) or has(_folded(text), _HAD)


def of_the_past(text: str) -> bool:
    """Whether words speak of an order by when it was placed."""
    said = _folded(text)
    return _bought(said) or has(said, _FROM_A_DAY)


def _bought(said: str) -> bool:
    """Whether words speak of placing an order."""
    return has(said, _BOUGHT) or _BOUGHT_IT.search(said) is not None


def where_is_mine(text: str) -> bool:
    """Whether words ask where something of the customer's is."""
    said = _folded(text)
    return len(said) <= _BRIEF and ("我" in said or "my" in said) and has(said, WORDS[Fact.WHERE])


def of_purchases(text: str) -> bool:
    """Whether words ask what the customer has bought."""
    said = _folded(text)
    return len(said) <= _BRIEF and has(said, _PURCHASES)


def names_orders(text: str) -> bool:
    """Whether words speak of orders or parcels by name."""
    return has(_folded(text), (*_ORDERS, *_OF_AN_OWN_ORDER, "包裹", "my parcel", "my order"))


def of_all_orders(text: str) -> bool:
    """Whether words ask of all orders which is dearest, or how often there was one."""
    return names_orders(text) and bool(asked_in(text) & OF_ALL)


def says(text: str, words: Iterable[str]) -> bool:
    """Whether one of these words stands in a message; as words of their own where they are Latin."""
    return has(_folded(text), words)


def of_the_way_back(text: str) -> bool:
    """Whether words speak of what is sent back."""
    return has(_folded(text), _BACK)


def lists_all(text: str) -> bool:
    """Whether words ask to see all orders, and not what has become of one."""
    said = _folded(text)
    if has(said, _MOVED) or has(said, _ONE) or asked_in(said) & (OF_ALL | OF_DELIVERY - {Fact.WHERE}):
        return False
    if has(said, _LISTED):
        return True
    alone = len(said.strip()) <= _BARE or said.strip(" .!?。！？") in ("my orders", "orders")
    return has(said, _ORDERS) and (alone or has(said, _LOOKED_AT))
