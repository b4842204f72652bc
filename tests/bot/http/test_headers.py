"""Every answer says what a browser may do with it, whoever gives the answer."""

from __future__ import annotations

import re

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.http import clients as gate
from bot.http.headers import nonce_of
from tests.bot.http.serving import CLIENT, serving

ALWAYS = (
    "content-security-policy",
    "x-content-type-options",
    "referrer-policy",
    "permissions-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
)


async def _fails(_request: Request) -> Response:
    raise RuntimeError


async def _careless(_request: Request) -> Response:
    return PlainTextResponse(
        "", headers={"Content-Security-Policy": "default-src *", "Referrer-Policy": "unsafe-url"}
    )


async def _nonce(request: Request) -> Response:
    return PlainTextResponse(nonce_of(request.scope))


PATHS = ("/chat", "/widget.js", "/media/{path:path}", "/staff", "/staff/{path:path}", "/api/{path:path}")
ROUTES = [
    Route("/fails", _fails),
    Route("/careless", _careless),
    *(Route(path, _nonce) for path in PATHS),
]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/who", 200),
        ("HEAD", "/who", 200),
        ("GET", "/", 307),
        ("GET", "/nowhere", 404),
        ("GET", "/media/nothing.jpg", 404),
        ("POST", "/who", 405),
        ("GET", "/fails", 500),
        ("GET", "/careless", 200),
    ],
)
async def test_whatever_the_answer_is(method: str, path: str, status: int) -> None:
    async with serving(more=ROUTES) as port, httpx.AsyncClient() as client:
        answer = await client.request(method, f"http://127.0.0.1:{port}{path}")
    assert answer.status_code == status
    assert [len(answer.headers.get_list(name)) for name in ALWAYS] == [1] * len(ALWAYS)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert "strict-transport-security" not in answer.headers


async def test_also_of_who_asks_too_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "_LATE", 0.0)
    monkeypatch.setattr(gate, "REQUESTS", 1)
    transport = httpx.AsyncHTTPTransport(local_address=CLIENT)
    async with serving() as port, httpx.AsyncClient(transport=transport) as client:
        answers = [await client.get(f"http://127.0.0.1:{port}/who") for _ in range(5)]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert all(name in refused.headers for name in ALWAYS)


@pytest.mark.parametrize(
    ("path", "framed", "loaded"),
    [
        ("/chat", True, True),
        ("/chat/nowhere", False, False),
        ("/widget.js", False, True),
        ("/media/products/a.jpg", False, True),
        ("/staff", False, False),
        ("/staff/login", False, False),
        ("/api/v1/orders", False, False),
        ("/chat/../staff", False, False),
    ],
)
async def test_who_may_frame_and_load_what(path: str, framed: bool, loaded: bool) -> None:
    async with serving(more=ROUTES) as port, httpx.AsyncClient() as client:
        headers = (await client.get(f"http://127.0.0.1:{port}{path}")).headers
    policy = headers["content-security-policy"]
    assert ("frame-ancestors *" in policy) is framed
    assert ("frame-ancestors 'none'" in policy) is not framed
    assert ("x-frame-options" not in headers) is framed
    assert (headers["cross-origin-resource-policy"] == "cross-origin") is loaded


async def test_browsers_are_told_to_stay_with_https_where_there_is_nothing_else() -> None:
    async with serving(https=True) as port, httpx.AsyncClient() as client:
        headers = (await client.get(f"http://127.0.0.1:{port}/who")).headers
    assert int(headers["strict-transport-security"].removeprefix("max-age=")) > 10_000_000


async def test_a_script_of_the_console_needs_the_nonce_of_its_own_answer() -> None:
    async with serving(more=ROUTES) as port, httpx.AsyncClient() as client:
        answers = [await client.get(f"http://127.0.0.1:{port}/staff/login") for _ in range(2)]
    nonces = [re.findall("'nonce-([^']+)'", answer.headers["content-security-policy"]) for answer in answers]
    assert nonces == [[answer.text] for answer in answers]
    assert nonces[0] != nonces[1]
    scripts = re.search(r"script-src ([^;]+)", answers[0].headers["content-security-policy"])
    assert scripts is not None
    assert "'unsafe-inline'" not in scripts[1]
