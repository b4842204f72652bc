"""Reading in a process of its own: as good as in this one, and what gets stuck there holds up nobody."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from subprocess import PIPE
from typing import Any

import psutil
import pytest

import nlu
from nlu.errors import ModelDamaged, PagesRefused, ReadingFailed, ReadingTookTooLong
from nlu.serving import Read, pack
from nlu.serving.__main__ import next_of
from nlu.serving.client import ReadingProcess, command, end, launch
from nlu.types import CatalogueEntry, DialogueContext, EntityKind
from tests.nlu.stuck_reader import DIE, HANG, RAISE

pytestmark = pytest.mark.slow

PAGES = Path(__file__).parents[2] / "bot" / "shop" / "pages"
STUCK = [sys.executable, str(Path(__file__).with_name("stuck_reader.py"))]
KETTLE = CatalogueEntry(product_id="p1", names=("Moonbeam kettle",))


@asynccontextmanager
async def _stuck(limit: float = 0.5) -> AsyncIterator[ReadingProcess]:
    reading = await ReadingProcess.start(STUCK, PAGES, limit=limit)
    try:
        yield reading
    finally:
        await reading.close()


async def _said(reading: ReadingProcess, text: str) -> Any:
    return await reading.understand([text])


async def test_it_reads_and_finds_pages_as_in_this_process(tmp_path: Path) -> None:
    own = nlu.load()
    own.set_catalogue([KETTLE])
    pages = nlu.load_pages(PAGES, own)
    texts = ["我的快递到哪了？", "is the moonbeam kettle there?", "", "运费多少钱"]
    dialogue = DialogueContext(language="en", previous_intents=("greeting",))
    reading = await ReadingProcess.start(command(tmp_path), PAGES)
    try:
        await reading.set_catalogue([KETTLE])
        read = await reading.understand(texts, dialogue)
        here = own.understand(texts, dialogue)
        assert read == here
        assert all(one.vector is None for one in read)
        assert read[1].first(EntityKind.PRODUCT) is not None
        assert await reading.search(texts[3], "zh", 2) == pages.search(texts[3], "zh", 2)
        unread = "how long can I return something?"
        assert await reading.search(unread, "zh", 2) == pages.search(unread, "zh", 2)
        assert await reading.search(texts[3], "zh", at_least=9.0) == []
        near, far = await reading.read_lines("能防水吗", ["防水等级：IPX4", "产地：杭州"])
        assert near > far
    finally:
        await reading.close()


async def test_it_loads_while_its_starter_does_other_things(tmp_path: Path) -> None:
    launched = await launch(command(tmp_path))
    reading = await ReadingProcess.start(command(tmp_path), PAGES, launched=launched)
    try:
        assert (await reading.understand(["hello"]))[0].intent == "greeting"
        assert launched.returncode is None
    finally:
        await reading.close()
    assert launched.returncode is not None


async def test_one_that_is_never_told_of_pages_ends_with_its_starter(tmp_path: Path) -> None:
    launched = await launch(command(tmp_path))
    assert launched.stdin is not None
    launched.stdin.close()
    async with asyncio.timeout(30):
        assert await launched.wait() == 0
    await end(launched)


async def test_what_cannot_be_loaded_is_told_as_in_this_process(tmp_path: Path) -> None:
    with pytest.raises(ModelDamaged, match="nowhere"):
        await ReadingProcess.start(command(tmp_path, tmp_path / "nowhere"), PAGES)
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "faq.md").write_bytes("# Fragen\n\nÄhnliches".encode("latin-1"))
    with pytest.raises(PagesRefused, match=r"faq\.md"):
        await ReadingProcess.start(command(tmp_path), tmp_path)


async def test_a_message_that_never_ends_is_given_up_and_the_others_are_answered() -> None:
    async with _stuck() as reading:
        first, _, _ = await _said(reading, "before")
        outcomes = await asyncio.gather(
            *(_said(reading, text) for text in ("one", HANG, "two", "three")), return_exceptions=True
        )
        assert isinstance(outcomes[1], ReadingTookTooLong)
        assert [outcome[1] for outcome in (outcomes[0], *outcomes[2:])] == ["one", "two", "three"]
        second, _, _ = await _said(reading, "after")
        assert second != first
        assert not psutil.pid_exists(first)


def test_what_is_stuck_ends_by_itself_where_nobody_is_left_to_end_it() -> None:
    with subprocess.Popen([*STUCK, "0.5"], stdin=PIPE, stdout=PIPE, stderr=PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(pack(PAGES) + pack((1, Read((HANG,), DialogueContext()))))
        process.stdin.flush()
        assert process.wait(30) == -signal.SIGALRM


async def test_time_in_the_queue_is_not_time_of_reading() -> None:
    async with _stuck(limit=0.6) as reading:
        # All of them wait for the first two, which take longer than the limit together.
        outcomes = await asyncio.gather(
            *(_said(reading, text) for text in (HANG, HANG, *map(str, range(20)))), return_exceptions=True
        )
        assert [type(outcome) for outcome in outcomes[:2]] == [ReadingTookTooLong] * 2
        assert [outcome[1] for outcome in outcomes[2:]] == [str(number) for number in range(20)]


async def test_a_process_that_dies_takes_one_message_with_it() -> None:
    async with _stuck() as reading:
        await reading.set_catalogue([KETTLE])
        died, after = await asyncio.gather(
            _said(reading, DIE), reading.search("after", "en"), return_exceptions=True
        )
        assert isinstance(died, ReadingFailed)
        assert not isinstance(died, ReadingTookTooLong)
        assert after[1] == "after"
        async with asyncio.timeout(10):
            while (await _said(reading, "products?"))[2] != ["p1"]:
                pass


async def test_an_error_says_where_and_never_what_was_written() -> None:
    async with _stuck() as reading:
        with pytest.raises(ReadingFailed, match=r"ValueError at stuck_reader\.py") as raised:
            await _said(reading, RAISE)
        assert "customer" not in str(raised.value)


async def test_who_stops_waiting_holds_nobody_up() -> None:
    async with _stuck() as reading:
        waiting = [asyncio.create_task(_said(reading, str(number))) for number in range(12)]
        await asyncio.sleep(0)
        for number in (0, 5):
            waiting[number].cancel()
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        assert [n for n, outcome in enumerate(outcomes) if isinstance(outcome, BaseException)] == [0, 5]
        assert (await _said(reading, "next"))[1] == "next"


async def test_a_closed_one_answers_nobody() -> None:
    async with _stuck(limit=30) as reading:
        waiting = asyncio.create_task(_said(reading, HANG))
        while not reading.busy:  # noqa: ASYNC110 - it has to be asked first
            await asyncio.sleep(0)
        await reading.close()
        with pytest.raises(ReadingFailed):
            await waiting
        with pytest.raises(ReadingFailed):
            await _said(reading, "anybody?")


async def test_the_signals_that_end_a_group_leave_the_end_to_the_one_that_started_it() -> None:
    async with _stuck() as reading:
        pid, _, _ = await _said(reading, "who?")
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(pid, number)
        assert (await _said(reading, "still?"))[0] == pid


_STARTER = """
import asyncio, sys
from pathlib import Path
from nlu.serving.client import ReadingProcess

