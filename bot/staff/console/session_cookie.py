"""The way into the console and out of it: the session's cookie, and two addresses that set and clear it.

Signing in happens over the page's socket, where no cookie can be set: the page gets a ticket there and opens `/enter`
with it, which answers with a cookie that did not exist before. `/leave` clears the cookie of a session that is over.
"""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from nicegui import ui

from bot.staff.accounts import Sessions
from storage import StoreUnavailable
from storage.staff import StaffMember

COOKIE = "liuke_staff"
WHY = ("changed", "idle")
"""Why a session is over, as far as the sign-in page says so."""
_PATIENCE = 30.0
"""Seconds that the store may take before an address is an error."""


class BrowserSession:
    """One browser's session, by the cookie that its page was opened with."""

    def __init__(self, sessions: Sessions, *, https: bool) -> None:
        """Make it; `serve` adds its addresses to the console.

        Args:
            sessions: where sessions are kept.
            https: the cookie travels by nothing else.
        """
        self._sessions = sessions
        self._https = https
        # With this prefix a browser takes it from this very host, by https alone: no neighbour can set it.
        self._cookie = f"__Host-{COOKIE}" if https else COOKIE

    def serve(self) -> None:
        """Serve `/enter` and `/leave`."""
        ui.page("/enter", response_timeout=_PATIENCE)(self._enter)
        ui.page("/leave", response_timeout=_PATIENCE)(self._leave)

    async def use(self) -> StaffMember | None:
        """Whoever uses the page at hand now; None when the session is over."""
        return (await self._sessions.use(self._token())).member

    async def of(self, request: Request) -> StaffMember | None:
        """Whoever sends a request that is no page; None when the session is over."""
        return (await self._sessions.use(request.cookies.get(self._cookie, ""))).member

    async def look(self) -> StaffMember | None:
        """The member of the page at hand as they are now, without use; None when the session is over."""
        return (await self._sessions.look(self._token())).member

    async def let_in(self, member: StaffMember) -> None:
        """From the sign-in page to the queue."""
        ticket = await self._sessions.begin(member, _browser(ui.context.client.request))
        ui.navigate.to(f"/enter?ticket={ticket}")

    async def sign_out(self) -> None:
        """In all pages of this browser."""
        await self._sessions.end(self._token())
        await self.go()

    async def go(self) -> None:
        """To the sign-in page, which says why; nothing of this page is left, whatever the browser does."""
        over = (await self._sessions.look(self._token())).over
        ui.navigate.to(f"/leave?over={over}" if over else "/leave")
        ui.context.client.content.clear()

    def _token(self) -> str:
        return ui.context.client.request.cookies.get(self._cookie, "")

    async def _enter(self, request: Request, ticket: str = "") -> Response:
        try:
            token = await self._sessions.enter(
                ticket, _browser(request), request.cookies.get(self._cookie, "")
            )
        except StoreUnavailable:
            token = None
        response = _to("./" if token else "login")
        if token:
            self._set(response, token)
        return response

    async def _leave(self, request: Request, over: str = "") -> Response:
        try:
            standing = await self._sessions.look(request.cookies.get(self._cookie, ""))
        except StoreUnavailable:
            return _to("login")
        if standing.member is not None:
            # Nobody signs a member out by a link that they follow.
            return _to("./")
        response = _to(f"login?over={over}" if over in WHY else "login")
        self._set(response, "", max_age=0)
        return response

    def _set(self, response: Response, token: str, *, max_age: int | None = None) -> None:
        # It ends with the browser, and before that when the store says so.
        response.set_cookie(self._cookie, token, max_age, httponly=True, samesite="lax", secure=self._https)


def _to(address: str) -> Response:
    """Relative, so that it holds behind a proxy, too."""
    return RedirectResponse(address, status_code=303, headers={"Cache-Control": "no-store"})


def _browser(request: Request) -> str:
    """What NiceGUI knows the browser by; it opens nothing by itself."""
    return str(request.session["id"])
