"""Corrections of the end of a number: 最后一位是2X, "the last four digits are 5679", and the numbers that they end."""

from __future__ import annotations

import re

_TAIL = re.compile(
    r"(?:(?:最后|末|尾|后)[一二两三四五六七八1-8]?(?:位|个数|个字)|尾号)[^0-9A-Za-z。]{0,8}?(?:是|为|改成|换成)\s?"
    r"(?P<zh>[0-9A-Za-z]{1,8})(?![0-9A-Za-z])"
    r"|\b(?:last|final)\s(?:\w{1,6}\s)?(?:digits?|numbers?|characters?|letters?)\s"
    r"(?:is|are|was|should\sbe|to|:)\s(?P<last>[0-9A-Za-z]{1,8})\b"
    r"|\b(?:ends?|ending)\s(?:in|with)\s(?P<ends>[0-9A-Za-z]{1,8})\b",
    re.IGNORECASE,
)
_PIECE = r"[0-9]{1,5}[A-Za-z]?(?:号楼|栋|幢|座|单元|楼|层|室|号|弄)?|[A-Za-z](?:座|栋|幢)"
_PIECE_EN = r"(?:(?:flat|apt|apartment|unit|suite|room|number|no\.?)\s)?[0-9]{1,5}[A-Za-z]?"
_SEPARATOR = r"[，,;；\s]{0,3}"
_CONTRASTS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"不是(?P<old>{_PIECE}){_SEPARATOR}(?:而?是|应该是|要)\s?(?P<new>{_PIECE})",
        rf"(?P<old>{_PIECE})(?:[写填弄]?错了?|不对){_SEPARATOR}(?:应该|应)?(?:是|改成|换成|为)\s?(?P<new>{_PIECE})",
        rf"(?P<new>{_PIECE}){_SEPARATOR}(?:而)?不是(?P<old>{_PIECE})",
        rf"(?P<old>{_PIECE})(?:改成|换成|改为)\s?(?P<new>{_PIECE})",
        rf"\b(?P<new>{_PIECE_EN})(?:\sactually)?,?\s(?:and\s)?not\s(?P<old>{_PIECE_EN})\b",
        rf"\bnot\s(?P<old>{_PIECE_EN}),?\s(?:but\s|it'?s\s)?(?P<new>{_PIECE_EN})\b",
        rf"\b(?P<new>{_PIECE_EN})\sinstead\sof\s(?P<old>{_PIECE_EN})\b",
        rf"\b(?P<old>{_PIECE_EN})\sshould\s(?:be|read|say)\s(?P<new>{_PIECE_EN})\b",
    )
)
_OF = {
    "tax_number": re.compile(r"税|纳税|识别号|\b(?:tax|vat|abn|ein)\b", re.IGNORECASE),
    "phone": re.compile(r"电话|手机|号码|联系|\b(?:phone|mobile|cell|tel)\b", re.IGNORECASE),
}
_FORMS_OF_TAX_NUMBERS = re.compile(
    r"[0-9A-Z]{15}|[0-9A-Z]{17,20}|(?!\d)[A-Z]{2}[0-9A-Z]{8,12}|[0-9]{2}-[0-9]{7}", re.IGNORECASE
)
_COMPANY_ZH = re.compile(r"(?<![0-9A-Za-z])(?=[0-9]*[A-Z])[0-9A-Z]{2}[0-9]{6}[0-9A-Z]{10}(?![0-9A-Za-z])")
_SPACE = re.compile(r"[\s.]")
_DIGIT = re.compile(r"\d")
_CHINESE_MOBILE = re.compile(r"1[3-9]")
_MOBILE, _SHORTEST, _LONGEST = 11, 7, 15


def tail_in(text: str) -> tuple[str, int, int] | None:
    """What a text puts right at the end of a number, as `tax_number`, `phone` or, where it doesn't say, nothing; and
    where the new end stands."""
    found = _TAIL.search(text)
    if found is None:
        return None
    slot = next((name for name, words in _OF.items() if words.search(text)), "")
    return (slot, *found.span(found.lastgroup or 0))


def contrast_in(text: str) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Where a text names a number that is wrong and the one that takes its place: "17, not 7", 7栋不对 是9栋."""
    found = next(filter(None, (pattern.search(text) for pattern in _CONTRASTS)), None)
    return (found.span("old"), found.span("new")) if found is not None else None


def with_end(before: str, told: str) -> str:
    """A number with another end, where a few characters are told of one that is longer; else what is told."""
    bare = _SPACE.sub("", before)
    return f"{bare[: -len(told)]}{told.upper()}" if 0 < len(told) * 2 <= len(bare) else told


def is_phone(text: str) -> bool:
    """Whether a text has the digits that a phone number has; a Chinese mobile number has eleven."""
    digits = "".join(_DIGIT.findall(text))
    if _CHINESE_MOBILE.match(digits) and "+" not in text:
        return len(digits) == _MOBILE
    return _SHORTEST <= len(digits) <= _LONGEST


def is_tax_number(text: str) -> bool:
    """Whether a text has the form of a tax number: 15 to 20 characters in China, a country's letters and digits in
    Europe, nine digits in America."""
    bare = _SPACE.sub("", text)
    return _FORMS_OF_TAX_NUMBERS.fullmatch(bare) is not None and _DIGIT.search(bare) is not None


def tax_number_in(text: str) -> str:
    """The tax number of a Chinese company that a text holds, known by its form; empty where it holds none."""
    found = _COMPANY_ZH.search(text)
    return found[0] if found is not None else ""
