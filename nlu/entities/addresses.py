"""Postal addresses: Chinese ones, those of English-speaking countries, and the commonest of Europe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile

from nlu.entities.spans import Span, end_of_last
from nlu.types import EntityKind

LONGEST_SCAN = 1_000
"""Characters in which a postal address is looked for; its patterns cost more than the others."""
POSTCODE_UK = r"[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}"

_STREETS_ZH = (
    "(?<![在走迷半])路(?![上过人程由途])|街道|街|大道|巷|弄|胡同|村|小区|花园|大厦|广场|园区|新城|公寓|大学|学校|苑|家园"
    "|科技园|工业园|写字楼|大楼|新村|[Ss][Oo][Hh][Oo]"
)
# 知道3号 and 味道 are no streets, and 里 and 中心 are places only where a building follows.
_ROAD = r"(?<![知味报渠通频一])道(?=\d)"
_PLACE = r"(?:国际|中心|城|里|府|湾|区)(?=\s?[0-9A-Za-z一二三四五六七八九十]{1,4}(?:号楼|栋|幢|座|单元|楼))"
# 我大学3号开学 and 学校3号放假 tell a day.
_SCHOOL_DAY = re.compile(r"^[^省市区县]*(?:大学|学校)\s?[0-9]{1,2}号$")
_DORM = "宿舍楼|宿舍|寝室|公寓楼"
_UNITS = "号楼|号院|号|栋|幢|单元|楼|层|室|座|弄|房"
_NUMBER = r"(?:[0-9]{1,5}[A-Za-z]?|[A-Za-z]|[一二三四五六七八九十]{1,4})(?:-[0-9A-Za-z]{1,4}){0,3}"
_TOLD = "(?:[改换搬寄送发][成到为往至去]|写成|填成|住在|地址)"
# What stands before the street's own word is looked for backwards, from there.
_STREET = re.compile(
    rf"""
    (?<=[\u4e00-\u9fffA-Za-z0-9])(?:{_STREETS_ZH}|{_ROAD}|{_PLACE})
    (?:
      (?:[\u4e00-\u9fffA-Za-z\s]{{0,8}}?{_NUMBER}(?:{_UNITS})){{1,6}}
      (?:\s?(?:{_DORM})?\s?[A-Za-z]?[0-9]{{1,5}}(?:-[0-9]{{1,4}}){{0,2}}(?:室|房|号)?(?![0-9元块个件]))?
    | \s?[0-9]{{1,4}}(?:-[0-9]{{1,4}}){{2,3}}
    )
    """,
    re.VERBOSE | re.ASCII,
)
_NAMED = re.compile(r"[\u4e00-\u9fffA-Za-z0-9]")
_CHARACTER = re.compile(r"[\u4e00-\u9fff]")
_LONGEST_STREET = 10
_LARGER = (
    (("区", "县", "镇", "乡", "旗"), 1, 6),
    (("市", "自治州", "地区"), 2, 8),
    (("省", "自治区", "特别行政区"), 2, 7),
)
"""What may stand before a street, the nearest first: its last word, and how many characters name it."""
_TOWN = re.compile(
    r"(?:[\u4e00-\u9fff]{2,7}?(?:省|自治区))?[\u4e00-\u9fff]{2,6}?市[\u4e00-\u9fff]{1,6}?[区县]"
    r"[\u4e00-\u9fffA-Za-z0-9-]{2,30}"
)
_BLOCK = r"(?:[0-9A-Za-z一二三四五六七八九十]{1,4}(?:号楼|栋|幢)|[A-Za-z]座)"
_ROOM = r"[A-Za-z]?[0-9]{3,4}(?![0-9A-Za-z元块个件人户平米瓦多年])(?:室|房|号房)?"
# A part of an address that names no street: two pieces of it, or one behind words that bring an address.
_PART = re.compile(
    rf"""(?:{_TOLD}[是为:\s]{{0,2}}[\u4e00-\u9fff]{{0,8}}?)?
    (?:
      {_BLOCK}\s?(?:(?:{_NUMBER}单元\s?)?(?:{_NUMBER}[层楼]\s?)?(?:{_ROOM}|{_NUMBER}[室房])|{_NUMBER}(?:单元|[层楼]))
      | {_NUMBER}单元\s?(?:{_NUMBER}[层楼]\s?)?(?:{_ROOM}|{_NUMBER}[室房])
      | (?:{_NUMBER}[号栋]\s?)?(?:{_DORM})\s?{_ROOM}
    )
    | {_TOLD}[是为:\s]{{0,2}}{_BLOCK}""",
    re.VERBOSE | re.ASCII,
)
_LEAD = re.compile(rf"(?:{_TOLD}[是为:\s]{{0,2}})+")
_PART_HINT = re.compile(rf"号楼|栋|幢|座|单元|{_DORM}")
_PLACE_HINT = re.compile(rf"{_STREETS_ZH}|道|国际|中心|城|里|府|湾|区|市", re.IGNORECASE)
# A single character may belong to the name of a place too (体育西路寄语花园, 住宅小区), and then follows a larger one.
_BEFORE_ADDRESS = re.compile(
    r"改成|改到|改为|换成|换到|换为|寄到|寄去|寄往|寄给|送到|送去|送至|发到|发往|发去|地址是|地址为|地址|住在|搬到"
    r"|搬去|写成|填成|变成|弄成|设成|设为|写为|变为|变更为|更新为"
)
_BEFORE_PLACE = re.compile(r"住(?!宅|院)|[到在是寄送]")
_LARGER_OR_STREET = re.compile(r"[省市区县路街]")
_PROVINCE = re.compile(
    "北京|上海|天津|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州"
    "|云南|陕西|甘肃|青海|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门"
)
# 北京东路 and 黄河南路 are streets.
_IN_STREET = re.compile("[东西南北中]?[一二三四]?(?:路|街|大道)")
_BOUNDARY = re.compile(r"[省市区县]")
_NUMBERED = re.compile(r"\d|[一二三四五六七八九十]号")

_FLAT = r"(?:(?:flat|apt|apartment|unit|suite|room|floor|block)\.?\s?\#?[0-9A-Za-z]{1,5},?\s)"
# "iPhone 15 Pro Green" has no house in it.
_HOUSE = (
    r"(?<!phone\s)(?<!galaxy\s)(?<!pixel\s)(?<!size\s)\d{1,5}[A-Za-z]?(?:[-/]\d{1,4})?,?\s"
    r"(?:(?:[NSEW]|NE|NW|SE|SW)\.?\s)?"
)
_NO_MODEL = r"(?!(?:Pro|Max|Plus|Mini|Ultra|Dark|Light|Olive|Forest|Mint|Bright|Pale|Deep|Army|Lime|Sage)\s)"
_NUMBERED_STREET = r"\d{1,3}(?:st|nd|rd|th)"
_SURE_STREETS = "street|st|road|rd|avenue|ave|lane|ln|boulevard|blvd|crescent"
# In lower case these are other words too: "2 days close", "64 gb drive", "3 small steps".
_OTHER_STREETS = (
    "Drive|Dr|Court|Ct|Terrace|Gardens|Way|Close|Place|Pl|Square|Grove|Hill|Park|Row|Mews|Walk|Parade|Highway|Hwy"
    "|Parkway|Circle|View|Quay|Green|Rise"
)
_NO_NAME = (
    r"(?!(?:of|the|them|days?|weeks?|hours?|items?|more|other|gb|tb|and|is|in|on|at|a|an|for|to|too|all)\s)"
)
_POSTCODE = rf"""(?:{POSTCODE_UK}|[A-Z]{{2}},?\s\d{{5}}(?:-\d{{4}})?|[A-Z]\d[A-Z]\s?\d[A-Z]\d
    |(?-i:NSW|VIC|QLD|WA|SA|TAS|ACT|NT)\s\d{{4}}|\d{{5}}(?:-\d{{4}})?)\b"""
_CITY = r"(?-i:(?!(?:Please|Thanks|Thank|Can|Could|But|And|My|Is|It|The|Order|I)\b)[A-Z][A-Za-z'.-]{1,20})"
_TAIL = rf"""(?:,?\s(?:apt|apartment|unit|flat|suite|floor|\#)\.?\s?\#?\w{{1,5}}\b)?
    (?:(?:(?:,\s?|\s)[A-Za-z'.-]{{1,25}}){{0,5}}?,?\s{_POSTCODE}|(?:,\s?{_CITY}(?:\s{_CITY}){{0,2}}){{0,4}}(?:,?\s{_POSTCODE})?)?"""
_ENGLISH = re.compile(
    rf"""\b{_FLAT}?(?:
      {_HOUSE}(?:(?:[A-Z][a-z'.]{{1,15}}|{_NO_NAME}[a-z]{{2,15}}|{_NUMBERED_STREET})\s){{1,3}}?
      (?:{_SURE_STREETS})\b
    | {_HOUSE}(?-i:(?:{_NO_MODEL}[A-Z][a-z'.]{{1,15}}\s){{1,3}}(?:{_OTHER_STREETS})\b)
    )(?:\.(?=,|\s?$))?{_TAIL}
    | \b{_FLAT}(?:{_NO_NAME}[A-Z][a-z'.]{{1,15}}\s){{1,2}}(?:house|court|lodge|tower|mansions)\b{_TAIL}
    | \bp\.?\s?o\.?\s?box\s\#?\d{{1,6}}\b{_TAIL}""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_NAME = r"(?-i:[A-ZÀ-Þ][\w'’-]{1,20})"
_EUROPEAN = re.compile(
    rf"""\b\d{{1,4}}(?:\s?(?:bis|ter))?,?\s
      (?:rue|avenue|boulevard|place|impasse|allée|chemin|quai|via|viale|piazza|calle|plaza|avenida)\s
      (?:(?:de|du|des|la|le|les|del|della|di|d'|l')\s?){{0,3}}{_NAME}(?:\s{_NAME}){{0,2}}(?:,?\s\d{{5}})?(?:,?\s{_NAME})?
    | \b(?-i:[A-ZÄÖÜ][a-zäöüß-]{{2,25}})(?:straße|strasse|str\.|platz|weg|gasse|allee)\s\d{{1,4}}\s?[a-z]?\b
      (?:,?\s\d{{5}})?(?:,?\s{_NAME})?""",
    re.VERBOSE | re.IGNORECASE,
)
_EUROPEAN_HINT = re.compile(
    r"rue|avenue|boulevard|place|impasse|all[eé]e|chemin|quai|via|piazza|calle|plaza|avenida|stra(?:ß|ss)e|str\.|platz"
    r"|weg|gasse",
    re.IGNORECASE,
)


def addresses(text: str, scan: int = LONGEST_SCAN) -> Iterator[Span]:
    """Postal addresses down to a street or house in the first `scan` characters; the value is the text as given."""
    scanned = text[:scan]
    if not scanned.isascii():
        if _PLACE_HINT.search(scanned):
            yield from _chinese(scanned)
        if _PART_HINT.search(scanned):
            yield from _parts(scanned)
    if any(character.isdigit() for character in scanned):
        for match in _ENGLISH.finditer(scanned):
            yield _address(match.start(), match.end(), match[0])
        if _EUROPEAN_HINT.search(scanned):
            for match in _EUROPEAN.finditer(scanned):
                yield _address(match.start(), match.end(), match[0])


def _chinese(text: str) -> Iterator[Span]:
    for found, end in _places(text):
        start = _beginning(text, found, end)
        value = text[start:end]
        told = _NUMBERED.search(value) or len(_BOUNDARY.findall(value)) > 1
        if len(value) >= 5 and told and not _SCHOOL_DAY.match(value):
            yield _address(start, end, value)


def _places(text: str) -> Iterator[tuple[int, int]]:
    """Where streets with a house, and towns with their districts, begin and end; none within another."""
    street, town = _street(text, 0), _town(text, 0)
    while street or town:
        found = min(filter(None, (street, town)), key=lambda span: span[0])
        yield found
        if street and street[0] < found[1]:
            street = _street(text, found[1])
        if town and town[0] < found[1]:
            town = _town(text, found[1])


def _street(text: str, begin: int) -> tuple[int, int] | None:
    """The next street with a house, what lies before `begin` aside."""
    match = _STREET.search(text, begin + 1)
    return (_first_of_street(text, begin, match.start()), match.end()) if match else None


def _town(text: str, begin: int) -> tuple[int, int] | None:
    match = _TOWN.search(text, begin)
    return match.span() if match else None


def _first_of_street(text: str, begin: int, at: int) -> int:
    """The earliest place from which names of a district, a town, a province and a street lead to the word at `at`."""
    firsts = {*_back(_NAMED, text, max(begin, at - _LONGEST_STREET), at)}
    for words, least, most in _LARGER:
        ends = {end - len(word) for end in firsts for word in words if text.endswith(word, begin, end)}
        firsts |= {
            first
            for end in ends
            for first in _back(_CHARACTER, text, max(begin, end - most), end)
            if end - first >= least
        }
    return min(firsts)


def _back(allowed: re.Pattern[str], text: str, begin: int, end: int) -> Iterator[int]:
    """Each place from which nothing but such characters leads to `end`, the nearest first."""
    return takewhile(lambda place: allowed.match(text, place), range(end - 1, begin - 1, -1))


def _beginning(text: str, start: int, end: int) -> int:
    """Where the words before an address end."""
    told = end_of_last(_BEFORE_ADDRESS, text, start, end)
    larger = _LARGER_OR_STREET.search(text, told, end)
    lead = end_of_last(_BEFORE_PLACE, text, told, larger.start() if larger else end)
    if lead < end - 3:
        start = lead
    province = _PROVINCE.search(text, start, min(start + 10, end))
    return province.start() if province and _begins_address(province, start) else start


def _begins_address(province: re.Match[str], start: int) -> bool:
    """Not so in 南京市北京东路 or 黄河南路."""
    text, at = province.string, province.start()
    return (
        at - start <= 6
        and not _BOUNDARY.search(text, start, at)
        and not _IN_STREET.match(text, province.end())
    )


def _parts(text: str) -> Iterator[Span]:
    """3号楼2单元501, 宿舍楼502."""
    for match in _PART.finditer(text):
        lead = _LEAD.match(match[0])
        start = match.start() + (lead.end() if lead else 0)
        yield _address(start, match.end(), text[start : match.end()])


def _address(start: int, end: int, written: str) -> Span:
    trimmed = written.strip(" ,.")
    start += written.index(trimmed) if trimmed else 0
    return Span(EntityKind.ADDRESS, start, start + len(trimmed), trimmed, 0.9)
