"""Texts that cost a reader the most: a few characters over and over, and beginnings that never come to their end.

What a pattern costs depends on how often it must go back and try again. So each is also given texts made of its own
pieces: what it repeats, repeated to the end; what leads there, over and over; two repetitions that may share
characters, one behind the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice, pairwise, permutations, product
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

LONGEST = 4_096
"""Characters of the longest message that Telegram delivers."""

_PIECES = (
    " ", "\n", "\t", "\u3000", "0", "9", "a", "A", "é", "汉", "一", "-", "_", ".", ",", "。", "!", "(", "[", "\"", "@",
    "#", "/", "🎉", "\u200b", "\u0301", "ﷺ", "１", "a-", "1 ", "a ", "汉 ", " \n", "1.", "1,", "1 , ", "a.", "a@", "1-",
    "a1", "for ", "not ", "a'", "汉a", "汉1", "一二", "3号楼", "12 Main ", "第1", "no 1", "100%", "€1", "1元", "x1",
    "order ", "订单", "<b>", "http://",
)  # fmt: skip
_JOINED = ("1 ", " 1", "a ", "汉 ", "\n ", "a-", "1-", "1一", "()")

_POOL = " \n1aZ汉é一-_.,;@#'/:(!~\u200b"
_LONG = 4
"""A repetition that may go on for so many more times than it must is worth texts of its own."""
_REPETITIONS = 32
_ALTERNATIVES = 40
_CHARACTERS = 5

Node = tuple[Any, Any]
"""What Python's own parser makes of a piece of a pattern: a code, and what belongs to it."""


def texts(length: int = LONGEST) -> list[str]:
    """Hostile to any reader, each of so many characters."""
    return [
        *(_filled(piece, length) for piece in _PIECES),
        *(_two("", first, second, length) for first, second in _JOINED),
        _two("do you have green tea ", "1", " ", length),
    ]


def made_from(pattern: str, flags: int, length: int = LONGEST) -> list[str]:
    """Hostile to one pattern, each of so many characters; what the pattern is made of decides which they are."""
    return [*dict.fromkeys(_made(parser.parse(pattern, flags), length))]


def _made(tree: Iterable[Node], length: int) -> Iterator[str]:
    repetitions = [*islice(_repetitions(tree, ""), _REPETITIONS)]
    for prefix, bodies in repetitions:
        for body in bodies:
            endless = prefix + _filled(body, length)
            yield from (endless[:length], endless[: length - 1] + "!")
            yield from (_filled(prefix + body, length), _filled(prefix + 12 * body, length))
    for (prefix, bodies), (_, others) in pairwise(repetitions):
        for body, other in product(bodies[:2], others[:2]):
            yield _two(prefix, body, other, length)
    for word in islice(_words(tree), _ALTERNATIVES):
        yield from (_filled(word, length), _filled(f"{word} ", length))
    characters = [*islice(dict.fromkeys(_characters(tree)), _CHARACTERS)]
    for first, second in permutations(characters, 2):
        yield from (_two("", first, second, length), _filled(first + second, length))


