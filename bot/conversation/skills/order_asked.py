"""What a message asks about orders: which facts, of one or of several, by words that each of them is asked with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from functools import lru_cache

from bot.conversation.turn import Turn
from nlu.types import EntityKind


class Fact(StrEnum):
    """Something that may be asked of an order."""

    ARRIVAL = "arrival"
    """When it comes or came."""
    ARRIVED = "arrived"
    """Whether it has come."""
    SENT = "sent"
    """Whether, or when, it has left."""
    LATE = "late"
    ON_TIME = "on_time"
    STILL = "still"
    """Where it stands still, and since when."""
    WHERE = "where"
    CARRIER = "carrier"
    TOTAL = "total"
    COUNT = "count"
    PLACED = "placed"
    CONTENTS = "contents"
    PAID_WITH = "paid_with"
    ADDRESS = "address"
    DEAREST = "dearest"
    CHEAPEST = "cheapest"
    SPENT = "spent"
    DAY = "day"
    """A day, of what is spoken of."""
    TIMES = "times"
    """How often something was bought."""
    WHY = "why"
    COSTS = "costs"
    """What its total is made up of: goods, discount, shipping."""
    UNPAID = "unpaid"
    """What becomes of an order that is not paid, or till when it is kept."""
    PAID = "paid"
    """Whether its money has come."""
    PACKED = "packed"
    RECORD = "record"
    """All that the carrier has said of its way, or who took it in."""


OF_DELIVERY = frozenset(
    {Fact.ARRIVAL, Fact.ARRIVED, Fact.SENT, Fact.LATE, Fact.ON_TIME, Fact.STILL, Fact.WHERE, Fact.CARRIER}
    | {Fact.RECORD}
)
OF_MONEY = frozenset({Fact.TOTAL, Fact.COSTS, Fact.UNPAID, Fact.PAID_WITH})
OF_ALL = frozenset({Fact.DEAREST, Fact.CHEAPEST, Fact.TIMES, Fact.SPENT})
"""What is asked of all orders of a customer and not of one."""


def words(said: str) -> tuple[str, ...]:
    """Words and phrases that stand between upright strokes."""
    return tuple(_expanded(word) for word in said.split("|"))


def _expanded(text: str) -> str:
    """With one kind of apostrophe, none in "don't", and "is" in whole."""
    return f"{text} ".replace("’", "'").replace("n't", "nt").replace("'s ", " is ")[:-1]


_WORDS: Mapping[Fact, tuple[str, ...]] = {
    fact: words(said)
    for fact, said in {
        Fact.ARRIVED: "到了吗|到了没|到没到|到货了|送到了|签收了|收到了吗|已经到了|has arrived|has it arrived"
        "|has that arrived|arrived yet|delivered yet|been delivered|get there|got there|did it arrive"
        "|was it delivered",
        Fact.ARRIVAL: "能到|会到|到吗|送到吗|能送到|will it arrive|will it come|will it get|arrive by|be here"
        "|promised|预计|本来说|说好|make it|will they|will that arrive|will that come|will mine|先到|here first"
        "|arrive first"
        "|arrives first|come first|comes first|sooner",
        Fact.SENT: "发货|发出|寄出|发了|发没发|出库|shipped|dispatched|sent out|been sent|sent yet|ship yet"
        "|发走|left the warehouse|left yet|left you|gone out|on the way|on its way|in transit|能发|会发|没发"
        "|will it ship|going to ship",
        Fact.LATE: "晚了|晚到|到晚|迟|超时|延误|耽误|晚点|过了时间|late|delay|delays|delayed|overdue|behind schedule",
        Fact.ON_TIME: "准时|按时|on time|on schedule|on track",
        Fact.STILL: "卡|停在|停了|不动|没动|没更新|没有更新|没变化|stuck|standing still|stand still|not moved"
        "|hasn't moved|moving|held up|holding up|hung up|since when|no update|not updated|动静|last seen"
        "|was it seen|last place|sitting|still there|no movement",
        Fact.WHERE: "到哪|在哪|哪了|走到|没到|还不到|没收到|没来|只到|到了一半|咋回事|怎么回事|什么情况|啥情况|怎么样了"
        "|咋样了|where|where's|wheres|whereabouts|happening|going on|what's up|only half|only part"
        "|only one of|not arrived|hasn't arrived|haven't received|hasn't come|hasn't turned up"
        "|didn't arrive|never arrived|never came|not here|isn't here|didn't turn up|hasn't turned up|not turned up"
        "|never turned up|only one came|only got one|只到了|只收到",
        Fact.CARRIER: "什么快递|哪家快递|哪个快递|快递公司|谁送|谁派送|谁家的快递|哪家物流|什么物流|单号"
        "|carrier|courier|tracking number|tracking no|who delivers|who's delivering"
        "|who is delivering|shipping with|哪家发|哪家送|谁家发|哪个公司送|tracking|bringing it"
        "|brings it|who is bringing",
        Fact.TOTAL: "多少|总价|总额|花了|花费|花多少|金额|一共|总共|合计|how much|整单|total|altogether|amount|cost"
        "|costs|price|bottom line"
        "|did i pay|did i spend|have i spent|i paid for it|set me back|in all|come to",
        Fact.CONTENTS: "里面|有什么|有哪些|有啥|装了什么|装了啥|的是啥|买了什么|买了啥|买了些什么|买的什么"
        "|买的啥|哪个商品"
        "|哪件商品|什么东西|什么商品|what's in|whats in|what is in|what was in|in it|in there|in that"
        "|what is on the way|what is on its way|what is coming|what else|which item|what item|which product"
        "|what was it|what did i buy|what did i order"
        "|what did i get|i picked|i chose|拍了些啥|拍了啥|都拍了|啥东西|what have i ordered|what have i bought"
        "|里头|contain|contains|contents"
        "|the rest",
        Fact.PAID_WITH: "怎么支付的|支付方式|怎么付的|什么付的|什么支付的|用什么付|用的什么付|哪种方式付|怎么付了"
        "|怎么付的钱|how did i pay|did i pay by|did i pay with|did i pay it by|paid by what|paid with"
        "|with what|付过|付了吗|付了没|have i paid|is it paid|was it paid"
        "|what did i pay with|which card did i|did i use a card|paid by card"
        "|what card|which card|pay for that one|card or",
        Fact.ADDRESS: "寄到哪里|寄到哪儿|送到哪里|送到哪儿|寄去哪|送去哪|发到哪里|收货地址|哪个地址|什么地址"
        "|送货地址|寄给谁|收件人|收货人|recipient|receiving|which address|what address|being sent to"
        "|being shipped to|delivered to"
        "|going to which|where is it going|where's it going|sent where|send it to|sent it to"
        "|are they going|is that going|shipping it to|is it going to|going to|寄的是|寄往|发往|送的是",
        Fact.DEAREST: "最贵|花得最多|花的最多|金额最高|most expensive|priciest|dearest|dearer|pricier|贵的是"
        "|cost me the most"
        "|cost the most|cost most|costs most|biggest",
        Fact.SPENT: "在你们家|在你们店|在你家|你们这儿花|累计|spent with you|spent here|spent in total"
        "|spent so far|ever spent|spend with you|have i spent",
        Fact.COSTS: "运费|邮费|快递费|优惠了|减了|折扣|折前|postage|delivery charge|delivery fee|delivery cost"
        "|shipping fee|shipping cost|shipping charge|charged shipping|charged for shipping"
        "|charged for delivery|for shipping|was shipping|is shipping|was delivery|did i get a discount"
        "|before the discount|deduction|deducted|taken off|扣了",
        Fact.UNPAID: "没付|未付|不付|留到|保留|don't pay|didn't pay|not pay|haven't paid|not paid|unpaid"
        "|owe|欠|还要付|应付|keep my|hold my|keep it for me|hold it for me",
        Fact.RECORD: "谁签|签的|谁收|不是我收|放哪|放在哪|代收|报关|清关|海关|物流记录|物流信息|轨迹|最后一次更新"
        "|最近一次更新|环节|发的货|几号发的|哪天发的|什么时候发的|when was it sent|when was it shipped"
        "|when did it ship"
        "|when did it leave|who took|took in|took it|who signed|sign for|signed for|who received|customs"
        "|scan|scans|tracking history|last update|latest update",
        Fact.PAID: "付款成功|支付成功|付成功|付上了|收到付款|收到钱|收到我的钱|收到我的付款|钱收到|payment went through"
        "|payment gone through|payment go through|payment come through|payment arrived|payment received|get my payment"
        "|got my payment|receive my payment|received my payment|did my payment|get the money|received the money",
        Fact.PACKED: "打包了|打包好了|打包没|已打包|已经打包|packed",
        Fact.CHEAPEST: "最便宜|最少钱|cheapest|cost the least|least expensive",
        Fact.TIMES: "几次|多少次|多少回|几回|how many times|how often",
        Fact.WHY: "为什么|为何|为啥"
        "|怎么取消了|怎么就取消|怎么被取消|凭什么|原因|理由|why|reason|how come|凭啥|咋没|grounds",
    }.items()
}
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
    "什么时候|啥时候|什么时间|几点|几号|哪天|日期|几时|多久|when|what time|what day|which day|date|eta|how long"
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
_DUTY = words("关税|税|duty|duties|tax|taxes")
_EACH = words("one|each|apiece|单价|一个|一只|一件|每个|每件")
_NO_COUNT = words("几号|几天|几点|几时|几月|几次|几回|哪几|好几|这几|那几|几块|几毛")
_COMES = words(
    "到|送|收到|签收|来|arrive|arriving|come|coming|deliver|delivered|get here|get it|did i get"
    "|i get|arrived|be here|here|receive|received|reach|get to|show up|showing up|turn up|turning up|turned up"
    "|make it|expect|eta|due"
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
_REMEMBERED = 32
"""Texts whose Latin words are kept: many questions are asked of one message."""
_BARE = 6
_BRIEF = 60


def facts(turn: Turn) -> frozenset[Fact]:
    """What the words ask for; with a day that is to come, whether it is there by then."""
    asked = asked_in(turn.text) or asked_in(turn.asked_before)
    return asked | {Fact.ARRIVAL} if _by_a_day(turn) else asked


def asked_in(text: str) -> frozenset[Fact]:
    """What words ask for."""
    said = _folded(text)
    found = {fact for fact, asking in _WORDS.items() if _has(said, asking)}
    rest = said
    for word in _NO_COUNT:
        rest = rest.replace(word, "")
    if "几" in rest or _has(said, _COUNTED):
        found.add(Fact.COUNT)
        if "how many" in said or "多少" in said:
            found.discard(Fact.CONTENTS)
    was_paid = _has(said, _WAS_PAID) and _has(said, ("pay", "paid"))
    if was_paid or (_has(said, _PAYING) and _has(said, _HOW) and not _has(said, _HOW_MUCH)):
        found.add(Fact.PAID_WITH)
    found |= _by_two(said)
    if _has(said, _WHEN) and not found & {Fact.SENT, Fact.STILL, Fact.TIMES}:
        found.add(Fact.PLACED if _has(said, _BOUGHT) else Fact.ARRIVAL if _has(said, _COMES) else Fact.DAY)
        found -= {Fact.ARRIVED} if Fact.ARRIVAL in found else set()
    if Fact.TOTAL in found and _has(said, _EACH):
        found = found - {Fact.TOTAL} | {Fact.CONTENTS}
    if found & OF_ALL:
        found &= OF_ALL
    for fact, others in _WITHOUT.items():
        found -= others if fact in found else set()
    return frozenset(found - {Fact.RECORD} if _has(said, _DUTY) else found)


def _by_two(said: str) -> set[Fact]:
    """What is asked with words of two kinds that mean it together."""
    found = {Fact.COSTS} if "%" in said else set()
    if _has(said, _HAVE_PAID) and _has(said, _IS_THERE):
        found.add(Fact.PAID)
    if _has(said, _HOURS) and _has(said, _COMES):
        found.add(Fact.ARRIVAL)
    if _has(said, _WHEN) and _has(said, _TO_PAY):
        found.add(Fact.UNPAID)
    return found


def asking_words(text: str) -> frozenset[str]:
    """The Latin words that ask for a fact: they name no product."""
    said = _folded(text)
    found = (
        phrase
        for asking in _WORDS.values()
        for phrase in asking
        if phrase.isascii() and _has(said, (phrase,))
    )
    return frozenset(word for phrase in found for word in phrase.split())


def _folded(text: str) -> str:
    """In small letters, with "is" in whole, and without what holds other words: 到底 asks for no arrival."""
    return _expanded(text.casefold()).replace("到底", "").replace("订单号", "订单")


def _by_a_day(turn: Turn) -> bool:
    """Whether something is to be there by a day: it is read so, or the words say that it comes on a day to come."""
    day = turn.named(EntityKind.DATE)
    if day is None:
        return False
    wished = {wish.intent for wish in turn.acts.wishes} | {turn.intent}
    to_come = date.fromisoformat(day) >= turn.now.astimezone(turn.zone).date()
    of_rules = bool(wished & turn.skills.of_rules)
    return "delivery_time" in wished or (to_come and not of_rules and _has(_folded(turn.text), _COMES))


def of_an_hour(text: str) -> bool:
    """Whether words ask for a time of day."""
    return _has(_folded(text), _HOURS)


def of_several(text: str) -> bool:
    """Whether words plainly speak of more than one order."""
    return _has(_folded(text), _SEVERAL)


def together(text: str) -> bool:
    """Whether words may speak of more than one order."""
    said = _folded(text)
    return of_several(text) or (_has(said, _TOGETHER) and not _has(said, _ONE))


def how_many(text: str) -> int:
    """How many orders words speak of; 0 where they don't say."""
    said = _folded(text)
    return next((count for count, words in _FOR_HOW_MANY.items() if _has(said, words)), 0)


