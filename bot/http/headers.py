"""The headers that every answer of the server has: what a browser may do with it, and who may embed it.

They stand here alone: whatever is served, by whichever library, leaves through `Headers`, which puts its own in the
place of any that are there.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.http.failures import CONSOLE, STYLE

_CHAT = "/chat"
_NONCE = "script_nonce"
_YEAR = 31_536_000

_STYLE = f"'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'"
"""The style of error pages, which may stand in the place of any page."""
_NOTHING = "object-src 'none'; base-uri 'none'"
_CLOSED = f"default-src 'none'; style-src {_STYLE}; {_NOTHING}; form-action 'none'; frame-ancestors 'none'"
# It stands in a frame on the shop's own pages, whose addresses nobody has told us. Older Safari takes 'self' for
# http alone, so that sockets are named; a shop's products may have their pictures anywhere.
_CHAT_PAGE = (
    f"default-src 'self'; script-src 'self'; style-src 'self' {_STYLE}; img-src 'self' https: data:; "
    f"connect-src 'self' ws: wss:; {_NOTHING}; form-action 'none'; frame-ancestors *"
)
# The console's library (NiceGUI) compiles Vue templates in the browser and has the server send it pieces of script,
# so 'unsafe-eval' can't be left out; Quasar and Tailwind write styles into the page. Inline scripts are those of the
# page's template alone, which have the nonce of the answer: words that became markup would still run nothing.
_CONSOLE_PAGE = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    f"{_NOTHING}; form-action 'self'; frame-ancestors 'none'"
)
_PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "usb",
    )
)
_EVERYWHERE = {
    "x-content-type-options": "nosniff",
    # A link that connects an account must not travel on in a Referer.
    "referrer-policy": "no-referrer",
    "permissions-policy": _PERMISSIONS,
    "cross-origin-opener-policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class Policy:
    """What one kind of answer allows."""

    content: str
    """Of Content-Security-Policy; `{nonce}` is that of the answer."""
    framed: bool = False
    """Any page may show it in a frame."""
    shared: bool = False
    """Any page may load it."""


_POLICIES = {
    "console": Policy(_CONSOLE_PAGE),
    "chat": Policy(_CHAT_PAGE, framed=True, shared=True),
    "shared": Policy(_CLOSED, shared=True),
    "other": Policy(_CLOSED),
}


class Headers:
    """Goes around an ASGI application, and around everything that may answer in its place."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        """Wire it up.

        Args:
            app: what answers.
            https: browsers come by https alone, and are told to go on doing so.
        """
        self.app = app
        self._https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        policy = policy_of(scope["path"])
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {})[_NONCE] = nonce
        own = dict(self._headers(policy, nonce))

        async def send_dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                others = [pair for pair in message.get("headers", ()) if pair[0].lower() not in own]
                message = {**message, "headers": [*others, *own.items()]}
            await send(message)

        await self.app(scope, receive, send_dressed)

    def _headers(self, policy: Policy, nonce: str) -> Iterator[tuple[bytes, bytes]]:
        named = {
            **_EVERYWHERE,
            "content-security-policy": policy.content.replace("{nonce}", nonce),
            "cross-origin-resource-policy": "cross-origin" if policy.shared else "same-origin",
        }
        if not policy.framed:
            named["x-frame-options"] = "DENY"
        if self._https:
            named["strict-transport-security"] = f"max-age={_YEAR}"
        for name, value in named.items():
            yield name.encode(), value.encode()


def policy_of(path: str) -> Policy:
    """The policy of whatever is at a path."""
    if path == CONSOLE or path.startswith(f"{CONSOLE}/"):
        return _POLICIES["console"]
    if path == _CHAT:
        return _POLICIES["chat"]
    if path == "/widget.js" or path.startswith("/media/"):
        return _POLICIES["shared"]
    return _POLICIES["other"]


def nonce_of(scope: Mapping[str, Any]) -> str:
    """What a script in the answer to a request must carry to run; empty where no `Headers` are around it."""
    return str(scope.get("state", {}).get(_NONCE, ""))
