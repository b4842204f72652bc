"""Postal addresses: Chinese ones, those of English-speaking countries, and the commonest of Europe."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nlu.entities.spans import Span
from nlu.types import EntityKind

LONGEST_SCAN = 1_000
"""Characters in which a postal address is looked for; its patterns cost more than the others."""
POSTCODE_UK = r"[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}"

_STREETS_ZH = (
    "路|街道|街|大道|巷|弄|胡同|村|小区|花园|大厦|广场|园区|新城|公寓|大学|学校|苑|家园|科技园|工业园|写字楼|大楼|新村"
    "|SOHO"
)
# 知道3号 and 味道 are no streets, and 里 and 中心 are places only where a building follows.
_ROAD = r"(?<![知味报渠通频一])道(?=\d)"
_PLACE = r"(?:国际|中心|城|里|府|湾|区)(?=\s?[0-9A-Za-z一二三四五六七八九十]{1,4}(?:号楼|栋|幢|座|单元|楼))"
_UNITS = "号楼|号院|号|栋|幢|单元|楼|层|室|座|弄|房"
_NUMBER = r"(?:[0-9]{1,5}[A-Za-z]?|[A-Za-z]|[一二三四五六七八九十]{1,4})(?:-[0-9A-Za-z]{1,4}){0,3}"
_CHINESE = re.compile(
    rf"""
    (?:[\u4e00-\u9fff]{{2,7}}?(?:省|自治区|特别行政区))?
    (?:[\u4e00-\u9fff]{{2,8}}?(?:市|自治州|地区))?
    (?:[\u4e00-\u9fff]{{1,6}}?(?:区|县|镇|乡|旗))?
    [\u4e00-\u9fffA-Za-z0-9]{{1,10}}?(?:{_STREETS_ZH}|{_ROAD}|{_PLACE})
    (?:
      (?:[\u4e00-\u9fffA-Za-z\s]{{0,8}}?{_NUMBER}(?:{_UNITS})){{1,6}}
      (?:\s?[0-9]{{1,5}}(?:-[0-9]{{1,4}}){{0,2}}(?:室|房|号)?(?![0-9元块个件]))?
    | \s?[0-9]{{1,4}}(?:-[0-9]{{1,4}}){{2,3}}
    )
    | (?:[\u4e00-\u9fff]{{2,7}}?(?:省|自治区))?[\u4e00-\u9fff]{{2,6}}?市
      [\u4e00-\u9fff]{{1,6}}?(?:区|县)[\u4e00-\u9fffA-Za-z0-9-]{{2,30}}
    """,
    re.VERBOSE | re.ASCII | re.IGNORECASE,
)
_PLACE_HINT = re.compile(rf"{_STREETS_ZH}|道|国际|中心|城|里|府|湾|区|市", re.IGNORECASE)
_BEFORE_ADDRESS = re.compile(
    r".*(?:改成|改到|改为|换成|换到|寄到|寄去|寄往|寄给|送到|送去|送至|发到|发往|发去|地址是|地址为|地址|住在|住|搬到|搬去"
    r"|到|在|是|成|为|寄|送)"
)
_PROVINCE = re.compile(
    "北京|上海|天津|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州"
    "|云南|陕西|甘肃|青海|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门"
)
_BOUNDARY = re.compile(r"[省市区县]")
_NUMBERED = re.compile(r"\d|[一二三四五六七八九十]号")

_FLAT = r"(?:(?:flat|apt|apartment|unit|suite|room|floor|block)\.?\s?\#?[0-9A-Za-z]{1,5},?\s)"
_HOUSE = r"\d{1,5}[A-Za-z]?(?:[-/]\d{1,4})?,?\s"
_SURE_STREETS = "street|st|road|rd|avenue|ave|lane|ln|boulevard|blvd|crescent"
# In lower case these are other words too: "2 days close", "64 gb drive", "3 small steps".
_OTHER_STREETS = (
    "Drive|Dr|Court|Ct|Terrace|Gardens|Way|Close|Place|Pl|Square|Grove|Hill|Park|Row|Mews|Walk|Parade|Highway|Hwy"
    "|Parkway|Circle|View|Quay|Green|Rise"
)
_NO_NAME = (
    r"(?!(?:of|the|them|days?|weeks?|hours?|items?|more|other|gb|tb|and|is|in|on|at|a|an|for|to|too|all)\s)"
)
_POSTCODE = rf"(?:{POSTCODE_UK}|[A-Z]{{2}},?\s\d{{5}}(?:-\d{{4}})?|[A-Z]\d[A-Z]\s?\d[A-Z]\d|\d{{5}})\b"
_CITY = r"(?-i:(?!(?:Please|Thanks|Thank|Can|Could|But|And|My|Is|It|The|Order|I)\b)[A-Z][A-Za-z'.-]{1,20})"
_TAIL = rf"""(?:,?\s(?:apt|apartment|unit|flat|suite|floor|\#)\.?\s?\#?\w{{1,5}}\b)?
    (?:(?:,?\s?[A-Za-z'.-]+){{0,5}}?,?\s{_POSTCODE}|(?:,\s?{_CITY}(?:\s{_CITY}){{0,2}}){{0,4}}(?:,?\s{_POSTCODE})?)?"""
_ENGLISH = re.compile(
    rf"""\b{_FLAT}?(?:
      {_HOUSE}(?:(?:[A-Z][a-z'.]{{1,15}}|{_NO_NAME}[a-z]{{2,15}})\s){{1,3}}?
      (?:{_SURE_STREETS})\b
    | {_HOUSE}(?-i:(?:[A-Z][a-z'.]{{1,15}}\s){{1,3}}(?:{_OTHER_STREETS})\b)
    )(?:\.(?=,|\s?$))?{_TAIL}
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
    if not scanned.isascii() and _PLACE_HINT.search(scanned):
        yield from _chinese(scanned)
    if any(character.isdigit() for character in scanned):
        for match in _ENGLISH.finditer(scanned):
            yield _address(match.start(), match.end(), match[0])
        if _EUROPEAN_HINT.search(scanned):
            for match in _EUROPEAN.finditer(scanned):
                yield _address(match.start(), match.end(), match[0])


def _chinese(text: str) -> Iterator[Span]:
    for match in _CHINESE.finditer(text):
        start = match.start()
        lead = _BEFORE_ADDRESS.match(match[0])
        if lead and lead.end() < len(match[0]) - 3:
            start += lead.end()
        province = _PROVINCE.search(text, start, match.end())
        if province and province.start() - start <= 6:
            start = province.start()
        value = text[start : match.end()]
        if len(value) >= 5 and (_NUMBERED.search(value) or len(_BOUNDARY.findall(value)) > 1):
            yield _address(start, match.end(), value)


def _address(start: int, end: int, written: str) -> Span:
    trimmed = written.strip(" ,.")
    start += written.index(trimmed) if trimmed else 0
    return Span(EntityKind.ADDRESS, start, start + len(trimmed), trimmed, 0.9)
