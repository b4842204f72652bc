"""Who may see an order: a messenger account is linked to a customer by proof.

Three proofs exist. A deep link that staff or the shop made (signed, expiring, usable once), an order number
with a second fact (limited attempts), and a token by which the shop's own site vouches for a visitor.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.linking.guessing import Guesses, Verdict
from bot.linking.site_tokens import TOKEN_VALIDITY, SiteSession, make_token, read_token
from kernel.times import to_micros
from storage.customers import Accounts, Customers, LinkAttempts
from storage.links import Links
from storage.orders import Orders
from storage.schema import link_token
from storage.settings import SettingStore
from storage.trial import AnyStore

LINK_VALIDITY = timedelta(hours=24)
ATTEMPT_WINDOW = timedelta(hours=1)
ATTEMPTS_PER_ACCOUNT = 5
# More than an account has, so that one prankster does not lock the owner out at once.
ATTEMPTS_PER_ORDER = 10

_PREFIX = "l-"
_MAC_BYTES = 16
_STAMP_BYTES = 5
_NONCE_BYTES = 16


class LinkRefusal(StrEnum):
    """Why a link token is not taken."""

    INVALID = "invalid"
    EXPIRED = "expired"
    USED = "used"


class LinkRefused(Exception):
    """The link can't be used; ask for a new one."""

    def __init__(self, reason: LinkRefusal) -> None:
        self.reason = reason
        super().__init__(f"the link is {reason.value}; ask for a new one")


class LinkResult(StrEnum):
    """How an attempt to prove an order ended. WRONG says nothing about which of the two facts was wrong."""

    LINKED = "linked"
    WRONG = "wrong"
    TOO_MANY = "too_many"
    PAUSED = "paused"
    """So many attempts of all customers together were wrong that nobody's are looked at for the moment."""


