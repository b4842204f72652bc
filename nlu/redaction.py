"""Taking personal data out of a text before it is logged.

Besides what a conversation is about (phone numbers, addresses, orders) it looks for names, accounts, secrets and
numbers of documents. It would rather take too much than too little: a word lost from a log costs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from nlu.entities import addresses, contact, numbers
from nlu.entities.addresses import POSTCODE_UK
from nlu.entities.numerals import FORMAL_ZH
from nlu.entities.spans import Span, end_of_last
from nlu.normalise import normalise, simplify
from nlu.types import EntityKind

_REPLACEMENTS = {
    EntityKind.EMAIL: "e-mail",
    EntityKind.PHONE: "phone",
    EntityKind.ADDRESS: "address",
    EntityKind.ORDER_NUMBER: "order",
}
_OF_MAILS = ("@", " at ", "at)", "at]", "艾特")
_SURE_ORDER = 0.7
"""Score from which a number is an order's; other short numbers stay."""
Found: TypeAlias = tuple[int, int, str]
"""Start, end and what it is."""

_GAP = r"[ \-‐-―·._()\u20e3]{0,2}"
_DIGIT = rf"[\d零〇一幺二两三四五六七八九{FORMAL_ZH}]"
# In turn: cards, identity cards and phones; six digits of anything; numbers read out (一三八零零…); 138,0013,8000;
# O for 0; IBANs; British national insurance.
_NUMBERS = re.compile(
    rf"""(?:[A-Za-z]{{1,2}})?\d(?:{_GAP}\d){{6,}}(?:\ ?[Xx](?![A-Za-z]))?(?:\(\w\)|(?<=\(\d)\))?\u20e3?
    | \d(?:[\ -]?\d){{5,}}[Xx]?
    | {_DIGIT}(?:[\ \-·.]?{_DIGIT}){{6,}}
    | \d{{2,}}(?:[.,/·~*]\s?\d{{4}}){{1,}}(?!\d)
    | (?<![A-Za-z\d])[1lI][3-9](?:[\ -]?[\dOoIl]){{9}}
    | (?<![A-Za-z\d])[A-Z]{{2}}\d{{2}}(?:\s?[A-Z\d]{{4}}){{2,7}}(?:\s?[A-Z\d]{{1,3}})?(?![A-Za-z\d])
    | (?<![A-Za-z\d])[A-Z]{{2}}\ ?\d{{2}}\ ?\d{{2}}\ ?\d{{2}}\ ?[A-D](?![A-Za-z\d])""",
    re.VERBOSE,
)
_PRICES = re.compile(r"(?:\d{1,4}\.\d{2} ?){2,}")
_CARD_CUE = re.compile(
    r"""(?:卡号|银行卡|信用卡|储蓄卡|借记卡|身份证(?:号码?)?|证件号码?|护照号?码?|账号|帐号|\bcard(?:\sn(?:umber|o\.?))?
    |\biban|\baccount\sn(?:umber|o\.?)|\bpassport(?:\sn(?:umber|o\.?))?)
    [\s:]*+(?:(?:是|为|is)[\s:]*+)?(?P<number>[A-Za-z]{0,3}\d(?:[ -]?[\dXx]){3,})""",
    re.VERBOSE | re.IGNORECASE,
)
_SECRET = re.compile(
    r"(?:密码|口令|验证码|校验码|\bpassword|\bpasscode|\bpin(?:\scode)?|\bcvv2?|\bcvc|\botp)[\s:]*+(?:(?:改成|是|为|is)[\s:]*+)?"
    r"(?P<secret>(?=[A-Za-z_@#$%!*]*+\d)[A-Za-z\d_@#$%!*.]{3,})",
    re.IGNORECASE,
)
# "password: correcthorse" tells one, "password reset" and "password: wrong" do not.
_NOT_TOLD = (
    r"(?!(?:reset|error|wrong|invalid|incorrect|forgot(?:ten)?|login|log|help|please|pls|app|wifi|change[ds]?|expired?|lost|not"
    r"|doesn't|does|isn't|can't|cannot|won't|required|missing|none|unknown|and|but|the|my|is|it|email|e-mail|sms|page|link|code"
    r"|protected|manager|recovery|rejected|failed|issue|problem|hint)(?![A-Za-z\d_]))"
)
_WORD_SECRET = re.compile(
    rf"(?:(?:密码|口令)\s?(?:改成|是|为|[:=]|\s)?\s?|\b(?:password|passcode|pwd)\s?(?:is\s?)?[:=]\s?)"
    rf"{_NOT_TOLD}(?P<secret>[A-Za-z\d_@#$%!*.&^+-]{{4,64}})",
    re.IGNORECASE,
)
_DAY = (
    r"(?:\d{1,2}(?:st|nd|rd|th)?\s(?:of\s)?[A-Za-z]{3,9}\.?,?\s\d{2,4}|[A-Za-z]{3,9}\.?\s\d{1,2}(?:st|nd|rd|th)?,?\s\d{4}"
    r"|\d{1,4}[./-]\d{1,2}[./-]\d{1,4})"
)
_DAY_ZH = r"(?:\d{2}|\d{4})[年./-]\s?\d{1,2}(?:[月./-]\s?\d{1,2}[日号]?)?"
_BORN = re.compile(
    rf"""(?P<zh>{_DAY_ZH})(?=\s?(?:出生|生(?:的|人)?(?:[,。!?\s]|$)))
    | (?:出生日期|出生年月日?|生于|出生于|出生)[\s:是为在]{{0,3}}(?P<told>{_DAY_ZH})
    | \b(?:dob|d\.o\.b\.?|date\sof\sbirth|birth\s?date|born)(?:\sis|\son)?[\s:]{{1,3}}(?P<en>{_DAY})""",
    re.VERBOSE | re.IGNORECASE,
)
_ACCOUNT = re.compile(
    r"""(?:微信|薇信|威信|卫星号|扣扣|企鹅号?|抖音号?|支付宝|旺旺|小红书号?|微博|淘宝|\bweixin|\bwechat
    |(?<![A-Za-z])(?:vx|wx|v信|加v|qq|line|telegram|whatsapp|skype|instagram|ig))
    (?:\s?(?:(?P<owns>账号|帐号|号码?|id\b)|number|name|account))?\s?
    (?P<cue>:|是|为|\bis\b|->|→|@|\#)?\s*(?P<id>@?[A-Za-z\d][A-Za-z\d_.-]{3,31})""",
    re.VERBOSE | re.IGNORECASE,
)
# "wechat id please", "微信号bind": what may follow the word ID besides one.
_NO_ACCOUNT = re.compile(
    r"please|pls|not|for|and|the|was|wrong|with|here|from|that|this|which|does|doesn|didn|isn|changed?|bind|login|verification"
    r"|number|account|name|code|instead|what|where|can|cannot|error|failed",
    re.IGNORECASE,
)
_HANDLE = re.compile(r"(?<![\w@])@(?P<id>[A-Za-z]\w{3,})", re.ASCII)
_LOCAL = r"[\w.+%'-]{1,64}"
# 艾特 may stand among the characters of what precedes it, which is looked for from few places therefore.
_SOUNDED_FROM = r"(?:(?<![\w.+%'-])|(?<=[\u4e00-\u9fff])(?=[A-Za-z\d.+%'-]{3}))"
_TOP = "com|net|org|cn|de|fr|io|me|uk|eu|info"
_SPELLED = rf"\s?[A-Za-z\d-]{{2,63}}(?:\.(?:{_TOP})(?![A-Za-z\d])|\s?(?:\(dot\)|\[dot\]|\sdot\s|点)\s?[A-Za-z]{{2,10}})"
_MAIL = re.compile(
    rf"""(?P<local>{_LOCAL}+)\s?(?:
      @\s?(?:[A-Za-z\d-]{{1,63}}\s?点\s?[A-Za-z]{{2,10}}
        |(?:[\w-]{{1,63}}\s?\.\s?){{1,4}}(?:[A-Za-z\d-]{{2,24}}|中国|公司|网络)|[A-Za-z\d-]{{2,63}})
      | (?:\(at\)|\[at\]|\sat\s){_SPELLED})
    | {_SOUNDED_FROM}(?P<sounded>{_LOCAL}?)\s?艾特{_SPELLED}""",
    re.VERBOSE | re.IGNORECASE,
)
_BEFORE_MAIL = re.compile(r"邮箱|邮件|邮址|是|为|到|给|发|我的|信箱|地址")
_POSTCODE = re.compile(
    rf"(?<![\w-])(?:{POSTCODE_UK}|(?i:[a-z]{{1,2}}\d[a-z\d]?\s\d[a-z]{{2}}))(?![\w-])"
    r"|(?i:\b(?:zip|zip\s?code|postal\scode|post\s?code)(?:\sis)?[\s:]{1,3})(?P<zip>\d{4,6}(?:-\d{4})?)(?![\w-])",
    re.ASCII,
)
_ADDRESS_TOLD = re.compile(
    r"""(?:(?:地址|住址)(?:是|为|:|改成|改为|换成|改到|写|在){1,4}|(?:家住|住在|寄到|送到|发到|寄往|送至|送货到))\s?
    (?P<zh>[^,。;!?]{4,40}?(?:[号室楼幢座院]|\d\d{0,39}+[^,。;!?\s]{0,6}))(?=[,。;!?\s]|$|谢|吧|可|行|麻)
    | \b(?:address(?:\sis|:)|live\sat|deliver\sto|ship(?:ped)?\s(?:it\s)?to
      |send\s(?:it\s|this\s|them\s)?to|change\sit\sto)\s
      (?P<en>(?:(?:flat|unit|apt|apartment)\s)?\d{1,5}[a-z]?,?\s
        (?!people|friends|address|places|countr|days|items|different|other|separate|of\b)
        [a-z'.-]++(?:,?\s(?!please|thanks|and\b|but\b|instead|by\b)[a-z\d'.-]+){1,6})""",
    re.VERBOSE | re.IGNORECASE,
)

