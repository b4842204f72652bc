"""The process that reads: `python -m nlu.serving CACHE [MODEL]`, started by `nlu.serving.client` alone.

It loads the model, is told where the pages are, and says whether all that could be loaded. From then on it answers
one request after the other and ends when its standard input does. Products are put in place beside that, in a
thread, since a large catalogue takes seconds.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import nlu
from nlu import words
from nlu.errors import NluError
from nlu.likeness import embedding_of
from nlu.modelfiles import SHIPPED
from nlu.pages.lines import LineReader
from nlu.serving import (
    LENGTH,
    Failed,
    Read,
    ReadLines,
    Request,
    Search,
    SearchGoods,
    SetCatalogue,
    SetGoods,
    pack,
    unpack,
)
from nlu.serving.goods import ServedGoods
from nlu.types import PageIndex, Passage, Understander, Understanding


class Serving:
    """A model and the pages as it sees them. Vectors never leave this process: another model can't use them."""

    def __init__(
        self, understander: Understander, pages: PageIndex, goods: ServedGoods, lines: LineReader
    ) -> None:
        self._understander = understander
        self._pages = pages
        self._lines = lines
        self._goods = goods

    def answer(self, request: Request) -> Any:
        """The answer to a request; `Failed` where it raised."""
        try:
            match request:
                case Read():
                    return self._read(request)
                case Search():
                    return self._search(request)
                case ReadLines():
                    return self._lines.shares(request.question, request.lines)
                case SetCatalogue():
                    return self._understander.set_catalogue(request.entries)
                case SetGoods():
                    return self._goods.take(request.goods)
                case SearchGoods():
                    return self._goods.search(request)
        except Exception as error:  # noqa: BLE001 - told to whoever asked, who goes on with other messages
            return Failed.of(error)

    def _read(self, request: Read) -> list[Understanding]:
        read = self._understander.understand(request.texts, request.dialogue)
        return [replace(meaning, vector=None) for meaning in read]

    def _search(self, request: Search) -> list[Passage]:
        return self._pages.search(
            request.question, request.language, request.n, request.before, request.at_least
        )


LONGEST = 120.0
"""Seconds after which what is being read ends this process: its starter does so much sooner, unless it is gone."""


def serve(
    requests: BinaryIO, answers: BinaryIO, answer: Callable[[Request], Any], longest: float = LONGEST
) -> None:
    """Answer until the requests end: each with its number, since one may overtake another. What takes longer than
    `longest` seconds to read ends the process."""
    giving = threading.Lock()

    def give(number: int, asked: Request) -> None:
        found = answer(asked)
        with giving:
            send(answers, (number, found))

    while (found := next_of(requests)) is not None:
        number, asked = found
        if isinstance(asked, SetCatalogue | SetGoods):
            threading.Thread(target=partial(give, number, asked), daemon=True).start()
        else:
            # By the kernel, since what is stuck may never give way to a handler or a thread.
            signal.setitimer(signal.ITIMER_REAL, longest)
            give(number, asked)
            signal.setitimer(signal.ITIMER_REAL, 0)


def send(answers: BinaryIO, value: object) -> None:
    """Hand a value to who started this process; whoever is gone gets none, and the requests end as well."""
    with suppress(BrokenPipeError):
        answers.write(pack(value))
        answers.flush()


def next_of(requests: BinaryIO) -> Any:
    """The next value; None where there is none."""
    head = requests.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    return unpack(requests.read(length))


def main(arguments: Sequence[str]) -> None:
    """Load, say so, and serve; what can't be loaded is the answer instead."""
    answers = alone()
    cache, *model = map(Path, arguments)
    words.keep_in(cache)
    try:
        understander = nlu.load(*model)
        pages = next_of(sys.stdin.buffer)
        if pages is None:
            return
        index = nlu.load_pages(pages, understander)
    except (NluError, OSError) as error:
        send(answers, error)
        return
    gc.collect()
    gc.freeze()
    send(answers, None)
    goods = ServedGoods(embedding_of(understander), Path(*model or (SHIPPED,)), cache, index.model)
    serve(sys.stdin.buffer, answers, Serving(understander, index, goods, LineReader(index.model)).answer)


def alone() -> BinaryIO:
    """Make this process one that only its starter speaks to; return where the answers go."""
    # Its starter decides when it ends, also where Ctrl-C or a service manager tells the whole group.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    # What a library prints must not get between the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    logging.basicConfig(format="%(message)s")
    return answers


if __name__ == "__main__":
    main(sys.argv[1:])