def of_an_order(text: str) -> bool:
    """Whether words name an order by what is in it."""
    return _has(_folded(text), _OF_AN_ORDER)


def mine(text: str) -> bool:
    """Whether words speak of something of the customer's."""
    return _has(_folded(text), _MINE)


def of_an_own_order(text: str) -> bool:
    """Whether words plainly speak of something that the customer has ordered."""
    return _has(_folded(text), _OF_AN_OWN_ORDER)


def owned(text: str) -> bool:
    """Whether words speak of something that the customer has, or has ordered."""
    return mine(text) or of_an_own_order(text) or _has(_folded(text), _HAD)


def of_the_past(text: str) -> bool:
    """Whether words speak of an order by when it was placed."""
    return _has(_folded(text), (*_BOUGHT, *_FROM_A_DAY))


def where_is_mine(text: str) -> bool:
    """Whether words ask where something of the customer's is."""
    said = _folded(text)
    return len(said) <= _BRIEF and ("我" in said or "my" in said) and _has(said, _WORDS[Fact.WHERE])


def of_purchases(text: str) -> bool:
    """Whether words ask what the customer has bought."""
    said = _folded(text)
    return len(said) <= _BRIEF and _has(said, _PURCHASES)


def names_orders(text: str) -> bool:
    """Whether words speak of orders or parcels by name."""
    return _has(_folded(text), (*_ORDERS, *_OF_AN_OWN_ORDER, "包裹", "my parcel", "my order"))