_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜"
    "范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛"
    "伍韦申尤毕聂丛焦向柳邢路岳齐沿梅莫庄辛管祝左涂谷祁舒耿牟卜詹关苗凌费纪靳盛童欧甄项曲游阳裴席卫查屈鲍覃霍翁隋植甘景薄包司"
    "柏宁柯阮桂闵强柴华冉房"
)
_COMPOUND = (
    "欧阳|太史|端木|上官|司马|东方|独孤|南宫|万俟|闻人|夏侯|诸葛|尉迟|公羊|皇甫|宗政|濮阳|公冶|太叔|申屠|慕容|令狐|宇文|长孙"
    "|司徒|司空"
)
_SURNAME = rf"(?:{_COMPOUND}|[{_SURNAMES}])"
_IN_NAME = r"[^我要想的是在了买您你请和就吗呢吧有不也把问,。!?、:;\s\dA-Za-z]"
_NAME_ZH = rf"(?:{_SURNAME}·?{_IN_NAME}{{1,2}})"
_ENDS = r"(?=[,。!?、;\s]|$)"
_LATIN = r"[A-Za-zÀ-ÿ][A-Za-zÀ-ÿ'’-]*+"
_CAPITAL = r"(?-i:[A-ZÀ-Þ][A-Za-zÀ-ÿ'’-]++)"
_TITLED = r"(?-i:[A-ZÀ-Þ][a-zà-ÿ'’-]++)"
_FIELD = "(?:收件人|收货人|寄件人|联系人|姓名|户名|持卡人|开户名|称呼|抬头|客户名|签收人|名字)"
# Beside a telephone number, as on a label: 张三 13800138000 北京市….
_MOBILE = r"(?:(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4})"
_KIN = "老公|老婆|先生|太太|妻子|丈夫|爱人|爸爸?|妈妈?|父亲|母亲|儿子|女儿|弟弟|妹妹|哥哥|姐姐|朋友|同事|室友|家人|同学"
_NAMES_ZH = re.compile(
    rf"""(?:{_KIN})(?:的?名字)?叫(?P<kin>{_NAME_ZH})(?=[,。!?、;\s\d]|$|的|来|去|会|在|代|帮|收|是|也|要|明|今|后天|周)
    | 我是(?P<theirs>{_NAME_ZH})的(?={_KIN})
    | (?:写|寄给|送给|发给|交给|由(?!于)|[请让](?![写寄送发交由]))\s?(?!何时|何人)(?P<receives>{_NAME_ZH})\s?[签代]?收
      (?=[,。!?;\s\d]|$|就|即可|吧)
    | (?:^|(?<=[\s,;:、]))(?P<label>{_NAME_ZH})\s?\(?收\)?(?=[\s,:]{{0,2}}{_MOBILE})
    | (?:(?<![帮给让])我叫|我的?名字(?:是|叫)|本人(?:叫|是)|(?<!原)名叫)[\s:]{{0,3}}(?P<called>{_NAME_ZH}
        |(?![你您他她它人客快外卖顺车们个一什啥过]){_IN_NAME}{{1,4}}{_ENDS}|[A-Z]{_LATIN}(?:\s[A-Z]{_LATIN}){{0,2}})
    | {_FIELD}(?:\s?(?:[:是为叫]|改成|改为|换成|写成|写的?)){{1,6}}\s?(?![我你他她谁本空错网])
      (?P<told>{_NAME_ZH}|{_IN_NAME}{{2,4}}{_ENDS}|{_LATIN}(?:\s{_LATIN}){{0,2}})
    | {_FIELD}\s?(?P<field>{_NAME_ZH})
    | (?P<title>{_SURNAME}{_IN_NAME}{{0,2}}?)(?:先生|女士|小姐|太太)
    | 我是(?!金卡|白金|黄金|黄牛|白嫖|高中|常客)(?P<self>{_NAME_ZH}){_ENDS}
    | 我姓(?P<surname>{_SURNAME})
    | (?:^|(?<=[\s,;:、]))(?P<before>{_NAME_ZH})(?=[\s,]{{1,2}}{_MOBILE})
    | {_MOBILE}[\s,]{{0,2}}(?P<after>{_NAME_ZH}){_ENDS}""",
    re.VERBOSE,
)
_NO_NAME_EN = (
    r"(?!(?:and|i|but|on|in|not|the|is|was|wrong|spel\w+|mis\w+|incorrect|my|for|from|with|at|please|can|it|speaking"
    r"|calling|here|a|an|about|to|your|so|what|how|where|very|really|still|just)\b)"
)
_FEW = rf"{_NO_NAME_EN}{_LATIN}(?:\s{_NO_NAME_EN}{_LATIN}){{0,2}}"
_PEOPLE = rf"{_CAPITAL}(?:\s{_CAPITAL}){{0,2}}"
# "This is Ridiculous", "Order for Next Day": capitals that begin no name.
_NO_PERSON = (
    r"(?!(?:the|a|an|my|your|our|it|this|that|what|why|how|not|no|so|very|really|too|just|absolutely|totally|completely|still"
    r"|new|next|same|black|cyber|boxing|christmas|easter|good|great|bad|home|store|click|free|fast|express|standard|hello|hi|hey"
    r"|thanks?|please|ok|okay|yes|any(?:one|body|thing)?|some(?:one|body|thing)?|nothing|nobody|none|all|both|every(?:one|thing)"
    r"|customer|buyer|right|over|up|out|back|first|last|long|ordered|arrived|stuck|waiting|here|there|is|are|was|but|and|if"
    r"|when|see|look|sign|log|hong|san|los|las|north|south|east|west|northern|united|saint|st|monday|tuesday|wednesday"
    r"|thursday|friday|saturday|sunday|size|delivery|collection|pickup|refund|return|wechat|alipay|iphone|macbook|order)\b)"
)
_PAIR = rf"{_NO_PERSON}{_TITLED}\s{_NO_PERSON}{_TITLED}"
_NAMES_EN = re.compile(
    rf"""\b(?:(?:my|full|first|last|sur)\s?name(?:'s|\sis|\swas|:)
      |name(?:\son\s(?:the\s)?(?:order|account|card|parcel))?(?:\sis|:)|(?:i\sam|i'm)\scalled)\s?(?P<mine>{_FEW})
    | \bthis\sis\s(?P<speaking>{_FEW})(?=,?\s(?:speaking|calling)\b)
    | \b(?:this\sis|it's|here\sis)\s(?P<here>{_PEOPLE})(?=,?\s(?:speaking|calling|here|again|from|writing)\b)
    | \bthis\sis\s(?P<is>{_PAIR})(?=[,.;!]|$|\sand\b)
    | (?:^|(?<=[,.!]\s)|(?<=\bhi\s)|(?<=\bhello\s)|(?<=\bhey\s))(?P<writes>{_NO_PERSON}{_TITLED}(?:\s{_TITLED})?)
      (?=\shere(?:[,.;!]|$))
    | \border\s(?:is\s|was\s)?(?:for|under|by)\s(?P<ordered>{_PAIR})
    | \b(?:deliver|delivered|send|sent|ship|shipped|addressed)\s(?:it\s|this\s|them\s|that\s)?to\s(?P<gets>{_PAIR})
    | \bunder\s(?:the\s)?name\s(?:of\s|is\s|:\s?)?(?!(?:that|you|we|which|of|as|given|used|provided|on)\b)
      (?P<under>{_NO_NAME_EN}{_LATIN}(?:\s{_TITLED})?)
    | \b(?:recipient|addressee|cardholder|contact|attention|attn|addressed\sto|in\sthe\sname\sof|under\sthe\sname)
      (?:\sname)?(?:\sis|\sof|:)?\s(?P<recipient>{_PEOPLE})
    | \b(?:mr|mrs|ms|miss|mx|dr|call\sme)\.?\s(?P<title>{_TITLED}(?:\s{_TITLED}){{0,2}})
    | \b(?:i'm|i\sam)\s(?P<self>{_TITLED}\s{_TITLED})
    | \b(?:regards|sincerely|cheers|best\swishes|yours),?\s(?P<signed>{_TITLED}(?:\s{_TITLED})?)\W{{0,20}}$""",
    re.VERBOSE | re.IGNORECASE,
)


