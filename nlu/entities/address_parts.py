"""Puts a part of a postal address right and leaves the rest as it was: 不对 是2栋1801, "flat 3c, not 3b"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nlu.entities.corrections import contrast_in

_NUMBER = r"(?:[0-9]{1,5}[A-Za-z]?|[A-Za-z]|[一二三四五六七八九十]{1,3})"
_UNITS = (
    ("building", re.compile(rf"{_NUMBER}(?:号楼|栋|幢|座)")),
    ("entrance", re.compile(rf"{_NUMBER}单元")),
    ("floor", re.compile(rf"{_NUMBER}(?:楼|层)(?!栋)")),
    ("room", re.compile(r"(?<![0-9A-Za-z])[0-9]{3,4}(?:室|房|号房)?(?![0-9号栋幢弄])")),
    ("street", re.compile(r"(?<![0-9])[0-9]{1,5}(?:弄|号)(?![楼院房])")),
    (
        "flat",
        re.compile(
            r"\b(?:flat|apartment|apt|unit|suite|room)\.?\s?#?(?:[0-9]\w{0,4}|[A-Z][0-9]{0,3})\b|\bno\.?\s?[0-9]\w{0,4}\b",
            re.IGNORECASE,
        ),
    ),
    ("uk postcode", re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}\b", re.IGNORECASE)),
    ("postcode", re.compile(r"(?<![0-9A-Za-z#])[0-9]{5,6}(?![0-9A-Za-z])")),
    ("house", re.compile(r"\b[0-9]{1,4}[a-z]?(?=\s[A-Z][a-z])")),
)
"""Parts by what they are, and how they are written."""
_STREET = re.compile(
    r"(?P<zh>[\u4e00-\u9fff]{1,8}(?:路|街道?|道|巷|弄|里|坊|胡同|村|小区|花园|大厦|广场|公寓|大学|苑|园|城|中心|新城))"
    r"|\b[0-9]{1,5}[a-z]?(?:[-/][0-9]{1,4})?,?\s(?P<en>(?:[\w'’.-]{2,20}\s){0,3}?(?:street|st|road|rd|avenue|ave|lane|ln"
    r"|drive|dr|close|way|court|ct|terrace|gardens|place|square|grove|row|mews|boulevard|blvd|crescent|highway|parkway|hill"
    r"|green|rise|view|quay|walk|park))\b",
    re.IGNORECASE,
)
"""A street or an estate; an English one with the house before it."""
_REGION_ZH = re.compile(r"[省市区县镇乡州旗]|^\W{0,3}(?:北京|上海|天津|重庆|香港|澳门)")
_NAMED_WITH_TOWN = 4
"""Characters before the word for a street from which on a town may stand among them: 杭州文三路."""
_POSTCODE = re.compile(
    r"\b[A-Z]{1,2}[0-9][A-Z0-9]?\s?[0-9][A-Z]{2}\b|(?<![0-9])[0-9]{5,6}(?![0-9])", re.IGNORECASE
)
_TOWN_EN = re.compile(
    r"[,\s]\s?(?!(?:flat|apartment|apt|unit|suite|room|no|please|thanks)\b)[A-Za-z][\w'’.-]{2,}",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"[省市区县镇村路街道巷弄号栋楼]|\b(street|st|road|rd|avenue|ave|lane|drive|close|way|flat|apartment|suite)\b",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"(?:[\s,#/-]{1,3}+(?:[A-Z][\w'’.]{0,30}+|[0-9][\w-]{0,7}+(?!\w)|(?:flat|apartment|apt|unit|suite|room|no)\b)){0,12}+"
)
_AROUND = re.compile(
    r"^(?:please|yes|ok|okay|sure|hi|it'?s|it is|its|to|at|my|new|the|address|is|send|deliver|ship|change|here|now)\b"
    r"|\b(?:please|thanks|thank you|thx|cheers|ok|okay)$"
    r"|^(?:改成|改到|改为|换成|换到|送到|寄到|发到|新地址|地址|收货|应该|现在|麻烦|请|好的|嗯|那就|就|是|为)"
    r"|(?:谢谢|麻烦了|吧|哦|就行|就好)$",
    re.IGNORECASE,
)
_WORDS_AROUND = 20
_ROOM = re.compile(r"[0-9]{3,4}")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_BARE_NUMBER = re.compile(r"[0-9]{1,5}[A-Za-z]?")
_A_NUMBER = re.compile(r"(?<![A-Za-z0-9])[0-9]{1,5}[A-Za-z]?(?![A-Za-z0-9])")
_HOUSE_NUMBER = re.compile(r"(?<![A-Za-z0-9])(?<![0-9] )[0-9]{1,4}[A-Za-z]?(?![A-Za-z0-9]|\s[0-9])")
"""A number that is no postcode, which is longer or in two parts."""
_CALLED_NUMBER = re.compile(r"^(?:house\s)?(?:number|no\.?|nr\.?)\s?(?=[0-9])", re.IGNORECASE)
_MARK = re.compile(r"[0-9]+[A-Za-z]?|(?<![A-Za-z])[A-Za-z](?![A-Za-z])")


def part_in(text: str) -> tuple[int, int] | None:
    """From the first to the last part of an address in a text that names some; None where it names none."""
    found = [match.span() for _, pattern in _UNITS for match in pattern.finditer(text)]
    return (min(start for start, _ in found), max(end for _, end in found)) if found else None


def grown(text: str, start: int, end: int) -> str:
    """The stretch of a text that tells an address, with what goes on from it: names in capitals, numbers."""
    further = _GOES_ON.match(text, end)
    return text[start : end if further is None else further.end()]


def without_words_around(text: str) -> str:
    """A text that answers where to, without what is said around the address: "it's", "please", 改成."""
    for _ in range(_WORDS_AROUND):
        text = _AROUND.sub("", text.strip(" ,，。.!！:：;；\n"))
    return text


def is_town_alone(part: str) -> bool:
    """Whether a text tells a town or a region without a street: one elsewhere, the rest of which is to come."""
    if _STREET.search(part) is not None:
        return False
    if _REGION_ZH.search(part) is not None:
        return True
    rest = part
    for _, pattern in _UNITS:
        rest = pattern.sub(" ", rest)
    return not _CHINESE.search(part) and any(character.isalpha() for character in _A_NUMBER.sub(" ", rest))


def may_be_address(text: str) -> bool:
    """Whether a text holds a part that addresses have: a house or flat, a street, a postcode, a word for a place."""
    return part_in(text) is not None or _STREET.search(text) is not None or _PLACE.search(text) is not None


def may_be_part(text: str) -> bool:
    """Whether a text may be a part of an address: one, a bare number, or a name that isn't in Latin letters."""
    bare = _BARE_NUMBER.fullmatch(_CALLED_NUMBER.sub("", text.strip())) is not None
    return bare or not text.isascii() or may_be_address(text)