def of_all_orders(text: str) -> bool:
    """Whether words ask of all orders which is dearest, or how often there was one."""
    return names_orders(text) and bool(asked_in(text) & OF_ALL)


def _has(text: str, words: Iterable[str]) -> bool:
    """Whether one of these words stands in a text, case folded; as words of their own where they are Latin."""
    latin = _latin(text)
    return any(f" {word} " in latin if word.isascii() else word in text for word in words)


@lru_cache(_REMEMBERED)
def _latin(text: str) -> str:
    """The Latin words of a text, each between gaps."""
    spaced = "".join(one if one.isascii() and (one.isalnum() or one == "'") else " " for one in text)
    return f" {' '.join(spaced.split())} "


def says(text: str, words: Iterable[str]) -> bool:
    """Whether one of these words stands in a message; as words of their own where they are Latin."""
    return _has(_folded(text), words)


def of_the_way_back(text: str) -> bool:
    """Whether words speak of what is sent back."""
    return _has(_folded(text), _BACK)


def lists_all(text: str) -> bool:
    """Whether words ask to see all orders, and not what has become of one."""
    said = _folded(text)
    if _has(said, _MOVED) or _has(said, _ONE) or asked_in(said) & (OF_ALL | OF_DELIVERY - {Fact.WHERE}):
        return False
    if _has(said, _LISTED):
        return True
    alone = len(said.strip()) <= _BARE or said.strip(" .!?。！？") in ("my orders", "orders")
    return _has(said, _ORDERS) and (alone or _has(said, _LOOKED_AT))
