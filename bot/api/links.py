"""Links over HTTP that connect customers' messengers, to be put on an order page or into a mail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Self

from fastapi import FastAPI
from pydantic import AfterValidator, BaseModel, Field, model_validator
from sqlalchemy.exc import IntegrityError

from bot.api.rows import MAX_ROWS
from bot.linking.deep_links import MAX_LIFETIME, DeepLinks, GivenLinks, QrFormat, qr_data_uri
from bot.linking.linker import request_hash
from bot.shop.intake.records import Identifier, Record, printable
from storage import Store
from storage.links import Links

_MOST_HOURS = MAX_LIFETIME // timedelta(hours=1)


class LinksWanted(Record):
    """For whom links are made, and how."""

    id: Annotated[str, Field(min_length=16, max_length=100), AfterValidator(printable)] | None = None
    """The same again is the same request, and gets the same links; as hard to guess as they are."""
    customer_ids: Annotated[list[Identifier], Field(min_length=1, max_length=MAX_ROWS)] | None = None
    """These; without it the next customers after `after`."""
    after: Annotated[str, Field(max_length=100)] = ""
    limit: Annotated[int, Field(ge=1, le=MAX_ROWS)] = 200
    everybody: bool = False
    """Also those who are linked already, or have a link that holds."""
    lifetime_hours: Annotated[int, Field(ge=1, le=_MOST_HOURS)] | None = None
    qr: QrFormat | None = None

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Self:
        if self.customer_ids is not None and self.model_fields_set & {"after", "limit", "everybody"}:
            raise ValueError("`customer_ids` says all: leave `after`, `limit` and `everybody` out")
        return self


class QrCodes(BaseModel):
    """Links as pictures: data addresses, for the `src` of an image."""

    telegram: str | None
    web: str


class LinksRow(BaseModel):
    """A customer's links, each of which works once."""

    customer_id: str
    expires_at: datetime
    telegram: str | None
    """Null where Telegram is not served."""
    web: str
    qr: QrCodes | None


class LinksMade(BaseModel):
    """What was made. Nothing of it can be looked up later."""

    links: list[LinksRow]
    missing: list[str]
    """Of the `customer_ids`: those that are not here."""
    next: str | None
    """Send it as `after` for the customers after these; null after the last, and with `customer_ids`."""


class LinksApi:
    """Everything below `/links`."""

    def __init__(self, store: Store, deep_links: DeepLinks, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._deep_links = deep_links
        self._clock = clock

    def serve(self, app: FastAPI) -> None:
        """Add its paths."""
        app.post("/links")(self.links)

    async def links(self, wanted: LinksWanted) -> LinksMade:
        """Make links for customers: those who are named, or the next of those who have none."""
        try:
            return await self._made(wanted)
        except IntegrityError:
            # The same request at the same moment made them.
            return await self._made(wanted)

    async def _made(self, wanted: LinksWanted) -> LinksMade:
        now, after = self._clock(), None
        ids = wanted.customer_ids
        if ids is None:
            ids, after = await self._next(wanted, now)
        hours = wanted.lifetime_hours
        lifetime = None if hours is None else timedelta(hours=hours)
        made = await self._deep_links.give(ids, now, lifetime, wanted.id)
        here = {one.customer_id for one in made}
        return LinksMade(
            links=[await _row(one, wanted.qr) for one in made],
            missing=[one for one in dict.fromkeys(wanted.customer_ids or ()) if one not in here],
            next=after,
        )

    async def _next(self, wanted: LinksWanted, now: datetime) -> tuple[list[str], str | None]:
        async with self._store.read() as connection:
            links = Links(connection)
            before = {} if wanted.id is None else await links.of_request(request_hash(wanted.id))
            ids = sorted({customer_id for customer_id, _ in before})
            limit = 0 if ids else wanted.limit
            found = await links.customers(
                now, after=ids[-1] if ids else wanted.after, limit=limit + 1, everybody=wanted.everybody
            )
        ids += [one.id for one in found[:limit]]
        return ids, ids[-1] if len(found) > limit else None


async def _row(made: GivenLinks, qr: QrFormat | None) -> LinksRow:
    telegram, web = made.addresses.get("telegram"), made.addresses["web"]
    codes = None
    if qr is not None:
        drawn = None if telegram is None else await qr_data_uri(telegram, qr)
        codes = QrCodes(telegram=drawn, web=await qr_data_uri(web, qr))
    return LinksRow(
        customer_id=made.customer_id, expires_at=made.expires_at, telegram=telegram, web=web, qr=codes
    )