def redact(text: str) -> str:
    """The text, normalised, with personal data replaced by what it was: `[phone]`, `[name]`.

    Phone numbers, e-mail and postal addresses, names of people and accounts, secrets, dates of birth, numbers of
    orders, cards and documents.
    Whatever one of the patterns covers is gone: where two overlap, all of both is replaced.
    """
    form = normalise(text)
    return _replaced(form.text, _merged(_found(simplify(form.text))))


def _found(text: str) -> Iterable[Found]:
    """What is to go, the surest name for it first."""
    yield from _as_found(contact.emails(text))
    if any(sign in text for sign in _OF_MAILS):
        yield from _mails(text)
    if any(character.isdigit() for character in text) or not text.isascii():
        yield from _as_found(contact.phones(text))
    yield from _as_found(addresses.addresses(text, scan=len(text)))
    yield from _accounts(text)
    yield from _cards(text)
    yield from _birthdays(text)
    yield from _as_found(span for span in numbers.order_numbers(text) if span.score >= _SURE_ORDER)
    yield from _long_numbers(text)
    yield from _places(text)
    yield from _names(text)


def _as_found(spans: Iterable[Span]) -> Iterable[Found]:
    return ((span.start, span.end, _REPLACEMENTS[span.kind]) for span in spans)


def _merged(found: Iterable[Found]) -> list[Found]:
    """Overlapping pieces as one, by the name of the surest; in the order of the text."""
    ranked = sorted(((start, end, rank, name) for rank, (start, end, name) in enumerate(found)))
    merged: list[tuple[int, int, int, str]] = []
    for start, end, rank, name in ranked:
        if merged and start < merged[-1][1]:
            first, last, best, kept = merged[-1]
            merged[-1] = (first, max(last, end), *min((best, kept), (rank, name)))
        else:
            merged.append((start, end, rank, name))
    return [(start, end, name) for start, end, _, name in merged]


