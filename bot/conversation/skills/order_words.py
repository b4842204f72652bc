"""The facts of orders, and the words that each of them is asked with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import lru_cache

_REMEMBERED = 32
"""Texts whose Latin words are kept: many questions are asked of one message."""


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


def words(said: str) -> tuple[str, ...]:
    """Words and phrases that stand between upright strokes."""
    return tuple(expanded(word) for word in said.split("|"))


def expanded(text: str) -> str:
    """With one kind of apostrophe, none in "don't", and "is" in whole."""
    return f"{text} ".replace("’", "'").replace("n't", "nt").replace("'s ", " is ")[:-1]


def has(text: str, words: Iterable[str]) -> bool:
    """Whether one of these words stands in a text, case folded; as words of their own where they are Latin."""
    latin = _latin(text)
    return any(f" {word} " in latin if word.isascii() else word in text for word in words)


@lru_cache(_REMEMBERED)
def _latin(text: str) -> str:
    """The Latin words of a text, each between gaps."""
    spaced = "".join(one if one.isascii() and (one.isalnum() or one == "'") else " " for one in text)
    return f" {' '.join(spaced.split())} "


WORDS: Mapping[Fact, tuple[str, ...]] = {
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
        "|哪个城市|which town|which city|which country|what city|what town"
        "|only one of|not arrived|hasn't arrived|haven't received|hasn't come|hasn't turned up"
        "|didn't arrive|never arrived|never came|not here|isn't here|didn't turn up|hasn't turned up|not turned up"
        "|never turned up|only one came|only got one|只到了|只收到",
        Fact.CARRIER: "什么快递|哪家快递|哪个快递|快递公司|谁送|谁派送|谁家的快递|哪家物流|什么物流|单号"
        "|carrier|courier|parcel number|which company|what company"
        "|tracking number|tracking no|who delivers|who's delivering"
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
        "|里头|有些啥|有些什么|contain|contains|contents"
        "|the rest",
        Fact.PAID_WITH: "怎么支付的|支付方式|怎么付的|什么付的|什么支付的|用什么付|用的什么付|哪种方式付|怎么付了"
        "|怎么付的钱|how did i pay|did i pay by|did i pay with|did i pay it by|paid by what"
        "|use to pay|used to pay|pay using|paid using|paid or not|paid yet"
        "|paid with"
        "|with what|付过|付没付|付款没|付钱没|付了吗|付了没|have i paid|is it paid|was it paid"
        "|what did i pay with|which card did i|did i use a card|paid by card"
        "|what card|which card|pay for that one|card or",
        Fact.ADDRESS: "寄到哪里|寄到哪儿|送到哪里|送到哪儿|寄去哪|送去哪|发到哪里|收货地址|哪个地址|什么地址"
        "|送货地址|寄给谁|收件人|收货人|recipient|receiving|which address|what address|being sent to"
        "|being shipped to|delivered to"
        "|going to which|where is it going|sent where|send it to|sent it to|it going|is that going"
        "|shipping it to|寄的是哪|寄往|发往|送的是哪",
        Fact.DEAREST: "最贵|花得最多|花的最多|金额最高|most expensive|priciest|dearest|dearer|pricier|贵的是"
        "|cost me the most"
        "|cost the most|cost most|costs most|biggest",
        Fact.SPENT: "在你们家|在你们店|在你家|你们这儿花|累计|spent with you|spent here|spent in total"
        "|spent so far|ever spent|spend with you|have i spent",
        Fact.COSTS: "运费|邮费|快递费|优惠了|减了|折扣|折前|postage|delivery charge|delivery fee|delivery cost"
        "|shipping fee|shipping cost|shipping charge|charged shipping|charged for shipping"
        "|charged for delivery|for shipping|was shipping|is shipping|was delivery|did i get a discount"
        "|before the discount|deduction|deducted|taken off|扣了|抵扣|抵了|打了几折|优惠了吗"
        "|knock off|knocked off|come off|came off|discount on my|discount on our|my discount"
        "|trade discount|get the discount|got the discount|get my discount",
        Fact.UNPAID: "没付|未付|不付|留到|保留|don't pay|didn't pay|not pay|haven't paid|not paid|unpaid"
        "|owe|欠|还要付|应付|keep my|hold my|keep it for me|hold it for me",
        Fact.RECORD: "谁签|签的|谁收|不是我收|放哪|放在哪|代收|报关|清关|海关|物流记录|物流信息|轨迹|最后一次更新"
        "|最近一次更新|环节|发的货|几号发的|哪天发的|什么时候发的|when was it sent|when was it shipped"
        "|when did it ship"
        "|when did it leave|who took|took in|took it|who signed|sign for|signed for|who received|customs"
        "|left with|handed to|to who|to whom|with whom"
        "|neighbour|neighbor|scan|scans|tracking history|last update|latest update",
        Fact.PAID: "付款成功|支付成功|付成功|付上了|收到付款|收到钱|收到我的钱|收到我的付款|钱收到|payment went through"
        "|payment gone through|payment go through|payment come through|payment arrived|payment received|get my payment"
        "|got my payment|receive my payment|received my payment|did my payment|get the money|received the money",
        Fact.PACKED: "打包了|打包好了|打包没|已打包|已经打包|packed",
        Fact.CHEAPEST: "最便宜|最少钱|cheapest|cost the least|least expensive",
        Fact.TIMES: "几次|多少次|多少回|几回|how many times|how often",
        Fact.WHY: "为什么|为何|为啥"
        "|凭什么|原因|理由|why|reason|how come|凭啥|咋没|怎么不是|咋不是|怎么才|咋才|grounds",
    }.items()
}
"""What asks for each fact, folded."""
