"""Order numbers and quantities."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nlu.entities.amounts import MEASURES
from nlu.entities.numerals import DIGIT_ZH, NUMERAL_ZH, chinese_number
from nlu.entities.spans import Span
from nlu.types import EntityKind

_WORDS_EN = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "a dozen": 12, "a couple of": 2, "a pair of": 1, "both": 2, "twenty": 20,
}  # fmt: skip
_WORD_EN = "|".join(sorted(map(re.escape, _WORDS_EN), key=len, reverse=True))

_DOZENS_EN = {w: 12 * value for w, value in _WORDS_EN.items() if value < 11} | {
    "half a": 6,
    "half": 6,
    "a": 12,
}
_DOZEN_EN = "|".join(sorted(map(re.escape, _DOZENS_EN), key=len, reverse=True))

_UNITS_EN = (
    r"days?|weeks?|months?|years?|hours?|hrs?|minutes?|mins?|times?|items?|pieces?|pcs|pairs?|units?|things?|parcels?"
    r"|packages?|pounds?|dollars?|euros?|bucks?|quid|yuan|rmb|usd|percent"
)
# 订单3天了 and "the order is 2 weeks late" name no order: the shorter a number, the likelier it counts something.
_COUNTED = (
    rf"(?<!\d\d\d\d)\s?(?:[天周月日号个件小分元块折次点双条位份]|{_UNITS_EN})(?![A-Za-z])"
    r"|(?<!\d\d\d)\s?(?:of|more|[%％])(?![A-Za-z])|年(?<=(?:19|20)\d\d年)"
    r"|\s?(?:小时|元|块钱?|dollars?|yuan|euros?)(?![A-Za-z])"
)
_ORDINAL = r"\d{1,3}(?:st|nd|rd|th|am|pm|x|h|d|hrs?|mins?|days?|weeks?|pcs)(?![A-Za-z\d])"
_SHAPED = rf"(?!{_ORDINAL})[A-Za-z]{{0,4}}[-_]?\d[\dA-Za-z]*+(?:-[\dA-Za-z]++){{0,3}}+"
_CUED_ORDER = re.compile(
    rf"(?:订单编号|订单号码?|订单|单号|编号|\border\s?(?:number|num|no\.?|nr\.?|id)?|\bpurchase|\bpo)"
    rf"\s*+(?:是|为|is|was|:|：|\#|号|no\.?)*+\s*+(?:[\#:]\s*+)?(?P<number>{_SHAPED})(?![\w-])(?!{_COUNTED})",
    re.IGNORECASE | re.ASCII,
)
# "I want to order 2 lamps" orders, "has order 12 left" names one.
_ORDERING = re.compile(
    r"(?<!\bmy\s)(?<!\bthe\s)(?<!\bis\s)(?<!\bfor\s)(?<!\babout\s)(?<!\bhas\s)(?<!\bof\s)(?<!\bon\s)(?<!\bwas\s)"
    r"\border\s\d{1,2}(?=\s[a-z])"
    r"|(?:(?<=\bi\s)|(?<=\bwe\s)|(?<=\bll\s)|(?<=nna\s)|(?<=\b(?:want|like|need|wish)\sto\s))order\s\d{1,2}(?!\d)",
    re.IGNORECASE,
)
_HASH = re.compile(r"#\s?(?P<number>[A-Za-z]{0,4}-?\d{3}[\dA-Za-z-]*+)", re.ASCII)
_TYPICAL = re.compile(
    r"(?<![\w-])(?P<number>[A-Za-z]{1,4}-?\d{5,}(?:-\d+)?|\d{4,8}-\d{3,8}(?:-[A-Za-z0-9]{1,4})?|\d{4,8}-[A-Za-z])(?![\w-])",
    re.ASCII,
)
_LONG = re.compile(r"(?<![\w.¥￥$€£-])(?P<number>\d{8,24})(?![\w.-])", re.ASCII)
# What stands right before a number that is no order's: 预算3000, 验证码123456, "Austin, TX 78701".
_OTHER_CUE = re.compile(
    r"""(?:预算|满|减|积分|验证码|校验码|动态码|邮编|邮政编码|报错|错误码?|错误代码|代码|状态码|价|价格|人民币|花了|付了|卖|便宜|少|约
      |密码|口令|(?<!单)(?<!单号)(?<!单的)(?P<tail>尾号)|(?<!单)(?<!单号)后四位|分机|型号|[转版第]
      |\b(?:zip|postcode|postal\scode|zip\scode|error|(?<!order\s)code|otp|pin|model|budget|ext|extension|version|points))
    (?:是|为|有|到|了|码|号|\bis|\bof|\bcode|\bnumber)?[\s:：]*$
    | (?:(?:^|[\s,])(?-i:AL|AK|AZ|AR|CA|CT|DC|FL|GA|IL|IA|KS|KY|MD|MN|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|RI|SC|SD|TN|TX|UT|VT
      |VA|WA|WV|WI|WY)|,\s?(?-i:CO|DE|HI|ID|IN|LA|MA|ME|MI|MS|OH|OK|OR|PA))\s$""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_LOOKED_BACK = 16
