"""Whatever is asked for, by whichever method: the same headers, and nothing of the address in the log."""

from __future__ import annotations

import asyncio
import json
import re
import sys

import httpx
import pytest

from tests.botapi import FakeBotApi
from tests.e2e.conftest import MakeProgram
from tests.e2e.program import ROOT, Program

# The first of them waits for the demo shop to be made and fitted.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

_MARK = "Tk9uY2U7ZWNobyBtYXJr"
"""Shorter than what the log leaves out wherever it stands, so that it would be seen."""
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_ALWAYS = (
    "content-security-policy",
    "x-content-type-options",
    "referrer-policy",
    "permissions-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "strict-transport-security",
)
_KNOWN = {
    "/",
    "/chat",
    "/chat/look.css",
    "/widget.js",
    "/chat/static",
    "/media/{path:path}",
    "/healthz",
    "/readyz",
    "/telegram/webhook",
    "/api/v1/orders",
    "/api/v1/openapi.json",
    "/staff",
    "/staff/",
    "/staff/login",
    "/staff/audit",
    "/staff/_nicegui_ws",
}


async def _table(program: Program) -> list[str]:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.e2e.routes",
        env=program.environment(), cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await child.communicate()
    assert child.returncode == 0
    return list(json.loads(out.splitlines()[-1]))


async def test_every_route(make_program: MakeProgram, api: FakeBotApi) -> None:
    program = make_program(bot_api=api.address, webhook=True, more={"LIUKE_LOG_LEVEL": "DEBUG"})
    program.more["LIUKE_PUBLIC_URL"] = "https://bot.example.com"
    await program.start()
    table = await _table(program)
    assert set(table) >= _KNOWN
    asked = [re.sub(r"\{[^}]*\}", _MARK, path) for path in table]
    asked += [f"{path.rstrip('/')}/{_MARK}" for path in asked]
    unlike = []
    async with httpx.AsyncClient(base_url=program.address) as client:
        for path in asked:
            for method in _METHODS:
                headers = {
                    "Cookie": f"session={_MARK}",
                    "Authorization": f"Bearer {_MARK}",
                    "Referer": f"/{_MARK}",
                }
                answer = await client.request(method, path, params={"token": _MARK}, headers=headers)
                once = [len(answer.headers.get_list(name)) for name in _ALWAYS] == [1] * len(_ALWAYS)
                framed = "x-frame-options" not in answer.headers
                if not once or answer.status_code >= 500 or framed is not (path == "/chat"):
                    unlike.append((method, path, answer.status_code, dict(answer.headers)))
    assert unlike == []
    await program.stop()
    assert _MARK not in program.log
    assert "Traceback" not in program.log
    assert "ERROR" not in program.log