async def main():
    reading = await ReadingProcess.start([sys.executable, sys.argv[1]], Path())
    print((await reading.understand(["who?"]))[0], flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_it_does_not_outlive_a_killed_program() -> None:
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _STARTER, STUCK[1], stdout=asyncio.subprocess.PIPE
    )
    assert program.stdout is not None
    reader = psutil.Process(int(await program.stdout.readline()))
    program.kill()
    await program.wait()
    await asyncio.to_thread(reader.wait, 10)


def test_it_ends_without_a_word_where_nobody_reads_its_answers_any_more() -> None:
    with subprocess.Popen(STUCK, stdin=PIPE, stdout=PIPE, stderr=PIPE) as reader:
        assert reader.stdin is not None
        assert reader.stdout is not None
        assert reader.stderr is not None
        reader.stdin.write(pack(PAGES))
        reader.stdin.flush()
        assert next_of(reader.stdout) is None
        reader.stdout.close()
        reader.stdin.write(pack((1, Read(texts=("anybody?",), dialogue=None))))
        reader.stdin.close()
        assert reader.stderr.read() == b""
    assert reader.returncode == 0


def test_vectors_stay_where_their_model_is() -> None:
    (meaning,) = nlu.load().understand(["hello"])
    assert meaning.vector is not None
    assert replace(meaning, vector=None) == meaning