# 尾号3317那个到哪了 means an order all the same.
_OF_AN_ORDER = re.compile(r"\s?的?那?(?:个(?!手机)|单|订单|快递|包裹|到哪)")
_BARE = re.compile(
    r"(?<![\w.¥￥$€£:/-])(?P<number>\d{4,7})(?!\s?(?:元|块|年|个|件|双|号楼|室|w\b|mah|ml|g\b|kg|cm|mm|米|克|毫升|%|yuan|usd|dollars?|pounds?|euros?|以内|以下|以上|左右|之内|内|积分|分|毫安|多|points?|people|times)|[\w.:/-])",
    re.IGNORECASE | re.ASCII,
)
_ALONE = re.compile(r"\s?#?(?P<number>[A-Za-z]{0,4}-?\d{3,24}+(?:-[\dA-Za-z]{1,40}+){0,2})\s?[。.!?？!]?\s?")
_YEAR = re.compile(r"(?:19|20)\d\d")

_NOT_COUNTED = (
    "(?!月|小时|星期|礼拜|人|问题|事|钟头|地址|订单|快递|包裹|客服|电话|价|字|意思|样|优惠|办法|时间|东西都"
    "|工作日|账号|多月|多小时|多星期|多礼拜|多钟头|半(?:小时|月|钟头|星期|礼拜)|解释|说法|短信|消息|信息|通知|邮件|验证码)"
)
# 一支付, 一部分 and 9包邮 count nothing.
_OTHER_WORDS = (
    "支[付持援撑]|部[分门位队]|对[一比]|条龙|包[裹装邮含括]|打[开折电扰听算包印游球字我你架]|把手|套路"
)
_MEASURED = f"(?!{_OTHER_WORDS})(?:{MEASURES})"
_QUANTITY_ZH = re.compile(
    rf"(?<![\d.第每这那哪某另几数统同{DIGIT_ZH}十百千万])(?!一块(?!钱)|万)"
    rf"(?P<number>半(?=打)|\d{{1,5}}|{NUMERAL_ZH}{{1,7}})\s?{_MEASURED}{_NOT_COUNTED}"
)
_EACH = re.compile("[二三四五六七八九]一$")
_QUANTITY_EN = re.compile(
    rf"""\b(?P<dozens>\d{{1,2}}|{_DOZEN_EN})\sdozens?\b(?!\s(?:times|e?mails|messages|calls|people|reasons|others?)\b)
    | (?<!\bpage\s)(?<!\bstep\s)(?<!\bvolume\s)(?<!\bvol\s)(?<!\bpart\s)(?<!\bchapter\s)(?<!\bday\s)
      \b(?P<number>\d{{1,5}}|{_WORD_EN})\s?(?:(?:more|extra|additional)\s)?
      (?:pcs?|pieces?|pairs?|items?|boxes|bottles?|packs?|units?|sets?|copies|
      of\s(?:them|these|those|each)|(?<!one\s)(?<!\b1\s)of(?=\sthe\s(?!month|year|week|day)[a-z])|
      mugs|cups|shirts|shoes|lamps|bags)\b
    | \b(?:qty|quantity|amount)\s?[:=]?\s?(?P<stated>\d{{1,5}})\b
    | \b(?P<more>[2-9]|\d\d|{_WORD_EN})\smore(?=\s(?:please|pls)\b|[.,!?]|$)
    | (?:\b(?:i|we)(?:'d|\swould)?\s(?:just\s|only\s)?(?:want|need|like|take|order|ordered|bought)\s)
      (?P<wanted>[1-9]|1[0-2]|two|three|four|five|six)(?=\s(?:please|pls|in)\b|[.,!?]|$)
    | (?<![\w*×.])(?<!\d\s)(?:[x×]\s?|\*)(?P<times>\d{{1,3}})(?![\w.*×]|\s?[x×%])
    | \b[a-z]{{1,4}}-?\d{{1,6}}\s?[x×*]\s?(?P<ofcode>\d{{1,2}})\b(?!\s?[x×*%])
    | \b(?P<timesafter>\d{{1,3}})\s?[x×](?=\s(?!\d)|$)""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)


def order_numbers(text: str) -> Iterator[Span]:
    """Order numbers, surest first; the value is in upper case, without `#` and spaces."""
    for pattern, score in ((_CUED_ORDER, 1.0), (_HASH, 1.0), (_TYPICAL, 0.9), (_LONG, 0.7)):
        for match in pattern.finditer(text):
            if not _ORDERING.match(text, match.start()):
                yield _order(match, score)
    alone = _ALONE.fullmatch(text)
    if alone:
        yield _order(alone, 0.8)
    for match in _BARE.finditer(text):
        if not _YEAR.fullmatch(match["number"]) and not _is_of_something_else(match):
            yield _order(match, 0.5)


def _is_of_something_else(match: re.Match[str]) -> bool:
    start = match.start()
    cue = _OTHER_CUE.search(match.string, max(0, start - _LOOKED_BACK), start)
    return cue is not None and not (cue["tail"] and _OF_AN_ORDER.match(match.string, match.end()))


def _order(match: re.Match[str], score: float) -> Span:
    start, end = match.span("number")
    return Span(EntityKind.ORDER_NUMBER, start, end, match["number"].upper().strip("-_"), score)


def quantities(text: str) -> Iterator[Span]:
    """Numbers of things; the value is a whole number."""
    for match in _QUANTITY_ZH.finditer(text):
        written = match["number"]
        # In 三十五一罐 one costs thirty-five.
        start = match.start() + (len(written) - 1 if _EACH.search(written) else 0)
        number = _counted_zh(match.string[start : match.end("number")], match[0].endswith("打"))
        if number:
            yield Span(EntityKind.QUANTITY, start, match.end(), str(number), 0.9)
    for match in _QUANTITY_EN.finditer(text):
        # The code in "RF-5520 x 2" is the product's.
        start = match.start(match.lastgroup) if match.lastgroup in ("ofcode", "wanted") else match.start()
        yield Span(EntityKind.QUANTITY, start, match.end(), str(_counted_en(match)), 0.9)


def _counted_zh(written: str, in_dozens: bool) -> int:
    if written == "半":
        return 6
    number = int(written) if written.isdigit() else chinese_number(written) or 0
    return number * 12 if in_dozens else number


def _counted_en(match: re.Match[str]) -> int:
    written = match[match.lastgroup or 0].lower()
    if match["dozens"]:
        return int(written) * 12 if written.isdigit() else _DOZENS_EN[written]
    return int(written) if written.isdigit() else _WORDS_EN[written]
