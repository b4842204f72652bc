"""What can't be answered is told in a page or in JSON, says nothing of its cause, and costs a line of the log."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from bot.conversation.texts import Texts
from storage import StoreUnavailable
from tests.bot.http.serving import connected, get, serving

WORDS = "my phone is 13800138000"


async def _fails(_request: Request) -> Response:
    raise ValueError(WORDS)


async def _is_away(_request: Request) -> Response:
    raise StoreUnavailable


async def _breaks_off(_request: Request) -> Response:
    async def parts() -> AsyncIterator[str]:
        yield "some"
        raise ValueError(WORDS)

    return StreamingResponse(parts())


async def _socket_fails(socket: WebSocket) -> None:
    await socket.accept()
    await socket.receive_text()
    raise ValueError(WORDS)


async def _page() -> str:
    return WORDS


ROUTES = [
    APIRoute("/page", _page, methods=["GET"]),
    Route("/fails", _fails),
    Route("/api/fails", _fails),
    Route("/staff/fails", _fails),
    Route("/away", _is_away),
    Route("/breaks-off", _breaks_off),
    WebSocketRoute("/socket", _socket_fails),
]


async def _asked(path: str, method: str = "GET") -> httpx.Response:
    async with serving(more=ROUTES) as port, httpx.AsyncClient() as client:
        return await client.request(method, f"http://127.0.0.1:{port}{path}")


@pytest.mark.parametrize(
    ("method", "path", "status", "said", "back"),
    [
        ("GET", "/nowhere", 404, "There is nothing here", "/chat"),
        ("GET", "/media/nothing.jpg", 404, "There is nothing here", "/chat"),
        ("GET", "/media/" + "a" * 5_000 + ".jpg", 404, "There is nothing here", "/chat"),
        ("GET", "/staff/nowhere", 404, "There is nothing here", "/staff/"),
        ("POST", "/who", 405, "opened like this", "/chat"),
        ("GET", "/fails", 500, "Something went wrong", "/chat"),
        ("GET", "/staff/fails", 500, "Something went wrong", "/staff/"),
        ("GET", "/away", 503, "reached just now", "/chat"),
    ],
)
async def test_a_page_in_both_languages_with_a_way_back(
    method: str, path: str, status: int, said: str, back: str
) -> None:
    answer = await _asked(path, method)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert said in answer.text.replace("&#x27;", "'")
    assert 'lang="zh"' in answer.text
    assert 'lang="en"' in answer.text
    assert answer.text.count(f'href="{back}"') == 2
    assert WORDS not in answer.text
    assert "ValueError" not in answer.text


async def test_a_wrong_method_says_which_are_right() -> None:
    assert (await _asked("/who", "POST")).headers["allow"] in ("GET, HEAD", "HEAD, GET")


@pytest.mark.parametrize(
    ("path", "status", "code"), [("/api/nowhere", 404, "no_such_path"), ("/api/fails", 500, "failed")]
)
async def test_the_shops_systems_are_told_in_json(path: str, status: int, code: str) -> None:
    answer = await _asked(path)
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code
    assert WORDS not in answer.text


@pytest.mark.parametrize("path", ["/who", "/page", "/nowhere", "/fails"])
async def test_head_is_get_without_the_body(path: str) -> None:
    whole, head = await _asked(path), await _asked(path, "HEAD")
    assert head.status_code == whole.status_code
    assert head.headers["content-type"] == whole.headers["content-type"]
    assert head.content == b""


@pytest.mark.parametrize("path", ["/fails", "/api/fails", "/breaks-off"])
async def test_a_failure_is_a_line_in_the_log(path: str, caplog: pytest.LogCaptureFixture) -> None:
    try:
        await _asked(path)
    except httpx.RemoteProtocolError:
        assert path == "/breaks-off"
    told = [record for record in caplog.records if record.name == "bot.http.failures"]
    assert len(told) == 1
    assert "ValueError at test_failures.py" in told[0].getMessage()
    assert [record for record in caplog.records if record.exc_info] == []
    assert WORDS not in caplog.text


async def test_a_socket_that_fails_is_closed_and_told_in_a_line(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(more=ROUTES) as port, connect(f"ws://127.0.0.1:{port}/socket", proxy=None) as socket:
        await socket.send("x")
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 1011
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert WORDS not in caplog.text


async def test_who_leaves_in_the_middle_of_a_request_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def waits(request: Request) -> Response:
        began.set()
        try:
            return Response(await request.body())
        finally:
            ended.set()

    async with serving(more=[Route("/waits", waits, methods=["POST"])]) as port:
        async with connected(port) as wire:
            await wire.sends(b"POST /waits HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab")
            await asyncio.wait_for(began.wait(), 10)
        await asyncio.wait_for(ended.wait(), 10)
        async with connected(port) as wire:
            await wire.sends(get())
            assert b"200 OK" in await wire.reads(b"\r\n")
    assert caplog.records == []


def test_both_languages_have_the_same_words() -> None:
    variables = Texts.load(package="bot.http").variables
    assert variables["zh"] == variables["en"]