def may_answer(text: str) -> bool:
    """Whether a text that was asked for may be an address, of whichever country: it holds a number or a place."""
    return any(character.isdigit() for character in text) or may_be_address(text)


def lacking(address: str) -> str:
    """What an address lacks to be found by a carrier: `street`, `region`, or nothing."""
    street = _STREET.search(address)
    if street is None:
        # The forms of other countries aren't known: a number among several words will do.
        foreign = not _CHINESE.search(address) and len(address.split()) >= 3
        return "" if foreign and any(character.isdigit() for character in address) else "street"
    if not any(character.isdigit() for character in address):
        return "street"
    return "" if _has_region(address, street) else "region"


def _has_region(address: str, street: re.Match[str]) -> bool:
    if street["zh"]:
        before = address[: street.end("zh")]
        return _REGION_ZH.search(before) is not None or len(before) > _NAMED_WITH_TOWN + 1
    after = address[street.end() :]
    return _POSTCODE.search(after) is not None or _TOWN_EN.search(after) is not None


def corrected(before: str, part: str, old: str = "") -> str:
    """The address with a part of it replaced; a part that is none of what is there is put where it belongs.

    An address that names a street and a town of its own takes the place of the whole.

    Args:
        before: the address as it was; empty where there was none.
        part: what was told.
        old: what it is to take the place of, where that was said: "17, not 7".
    """
    part = part.strip(" ,，。.")
    contrast = contrast_in(part) if before else None
    if contrast is not None:
        old, part = part[slice(*contrast[0])], part[slice(*contrast[1])]
    if not before or not part or (not old and part.casefold() in before.casefold()):
        return before or part
    exchanged = _exchanged(before, part, old)
    if exchanged:
        return exchanged
    if stands := _piece_of(before, part):
        return before.replace(stands, part, 1)
    new, known = _STREET.search(part), _STREET.search(before)
    if new is not None and known is not None:
        same = (
            new["en"] is not None
            and known["en"] is not None
            and new["en"].casefold() == known["en"].casefold()
        )
        same = same and not _has_region(part, new)
        return f"{before[: known.start()]}{part}{before[known.end() :]}" if same else part
    if new is not None and _has_region(part, new):
        return part
    number = _CALLED_NUMBER.sub("", part)
    if _BARE_NUMBER.fullmatch(number) and not (_CHINESE.search(before) and _ROOM.fullmatch(number)):
        house = next(reversed(list(_HOUSE_NUMBER.finditer(before))), None)
        if house is not None:
            return before[: house.start()] + number + before[house.end() :]
    address = before
    for start, end, put in _replacements(before, part):
        address = address[:start] + put + address[end:]
    return address if address != before else _joined(before, part, new is not None)


