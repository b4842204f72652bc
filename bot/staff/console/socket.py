"""The console's socket: what a page of the console never sends is kept from the libraries that read it.

Anybody can connect, before they sign in, too. Engine.IO, Socket.IO and NiceGUI trust what comes: a packet that is none
raises an error in them, with a traceback, and a page may dictate lines of the log. So each frame is looked at here
first, and a connection that sends anything else ends; whatever NiceGUI still can't use of it costs no more.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import re
from collections.abc import Callable
from typing import Any

from nicegui import app as nicegui_app
from nicegui import core, ui
from nicegui.client import Client
from nicegui.nicegui import sio_app
from nicegui.storage import Storage
from socketio.exceptions import ConnectionRefusedError as Refused
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.http.failures import error_answer
from bot.http.parsing import parse_json
from bot.http.server import MAX_FRAME

log = logging.getLogger(__name__)

PATH = "/_nicegui_ws"
"""Below the console's own path."""
_EVENTS = ("handshake", "event", "javascript_response", "ack", "log")
_EVENT = re.compile(r"42\d{0,10}(\[.*)", re.DOTALL)
_CONNECT, _PONG, _FAREWELLS = "40", "3", ("1", "41")
_LONGEST_ID = 64
_POLICY = 1008
_TELL_EVERY = 60.0
_TABS_KEPT = 60.0
"""Seconds; NiceGUI makes a store for whatever a page says is its tab, and nothing of ours is in it."""


def console_socket(path: str) -> Mount:
    """The route of the socket, to be found before NiceGUI's own.

    Args:
        path: of the console.
    """
    core.sio.eio.max_http_buffer_size, core.sio.eio.transports = MAX_FRAME, ["websocket"]
    nicegui_app.config.socket_io_js_transports = ["websocket"]
    Storage.max_tab_storage_age = _TABS_KEPT
    handlers = core.sio.handlers["/"]
    for name in ("connect", "handshake", "event", "javascript_response", "ack"):
        handlers[name] = _careful(handlers[name], refuse=name == "connect")
    handlers["log"] = _unheard
    return Mount(f"{path}{PATH}", app=_WebSocketsOnly(sio_app), name="console-socket")


class _WebSocketsOnly:
    """WebSockets alone: a second way in would need a second door."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await error_answer(scope["path"], 404)(scope, receive, send)
        elif scope["path"] != f"{scope.get('root_path', '')}/socket.io/":
            await send({"type": "websocket.close"})
        else:
            await self.app(scope, _Frames(receive, send).receive, send)


class _Frames:
    """What one page sends, up to what no page sends."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._connected = False

    async def receive(self) -> Message:
        """The next frame that a page may send; the end of the connection in place of any other."""
        message = await self._receive()
        if message["type"] != "websocket.receive":
            return message
        text = message.get("text") or ""
        if text in _FAREWELLS:
            return {"type": "websocket.disconnect", "code": 1000}
        if self._may_be_sent(text):
            return message
        _tell()
        await self._send({"type": "websocket.close", "code": _POLICY})
        return {"type": "websocket.disconnect", "code": _POLICY}

    def _may_be_sent(self, text: str) -> bool:
        if text == _PONG:
            return True
        if not self._connected:
            self._connected = text == _CONNECT
            return self._connected
        event = _EVENT.fullmatch(text)
        return event is not None and _is_event(event[1])


def _is_event(text: str) -> bool:
    try:
        match parse_json(text):
            case [str(name), dict()]:
                return name in _EVENTS
    except ValueError:
        pass
    return False


def _careful(handler: Callable[..., Any], *, refuse: bool) -> Callable[..., Any]:
    """A handler of NiceGUI's, which raises nothing but where a page has sent what it can't use.

    What fails in our own pages doesn't come through here: NiceGUI logs it where it calls them.
    """

    async def handle(sid: str, said: Any, *more: Any) -> Any:
        try:
            if not refuse:
                _check(said)
            answer = handler(sid, said, *more)
            return await answer if inspect.isawaitable(answer) else answer
        except Refused:
            raise
        except Exception:  # noqa: BLE001 - see above
            _tell()
            if refuse:
                raise Refused("Implicit handshake failed") from None
            return None

    return handle


def _check(said: dict[str, Any]) -> None:
    """What NiceGUI takes at its word.

    Raises:
        ValueError: a page would not say so.
    """
    if any(len(str(said.get(name, ""))) > _LONGEST_ID for name in ("client_id", "tab_id", "document_id")):
        raise ValueError
    client = Client.instances.get(said["client_id"])
    field = client.elements.get(said["id"]) if client is not None and "id" in said else None
    for given in said.get("args", ()):
        value = None if given is None else parse_json(given)
        if _holds_text(field, said.get("listener_id")) and not isinstance(value, str | None):
            raise ValueError


def _holds_text(field: Any, listener_id: Any) -> bool:
    if not isinstance(field, ui.input | ui.textarea):
        return False
    listener = field._event_listeners.get(listener_id)
    return listener is not None and listener.type == f"update:{field.VALUE_PROP}"


def _unheard(_sid: str, _said: Any) -> None:
    """Lines for the server's log that a page has written."""


_told = float("-inf")


def _tell() -> None:
    global _told
    now = asyncio.get_running_loop().time()
    if now - _told > _TELL_EVERY:
        _told = now
        log.warning("a connection to the console sent what no page of it sends, and was not heard")
