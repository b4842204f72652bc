"""Words: jieba's for Chinese, white space and punctuation for English.

jieba keeps its dictionary in a cache file in the temporary folder, which several processes starting at once can
tear; here the dictionary is read into memory and no file is written. The same tokenizer object is never changed
once it is in use: a new catalogue makes a new one.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import jieba

from nlu.goods import GOODS
from nlu.normalise import normalise, simplify

_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_TERM = re.compile(r"(?<![\u4e00-\u9fff])[\u4e00-\u9fff]{2,8}(?![\u4e00-\u9fff])")
_ENGLISH = re.compile(r"[#@]?\w+(?:['’.@&+-]\w+)*|[^\w\s]")
_LOCK = threading.Lock()

jieba.setLogLevel(logging.WARNING)


@cache
def _dictionary() -> tuple[dict[str, int], int]:
    with _LOCK, jieba.Tokenizer().get_dict_file() as file:
        frequencies, total = jieba.Tokenizer.gen_pfdict(file)
    goods: Any = jieba.Tokenizer()
    goods.FREQ, goods.total, goods.initialized = frequencies, total, True
    for name in sorted(GOODS):
        goods.add_word(name)
    return frequencies, goods.total


class Words:
    """Cuts texts into words; `terms` are words of the shop's own, as `terms_of` finds them."""

    def __init__(self, terms: Iterable[str] = ()) -> None:
        frequencies, total = _dictionary()
        own = sorted(set(terms))
        self._jieba: Any = jieba.Tokenizer()
        self._jieba.FREQ = dict(frequencies) if own else frequencies
        self._jieba.total = total
        self._jieba.initialized = True
        for term in own:
            self._jieba.add_word(term)

    def cut(self, text: str) -> list[str]:
        """The words of normalised text, in order, without white space."""
        return [word for word, _ in self.cut_with_starts(text)]

    def cut_with_starts(self, text: str) -> list[tuple[str, int]]:
        """The words and where each begins."""
        if not _CHINESE.search(text):
            return [(match[0], match.start()) for match in _ENGLISH.finditer(text)]
        found: list[tuple[str, int]] = []
        at = 0
        for word in self._jieba.cut(text, HMM=True):
            if not word.isspace():
                found.append((word, at))
            at += len(word)
        return found


def terms_of(names: Sequence[str]) -> list[str]:
    """The Chinese terms of product names that are worth a place in the dictionary, as messages are cut: simplified.

    More than eight characters are a phrase, which jieba cuts into words better than a count would.
    """
    return [part for name in names for part in _TERM.findall(simplify(normalise(name).text))]
