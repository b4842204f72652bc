"""Whoever connects to the console's socket, before they sign in, makes it fail and dictates its log in no way."""

from __future__ import annotations

import asyncio
import json

import pytest
from websockets.exceptions import ConnectionClosed

from tests.e2e.conftest import MakeProgram
from tests.e2e.console import bare_socket, console_page
from tests.e2e.program import Program

# The first of them waits for the demo shop to be made and fitted.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

_FORGED = "FORGED-LINE"
_NOTICE = "sent what no page of it sends"
_REFUSED = 1008
_ENDS: dict[str, list[str | bytes]] = {
    "nothing": [""],
    "no packet": ["x"],
    "binary": [b"abc"],
    "nested": ["4" + "[" * 50_000],
    "nested event": ["40", "42" + "[" * 50_000],
    "nested argument": ["40", '42["event",' + '{"a":' * 10_000],
    "a long number": ["40", "42" + "1" * 200 + '["event",{}]'],
    "no JSON": ["40", "42x"],
    "no event": ["40", "42"],
    "an object for an event": ["40", '42{"event":1}'],
    "an empty event": ["40", "42[]"],
    "a number for a name": ["40", "42[5,{}]"],
    "no argument": ["40", '42["event"]'],
    "two arguments": ["40", '42["event",{},{}]'],
    "words for an argument": ["40", '42["event","x"]'],
    "an unknown event": ["40", '42["nothing",{}]'],
    "the library's own event": ["40", '42["disconnect",{}]'],
    "an event too early": ['42["event",{}]'],
    "connected twice": ["40", "40"],
    "another namespace": ["40/admin,"],
    "credentials": ['40{"token":"x"}'],
    "an acknowledgement": ["40", "430[]"],
    "a binary event": ["40", '451-["event",{"_placeholder":true,"num":5}]'],
    "an error": ["44"],
    "an upgrade": ["5"],
    "a probe": ["2probe"],
}
_IGNORED = [
    {},
    {"client_id": []},
    {"client_id": {}, "id": 1},
    {"client_id": "CLIENT"},
    {"client_id": "CLIENT", "id": []},
    {"client_id": "CLIENT", "id": 4, "listener_id": "x", "args": []},
    {"client_id": "CLIENT", "id": 4, "listener_id": [], "args": ["1"]},
    {"client_id": "CLIENT", "id": 4, "listener_id": "x", "args": 5},
    {"client_id": "CLIENT", "id": 4, "listener_id": "x", "args": ["{"]},
    {"client_id": "CLIENT", "id": 4, "listener_id": "x", "args": ["[" * 30_000]},
    {"client_id": "CLIENT", "tab_id": "t" * 50_000, "document_id": "d"},
    {"client_id": "CLIENT", "tab_id": [], "document_id": {}},
    {"client_id": "CLIENT", "request_id": []},
    {"client_id": "CLIENT", "next_message_id": "x"},
    {"client_id": "CLIENT", "next_message_id": None},
    {"client_id": "CLIENT", "level": "fatal"},
]


async def _is_ended(program: Program, frames: list[str | bytes]) -> int | None:
    async with bare_socket(program) as socket:
        try:
            for frame in frames:
                await socket.send(frame)
            async with asyncio.timeout(10):
                while True:
                    await socket.recv()
        except ConnectionClosed:
            return socket.close_code


async def _still_answers(program: Program) -> None:
    async with console_page(program) as page:
        await page.until("nicegui-input", 2)


async def test_what_no_page_sends_ends_the_connection_and_costs_a_line(make_program: MakeProgram) -> None:
    async with make_program() as program:
        ended = {name: await _is_ended(program, frames) for name, frames in _ENDS.items()}
        assert ended == dict.fromkeys(_ENDS, _REFUSED)
        await _still_answers(program)
        await program.stop()
    assert program.log.count(_NOTICE) == 1
    assert "Traceback" not in program.log
    assert "ERROR" not in program.log


async def test_what_the_pages_library_cant_use_is_not_heard(make_program: MakeProgram) -> None:
    async with make_program() as program:
        for query in ("", "&client_id=CLIENT", "&client_id=CLIENT&tab_id=t&document_id=d&next_message_id=x"):
            async with console_page(program) as page:
                told = query.replace("CLIENT", page.client)
                async with bare_socket(program, f"&implicit_handshake=true{told}") as socket:
                    await socket.send("40")
                    assert str(await socket.recv()).startswith("44")
        async with console_page(program) as page:
            await page.until("nicegui-input", 2)
            for said in _IGNORED:
                given = json.loads(json.dumps(said).replace("CLIENT", page.client))
                for event in ("handshake", "event", "javascript_response", "ack"):
                    await page.emit(event, given)
            # What comes next is heard.
            async with asyncio.timeout(20):
                await page.socket.send(f"427{json.dumps(['handshake', {'client_id': 'nobody'}])}")
                while await page.next() != "437[false]":
                    pass
        await _still_answers(program)
        await program.stop()
    assert program.log.count(_NOTICE) == 1
    assert "Traceback" not in program.log
    assert "ERROR" not in program.log


async def test_nobody_dictates_a_line_of_the_log(make_program: MakeProgram) -> None:
    async with make_program(more={"LIUKE_LOG_LEVEL": "DEBUG"}) as program:
        async with console_page(program) as page:
            await page.until("nicegui-input", 2)
            for level in ("debug", "info", "warning", "error", "fatal"):
                await page.emit("log", {"client_id": page.client, "level": level, "message": _FORGED})
            async with asyncio.timeout(20):
                await page.socket.send(f"427{json.dumps(['handshake', {'client_id': _FORGED}])}")
                while await page.next() != "437[false]":
                    pass
        await program.stop()
    assert _FORGED not in program.log
    assert "Traceback" not in program.log


async def test_a_field_holds_text_whatever_a_page_says(make_program: MakeProgram) -> None:
    async with make_program() as program:
        for value in ({}, [], 5, True, ["x"], {"a": {}}):
            async with console_page(program) as page:
                fields = await page.until("nicegui-input", 2)
                for field in fields:
                    await page.does(field, "update:value", value)
                await page.does(fields[1], "keydown", {"key": "Enter"})
                async with asyncio.timeout(20):
                    while "账号或密码不对" not in await page.next():
                        pass
        await program.stop()
    assert "Traceback" not in program.log
