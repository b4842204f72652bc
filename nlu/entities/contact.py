"""Phone numbers, e-mail addresses and postal addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nlu.entities.spans import Span
from nlu.types import EntityKind

EMAIL = re.compile(
    r"(?<![\w.+-])[A-Za-z0-9_.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}(?![\w-])", re.ASCII
)
PHONE = re.compile(
    r"""(?<![\w-])(?:
      (?:\+?86[-\ ]?)?1[3-9]\d[-\ ]?\d{4}[-\ ]?\d{4}       # mainland China, mobile
    | 0\d{2,3}[-\ ]\d{7,8}                                 # mainland China, landline
    | (?:400|800)-?\d{3,4}-?\d{3,4}                        # service numbers
    | \+\d{1,3}[-.\ ]?(?:\(?\d{1,4}\)?[-.\ ]?){2,5}\d      # international
    | (?:1[-.\ ])?\(?[2-9]\d{2}\)?[-.\ ]\d{3}[-.\ ]\d{4}   # North America
    | 07\d{3}[\ ]?\d{6}                                    # Britain, mobile
    )(?![\d-])""",
    re.VERBOSE | re.ASCII,
)
_ADDRESS_ZH = re.compile(
    r"""
    (?:[\u4e00-\u9fff]{2,7}?(?:省|自治区|特别行政区))?
    (?:[\u4e00-\u9fff]{2,8}?(?:市|自治州|地区))?
    (?:[\u4e00-\u9fff]{1,6}?(?:区|县|镇|乡|旗))?
    [\u4e00-\u9fffA-Za-z0-9]{1,10}?(?:路|街道|街|大道|巷|弄|胡同|村|小区|花园|大厦|广场|园区|新城|公寓|大学|学校|苑)
    (?:[\u4e00-\u9fffA-Za-z]{0,8}?[0-9一二三四五六七八九十]{1,5}(?:-[0-9]{1,4}){0,2}(?:号楼|号院|号|栋|幢|单元|楼|层|室|座|弄|房)){1,6}
    (?:[0-9]{1,4}(?:室|房)?)?
    | (?:[\u4e00-\u9fff]{2,7}?(?:省|自治区))?[\u4e00-\u9fff]{2,6}?市
      [\u4e00-\u9fff]{1,6}?(?:区|县)[\u4e00-\u9fffA-Za-z0-9]{2,30}
    """,
    re.VERBOSE | re.ASCII,
)
_BEFORE_ADDRESS = re.compile(
    r".*(?:改成|改到|改为|换成|换到|寄到|寄去|寄往|送到|送去|发到|发往|发去|地址是|地址为|地址|住在|住|搬到|搬去|到|在|是|成|为)"
)
_PLACE = re.compile(r"[省市区县]")
_ADDRESS_EN = re.compile(
    r"""\b\d{1,5}[A-Za-z]?,?\s(?:[A-Z][a-z'.]{1,15}\s|[a-z]{2,15}\s){1,3}?
    (?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|court|crescent|terrace|gardens)\b\.?
    (?:,?\s(?:apt|apartment|unit|flat|suite|floor)\.?\s?\#?\w{1,5})?
    (?:,\s?(?-i:[A-Z][A-Za-z'.]{1,20}(?:\s[A-Z][A-Za-z'.]{1,20}){0,2})){0,3}
    (?:,?\s(?:[A-Z]{1,2}\d{1,2}[A-Z]?\s?\d[A-Z]{2}|[A-Z]{2}\s\d{5}|\d{5})\b)?""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_LONGEST_SCAN = 1_000
"""Characters in which a postal address is looked for; its pattern costs more than the others."""


def emails(text: str) -> Iterator[Span]:
    """E-mail addresses, in lower case."""
    if "@" in text:
        for match in EMAIL.finditer(text):
            yield Span(EntityKind.EMAIL, match.start(), match.end(), match[0].lower())


def phones(text: str) -> Iterator[Span]:
    """Phone numbers; the value holds digits and, if it was there, the plus."""
    for match in PHONE.finditer(text):
        plus = "+" if match[0].startswith("+") else ""
        yield Span(EntityKind.PHONE, match.start(), match.end(), plus + re.sub(r"\D", "", match[0]))


def addresses(text: str) -> Iterator[Span]:
    """Postal addresses down to a street or house; the value is the address as written."""
    scanned = text[:_LONGEST_SCAN]
    for match in _ADDRESS_ZH.finditer(scanned):
        start = match.start()
        lead = _BEFORE_ADDRESS.match(match[0])
        if lead and lead.end() < len(match[0]) - 3:
            start += lead.end()
        value = text[start : match.end()]
        if len(value) >= 5 and (
            re.search(r"\d|[一二三四五六七八九十]号", value) or len(_PLACE.findall(value)) > 1
        ):
            yield Span(EntityKind.ADDRESS, start, match.end(), value, 0.9)
    for match in _ADDRESS_EN.finditer(scanned):
        yield Span(EntityKind.ADDRESS, match.start(), match.end(), match[0].strip(), 0.9)
