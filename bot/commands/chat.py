"""`liuke chat`: talk to the running program in a terminal."""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

import typer
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from bot.commands.common import known_customer, settings_or_exit, with_store
from bot.linking.linker import Linker
from bot.settings import Settings
from kernel.console import fail, out
from kernel.times import utc_now
from storage import Store

_SIGNED_FOR = timedelta(hours=12)
_ENDING = ("/quit", "/exit")

_SYSTEM = {"zh": "系统", "en": "System"}
_MAX_FRAME = 4 * 2**20
# A line that was piped in waits this long for its answer before the next one is sent.
_ANSWER_WITHIN = 15.0
_RECONNECTS = 5
_HELLO_WITHIN = 10.0


def chat(
    customer: Annotated[
        str | None,
        typer.Option("--as", help="Talk as this customer, as if the shop's site had signed them in."),
    ] = None,
    language: Annotated[str, typer.Option(help="zh or en")] = "zh",
) -> None:
    """Talk to the running program here; a number presses the button it stands beside, /quit ends the chat."""
    if language not in ("zh", "en"):
        raise typer.BadParameter("zh or en", param_hint="--language")
    settings = settings_or_exit()
    token = None if customer is None else with_store(lambda known, store: _token(known, store, customer))
    screen = Screen(lambda line: out.print(line, soft_wrap=True), language)
    conversation = TerminalChat(
        _socket_address(settings), screen, language=language, token=token, patient=not sys.stdin.isatty()
    )
    if sys.stdin.isatty():
        out.print("Ctrl-D or /quit ends the chat.", style="dim")
    try:
        asyncio.run(conversation.run(typed_lines()))
    except NoServer:
        fail(
            f"Liuke does not answer at {settings.host}:{settings.port}. Start it with `liuke run` in another "
            "terminal, or set LIUKE_HOST and LIUKE_PORT to where it runs."
        )
    except KeyboardInterrupt:
        return


def _socket_address(settings: Settings) -> str:
    host = settings.host
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        host = "127.0.0.1"
    return f"ws://{f'[{host}]' if ':' in host else host}:{settings.port}/chat/ws"


async def _token(settings: Settings, store: Store, customer_id: str) -> str:
    async with store.read() as connection:
        await known_customer(connection, customer_id)
    linker = await Linker.open(store, settings.shared_secret)
    return linker.visitor_token(customer_id, utc_now(), _SIGNED_FOR)


async def typed_lines() -> AsyncIterator[str]:
    """Lines of standard input, until one says that it is enough.

    Read in a thread that does not keep the program from ending.
    """
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | None] = asyncio.Queue()

    def pass_on(line: str | None) -> None:
        with suppress(RuntimeError):  # the chat has ended meanwhile
            loop.call_soon_threadsafe(lines.put_nowait, line)

    def read() -> None:
        for line in sys.stdin:
            if line.strip().lower() in _ENDING:
                break  # nothing reads on while the program ends
            pass_on(line)
        pass_on(None)

    threading.Thread(target=read, daemon=True, name="stdin").start()
    while (line := await lines.get()) is not None:
        yield line


class NoServer(Exception):
    """Nothing that speaks Liuke's chat answers."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A button that can be pressed by its number."""

    label: str
    action: str
    carrier: int


class Screen:
    """Turns messages into lines, and remembers which buttons the latest ones offered."""

    def __init__(self, write: Callable[[str], None], language: str) -> None:
        self.write = write
        """Shows a line."""
        self._language = language
        self._shown: set[int] = set()
        self._greeted = False
        self.bot: Mapping[str, str] = {}
        """What the bot is called, by language."""
        self.choices: list[Choice] = []
        self.newest = 0

    def greet(self, reply: Mapping[str, Any]) -> bool:
        """Write the bot's hello, which is no message yet: it is kept, and comes again, with the first one.

        Whether it was written; it is once.
        """
        if self._shown:
            return False
        self._greeted = self.show({"id": 0, "author": "bot", "mine": False, "reply": reply})
        return self._greeted

    def show(self, message: Mapping[str, Any]) -> bool:
        """Write a message unless it was written before or is one's own; whether it was."""
        number = int(message["id"] or 0)
        if message["mine"] or number in self._shown:
            return False
        self._shown.add(number)
        self.newest = max(self.newest, number)
        if self._greeted:
            self._greeted = False
            return False
        reply = message["reply"]
        names = {"bot": self.bot, "system": _SYSTEM}
        name = names.get(message["author"], {}).get(self._language, message["author"])
        self.write(f"{name}: {reply.get('text', '')}".rstrip())
        self.choices = []
        for card in reply.get("cards", ()):
            self.write(f"  ▪ {card['title']}")
            for line in card["text"].splitlines():
                self.write(f"    {line}")
            self._buttons(card.get("buttons", ()), number, "    ")
        for row in reply.get("buttons", ()):
            self._buttons(row, number, "  ")
        return True

    def choice(self, line: str) -> Choice | None:
        """The button that a typed number stands for."""
        if line.isascii() and line.isdigit() and 1 <= int(line) <= len(self.choices):
            return self.choices[int(line) - 1]
        return None

    def _buttons(self, row: Any, carrier: int, indent: str) -> None:
        written = []
        for button in row:
            if button.get("url"):
                written.append(f"{button['label']} → {button['url']}")
            else:
                self.choices.append(Choice(button["label"], button["action"], carrier))
                written.append(f"[{len(self.choices)}] {button['label']}")
        if written:
            self.write(indent + "   ".join(written))