def _replaced(text: str, found: Iterable[Found]) -> str:
    pieces, at = [], 0
    for start, end, name in found:
        pieces += [text[at:start], f"[{name}]"]
        at = end
    return "".join([*pieces, text[at:]])


def _mails(text: str) -> Iterator[Found]:
    """E-mail addresses of any spelling: 张三@qq.com, `li @ x.com`, "li at x dot com"."""
    for match in _MAIL.finditer(text):
        local = match["local"] or match["sounded"]
        lead = end_of_last(_BEFORE_MAIL, local)
        start = match.start() + (lead if lead < len(local) else 0)
        # Chinese before Latin letters belongs to the address only while it is no longer than a name.
        own = text[start : match.start() + len(local)]
        chinese = len(own) - len(own.lstrip("".join(c for c in own if not c.isascii())))
        yield start + (chinese if 4 < chinese < len(own) else 0), match.end(), "e-mail"


def _names(text: str) -> Iterator[Found]:
    """Names of people where a word says that one follows."""
    patterns = (_NAMES_EN,) if text.isascii() else (_NAMES_ZH, _NAMES_EN)
    for pattern in patterns:
        for match in pattern.finditer(text):
            if match.lastgroup:
                yield *match.span(match.lastgroup), "name"


def _accounts(text: str) -> Iterator[Found]:
    """Names of accounts in messengers and networks."""
    for match in _ACCOUNT.finditer(text):
        if _is_account(match):
            yield *match.span("id"), "account"
    for match in _HANDLE.finditer(text):
        yield *match.span(), "account"