class Linker:
    """Makes and checks proofs of who a messenger account belongs to."""

    def __init__(self, signing_key: bytes, web_secret: str) -> None:
        self._key = signing_key
        self._web_secret = web_secret

    @classmethod
    async def open(cls, store: AnyStore, web_secret: str | None) -> Linker:
        """Load the signing key, and the secret shared with the shop's site, making each at first use."""

        async def load(connection: AsyncConnection) -> tuple[str, str]:
            settings = SettingStore(connection)
            key = await settings.get_or_create("link.key", secrets.token_hex(32))
            shared = web_secret or await settings.get_or_create("web.secret", secrets.token_urlsafe(32))
            return str(key), str(shared)

        key, shared = await store.write(load)
        return cls(bytes.fromhex(key), shared)

    async def deep_link_token(
        self,
        connection: AsyncConnection,
        customer_id: str,
        now: datetime,
        lifetime: timedelta = LINK_VALIDITY,
    ) -> tuple[str, datetime]:
        """Give out a token of at most 64 characters of `[A-Za-z0-9_-]`; return it and the end of its time."""
        (given,) = await self.deep_link_tokens(connection, [(customer_id, "")], now, lifetime)
        return given

    async def deep_link_tokens(
        self,
        connection: AsyncConnection,
        places: Sequence[tuple[str, str]],
        now: datetime,
        lifetime: timedelta,
        request: str | None = None,
    ) -> list[tuple[str, datetime]]:
        """Give out a token for each customer and channel, in their order, with the end of its time.

        Args:
            request: by which whoever asks knows what they asked for: the same again gets the same tokens. It must be
                hard to guess, as they are.
        """
        known = {} if request is None else await Links(connection).of_request(request_hash(request))
        expires = (now + lifetime).replace(microsecond=0)
        ends = [known.get(place, expires) for place in places]
        tokens = [self._token(place, end, request) for place, end in zip(places, ends, strict=True)]
        new: list[dict[str, Any]] = [
            {
                "token_hash": _token_hash(token),
                "customer_id": place[0],
                "expires_at": expires,
                "request": None if request is None else request_hash(request),
                "channel": None if request is None else place[1],
            }
            for place, token in zip(places, tokens, strict=True)
            if place not in known
        ]
        if new:
            await connection.execute(insert(link_token), new)
            await Links(connection).note_given([one["customer_id"] for one in new], now, expires)
        return list(zip(tokens, ends, strict=True))

    def _token(self, place: tuple[str, str], expires: datetime, request: str | None) -> str:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        if request is not None:
            nonce = self._mac(b"request", "\0".join((request, *place)).encode())
        body = nonce + int(expires.timestamp()).to_bytes(_STAMP_BYTES, "big")
        return _PREFIX + _encode(body + self._mac(b"link", body))

    async def redeem(self, connection: AsyncConnection, account_id: int, token: str, now: datetime) -> str:
        """Link the account by a deep-link token; return the customer's id.

        Raises:
            LinkRefused: forged, expired, or used by another account.
        """
        if self._expiry(token) <= now:
            raise LinkRefused(LinkRefusal.EXPIRED)
        customer_id = await self._use_once(connection, account_id, token, now)
        await Accounts(connection).link(account_id, customer_id, "deep_link", now)
        return customer_id

    async def prove(
        self,
        connection: AsyncConnection,
        account_id: int,
        order_number: str,
        second_fact: str,
        now: datetime,
        client: str = "",
    ) -> LinkResult:
        """Link the account by an order number and the phone's last four digits or the e-mail on the order.

        Counted against the account, the order and the client (`Incoming.client`) whether or not the order
        exists, so that the answer says nothing about that.
        """
        attempts = LinkAttempts(connection)
        order_hash = self._order_hash(order_number)
        since = now - ATTEMPT_WINDOW
        if (
            await attempts.count_for_account(account_id, since) >= ATTEMPTS_PER_ACCOUNT
            or await attempts.count_for_order(order_hash, since) >= ATTEMPTS_PER_ORDER
        ):
            return LinkResult.TOO_MANY
        guesses = Guesses(connection, client, now)
        verdict = await guesses.take()
        if verdict is not Verdict.GO_ON:
            too_many = verdict is Verdict.CLIENT_TOO_MANY
            return LinkResult.TOO_MANY if too_many else LinkResult.PAUSED
        customer_id = await self._matching_customer(connection, order_number, second_fact)
        await attempts.record(account_id, order_hash, customer_id is not None, now)
        if customer_id is None:
            await guesses.was_wrong()
            return LinkResult.WRONG
        await guesses.was_right()
        await Accounts(connection).link(account_id, customer_id, "order", now)
        return LinkResult.LINKED

    def visitor_token(self, customer_id: str, now: datetime, validity: timedelta = TOKEN_VALIDITY) -> str:
        """A token such as the shop's site makes for a visitor it has signed in."""
        return make_token(customer_id, self._web_secret, now, validity)

    async def customer_of_token(self, token: str, now: datetime) -> SiteSession | None:
        """Whom the shop's site vouches for by a token, and until when; None where it vouches for nobody now."""
        return read_token(token, self._web_secret, now)

    def _expiry(self, token: str) -> datetime:
        raw = _decode(token.removeprefix(_PREFIX))
        body, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        if len(body) != _NONCE_BYTES + _STAMP_BYTES:
            raise LinkRefused(LinkRefusal.INVALID)
        if not hmac.compare_digest(mac, self._mac(b"link", body)):
            raise LinkRefused(LinkRefusal.INVALID)
        return datetime.fromtimestamp(int.from_bytes(body[_NONCE_BYTES:], "big"), UTC)

    async def _use_once(self, connection: AsyncConnection, account_id: int, token: str, now: datetime) -> str:
        digest = _token_hash(token)
        row = (
            await connection.execute(
                update(link_token)
                .where(link_token.c.token_hash == digest)
                # Pressing one's own link again changes nothing.
                .where(or_(link_token.c.account_id.is_(None), link_token.c.account_id == account_id))
                .values(account_id=account_id, used_at=func.coalesce(link_token.c.used_at, to_micros(now)))
                .returning(link_token.c.customer_id)
            )
        ).one_or_none()
        if row is not None:
            return str(row.customer_id)
        known = await connection.scalar(
            select(link_token.c.token_hash).where(link_token.c.token_hash == digest)
        )
        raise LinkRefused(LinkRefusal.USED if known else LinkRefusal.INVALID)

    async def _matching_customer(
        self, connection: AsyncConnection, order_number: str, second_fact: str
    ) -> str | None:
        # No database is asked for what it can't hold, such as a zero character.
        order = await Orders(connection).by_number(order_number) if order_number.isprintable() else None
        if order is None or order.customer_id is None:
            return None
        customer = await Customers(connection).get(order.customer_id)
        facts = [str(order.ship_to.get("phone", ""))]
        if customer is not None:
            facts += [customer.phone or "", customer.email or ""]
        return order.customer_id if any(matches(second_fact, fact) for fact in facts) else None

    def _order_hash(self, order_number: str) -> str:
        # As orders are looked up: another way to write the number is no further attempt.
        number = order_number.strip().lstrip("#＃").strip().casefold()
        return self._mac(b"order", number.encode("utf-8", "replace")).hex()

    def _mac(self, purpose: bytes, body: bytes) -> bytes:
        return hmac.digest(self._key, purpose + b"\0" + body, "sha256")[:_MAC_BYTES]


def request_hash(request: str) -> str:
    """What is kept of the name of a request for links."""
    return _token_hash(request)


def second_fact(phone: str | None, email: str | None) -> str | None:
    """What a customer is asked for beside an order number: the phone's last four digits, else the e-mail."""
    digits = _digits(phone or "")
    if len(digits) >= 4:
        return digits[-4:]
    return email.strip().casefold() if email else None


def matches(said: str, fact: str) -> bool:
    """Whether what somebody said proves a phone number or an e-mail address."""
    if not fact:
        return False
    if "@" in fact:
        return hmac.compare_digest(_bytes(said.strip().casefold()), _bytes(fact.strip().casefold()))
    known, given = _digits(fact), _digits(said)
    if "@" in said or len(known) < 4 or len(given) < 4:
        return False
    expected = known[-4:] if len(given) == 4 else known[-len(given) :]
    return hmac.compare_digest(given.encode(), expected.encode())


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isascii() and character.isdigit())


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise LinkRefused(LinkRefusal.INVALID) from None


def _token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
