"""The shop's side over HTTP: its systems tell Liuke about customers, products, orders and events."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar

from fastapi import FastAPI, Query
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.api import rows
from bot.api.keys import ApiKeys
from bot.api.taking import BatchRefused, take_customers, take_events, take_orders, take_products
from storage import Conflict, NotFound, Store
from storage import requests as stored
from storage.redemptions import Redemptions

PATH = "/api/v1"
MAX_BODY = 8 * 2**20
"""Bytes; a batch of a thousand orders is about one million."""
_NAMED = 20
_REFUSALS: dict[int | str, dict[str, Any]] = {
    code: {"model": rows.Refusal} for code in (401, 404, 409, 411, 413, 422)
}

T = TypeVar("T")
State = Literal["asked", "accepted", "declined", "done"]


class ShopApi:
    """Everything below `/api/v1`."""

    def __init__(
        self, store: Store, keys: ApiKeys, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock

    def routes(self) -> list[BaseRoute]:
        """One mount for the site; its schema is at `/api/v1/openapi.json`."""
        return [Mount(PATH, app=_Door(self._keys, self._application()), name="api")]

    async def customers(self, batch: rows.Customers) -> rows.Taken:
        """Add customers or bring them up to date."""
        return await self._take(take_customers, batch.customers)

    async def products(self, batch: rows.Products) -> rows.Taken:
        """Add products or bring them up to date, with their categories and prices."""
        return await self._take(take_products, batch.products)

    async def orders(self, batch: rows.Orders) -> rows.Taken:
        """Add orders or bring them up to date, with lines, parcels and refunds."""
        return await self._take(take_orders, batch.orders)

    async def events(self, batch: rows.Events) -> rows.Taken:
        """Append to the log of what customers did; the same id again changes nothing."""
        return await self._take(take_events, batch.events)

    async def use_code(self, code: str, use: rows.CodeUse) -> rows.RedemptionRow:
        """Mark an offer's or a coupon's code as used; the same order again changes nothing."""
        now = self._clock()
        used = await self._store.write(
            lambda connection: Redemptions(connection).use(
                code[:40], customer_id=use.customer_id, order_id=use.order_id, now=now
            )
        )
        return rows.RedemptionRow.model_validate(used, from_attributes=True)

    async def requests(
        self,
        state: Annotated[list[State] | None, Query()] = None,
        limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
    ) -> rows.Requests:
        """What customers asked for and only the shop can do, oldest first; the undecided by default."""
        async with self._store.read() as connection:
            found = await stored.Requests(connection).find(
                tuple(state) if state else ("asked", "accepted"), limit=limit
            )
        return rows.Requests(
            requests=[rows.RequestRow.model_validate(item, from_attributes=True) for item in found]
        )

    async def _take(
        self,
        take: Callable[[AsyncConnection, Sequence[T], datetime], Awaitable[rows.Taken]],
        batch: Sequence[T],
    ) -> rows.Taken:
        now = self._clock()
        return await self._store.write(lambda connection: take(connection, batch, now))

    def _application(self) -> FastAPI:
        app = FastAPI(
            title="Liuke",
            version="1",
            docs_url=None,
            redoc_url=None,
            openapi_url="/openapi.json",
            exception_handlers={
                RequestValidationError: _invalid,
                BatchRefused: _batch_refused,
                NotFound: _not_found,
                Conflict: _conflict,
                IntegrityError: _clash,
                400: _no_json,
                404: _no_such_path,
                405: _no_such_path,
            },
            responses=_REFUSALS,
        )
        app.post("/customers")(self.customers)
        app.post("/products")(self.products)
        app.post("/orders")(self.orders)
        app.post("/events")(self.events)
        app.post("/codes/{code}/use")(self.use_code)
        app.get("/requests")(self.requests)
        return app


class _Door:
    """Looks at the key and the size before anything is read."""

    def __init__(self, keys: ApiKeys, app: ASGIApp) -> None:
        self._keys = keys
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = await self._refusal(scope) if scope["type"] == "http" else None
        await (refusal or self.app)(scope, receive, send)

    async def _refusal(self, scope: Scope) -> Response | None:
        request = Request(scope)
        kind, _, key = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not await self._keys.is_valid(key.strip()):
            return _problem(
                401,
                "wrong_key",
                "send the header `Authorization: Bearer KEY`; `liuke api-key` makes a key",
            )
        if request.method not in ("POST", "PUT", "PATCH"):
            return None
        length = request.headers.get("content-length", "")
        if not (length.isascii() and length.isdigit()):
            return _problem(411, "length_required", "send the header Content-Length")
        if int(length) > MAX_BODY:
            return _problem(413, "too_large", f"send at most {MAX_BODY} bytes; make smaller batches")
        return None


def _problem(status: int, code: str, message: str, where: Sequence[str] = ()) -> Response:
    refusal = rows.Refusal(error=rows.Problem(code=code, message=message, where=list(where)))
    return JSONResponse(refusal.model_dump(), status_code=status)


async def _invalid(_request: Request, error: Exception) -> Response:
    details = error.errors() if isinstance(error, RequestValidationError) else []
    where = [
        f"{'.'.join(str(part) for part in detail['loc'] if part != 'body')}: {detail['msg']}"
        for detail in details[:_NAMED]
    ]
    message = "the request can't be used; each place and what to mend is in `where`"
    if len(details) > _NAMED:
        message += f" (the first {_NAMED} of {len(details)})"
    return _problem(422, "invalid", message, where)


async def _no_json(_request: Request, _error: Exception) -> Response:
    return _problem(422, "invalid", "the body is no JSON in UTF-8")


async def _batch_refused(_request: Request, error: Exception) -> Response:
    return _problem(422, getattr(error, "code", "invalid"), str(error), getattr(error, "where", ()))


async def _not_found(_request: Request, error: Exception) -> Response:
    return _problem(404, "not_found", str(error))


async def _conflict(_request: Request, error: Exception) -> Response:
    return _problem(409, "conflict", str(error))


async def _clash(_request: Request, _error: Exception) -> Response:
    """Something that was there when the rows were looked at is not there now, or the reverse."""
    return _problem(409, "conflict", "another request changed the same rows meanwhile; send it again")


async def _no_such_path(request: Request, _error: Exception) -> Response:
    return _problem(404, "no_such_path", f"there is no {request.method} here; see docs/reference/api.md")
