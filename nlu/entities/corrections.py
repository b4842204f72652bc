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
        rf"(?P<old>{_PIECE})(?:改成|换成|改为|应该是|应是|应为)\s?(?P<new>{_PIECE})",
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
_TAX_DIGITS = re.compile(r"[0-9]{9}|(?!1[3-9])[0-9]{11}|[0-9]{13,15}|[0-9]{17,20}")
_TAX_LETTERS = re.compile(r"[0-9A-Z]{8,20}", re.IGNORECASE)
_LEAST_DIGITS = 4
_BEGUN_ZH = re.compile(r"9[1-3][0-9]{6}[0-9A-Z]{1,9}", re.IGNORECASE)
"""The code of a Chinese company, of 18 characters, that isn't whole."""
_COMPANY_ZH = re.compile(r"(?<![0-9A-Za-z])(?=[0-9]*[A-Z])[0-9A-Z]{2}[0-9]{6}[0-9A-Z]{10}(?![0-9A-Za-z])")
_DENIED = re.compile(
    r"(?:\bnot\s|n't\s|不是|不要|并非|而非)(?:(?:the|for|from|about|on|my|order|number)\s){0,3}(?:订单|单)?号?[\s#＃:：]{0,3}$",
    re.IGNORECASE,
)
_OF_NO_ORDER = re.compile(
    r"(\b(vat|tax|tin|ein|gst)\s?(id|no\.?|number|code|reg\w{0,12})?|税号|税务?.{0,3}号码?|识别号|信用代码|账[号户]|卡号"
    r"|\b(?:account|card|iban)(?:\s(?:number|no\.?))?)"
    r"\s?(is|是|为|:|：|#)?\s?$|\b(vat|tin|ein|gst)[\s-]?$",
    re.IGNORECASE,
)
_LOOKED_BACK = 40
_SPACE = re.compile(r"[\s.]")
_SEPARATOR_OF_DIGITS = re.compile(r"[\s./-]")
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


def is_denied(text: str, start: int) -> bool:
    """Whether what begins there is said not to be meant: "not #1234", 不是1234那单."""
    return _DENIED.search(text, 0, start) is not None


def is_of_no_order(text: str, start: int) -> bool:
    """Whether the number that begins there is called one for taxes, or of a bank account or card."""
    return _OF_NO_ORDER.search(text, max(0, start - _LOOKED_BACK), start) is not None


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
    """Whether a text has the form of a tax number: letters and digits, or as many digits as some country's have; of a
    Chinese company's code all of it."""
    bare = _SEPARATOR_OF_DIGITS.sub("", text)
    mixed = _TAX_LETTERS.fullmatch(bare) is not None and _LEAST_DIGITS <= len(_DIGIT.findall(bare)) < len(
        bare
    )
    formed = mixed or _TAX_DIGITS.fullmatch(bare) is not None
    return formed and _BEGUN_ZH.fullmatch(bare) is None


def tax_number_in(text: str) -> str:
    """The tax number of a Chinese company that a text holds, known by its form; empty where it holds none."""
    found = _COMPANY_ZH.search(text)
    return found[0] if found is not None else ""
