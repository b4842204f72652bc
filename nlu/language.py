"""Which of the two languages a message is in, and whether it is in neither."""

from __future__ import annotations

import re

from nlu.types import Language

_CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_LATIN_WORD = re.compile(r"[A-Za-z]{2,}")
_LETTER_OF_ANOTHER_SCRIPT = re.compile(
    r"[\u00c0-\u024f\u0370-\u1cff\u1e00-\u1fff\u3040-\u30ff\u3130-\u318f\ua000-\ud7ff\ufb1d-\ufdff\ufe70-\ufeff]"
)
_LETTER = re.compile(r"[^\W\d_]")


def detect(text: str, fallback: Language | None = None) -> Language:
    """The language of normalised text; `fallback` decides where its characters do not (`1024`, an emoji)."""
    chinese = len(_CHINESE.findall(text))
    latin = len(_LATIN_WORD.findall(text))
    if chinese or latin:
        # A Chinese character says about as much as half an English word.
        return "zh" if chinese >= latin else "en"
    return fallback or ("zh" if re.search(r"[\u3000-\u303f]", text) else "en")


def is_foreign(text: str) -> bool:
    """Whether most letters belong to neither language: Cyrillic, kana, Hangul, Arabic, Thai, many accents."""
    letters = len(_LETTER.findall(text))
    other = len(_LETTER_OF_ANOTHER_SCRIPT.findall(text))
    return bool(letters) and (
        other / letters > 0.3 or (bool(re.search(r"[\u3040-\u30ff]", text)) and other > 2)
    )


def has_words(text: str) -> bool:
    """Whether anything in the text can be read: a Chinese character, or two Latin letters in a row."""
    return bool(_CHINESE.search(text) or _LATIN_WORD.search(text))
