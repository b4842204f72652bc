"""The whole program while its PostgreSQL lets nobody in: it says so, lives, and goes on."""

from __future__ import annotations

from collections.abc import Awaitable
from pathlib import Path

import httpx
import pytest

from tests.bot.delivery.fakes import until
from tests.e2e.program import Program
from tests.outage import away

pytestmark = pytest.mark.slow


async def _is(asked: Awaitable[httpx.Response], status: int) -> bool:
    return (await asked).status_code == status


@pytest.mark.timeout(300)
async def test_it_is_alive_not_ready_and_back(postgres_url: str, tmp_path: Path) -> None:
    own = {"LIUKE_DATABASE_URL": postgres_url, "LIUKE_DEMO": "false"}
    program = Program(tmp_path / "home", more=own)
    batch = {"customers": [{"id": "c1", "name": "王芳"}]}
    async with program, httpx.AsyncClient(base_url=program.address, timeout=30) as client:
        key = (await program.liuke("api-key")).split()[-1]
        headers = {"Authorization": f"Bearer {key}"}
        async with away(postgres_url):
            await until(lambda: _is(client.get("/readyz"), 503))
            assert not (await client.get("/readyz")).json()["checks"]["database"]["ok"]
            assert (await client.get("/healthz")).status_code == 200
            refused = await client.post("/api/v1/customers", json=batch, headers=headers)
            assert (refused.status_code, refused.json()["error"]["code"]) == (503, "unavailable")
            assert refused.headers["Retry-After"]
            await program.prints("the database lets nobody in")
        await until(lambda: _is(client.get("/readyz"), 200))
        # Perhaps over a connection that was cut, at first.
        await until(lambda: _is(client.post("/api/v1/customers", json=batch, headers=headers), 200))
        await program.prints("the database can be used again")
        await program.stop()
    assert "Traceback" not in program.log
    # A line a kind of trouble, however many parts met it.
    assert program.log.count("trying again") <= 3
