"""What the whole program writes down of requests, at the most talkative level."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
from websockets.asyncio.client import connect

from tests.e2e.conftest import MakeProgram
from tests.e2e.program import Program

pytestmark = pytest.mark.slow

TOKEN = "l-Zx9Qk3mVt7Rw2Yc8Lp4Nb6Hd1Jf5Gs0TuEaWiXoKz"
WORDS = "my phone is 13800138000"


async def _over_http(program: Program) -> None:
    async with httpx.AsyncClient(base_url=program.address) as client:
        for path in (f"/chat?start={TOKEN}", f"/staff/{TOKEN}", f"/staff/login?next={TOKEN}", f"/{TOKEN}"):
            await client.get(path, headers={"Cookie": f"id={TOKEN}"})
        headers = {"Authorization": f"Bearer {TOKEN}"}
        refused = await client.post(f"/api/v1/customers?key={TOKEN}", headers=headers, json={})
        assert refused.status_code == 401
    reader, writer = await asyncio.open_connection("127.0.0.1", program.port)
    writer.write(f"GET /chat?start={TOKEN} HTTP/9 nonsense\r\n\r\n".encode())
    await writer.drain()
    await reader.read()
    writer.close()


async def _over_sockets(program: Program) -> None:
    base = program.address.replace("http", "ws")
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with connect(f"{base}/chat/ws?token={TOKEN}", additional_headers=headers) as socket:
        await socket.send(json.dumps({"type": "hello", "start": TOKEN, "token": TOKEN}))
        await socket.send(json.dumps({"type": "message", "id": "m1", "text": WORDS}))
        async with asyncio.timeout(10):
            while "kept" not in str(await socket.recv()):
                pass
    console = f"{base}/staff/_nicegui_ws/socket.io/?EIO=4&transport=websocket&id={TOKEN}"
    async with connect(console, additional_headers=headers) as socket:
        await socket.recv()


@pytest.mark.timeout(300)
async def test_no_request_leaves_its_secrets_or_words_in_the_log(make_program: MakeProgram) -> None:
    async with make_program(more={"LIUKE_LOG_LEVEL": "DEBUG"}) as program:
        await _over_http(program)
        await _over_sockets(program)
        await program.holds("SELECT count(*) FROM message WHERE text LIKE '%13800138000%'", [(1,)])
        await program.stop()
    assert "Ready after" in program.log
    assert TOKEN not in program.log
    assert "13800138000" not in program.log
