"""Text as received → text that can be read, with the way back to the original characters.

Three forms: `folded` is the text as it was written, without long blanks and endless numbers; `Normalised.text` is
what people see (besides, NFKC, no line ends, control and zero-width characters gone); `model_text` is what the encoder
and jieba read (besides, simplified characters, lower case, and long numbers made alike), character for character as
long as the second.
"""

from __future__ import annotations

import importlib.resources
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice

READ_AT_MOST = 4_000
"""Characters of a message that are read at all; a customer who writes more has said it by then.

Of what they become no more is kept either: NFKC makes eighteen of ﷺ.
"""
ENCODED_AT_MOST = 480
"""Characters of the normalised text that the encoder is given."""
LONGEST_NUMBER = 40
"""Digits of one number that are read: no card, account, parcel or order has as many."""

_ENDLESS = re.compile(rf"(\d{{{LONGEST_NUMBER}}})\d+")
_ODD = re.compile(rf"[^\x20-\x7e\u4e00-\u9fff\u3001\u3002]|  |\d{{{LONGEST_NUMBER + 1}}}")
_LONG_NUMBER = re.compile(r"\d{4,}")
_DROPPED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_VARIATION_SELECTORS = range(0xFE00, 0xFE10)
_CLUSTER_READ = 4


@dataclass(frozen=True, slots=True)
class Normalised:
    """Normalised text; character i came from `offsets[i]` to `ends[i]`, its combining marks among them.

    `offsets` has one entry past the end: where the reading stopped.
    """

    text: str
    offsets: tuple[int, ...] | range
    ends: tuple[int, ...] | range

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """The span in the message as received that became `text[start:end]`, `start` < `end`."""
        return self.offsets[start], self.ends[end - 1]


def folded(text: str) -> str:
    """The text as it was written, but one space, or one line end, for each stretch of white space, and none around it.

    Of a number no more than LONGEST_NUMBER digits stay, and of the whole no more than READ_AT_MOST characters. What
    reads a customer's words reads them so: a thousand blanks or digits say no more than a few, and take longer.
    """
    lines = (" ".join(line.split()) for line in text.splitlines())
    written = "\n".join(filter(None, lines))
    return _ENDLESS.sub(r"\1", written)[:READ_AT_MOST].rstrip()


def normalise(text: str) -> Normalised:
    """NFKC, white space folded to one space and stripped, control and zero-width characters removed.

    Of a number no more than LONGEST_NUMBER digits stay.
    """
    text = text[:READ_AT_MOST]
    if not _ODD.search(text) and text == text.strip():
        return Normalised(text, range(len(text) + 1), range(1, len(text) + 1))
    kept = list(islice(_shown(text), READ_AT_MOST))
    stopped = kept[-1][2] if len(kept) == READ_AT_MOST else len(text)
    if kept and kept[-1][0] == " ":
        kept.pop()
    return Normalised(
        "".join(character for character, _, _ in kept),
        (*(start for _, start, _ in kept), stopped),
        tuple(end for _, _, end in kept),
    )


def _shown(text: str) -> Iterator[tuple[str, int, int]]:
    """The characters of the normalised text, save that a space may be the last, with the span each came from."""
    last, digits = " ", 0
    for start, end, cluster in _clusters(text):
        for character in unicodedata.normalize("NFKC", cluster):
            shown = " " if character.isspace() else character
            if shown == last == " " or _is_dropped(shown):
                continue
            last, digits = shown, digits + 1 if shown.isdecimal() else 0
            if digits <= LONGEST_NUMBER:
                yield shown, start, end


def _clusters(text: str) -> Iterator[tuple[int, int, str]]:
    """Characters with the combining marks that follow them, so that NFKC can compose them, and their spans."""
    start = 0
    while start < len(text):
        end = start + 1
        while end < len(text) and unicodedata.combining(text[end]):
            end += 1
        # A base with dozens of marks is decoration, not language.
        yield start, end, text[start : min(end, start + _CLUSTER_READ)]
        start = end


def _is_dropped(character: str) -> bool:
    return unicodedata.category(character) in _DROPPED_CATEGORIES or ord(character) in _VARIATION_SELECTORS


@cache
def _simplifying() -> dict[int, str]:
    """Traditional → simplified, one character each: OpenCC's table, which opencc-python-reimplemented carries."""
    table = importlib.resources.files("opencc") / "dictionary" / "TSCharacters.txt"
    pairs: dict[int, str] = {}
    for line in table.read_text(encoding="utf-8").splitlines():
        traditional, _, simplified = line.partition("\t")
        if len(traditional) == 1 and simplified:
            pairs[ord(traditional)] = simplified[0]
    return pairs


def simplify(text: str) -> str:
    """Traditional characters as simplified ones; as long as before."""
    return text.translate(_simplifying())


def model_text(text: str) -> str:
    """What the encoder reads, for normalised text; as long as before, so that positions carry over."""
    lowered = text.lower()
    if len(lowered) != len(text):
        lowered = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    return _LONG_NUMBER.sub(lambda number: "0" * len(number[0]), simplify(lowered))


def encoder_text(text: str) -> str:
    """A text as received → what the encoder reads of it."""
    return model_text(normalise(text).text[:ENCODED_AT_MOST])
