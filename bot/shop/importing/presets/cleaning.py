"""What exports put around values, taken off: spreadsheets' marks around numbers, masks, markup.

The functions of the first part never fail, and change nothing that is clean already. Those of the second turn cells
into values, or say why they can't.
"""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from bot.shop.importing import values
from bot.shop.importing.rows import BadRow
from kernel.money import LARGEST_AMOUNT, decimals
from kernel.sentence import about

_BLANK = frozenset({"-", "--", "—", "——", "/"})
"""What Chinese exports write where they have no value."""
_NUMBERED = "no:"
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_SIGNS_OF_PHONE = frozenset("0123456789 -/.()")
_FEWEST_DIGITS = 5
_LONGEST_PHONE = 40
_BETWEEN = re.compile(r"[,，;\s]")
_ADDRESS = re.compile(r"https?://\S{1,1990}")


def bare(words: str) -> str:
    """A number as it is: without `="…"`, a leading `'` or `No:`, in digits of half width."""
    before = None
    while words != before:
        before = words
        words = unicodedata.normalize("NFKC", words).strip().lstrip("'’").strip()
        if words.startswith('="') and words.endswith('"') and len(words) > 2:
            words = words[2:-1]
        if words.lower().startswith(_NUMBERED):
            words = words[len(_NUMBERED) :]
    return words


def phone(words: str) -> str:
    """The first telephone number; nothing where it is masked, as in `139****1111`, or none at all."""
    words = bare(words).lstrip("(")
    sign = "+" if words.startswith("+") else ""
    kept = []
    for character in words[len(sign) :]:
        if character == "*":
            return ""
        if character not in _SIGNS_OF_PHONE:
            break
        kept.append(character)
    number = "".join(kept)
    if number.count("(") != number.count(")"):
        number = number.replace("(", "").replace(")", "")
    number = sign + number.lstrip(" -/.)").rstrip(" -/.(")
    digits = sum(character.isdigit() for character in number)
    fits = digits >= _FEWEST_DIGITS and len(number) <= _LONGEST_PHONE and number[len(sign)].isdigit()
    return number if fits else ""


def person(first: str | None, last: str | None) -> str:
    """First and last name in one: the last name first, without a space, where they are Chinese."""
    first, last = (first or "").strip(), (last or "").strip()
    if is_chinese(first) and is_chinese(last):
        return last + first
    return f"{first} {last}".strip()


def is_chinese(words: str) -> bool:
    """Whether Chinese characters are among them."""
    return _CHINESE.search(words) is not None


def squeezed(words: str) -> str:
    """In one line, with single spaces."""
    return " ".join(words.split())


def named_id(*names: str | None) -> str:
    """The id of a product that has no code: the same names always get the same one, however they are spaced."""
    folded = "\x1f".join(squeezed(unicodedata.normalize("NFKC", name or "")).casefold() for name in names)
    return f"name-{hashlib.sha256(folded.encode('utf-8', 'replace')).hexdigest()[:24]}"


def text(raw: Any) -> str | None:
    """Words, or None where the export has none.

    Raises:
        BadRow: it was read in another encoding than it was written in.
    """
    words = values.text(raw)
    return None if words is None or words in _BLANK else words


def code(raw: Any) -> str | None:
    """What names a thing: an order, a product, a parcel, a postcode.

    Raises:
        BadRow: as `text`.
    """
    if isinstance(raw, float) and math.isfinite(raw) and raw.is_integer():
        raw = int(raw)
    words = text(raw)
    return None if words is None else text(bare(words))


def number(raw: Any) -> Decimal | None:
    """An amount of money or things.

    Raises:
        BadRow: it is no number, or larger than any of a shop.
    """
    words = code(raw) if isinstance(raw, str) else raw
    amount = values.decimal(words)
    if amount is not None and abs(amount) > LARGEST_AMOUNT:
        raise BadRow(about(raw, "is too large"))
    return amount


def whole(raw: Any) -> int | None:
    """A whole number.

    Raises:
        BadRow: it is none.
    """
    return values.whole(number(raw))


def stock(raw: Any) -> int | None:
    """How many there are: what is sold but not there yet counts as none.

    Raises:
        BadRow: it is no number.
    """
    amount = number(raw)
    return None if amount is None else max(int(amount), 0)


def telephone(raw: Any) -> str | None:
    """A telephone number, or None where the export masks it.

    Raises:
        BadRow: as `text`.
    """
    words = code(raw)
    return None if words is None else phone(words) or None


def email(raw: Any) -> str | None:
    """An e-mail address, or None where the export masks it.

    Raises:
        BadRow: as `text`.
    """
    words = code(raw)
    return None if words is None or "*" in words else words


def address(raw: Any) -> str | None:
    """The first address of several, or None.

    Raises:
        BadRow: as `text`.
    """
    found = pictures(raw)
    return found[0] if found else None


def pictures(raw: Any) -> list[str] | None:
    """The addresses of pictures, each once, with commas, semicolons or lines between them; or None.

    Raises:
        BadRow: as `text`.
    """
    words = text(raw)
    if words is None:
        return None
    parts = (part.strip() for part in _BETWEEN.split(words))
    found = (f"https:{part}" if part.startswith("//") else part for part in parts)
    return list(dict.fromkeys(one for one in found if _ADDRESS.fullmatch(one))) or None


def minor(amount: Decimal, currency: str) -> int:
    """An amount in minor units of a currency."""
    return round(amount * Decimal(10) ** decimals(currency))


def path(raw: str, separator: str = ">") -> Sequence[str]:
    """The steps of a category's path, the widest first."""
    return [step for step in map(str.strip, raw.split(separator)) if step]