def _is_account(match: re.Match[str]) -> bool:
    """ "WeChat payment" is none; "WeChat: zhangsan", "WeChat ID zhangsan" and "WeChat zhang88" are."""
    if match["cue"] or any(character.isdigit() or character in "_@" for character in match["id"]):
        return True
    return bool(match["owns"]) and not _NO_ACCOUNT.fullmatch(match["id"])


def _cards(text: str) -> Iterator[Found]:
    """Numbers of cards and documents, and secrets, where a word says what follows."""
    for match in _CARD_CUE.finditer(text):
        yield *match.span("number"), "number"
    for match in _SECRET.finditer(text):
        yield *match.span("secret"), "secret"
    for match in _WORD_SECRET.finditer(text):
        yield *match.span("secret"), "secret"


def _birthdays(text: str) -> Iterator[Found]:
    """Dates of birth where a word says so; the date alone tells nothing of anybody."""
    for match in _BORN.finditer(text):
        yield *match.span(match.lastgroup or 0), "birthday"


def _long_numbers(text: str) -> Iterator[Found]:
    """Long numbers of any kind: cards, documents, phones of a form that no pattern knows."""
    for match in _NUMBERS.finditer(text):
        if not _PRICES.fullmatch(match[0]):
            yield *match.span(), "number"


def _places(text: str) -> Iterator[Found]:
    """Postcodes, and addresses of any form where a word says that one follows."""
    for match in _POSTCODE.finditer(text):
        yield *match.span(match.lastgroup or 0), "address"
    for match in _ADDRESS_TOLD.finditer(text):
        yield *match.span(match.lastgroup or 0), "address"
