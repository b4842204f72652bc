"""Words: jieba's for Chinese, white space and punctuation for English.

jieba's dictionary, 350,000 words and how often they occur, is kept in a trie of a few megabytes. As a Python dict it
takes a hundred megabytes, and half a second to make. The trie can be kept in a file between starts; several processes
may make it at once, and one that can't be read is made anew.
"""

from __future__ import annotations

import logging
import re
import struct
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import jieba
import marisa_trie

from kernel.files import replacing
from nlu.datafiles import read_table
from nlu.normalise import normalise, simplify

Trie: TypeAlias = Any
"""`marisa_trie.RecordTrie`, which has no types: from words to a tuple of one number."""
_FORMAT = "<I"
_TOTAL = " total"
"""No word: what all frequencies come to."""
_REMEMBERED = 10_000
"""Looks into the trie take ten times as long as into a dict: so many of the latest are kept in one."""
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_TERM = re.compile(r"(?<![\u4e00-\u9fff])[\u4e00-\u9fff]{2,8}(?![\u4e00-\u9fff])")
_ENGLISH = re.compile(r"[#@]?\w+(?:['’.@&+-]\w+)*|[^\w\s]")
_NOUNS = Path(__file__).parent / "corpus" / "product_nouns.tsv"
PRODUCT_NOUNS = frozenset(row["noun"] for row in read_table(_NOUNS, ["noun"]))
"""What products are called in Chinese and jieba's dictionary, older than many of them, does not know."""

log = logging.getLogger(__name__)
jieba.setLogLevel(logging.WARNING)


class Words:
    """Cuts texts into words; `terms` are words of the shop's own, as `terms_of` finds them.

    A new catalogue makes a new one: none is changed once it is in use.
    """

    def __init__(self, terms: Iterable[str] = ()) -> None:
        self._jieba = tokenizer(sorted(set(terms)))

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


class Frequencies:
    """Words and how often they occur, as jieba's tokenizer asks for them: 0 for what only begins a word."""

    def __init__(self, trie: Trie) -> None:
        self._trie = trie
        self._own: dict[str, int] = {}
        self.get = lru_cache(_REMEMBERED)(self._get)
        """How often a word occurs; the second argument where it neither is nor begins one."""

    def _get(self, word: str, default: int | None = None) -> int | None:
        own = self._own.get(word)
        if own:
            return own
        found = self._trie.get(word)
        if found:
            return int(found[0][0])
        begins = own is not None or next(self._trie.iterkeys(word), None) is not None
        return 0 if begins else default

    def __contains__(self, word: str) -> bool:
        return self.get(word) is not None

    def __setitem__(self, word: str, frequency: int) -> None:
        self._own[word] = frequency
        self.get.cache_clear()


class Tokenizer(jieba.Tokenizer):  # type: ignore[misc] # jieba has no types
    """jieba's tokenizer over a trie, and over words added to this one alone. Not to be changed once in use."""

    def __init__(self, trie: Trie, total: int, own: Iterable[str]) -> None:
        super().__init__()
        self.FREQ = Frequencies(trie)
        self.total = total
        self.initialized = True
        for word in own:
            self.add_word(word)

    def get_DAG(self, sentence: str) -> dict[int, list[int]]:  # noqa: N802 - jieba's name
        """For each place, where the words that begin there end. As jieba's own, with one look for each stretch."""
        frequency_of = self.FREQ.get
        ends_of: dict[int, list[int]] = {}
        for start in range(len(sentence)):
            ends, end = [], start + 1
            while end <= len(sentence) and (frequency := frequency_of(sentence[start:end])) is not None:
                if frequency:
                    ends.append(end - 1)
                end += 1
            ends_of[start] = ends or [start]
        return ends_of


def tokenizer(own: Iterable[str] = ()) -> Tokenizer:
    """A tokenizer that knows jieba's words, names of everyday products, and words of the shop's own."""
    trie = _dictionary()
    return Tokenizer(trie, int(trie[_TOTAL][0][0]), (*sorted(PRODUCT_NOUNS), *own))


def keep_in(folder: Path) -> None:
    """Keep the dictionary in a folder between starts; to be called before anything is read."""
    global _path
    _path = folder / f"words-jieba-{jieba.__version__}.marisa"


_path: Path | None = None


@cache
def _dictionary() -> Trie:
    trie = None if _path is None else _kept(_path)
    if trie is None:
        with jieba.Tokenizer().get_dict_file() as file:
            trie = marisa_trie.RecordTrie(_FORMAT, _entries(file))
        if _path is not None:
            _keep(trie, _path)
    return trie


def _entries(file: Iterable[bytes]) -> Iterator[tuple[str, tuple[int]]]:
    total = 0
    for line in file:
        word, frequency, *_ = line.decode("utf-8").split()
        total += int(frequency)
        yield word, (int(frequency),)
    yield _TOTAL, (total,)


def _kept(path: Path) -> Trie | None:
    try:
        trie = marisa_trie.RecordTrie(_FORMAT).load(str(path))
        return trie if _TOTAL in trie else None
    except (OSError, RuntimeError, ValueError, struct.error):
        return None


def _keep(trie: Trie, path: Path) -> None:
    """Put the file in place whole; a folder that can't be written to costs half a second at each start."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as draft:
            trie.save(str(draft))
    except (OSError, RuntimeError) as error:
        log.warning("the dictionary can't be kept in %s: %s", path.parent, type(error).__name__)
