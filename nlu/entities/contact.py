"""Phone numbers and e-mail addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nlu.entities.numerals import FORMAL_ZH, chinese_digits
from nlu.entities.spans import Span
from nlu.types import EntityKind

EMAIL = re.compile(
    r"(?<![\w.+-])[A-Za-z0-9_.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}(?![\w-])", re.ASCII
)
PHONE = re.compile(
    r"""(?<![\w-])(?:
      (?:\(?\+?86\)?[-\ ]?)?1[3-9]\d[-.\ ]?\d{4}[-.\ ]?\d{4}        # mainland China, mobile
    | (?P<landline>0[1-9]\d{1,2}-?\d{7,8})(?:\s?转\s?|-)\d{1,6}        # China, with an extension
    | (?<!\d[\ .-])(?P<trunk>\(?0[1-9]\d{0,3}\)?(?:[-.\ ]{0,2}\d){6,9})     # China and Britain, from the trunk's 0
    | (?:400|800)-?\d{3,4}-?\d{3,4}                                 # service numbers
    | (?:\+|00)\d{1,3}[-.\ ]?(?:\(?\d{1,4}\)?[-.\ ]?){2,5}\d        # international
    | (?:1[-.\ ])?(?:\([2-9]\d{2}\)[-.\ ]?|[2-9]\d{2}[-.\ ])\d{3}[-.\ ]\d{4}   # North America
    | (?P<american>[2-9][0-8]\d[2-9]\d{6})                          # the same in one piece
    )(?![\d-])""",
    re.VERBOSE | re.ASCII,
)
_AFTER_CUE = re.compile(
    r"""(?:电话|手机|联系方式|座机|\btel|\bphone|\bmobile|\bcell|\bwhatsapp|\b(?:call|ring|text)\sme\s(?:on|at))
    (?:号码?|\snumber)?[\s:.]*+(?:(?:是|为|is|改成|改为)[\s:.]*+)?
    (?P<number>\+?\(?\d(?:[-.\ ()]{0,2}\d){6,14})(?![\d-])""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_READ_OUT = re.compile(
    rf"[一幺壹][三四五六七八九{FORMAL_ZH}](?:[ -]?[零〇一幺二两三四五六七八九{FORMAL_ZH}]){{9}}"
    rf"(?![零〇一二三四五六七八九十百千万{FORMAL_ZH}])"
)
_ORDER_CUE = re.compile(
    r"(?:订单|单号|编号|\border)\s?(?:号码?|编号|number|num|no\.?|id)?[\s:#]*+(?:(?:是|为|is)[\s:#]*+)?$",
    re.IGNORECASE,
)
_LOOKED_BACK = 24
_PHONE_CUE = re.compile(
    r"电话|手机|号码|联系|\b(?:call|phone|tel|mobile|cell|text|ring|reach|contact)", re.IGNORECASE
)
_NO_DIGIT = re.compile(r"\D")
_MONTH_OF_A_YEAR = re.compile(r"20[12]\d(?:0[1-9]|1[0-2])")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


def emails(text: str) -> Iterator[Span]:
    """E-mail addresses, in lower case."""
    if "@" in text:
        for match in EMAIL.finditer(text):
            yield Span(EntityKind.EMAIL, match.start(), match.end(), match[0].lower())


def phones(text: str) -> Iterator[Span]:
    """Phone numbers; the value holds digits and, if it was there, the plus."""
    found = [*PHONE.finditer(text)]
    american = _may_be_american(text) if found else None
    for match in found:
        if not _is_another_number(match, american):
            yield _phone(*match.span(), match["landline"] or match[0])
    for match in _AFTER_CUE.finditer(text):
        yield _phone(*match.span("number"), match["number"])
    for match in _READ_OUT.finditer(text):
        yield _phone(*match.span(), chinese_digits(match[0]))


def _phone(start: int, end: int, written: str) -> Span:
    plus = "+" if written.startswith("+") else ""
    return Span(EntityKind.PHONE, start, end, plus + _NO_DIGIT.sub("", written))


def _may_be_american(text: str) -> bool | None:
    """Whether ten digits in one piece are a phone number by the text around them; None where nothing tells."""
    if _PHONE_CUE.search(text):
        return True
    return False if _CHINESE.search(text) else None


def _is_another_number(match: re.Match[str], american: bool | None) -> bool:
    """Whether what could be a phone number is rather an order's."""
    written = match[0]
    if match["trunk"] and not 10 <= sum(character.isdigit() for character in written) <= 12:
        return True
    # Spaces and dashes make a phone number; bare digits may be anything, and what stands before them tells.
    if written.isdigit() and _ORDER_CUE.search(
        match.string, max(0, match.start() - _LOOKED_BACK), match.start()
    ):
        return True
    if not match["american"]:
        return False
    return not american and (american is False or _MONTH_OF_A_YEAR.match(written) is not None)
