"""The shop's side over HTTP: its systems tell Liuke about customers, products, orders and events."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

from fastapi import FastAPI, Path, Query
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import IntegrityError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.api import rows
from bot.api.codes import CodesApi
from bot.api.keys import ApiKeys
from bot.api.links import LinksApi
from bot.api.taking import BatchRefused, Intake
from bot.delivery.faults import faults
from bot.linking.deep_links import DeepLinks
from bot.shop.intake.defaults import Defaults
from bot.shop.intake.records import Identifier, OrderChange, OrderRecord
from kernel.times import utc_now
from storage import Conflict, NotFound, Store, StoreClosed, StoreUnavailable
from storage import requests as stored
from storage.code_lists import CursorInvalid
from storage.known_orders import KnownOrders
from storage.redemptions import CodeRefused, CustomerNeeded

PATH = "/api/v1"
MAX_BODY = 8 * 2**20
"""Bytes; a batch of a thousand orders is about one million."""
_NAMED = 20
_RETRY_AFTER = 10
"""Seconds."""
_CLASH = "another request changed the same rows meanwhile; send it again"
_FAILED = "something went wrong here, and has been noted; send it again later"
_REFUSALS: dict[int | str, dict[str, Any]] = {
    code: {"model": rows.Refusal} for code in (401, 404, 405, 409, 411, 413, 422, 503)
}

log = logging.getLogger(__name__)

T = TypeVar("T")
Answer = TypeVar("Answer", bound=rows.Taken)
State = Literal["asked", "accepted", "declined", "done"]


class ShopApi:
    """Everything below `/api/v1`."""

    def __init__(
        self,
        store: Store,
        keys: ApiKeys,
        *,
        deep_links: DeepLinks,
        defaults: Defaults | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._intake = Intake(store, clock, defaults or Defaults())
        self._codes = CodesApi(store, clock)
        self._links = LinksApi(store, deep_links, clock)

    def routes(self) -> list[BaseRoute]:
        """One mount for the site; its schema is at `/api/v1/openapi.json`."""
        return [Mount(PATH, app=_Door(self._keys, self._application()), name="api")]

    async def customers(self, batch: rows.Customers) -> rows.Taken:
        """Add customers or bring them up to date."""
        return await self._again(self._intake.customers, batch.customers)

    async def products(self, batch: rows.Products) -> rows.Taken:
        """Add products or bring them up to date, with their categories and prices."""
        return await self._again(self._intake.products, batch.products)

    async def coupons(self, batch: rows.Coupons) -> rows.Taken:
        """Add coupons or bring them up to date; orders that carry their codes already use them."""
        return await self._again(self._intake.coupons, batch.coupons)

    async def orders(self, batch: rows.Orders) -> rows.OrdersTaken:
        """Add orders or bring them up to date, with lines, parcels, refunds, their purchases and their codes."""
        return await self._again(self._intake.orders, batch.orders)

    async def order(self, order_id: Annotated[Identifier, Path()], change: OrderChange) -> rows.OrdersTaken:
        """Say something more of an order that is here already."""
        async with self._store.read() as connection:
            if not await KnownOrders(connection).by_ids([order_id]):
                raise NotFound(f"there is no order {order_id!r}; POST /orders adds one")
        record = OrderRecord(id=order_id, **change.said())
        return await self._again(self._intake.orders, [record])

    async def events(self, batch: rows.Events) -> rows.EventsTaken:
        """Append to the log of what customers did; the same id again changes nothing."""
        return await self._again(self._intake.events, batch.events)

    async def points(self, batch: rows.Points) -> rows.Taken:
        """Append to the history of customers' points; the same id again changes nothing."""
        return await self._again(self._intake.points, batch.points)

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

    async def _again(self, take: Callable[[Sequence[T]], Awaitable[Answer]], batch: Sequence[T]) -> Answer:
        try:
            return await take(batch)
        except IntegrityError:
            # Another request wrote the same rows for the first time at the same moment; they are there now.
            return await take(batch)

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
                CursorInvalid: _refusing(422, "invalid"),
                NotFound: _refusing(404, "not_found"),
                CustomerNeeded: _refusing(422, "customer_needed"),
                CodeRefused: _code_refused,
                Conflict: _refusing(409, "conflict"),
                # Something that was there when the rows were looked at is not there now, or the reverse.
                IntegrityError: _refusing(409, "conflict", _CLASH),
                StoreUnavailable: _unavailable,
                StoreClosed: _unavailable,
                400: _refusing(422, "invalid", "the body is no JSON in UTF-8"),
                404: _no_such_path,
                405: _no_such_path,
                # It is raised again behind the answer, and told by `bot.http.failures`.
                Exception: _refusing(500, "failed", _FAILED),
            },
            responses=_REFUSALS,
        )
        app.post("/customers")(self.customers)
        app.post("/products")(self.products)
        app.post("/coupons")(self.coupons)
        app.post("/orders")(self.orders)
        app.patch("/orders/{order_id}")(self.order)
        app.post("/events")(self.events)
        app.post("/points")(self.points)
        self._codes.serve(app)
        self._links.serve(app)
        app.get("/requests")(self.requests)
        return app


class _Door:
    """Looks at the key and the size before anything is read."""

    def __init__(self, keys: ApiKeys, app: ASGIApp) -> None:
        self._keys = keys
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            refusal = await self._refusal(scope) if scope["type"] == "http" else None
        except (StoreUnavailable, StoreClosed) as error:
            refusal = await _unavailable(Request(scope), error)
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


def _problem(
    status: int,
    code: str,
    message: str,
    where: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    refusal = rows.Refusal(error=rows.Problem(code=code, message=message, where=list(where)))
    return JSONResponse(refusal.model_dump(), status_code=status, headers=headers)


def _refusing(status: int, code: str, message: str | None = None) -> Any:
    """A handler that says what the error says, or something else."""

    async def refuse(_request: Request, error: Exception) -> Response:
        return _problem(status, code, message or str(error))

    return refuse


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


async def _batch_refused(_request: Request, error: Exception) -> Response:
    return _problem(422, getattr(error, "code", "invalid"), str(error), getattr(error, "where", ()))


async def _code_refused(_request: Request, error: Exception) -> Response:
    reason = getattr(error, "reason", "used")
    return _problem(409, reason if reason == "order_cancelled" else f"code_{reason}", str(error))


async def _unavailable(_request: Request, error: Exception) -> Response:
    faults.tell(log.error, error, "the API can't use the store")
    message = f"the database can't be used now; send it again in {_RETRY_AFTER} seconds"
    return _problem(503, "unavailable", message, headers={"Retry-After": str(_RETRY_AFTER)})


async def _no_such_path(request: Request, error: Exception) -> Response:
    status, headers = (error.status_code, error.headers) if isinstance(error, HTTPException) else (404, None)
    message = f"there is no {request.method} here; see docs/reference/api.md"
    return _problem(status, "no_such_path", message, headers=headers)
