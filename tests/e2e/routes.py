"""Prints the paths of every route of a program with these settings, as JSON; run in a process of its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

from bot.app import build
from bot.settings import load_settings
from storage import Store


def _paths(routes: Any, before: str = "") -> Iterator[str]:
    for route in routes:
        path = before + getattr(route, "path", "")
        yield path or "/"
        app = getattr(route, "app", None)
        while app is not None and not hasattr(app, "routes"):
            app = getattr(app, "app", None)
        if app is not None and hasattr(route, "routes"):
            yield from _paths(app.routes, path)


async def _main() -> None:
    settings = load_settings()
    store = Store.open(settings.store_url)
    parts = await build(settings, store)
    app = parts.server.app
    fast: list[Any] = []
    while not hasattr(app, "routes"):
        fast = getattr(app, "_fast", fast)
        app = app.app
    paths = sorted({*_paths(fast), *_paths(app.routes)})
    await parts.understanding.close()
    await store.close()
    print(json.dumps(paths))


if __name__ == "__main__":
    asyncio.run(_main())