class TerminalChat:
    """One conversation from a terminal."""

    def __init__(
        self, address: str, screen: Screen, *, language: str, token: str | None = None, patient: bool = False
    ) -> None:
        """Make it; `run` connects.

        Args:
            address: of the server's socket, `ws://…/chat/ws`.
            screen: where messages are shown.
            language: zh or en.
            token: vouches for a customer, as the shop's site does.
            patient: wait for the answer to each line before the next, for lines that are piped in.
        """
        self._address = address
        self._screen = screen
        self._language = language
        self._token = token
        self._patient = patient
        self._visitor: Mapping[str, str] = {}
        self._unsent: dict[str, Mapping[str, Any]] = {}
        self._answered = asyncio.Event()
        self._repeats: set[asyncio.Task[None]] = set()

    async def run(self, lines: AsyncIterator[str]) -> None:
        """Talk until the lines end.

        Raises:
            NoServer: nothing answers, or what answers is no Liuke.
        """
        socket = await self._connected()
        writing = asyncio.create_task(self._write(lines))
        try:
            while not writing.done():
                self._socket = socket
                reading = asyncio.create_task(self._read(socket))
                await asyncio.wait({reading, writing}, return_when=asyncio.FIRST_COMPLETED)
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)
                if not writing.done():
                    socket = await self._reconnected()
            await writing
        finally:
            ending = {writing, *self._repeats}
            for task in ending:
                task.cancel()
            await asyncio.gather(*ending, return_exceptions=True)
            await socket.close()

    async def _write(self, lines: AsyncIterator[str]) -> None:
        if self._patient:
            await self._wait_for_answer()
        async for line in lines:
            if not line.strip():
                continue
            self._answered.clear()
            await self._send(self._frame(line.strip()))
            if self._patient:
                await self._wait_for_answer()

    async def _wait_for_answer(self) -> None:
        try:
            async with asyncio.timeout(_ANSWER_WITHIN):
                await self._answered.wait()
        except TimeoutError:
            self._screen.write("…")

    def _frame(self, line: str) -> Mapping[str, Any]:
        choice = self._screen.choice(line)
        number = secrets.token_hex(12)
        if choice is None:
            return {"type": "message", "id": number, "text": line}
        pressed = {"type": "press", "id": number, "action": choice.action, "text": choice.label}
        return {**pressed, "message": choice.carrier}

    async def _send(self, frame: Mapping[str, Any]) -> None:
        self._unsent[frame["id"]] = frame
        try:
            await self._socket.send(json.dumps(frame))
        except ConnectionClosed:
            return  # it goes out again after the reconnect

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for text in socket:
                frame = json.loads(text)
                if frame["type"] == "signed_out":
                    # On as a stranger: who has no token any more says hello again without one.
                    self._token, self._visitor = None, {}
                    await socket.close()
                self._receive(frame)
        except ConnectionClosed:
            return

    def _receive(self, frame: Mapping[str, Any]) -> None:
        match frame["type"]:
            case "message":
                if self._screen.show(frame):
                    self._answered.set()
            case "kept":
                self._unsent.pop(frame["id"], None)
            case "error" if frame["code"] == "too_fast":
                repeat = asyncio.create_task(self._repeat(str(frame["id"]), float(frame["retry_after"])))
                self._repeats.add(repeat)
                repeat.add_done_callback(self._repeats.discard)
            case "error":
                self._unsent.pop(str(frame.get("id")), None)
                self._screen.write(f"({frame['code']})")
                self._answered.set()

    async def _repeat(self, number: str, after: float) -> None:
        """Send what was not taken once more, when it may be."""
        await asyncio.sleep(after)
        if number in self._unsent:
            await self._send(self._unsent[number])

    async def _reconnected(self) -> ClientConnection:
        self._screen.write("…")
        for attempt in range(_RECONNECTS):
            await asyncio.sleep(0.3 * 2**attempt)
            try:
                return await self._connected()
            except NoServer:
                continue
        raise NoServer

    async def _connected(self) -> ClientConnection:
        try:
            # Straight to the server: a proxy of the machine has no way to it.
            socket = await connect(self._address, max_size=_MAX_FRAME, proxy=None)
        except (OSError, InvalidHandshake, InvalidMessage, TimeoutError) as error:
            raise NoServer from error
        try:
            await self._hello(socket)
        except (ConnectionClosed, TimeoutError, ValueError, KeyError) as error:
            await socket.close()
            raise NoServer from error
        return socket

    async def _hello(self, socket: ClientConnection) -> None:
        hello = {"type": "hello", "language": self._language, "after": self._screen.newest, **self._visitor}
        if self._token is not None:
            hello["token"] = self._token
        await socket.send(json.dumps(hello))
        async with asyncio.timeout(_HELLO_WITHIN):
            welcome = json.loads(await socket.recv())
        self._visitor = {name: welcome[name] for name in ("visitor", "key") if name in welcome}
        self._screen.bot = welcome["bot"]
        if "greeting" in welcome and self._screen.greet(welcome["greeting"]):
            self._answered.set()
        for message in welcome["messages"]:
            if self._screen.show(message):
                self._answered.set()
        for frame in list(self._unsent.values()):
            await socket.send(json.dumps(frame))
