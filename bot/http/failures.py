"""The outermost part of the server: nothing that fails inside is told to whoever asked, and it costs one line."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from html import escape

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from bot.conversation.texts import Texts
from bot.delivery.faults import faults
from storage import StoreUnavailable

log = logging.getLogger(__name__)

_FAILED = 1011
# The other side is gone, as it may be at any moment.
_GONE = (ClientDisconnect, WebSocketDisconnect, OSError)

STYLE = (
    "body{font:16px/1.6 system-ui,sans-serif;margin:0;min-height:100vh;display:grid;place-items:center;"
    "color:#1f2937;background:#f8fafc}main{padding:24px;text-align:center}h1{font-size:1.25rem;margin:1.5rem 0 0}"
    "p{margin:.25rem 0}a{color:#0f766e}"
    "@media(prefers-color-scheme:dark){body{color:#e5e7eb;background:#111827}a{color:#5eead4}}"
)
"""Of the page; the one inline style that is allowed everywhere."""
CONSOLE = "/staff"
"""Where the staff's console is."""
_API = "/api/"
_KINDS = {404: "missing", 422: "missing", 500: "failed", 503: "away"}
_CODES = {"missing": "no_such_path", "refused": "refused", "failed": "failed", "away": "unavailable"}


class Failures:
    """Goes around an ASGI application; HEAD is answered as GET is, of which the server leaves the body out."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
        begun = gone = False

        async def send_noting(message: Message) -> None:
            nonlocal begun, gone
            begun = True
            try:
                await send(message)
            except OSError:
                gone = True
                raise

        async def receive_noting() -> Message:
            nonlocal gone
            message = await receive()
            gone = gone or message["type"] in ("http.disconnect", "websocket.disconnect")
            return message

        path = str(scope["path"])  # mounted applications change it
        try:
            await self.app(scope, receive_noting, send_noting)
        except Exception as error:  # noqa: BLE001 - told here, for everything that is served
            if gone and isinstance(error, _GONE):
                return
            faults.tell(log.error, error, "a request could not be answered")
            if scope["type"] == "websocket":
                with suppress(OSError, RuntimeError):
                    await send({"type": "websocket.close", "code": _FAILED})
            elif not begun:
                await error_answer(path, status_of(error))(scope, receive, send)


def error_answer(path: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """The answer to a request that can't be answered; it says nothing of why beyond the status.

    Args:
        path: what was asked for; it decides the form and where the way back leads.
        status: of HTTP, 400 or more.
        headers: further ones.
    """
    kind = _KINDS.get(status, "refused" if status < 500 else "failed")
    if path.startswith(_API):
        return _problem(kind, status, headers)
    console = path == CONSOLE or path.startswith(f"{CONSOLE}/")
    page = _page(kind, "to-console" if console else "to-chat", f"{CONSOLE}/" if console else "/chat")
    return HTMLResponse(page, status_code=status, headers={"Cache-Control": "no-store", **(headers or {})})


def status_of(error: Exception) -> int:
    """The status of an answer that could not be given for an error nobody expected."""
    return 503 if isinstance(error, StoreUnavailable) else 500


def answer_errors(app: FastAPI) -> None:
    """Let an application answer so whatever it can't answer itself."""
    for kind in (404, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, _refused)
    app.add_exception_handler(Exception, _failed)


async def _refused(request: Request, error: Exception) -> Response:
    """What is no error of HTTP's own is a parameter that no link has."""
    if not isinstance(error, HTTPException):
        return error_answer(request.scope["path"], 404)
    return error_answer(request.scope["path"], error.status_code, error.headers)


async def _failed(request: Request, error: Exception) -> Response:
    """It is raised again behind the answer, and told by `bot.http.failures`."""
    return error_answer(request.scope["path"], status_of(error))


def _problem(kind: str, status: int, headers: Mapping[str, str] | None) -> Response:
    message = f"{_texts().say('en', kind)}: {_texts().say('en', f'{kind}-why')}"
    body = {"error": {"code": _CODES[kind], "message": message, "where": []}}
    return JSONResponse(body, status_code=status, headers=headers)


@cache
def _page(kind: str, back: str, address: str) -> str:
    said = "".join(
        f'<section lang="{language}"><h1>{_said(language, kind)}</h1><p>{_said(language, f"{kind}-why")}</p>'
        f'<p><a href="{address}">{_said(language, back)}</a></p></section>'
        for language in ("zh", "en")
    )
    return (
        '<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>Liuke 留客</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{STYLE}</style></head><body><main>{said}</main></body></html>"
    )


def _said(language: str, text_id: str) -> str:
    return escape(_texts().say(language, text_id))


@cache
def _texts() -> Texts:
    return Texts.load(package=__package__)
