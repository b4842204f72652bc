"""The attacks, in a process of their own: `python -m tests.torture.attacks ADDRESS SECONDS REPORT`.

Each comes from an address of its own below 127.0.0.0/8 and goes on for as long as it may: who is refused or sent away
comes again. What became of the attempts goes into the report, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import random
import secrets
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvloop
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.hostile import texts

FLOODING = 200
"""Sockets that write as fast as they are read."""
HALF_OPEN = 800
SILENT = 300
GUESSING = 40


class Refused(Exception):
    """The server doesn't talk with this attacker now."""


_AWAY = (Refused, ConnectionClosed, InvalidHandshake, OSError, TimeoutError, EOFError)
_PAUSE = 0.05


@dataclass
class Attacker:
    """One client of the program, by the address that it comes from."""

    target: str
    """http://host:port"""
    source: str
    seen: Counter[str] = field(default_factory=Counter)
    """What became of its attempts."""
    kept: list[str] = field(default_factory=list)
    """Update ids of messages that were acknowledged."""

    async def socket(self) -> ClientConnection:
        """A WebSocket of the chat."""
        return await connect(
            self.target.replace("http", "ws", 1) + "/chat/ws", local_addr=(self.source, 0), open_timeout=10
        )

    async def visitor(self) -> Visit:
        """A socket that has said hello as somebody new."""
        socket = await self.socket()
        await socket.send(json.dumps({"type": "hello", "language": "en"}))
        answer = json.loads(await asyncio.wait_for(socket.recv(), 10))
        if answer["type"] != "welcome":
            self.seen[str(answer.get("code") or answer["type"])] += 1
            await socket.close()
            raise Refused
        return Visit(self, socket, answer["visitor"])

    async def raw(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection of its own."""
        host, port = urlsplit(self.target).hostname, urlsplit(self.target).port
        return await asyncio.open_connection(host, port, local_addr=(self.source, 0))

    async def request(self, head: str, body: bytes = b"") -> None:
        """One HTTP request; notes the status."""
        reader, writer = await self.raw()
        try:
            writer.write(f"{head} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n".encode())
            if body:
                writer.write(f"Content-Length: {len(body)}\r\n".encode())
            writer.write(b"\r\n" + body)
            line = await asyncio.wait_for(reader.readline(), 10)
            self.seen[f"HTTP {line.split()[1].decode() if line else 'closed'}"] += 1
        finally:
            writer.close()

    async def again_and_again(self, attack: Callable[[Attacker], Awaitable[None]]) -> None:
        """Until cancelled."""
        while True:
            with suppress(*_AWAY):
                await attack(self)
            self.seen["rounds"] += 1
            await asyncio.sleep(_PAUSE)


@dataclass
class Visit:
    """An attacker in the chat."""

    attacker: Attacker
    socket: ClientConnection
    visitor: str

    async def says(self, text: str) -> None:
        """Write, and wait until it is known whether that was taken."""
        await self.sends(_message(text))

    async def sends(self, frame: str | bytes) -> None:
        """Send anything, and wait for what comes of it."""
        await self.socket.send(frame)
        while True:
            came = json.loads(await asyncio.wait_for(self.socket.recv(), 30))
            if came["type"] in ("message", "working"):
                continue
            self.attacker.seen[str(came.get("code") or came["type"])] += 1
            if came["type"] == "kept":
                self.attacker.kept.append(f"{self.visitor}:{came['id']}")
            return


async def hostile_texts(attacker: Attacker) -> None:
    """Texts made to cost whoever reads them the most."""
    visit = await attacker.visitor()
    async with visit.socket:
        for text in random.sample(_HOSTILE, len(_HOSTILE)):
            await visit.says(text)


async def flood(attacker: Attacker) -> None:
    """Messages of two thousand characters, as fast as the socket takes them."""
    visit = await attacker.visitor()
    async with visit.socket:
        while True:
            await visit.says("where is my parcel? " * 90)


async def new_visitors(attacker: Attacker) -> None:
    """Hello after hello on one socket."""
    visit = await attacker.visitor()
    async with visit.socket:
        while True:
            await visit.sends(json.dumps({"type": "hello", "language": "en"}))


async def guess_orders(attacker: Attacker) -> None:
    """An order number and four digits, by somebody new each time."""
    visit = await attacker.visitor()
    async with visit.socket:
        for _ in range(5):
            number, digits = random.randrange(10_000, 99_999), random.randrange(10_000)
            await visit.says(f"order O{number}, phone {digits:04}")


async def odd_frames(attacker: Attacker) -> None:
    """What is no frame of the chat."""
    visit = await attacker.visitor()
    async with visit.socket:
        for frame in (
            "[" * 50_000,
            "{",
            "0",
            '{"type": 1}',
            _message("x" * 60_000),
            b"\x00\xff",
            "x" * 200_000,
        ):
            await visit.sends(frame)


async def half_open(attacker: Attacker) -> None:
    """A request that never comes to its end."""
    reader, writer = await attacker.raw()
    ended = asyncio.create_task(reader.read())
    try:
        writer.write(b"GET /chat HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        while not (await asyncio.wait([ended], timeout=2))[0] and not writer.is_closing():
            writer.write(b"a")
        attacker.seen["ended"] += 1
        await ended
    finally:
        ended.cancel()
        writer.close()


async def silent(attacker: Attacker) -> None:
    """A socket that says nothing."""
    socket = await attacker.socket()
    async with socket:
        await socket.wait_closed()


async def pages(attacker: Attacker) -> None:
    """Pages of the console, pictures, paths that climb, keys that are wrong, bodies that nest."""
    for head in (
        "GET /staff/login",
        "GET /media/../../liuke.db",
        "GET /nowhere",
        "GET /healthz",
        "GET /chat",
    ):
        await attacker.request(head)
    await attacker.request("POST /api/v1/events", b"[" * 100_000)
    await attacker.request("POST /telegram/webhook", b"[" * 100_000)


_HOSTILE = texts()
_ATTACKS: tuple[tuple[Callable[[Attacker], Awaitable[None]], int], ...] = (
    (hostile_texts, 3),
    (flood, FLOODING),
    (new_visitors, 3),
    (guess_orders, GUESSING),
    (odd_frames, 2),
    (half_open, HALF_OPEN),
    (silent, SILENT),
    (pages, 4),
)


def _message(text: str) -> str:
    return json.dumps({"type": "message", "id": secrets.token_hex(8), "text": text})


async def attack(target: str, seconds: float) -> dict[str, Any]:
    """All of them at once; what became of the attempts of each, and the update ids of all that was acknowledged."""
    running: list[asyncio.Task[None]] = []
    attackers = {}
    for number, (work, times) in enumerate(_ATTACKS):
        attackers[work.__name__] = attacker = Attacker(target, f"127.66.0.{number + 1}")
        running += [asyncio.create_task(attacker.again_and_again(work)) for _ in range(times)]
    # An attack ends only by a mistake of its own, which is to be seen.
    ended, _ = await asyncio.wait(running, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
    open_ = {*running} - ended
    while open_:
        for task in open_:
            task.cancel()
        # `wait_for` may swallow it where both happen at once.
        _, open_ = await asyncio.wait(open_, timeout=1)
    for task in ended:
        task.result()
    return {
        "seen": {name: dict(sorted(attacker.seen.items())) for name, attacker in attackers.items()},
        "kept": [update for attacker in attackers.values() for update in attacker.kept],
    }


if __name__ == "__main__":
    _, _target, _seconds, _report = sys.argv
    Path(_report).write_text(json.dumps(uvloop.run(attack(_target, float(_seconds)))), "utf-8")
