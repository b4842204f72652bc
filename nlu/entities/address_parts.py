"""Puts a part of a postal address right and leaves the rest as it was: 不对 是2栋1801, "flat 3c, not 3b"."""

from __future__ import annotations

import re
from collections.abc import Iterator

_NUMBER = r"(?:[0-9]{1,5}[A-Za-z]?|[A-Za-z]|[一二三四五六七八九十]{1,3})"
_UNITS = (
    ("building", re.compile(rf"{_NUMBER}(?:号楼|栋|幢|座)")),
    ("entrance", re.compile(rf"{_NUMBER}单元")),
    ("floor", re.compile(rf"{_NUMBER}(?:楼|层)(?!栋)")),
    ("room", re.compile(r"(?<![0-9A-Za-z])[0-9]{3,4}(?:室|房|号房)?(?![0-9号栋幢弄])")),
    ("street", re.compile(r"(?<![0-9])[0-9]{1,5}(?:弄|号)(?![楼院房])")),
    ("flat", re.compile(r"\b(?:flat|apartment|apt|unit|suite|room|no)\.?\s?#?\w{1,5}\b", re.IGNORECASE)),
    ("uk postcode", re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}\b", re.IGNORECASE)),
    ("postcode", re.compile(r"(?<![0-9])[0-9]{5,6}(?![0-9])")),
    ("house", re.compile(r"\b[0-9]{1,4}[a-z]?(?=\s[A-Z][a-z])")),
)
"""Parts by what they are, and how they are written."""
_LARGE = re.compile(
    r"[省市区县]|[路街道巷]\s?[0-9]|\b(street|st|road|rd|avenue|ave|lane|drive|close|way)\b", re.IGNORECASE
)
_PLACE = re.compile(
    r"[省市区县镇村路街道巷弄号栋楼]|\b(street|st|road|rd|avenue|ave|lane|drive|close|way|flat|apartment|suite)\b",
    re.IGNORECASE,
)
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_BARE_NUMBER = re.compile(r"[0-9]{1,5}[A-Za-z]?")
_A_NUMBER = re.compile(r"[0-9]{1,5}[A-Za-z]?")


def part_in(text: str) -> tuple[int, int] | None:
    """From the first to the last part of an address in a text that names some; None where it names none."""
    found = [match.span() for _, pattern in _UNITS for match in pattern.finditer(text)]
    return (min(start for start, _ in found), max(end for _, end in found)) if found else None


def may_be_address(text: str) -> bool:
    """Whether a text holds a number, or a word for a place that parcels go to."""
    return any(character.isdigit() for character in text) or _PLACE.search(text) is not None


def corrected(before: str, part: str) -> str:
    """The address with a part of it replaced; a part that is none of what is there comes behind it.

    An address that names a street or town of its own takes the place of the whole.
    """
    part = part.strip(" ,，。.")
    if not before or not part or (_LARGE.search(part) and len(part) * 2 >= len(before)):
        return part or before
    if _BARE_NUMBER.fullmatch(part):
        numbers = list(_A_NUMBER.finditer(before))
        if numbers:
            return before[: numbers[-1].start()] + part + before[numbers[-1].end() :]
    address = before
    for start, end, new in _replacements(before, part):
        address = address[:start] + new + address[end:]
    separator = "" if _CHINESE.search(before) else ", "
    return address if address != before else f"{before}{separator}{part}"


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