def _piece_of(before: str, part: str) -> str:
    """A piece of what is told, such as a house and its street, that stands in the address already; empty for none."""
    pieces = (piece.strip() for piece in part.split(","))
    there = [one for one in pieces if " " in one and any(map(str.isdigit, one)) and one in before]
    return there[0] if len(there) == 1 and _POSTCODE.search(part) is None else ""


def _exchanged(before: str, part: str, old: str) -> str:
    """The address with the number or letter that was said to be wrong exchanged; empty where it doesn't stand there."""
    wrong, right = _MARK.search(old), _MARK.search(part)
    if wrong is None or right is None or _STREET.search(part) is not None:
        return ""
    there = next((one for one in _MARK.finditer(before) if one[0].casefold() == wrong[0].casefold()), None)
    return f"{before[: there.start()]}{right[0]}{before[there.end() :]}" if there is not None else ""


def _joined(before: str, part: str, street: bool) -> str:
    """A part that nothing stood for: a flat goes before an English street and a region before a Chinese one."""
    if _CHINESE.search(before):
        first = street or (_STREET.search(part) is None and _REGION_ZH.search(part) is not None)
        return f"{part}{before}" if first and lacking(before) == "region" else f"{before}{part}"
    flat = next(pattern for name, pattern in _UNITS if name == "flat")
    return f"{part}, {before}" if flat.fullmatch(part) else f"{before}, {part}"


def _replacements(before: str, part: str) -> Iterator[tuple[int, int, str]]:
    """Where in an address something else stands, and what; the last place first, so that the others keep theirs."""
    found = []
    for _, pattern in _UNITS:
        new, old = pattern.search(part), pattern.search(before)
        if new is not None and old is not None:
            found.append((old.start(), old.end(), new.group()))
    kept: list[tuple[int, int, str]] = []
    for one in found:
        if all(one[1] <= start or end <= one[0] for start, end, _ in kept):
            kept.append(one)
    yield from sorted(kept, reverse=True)
