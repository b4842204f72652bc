"""`python -m tests.botapi --port 8081`: the fake Bot API by hand, controlled over HTTP below /control."""

from __future__ import annotations

import argparse
import asyncio
from contextlib import suppress

from tests.botapi.server import TOKEN, FakeBotApi


async def _run(options: argparse.Namespace) -> None:
    api = FakeBotApi(options.token, limits=not options.no_limits, checked=options.check)
    async with api.serve(options.host, options.port) as address:
        print(f"Bot API: {address}  token: {options.token}  control: {address}/control/status", flush=True)
        await asyncio.Event().wait()


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m tests.botapi", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--no-limits", action="store_true", help="never answer 429")
    parser.add_argument("--check", action="store_true", help="check every answer against aiogram's types")
    with suppress(KeyboardInterrupt):
        asyncio.run(_run(parser.parse_args()))


main()
