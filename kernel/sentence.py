"""Sentences for people that remember what they were made of, so that they can be said in another language.

    raise BadRow(about(raw, "is not a number"))             # 'abc' is not a number
    Sentence("the column {column!r} is missing", column=…)

Code says them in English; whoever shows them looks for another language's by `key`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Self

_SHOWN = 40


class Sentence(str):
    """An English sentence: its `str` is what it says.

    An error that holds one gives it back by `str(error)`.
    """

    key: str
    """What it is looked up by in other languages: the English with its values' names in braces."""
    values: Mapping[str, object]

    def __new__(cls, key: str, /, **values: object) -> Self:
        """Say it with its values."""
        return cls.called(key, key.format_map(values) if values else key, **values)

    @classmethod
    def called(cls, key: str, said: str, /, **values: object) -> Self:
        """One whose English comes from elsewhere, by a key of its own."""
        made = super().__new__(cls, said)
        made.key, made.values = key, values
        return made

    @classmethod
    def of(cls, said: str) -> Sentence:
        """What is said as a sentence, if it is none yet."""
        return said if isinstance(said, Sentence) else cls(said)

    def __str__(self) -> str:
        return self

    def put(self, change: Callable[[str], str]) -> Sentence:
        """The same, with every value that is a word changed."""
        return Sentence(self.key, **{name: _put(value, change) for name, value in self.values.items()})


def about(value: object, what: str) -> Sentence:
    """`'abc' is not a number`: with the value that it is said of, which `general` leaves out."""
    return Sentence("{value!r} {what}", value=str(value)[:_SHOWN], what=Sentence.of(what))


def at(value: object, what: str) -> Sentence:
    """As `about`, where the two make no sentence: `'abc': there is no value`."""
    return Sentence("{value!r}: {what}", value=str(value)[:_SHOWN], what=Sentence.of(what))


def either(first: str, *others: str) -> str:
    """`a or b or c`."""
    for other in others:
        first = Sentence("{first} or {other}", first=first, other=other)
    return first


def general(said: str) -> str:
    """What is said, without the value that it is said of: equal reasons can be counted together."""
    return str(said.values.get("what", said)) if isinstance(said, Sentence) else said


def _put(value: object, change: Callable[[str], str]) -> object:
    if isinstance(value, Sentence):
        return value.put(change)
    return change(value) if isinstance(value, str) else value
