"""The ways of files into the console and out of it: what is to be imported, and rows that were rejected."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import FileResponse, JSONResponse, Response
from nicegui import app as nicegui_app
from starlette.requests import ClientDisconnect

from bot.http.failures import error_answer
from bot.staff.console.session_cookie import BrowserSession
from bot.staff.imports import ImportRunning, Imports
from bot.staff.roles import NotAllowed
from bot.staff.uploads import MAX_BYTES, TooLarge
from storage import NotFound

FILES, REJECTS = "/data/files", "/data/rejects"
"""Below the console's own path."""


class DataFiles:
    """Both, for members who may import."""

    def __init__(self, imports: Imports, session: BrowserSession) -> None:
        self._imports = imports
        self._session = session

    def serve(self) -> None:
        """Add the addresses to the console, in the place of those of an earlier one in this process."""
        numbered = f"{REJECTS}/{{number}}"
        for path in (FILES, numbered):
            nicegui_app.remove_route(path)
        nicegui_app.post(FILES, include_in_schema=False)(self._take)
        nicegui_app.get(numbered, include_in_schema=False)(self._give)

    async def _take(self, request: Request, name: str = "") -> Response:
        """The file is the body as it is: no form, in which it would have to be looked for."""
        member = await self._session.of(request)
        if member is None:
            return _refused(403, "data-no-session")
        if int(request.headers.get("content-length") or 0) > MAX_BYTES:
            return _refused(413, "data-too-large")
        try:
            await self._imports.add(member, name, request.stream())
        except NotAllowed:
            return _refused(403, "not-allowed")
        except ImportRunning:
            return _refused(409, "data-running")
        except TooLarge:
            return _refused(413, "data-too-large")
        except ClientDisconnect:
            return _refused(400, "data-not-sent")
        return JSONResponse({})

    async def _give(self, request: Request, number: int) -> Response:
        member = await self._session.of(request)
        try:
            found = None if member is None else await self._imports.rejects(member, number)
        except (NotAllowed, NotFound):
            found = None
        if found is None:
            return error_answer(request.scope["path"], 404)
        return FileResponse(
            found.path,
            filename=f"rejects-{found.name.removesuffix('.gz')}",
            media_type="text/csv",
            headers={"Cache-Control": "no-store"},
        )


def _refused(status: int, text_id: str) -> Response:
    """Why, by the id of a text of the console's."""
    return JSONResponse({"refused": text_id}, status_code=status)
