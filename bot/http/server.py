"""The one HTTP server: webhook, web chat, console, API and pictures.

Around everything go the headers, the answer to what fails, and each client's limits. Within them the webhook is
looked at first and passes no other middleware: it is the path that every message takes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.http.clients import Clients, Gate
from bot.http.connections import GuardedConfig
from bot.http.failures import Failures, answer_errors, error_answer
from bot.http.headers import Headers
from bot.http.parsing import is_picture_path

_START_TIMEOUT = 30.0
_GRACE = 3
MAX_FRAME = 65_536
"""Bytes of a WebSocket frame; four times what the longest message needs."""
_FRAMES_WAITING = 64


class WebServer:
    """Serves an ASGI application on the loop that runs it."""

    def __init__(self, app: ASGIApp, host: str, port: int, clients: Clients, *, https: bool = False) -> None:
        """Make it; `https` says that browsers come by https alone."""
        self.app = Headers(Failures(Gate(app, clients)), https=https)
        """All that is served, with what goes around it."""
        self._server = _QuietServer(
            GuardedConfig(
                self.app,
                clients,
                host=host,
                port=port,
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=_GRACE,
                ws_max_size=MAX_FRAME,
                ws_max_queue=_FRAMES_WAITING,
                # A connection whose other side has vanished ends within 40 seconds.
                ws_ping_interval=20.0,
                ws_ping_timeout=20.0,
                # What is said here is short: compressing it would take 50 KB a connection to save a few bytes.
                ws_per_message_deflate=False,
                server_header=False,
            )
        )
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen; returns when requests are answered.

        Raises:
            OSError: the address can't be bound; the port may be taken.
        """
        self._task = asyncio.create_task(self._server.serve(), name="http")
        async with asyncio.timeout(_START_TIMEOUT):
            while not self._server.started:
                if self._task.done():
                    await self._raise_failure()
                await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Stop listening and let open requests end."""
        self._server.should_exit = True
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def _raise_failure(self) -> None:
        host, port = self._server.config.host, self._server.config.port
        raise OSError(f"can't listen on {host}:{port}; is another program using the port? Set LIUKE_PORT.")


class _QuietServer(uvicorn.Server):
    """Leaves signals to the program, and reports a taken port instead of ending the process."""

    def install_signal_handlers(self) -> None:
        """Signals belong to the program."""

    def capture_signals(self) -> Any:
        """Signals belong to the program."""
        from contextlib import nullcontext

        return nullcontext()

    async def startup(self, sockets: Any = None) -> None:
        try:
            await super().startup(sockets)
        except SystemExit:
            self.should_exit = True


def build_site(
    *,
    fast: Sequence[BaseRoute],
    routes: Sequence[BaseRoute],
    find_picture: Callable[[str], Awaitable[Path | None]],
) -> tuple[ASGIApp, FastAPI]:
    """The application to serve, and its FastAPI part for whoever mounts more.

    Args:
        fast: routes tried first, around every middleware.
        routes: the rest.
        find_picture: the file of a picture's path, made if it must be; None when there is none.
    """
    site = FastAPI(title="Liuke", docs_url=None, redoc_url=None, openapi_url=None)
    answer_errors(site)

    async def picture(request: Request) -> Response:
        name = request.path_params["path"]
        found = await find_picture(name) if is_picture_path(name) else None
        if found is None:
            return error_answer(request.scope["path"], 404)
        return FileResponse(found, headers={"Cache-Control": "public, max-age=86400"})

    async def home(_request: Request) -> Response:
        return RedirectResponse("/chat")

    site.router.routes.extend(
        [
            Route("/", home),
            Route("/media/{path:path}", picture),
            *routes,
        ]
    )
    return _FastFirst(fast, site), site


class _FastFirst:
    """Tries a few routes before the application with its middleware."""

    def __init__(self, fast: Sequence[BaseRoute], app: ASGIApp) -> None:
        self._fast = fast
        self.app = app
        """By this name the console finds its way from the server to the application."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            for route in self._fast:
                match, child = route.matches(scope)
                if match is not Match.NONE:  # another method of the same path is refused there
                    scope.update(child)
                    await route.handle(scope, receive, send)
                    return
        await self.app(scope, receive, send)