def _filled(piece: str, length: int) -> str:
    return (piece * (length // len(piece) + 1))[:length]


def _two(prefix: str, first: str, second: str, length: int) -> str:
    """A third of one, two thirds of another, and an end that is none of them."""
    return (prefix + _filled(first, length // 3) + _filled(second, length))[: length - 1] + "x"


def _repetitions(tree: Iterable[Node], prefix: str) -> Iterator[tuple[str, list[str]]]:
    """Each long repetition of a pattern: what leads to it, and a few things that it may repeat."""
    for node in tree:
        op, argument = node
        if op in _REPEATS:
            least, most, body = argument
            if most - least >= _LONG:
                yield prefix, _bodies(body)
        for inner in _inside(node):
            yield from _repetitions(inner, prefix)
        if op not in (codes.ASSERT, codes.ASSERT_NOT):
            prefix += _example([node], 0)


_REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)


def _inside(node: Node) -> list[Iterable[Node]]:
    """The patterns that a piece of a pattern is made of."""
    op, argument = node
    if op is codes.BRANCH:
        return [*argument[1]]
    if op in _REPEATS:
        return [argument[2]]
    if op in (codes.SUBPATTERN, codes.ASSERT, codes.ASSERT_NOT):
        return [argument[-1]]
    return [argument] if op is codes.ATOMIC_GROUP else []


def _bodies(body: Any) -> list[str]:
    if len(body) == 1 and body[0][0] in _CLASSES:
        return [character for character in _POOL if _holds(body[0], character)][:4] or [_example(body, 0)]
    return [*filter(None, dict.fromkeys(_example(body, pick) for pick in range(3)))]


def _example(tree: Iterable[Node], pick: int) -> str:
    """A text that a pattern matches, but for what it says of its surroundings; `pick` chooses among alternatives."""
    made = ""
    for node in tree:
        op, argument = node
        if op is codes.LITERAL:
            made += chr(argument)
        elif op in _CLASSES:
            made += _one_of(node, pick)
        elif op in _REPEATS:
            made += _example(argument[2], pick) * min(max(argument[0], 1), argument[1])
        elif op not in (codes.ASSERT, codes.ASSERT_NOT) and (inner := _inside(node)):
            made += _example(inner[pick % len(inner)], pick)
    return made


_CLASSES = (codes.IN, codes.ANY, codes.NOT_LITERAL)


def _one_of(node: Node, pick: int) -> str:
    """A character of a class."""
    items = node[1] if node[0] is codes.IN else ()
    own = (
        chr(value if op is codes.LITERAL else value[0])
        for op, value in items
        if op in (codes.LITERAL, codes.RANGE)
    )
    fitting = [character for character in (*own, *_POOL) if _holds(node, character)]
    return fitting[pick % len(fitting)] if fitting else "?"


def _holds(node: Node, character: str) -> bool:
    """Whether a class holds a character, the case of letters aside."""
    op, argument = node
    if op is codes.ANY:
        return character != "\n"
    if op is codes.NOT_LITERAL:
        return character != chr(argument)
    if op is codes.LITERAL:
        return character == chr(argument)
    if op is codes.RANGE:
        return argument[0] <= ord(character) <= argument[1]
    if op is codes.CATEGORY:
        return _CATEGORIES[argument].fullmatch(character) is not None
    negated = argument[0][0] is codes.NEGATE
    return any(_holds(item, character) for item in argument[negated:]) != negated


_CATEGORIES = {
    codes.CATEGORY_DIGIT: re.compile(r"\d"),
    codes.CATEGORY_NOT_DIGIT: re.compile(r"\D"),
    codes.CATEGORY_SPACE: re.compile(r"\s"),
    codes.CATEGORY_NOT_SPACE: re.compile(r"\S"),
    codes.CATEGORY_WORD: re.compile(r"\w"),
    codes.CATEGORY_NOT_WORD: re.compile(r"\W"),
}


def _words(tree: Any) -> Iterator[str]:
    """Whole matches, and some of the alternatives of every choice."""
    found = (*(_example(tree, pick) for pick in range(4)), *_alternatives(tree))
    yield from filter(None, dict.fromkeys(found))


def _alternatives(tree: Iterable[Node]) -> Iterator[str]:
    for node in tree:
        inner = _inside(node)
        for each in inner[:: max(1, len(inner) // 8)]:
            if node[0] is codes.BRANCH:
                yield _example(each, 0)
            yield from _alternatives(each)


def _characters(tree: Iterable[Node]) -> Iterator[str]:
    """Characters of its classes, and those that it spells out."""
    for node in tree:
        op, argument = node
        if op in _CLASSES:
            yield from (character for character in _POOL if _holds(node, character))
        elif op is codes.LITERAL:
            yield chr(argument)
        for inner in _inside(node):
            yield from _characters(inner)
