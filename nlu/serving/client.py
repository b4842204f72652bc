"""Has messages read in a process of its own, which is ended and started anew when one takes too long.

A regular expression or a library's own code may hold Python's interpreter lock, so nothing in the same process
could end it or go on beside it.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from nlu.errors import NluError, ReadingFailed, ReadingTookTooLong
from nlu.products.goods import Goods
from nlu.products.needs import Need
from nlu.products.searching import Found
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
from nlu.types import CatalogueEntry, DialogueContext, Language, Passage, Understanding

LIMIT = 2.0
"""Seconds that a message may take to be read; usually it takes two or three thousandths."""
_LOOK_EVERY = 0.25
_LOAD_WITHIN = 120.0
_START_AGAIN_AFTER = 1.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Asked:
    """A request under way, and who waits for its answer."""

    request: Request
    answer: asyncio.Future[Any]

    def fail(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


def command(cache: Path, model: Path | None = None) -> list[str]:
    """The command line of a process that reads.

    Args:
        cache: a folder for what takes long to make and can be made again.
        model: the model's folder; None for the shipped one.
    """
    named = [] if model is None else [str(model)]
    return [sys.executable, "-P", "-m", "nlu.serving", str(cache), *named]


async def launch(command: Sequence[str]) -> Process:
    """Start a process that reads; it begins to load at once, while its starter does other things."""
    return await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)


class ReadingProcess:
    """One model and the shop's pages, in a process that lives until `close`.

    Requests are answered in order. One that takes longer than the limit, or that the process dies of, is answered
    with an error; those behind it are asked again in the process that takes its place.
    """

    def __init__(self, command: Sequence[str], pages: Path, limit: float) -> None:
        self._command = command
        self._pages = pages
        self._limit = limit
        self._asked: dict[int, _Asked] = {}
        self._number = 0
        self._turn_began = 0.0
        self._catalogue: SetCatalogue | None = None
        self._goods: SetGoods | None = None
        self._process: Process | None = None
        self._overdue = False
        self._tasks: tuple[asyncio.Task[None], ...] = ()
        self._closed = False

    @classmethod
    async def start(
        cls, command: Sequence[str], pages: Path, *, launched: Process | None = None, limit: float = LIMIT
    ) -> Self:
        """Wait until the model and the pages are loaded.

        Args:
            command: as `command` makes it.
            pages: the folder of the pages.
            launched: a process that `launch` has started with this command, if there is one.
            limit: seconds that a message may take to be read.

        Raises:
            NluError: the model or a page can't be loaded.
        """
        reading = cls(command, pages, limit)
        process = await reading._loaded(launched or await launch(command))
        reading._tasks = (
            asyncio.create_task(reading._live(process), name="liuke-reading"),
            asyncio.create_task(reading._watch(), name="liuke-reading-limit"),
        )
        return reading

    async def understand(
        self, texts: Sequence[str], dialogue: DialogueContext | None = None
    ) -> list[Understanding]:
        """Read a batch; one result a text, in order.

        Raises:
            ReadingTookTooLong: it was ended after the limit.
            ReadingFailed: the process died of it or is closed, or reading raised.
        """
        read: list[Understanding] = await self._ask(Read(texts, dialogue))
        return read

    async def search(
        self, question: str, language: Language, n: int = 3, before: str = "", at_least: float | None = None
    ) -> list[Passage]:
        """As `PageIndex.search`; raises as `understand`."""
        found: list[Passage] = await self._ask(Search(question, language, n, before, at_least))
        return found

    async def read_lines(self, question: str, lines: Sequence[str]) -> list[float]:
        """As `nlu.pages.lines.LineReader.shares`; raises as `understand`."""
        found: list[float] = await self._ask(ReadLines(question, tuple(lines)))
        return found

    async def set_catalogue(self, entries: Sequence[CatalogueEntry]) -> None:
        """Replace the products that can be recognised; returns when they can be."""
        self._catalogue = SetCatalogue(tuple(entries))
        await self._ask(self._catalogue)

    async def set_goods(self, goods: Sequence[Goods]) -> None:
        """Replace the goods that can be searched, see `SetGoods`."""
        self._goods = SetGoods(tuple(goods))
        await self._ask(self._goods)

    async def search_goods(self, need: Need, language: Language, n: int) -> list[Found] | None:
        """As `GoodsIndex.search`, None while there are none; raises as `understand`."""
        found: list[Found] | None = await self._ask(SearchGoods(need, language, n))
        return found

    @property
    def busy(self) -> bool:
        """Whether anybody waits for an answer."""
        return bool(self._asked)

    async def answered(self) -> None:
        """Wait until everything that was asked so far has its answer."""
        await asyncio.gather(*(asked.answer for asked in self._asked.values()), return_exceptions=True)

    async def close(self) -> None:
        """End the process; whoever still waits is told so."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._process is not None:
            await end(self._process)
        self._fail_all(ReadingFailed("the reading process was closed"))

    async def _ask(self, request: Request) -> Any:
        if self._closed:
            raise ReadingFailed("the reading process was closed")
        self._number += 1
        asked = _Asked(request, asyncio.get_running_loop().create_future())
        if not self._asked:
            self._turn_began = _now()
        self._asked[self._number] = asked
        self._send(self._number, request)
        answer = await asked.answer
        if isinstance(answer, Failed):
            raise ReadingFailed(f"reading a message raised {answer.what}")
        return answer

    def _send(self, number: int, request: Request) -> None:
        """To the process, if there is one now; what it dies with is sent again to the next."""
        if self._process is not None and self._process.stdin is not None:
            with suppress(OSError, RuntimeError):
                self._process.stdin.write(pack((number, request)))

    async def _live(self, process: Process) -> None:
        """Hand over answers; when the process ends, start another for what it left unanswered."""
        while True:
            self._process = process
            self._send_waiting()
            await self._hand_over(process)
            self._process = None
            await end(process)
            self._give_up_first(process)
            process = await self._start_again()

    def _send_waiting(self) -> None:
        self._turn_began = _now()
        asked_for = [asked.request for asked in self._asked.values()]
        for known in (self._catalogue, self._goods):
            if known is not None and not any(request is known for request in asked_for):
                self._send(0, known)
        for number, asked in self._asked.items():
            self._send(number, asked.request)

    async def _hand_over(self, process: Process) -> None:
        with suppress(asyncio.IncompleteReadError, OSError):
            while True:
                number, answer = await _frame(process)
                self._turn_began = _now()
                asked = self._asked.pop(number, None)
                if asked is None and isinstance(answer, Failed):
                    # Handed over again to a new process: nobody waits for it.
                    log.error("putting the products in place raised %s", answer.what)
                if asked is not None and not asked.answer.done():
                    asked.answer.set_result(answer)

    def _first(self) -> int | None:
        """The request that is being answered; products are put in place beside it."""
        return next(
            (
                number
                for number, asked in self._asked.items()
                if not isinstance(asked.request, SetCatalogue | SetGoods)
            ),
            None,
        )

    def _give_up_first(self, process: Process) -> None:
        number, overdue, self._overdue = self._first(), self._overdue, False
        error: ReadingFailed
        if overdue:
            error = ReadingTookTooLong(f"reading a message took longer than {self._limit:g} s")
        else:
            error = ReadingFailed("the process that reads died while it read a message")
        log.error("%s (ended with %s); starting another", error, process.returncode)
        if number is not None:
            self._asked.pop(number).fail(error)

    async def _watch(self) -> None:
        """End the process when one request keeps it for longer than the limit.

        Late at two looks in a row: this process may have been stopped itself, with the answer waiting for it.
        """
        late = None
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            number = self._first()
            over = self._process is not None and _now() - self._turn_began > self._limit
            if over and number is not None and number == late and self._process is not None:
                self._overdue = True
                self._process.kill()
            late = number if over else None

    async def _start_again(self) -> Process:
        while True:
            try:
                return await self._loaded(await launch(self._command))
            except (NluError, OSError) as error:
                log.critical("the reading process can't be started (%s); trying again", error)
                self._fail_all(ReadingFailed("the reading process can't be started"))
                await asyncio.sleep(_START_AGAIN_AFTER)

    def _fail_all(self, error: Exception) -> None:
        while self._asked:
            self._asked.popitem()[1].fail(error)

    async def _loaded(self, process: Process) -> Process:
        """Tell a process where the pages are; returns when it has loaded everything."""
        try:
            async with asyncio.timeout(_LOAD_WITHIN):
                assert process.stdin is not None  # noqa: S101 - it is a pipe
                process.stdin.write(pack(self._pages))
                error = await _frame(process)
        except (asyncio.IncompleteReadError, TimeoutError):
            await end(process)
            raise ReadingFailed(
                f"the reading process did not load; it ended with {process.returncode}"
            ) from None
        except BaseException:
            await end(process)
            raise
        if error is not None:
            await end(process)
            raise error
        return process


async def _frame(process: Process) -> Any:
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    (length,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
    return unpack(await process.stdout.readexactly(length))


async def end(process: Process) -> None:
    """End a process that reads, unless it has ended."""
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()


def _now() -> float:
    return asyncio.get_running_loop().time()
