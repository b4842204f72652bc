"""Who was erased, as keyed hashes: enough to know them when they come again, and to find nobody."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import TextClause, func, insert, select, text, update

from storage.repository import Repository, portions
from storage.schema import consent, customer, erased
from storage.settings import SettingStore
from storage.upsert import insert_new

_CHINESE_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
_TAIL = 9
"""Digits at the end of a phone number that are the same with and without the country's code."""


def normal_email(email: str | None) -> str | None:
    """As it is kept and compared: trimmed, in lower case; None when nothing is left."""
    return (email or "").strip().lower() or None


def normal_phone(phone: str | None) -> str | None:
    """As it is kept and compared: digits, with a leading + where there was one; None when none are left."""
    text = (phone or "").strip()
    digits = "".join(character for character in text if character.isdecimal())
    if not digits:
        return None
    return f"+{digits}" if text.startswith(("+", "＋")) else digits


def international_phone(phone: str | None) -> str | None:
    """As numbers are compared that people write in several ways: with the country's code, where it is known.

    It is where the number has one, and of a Chinese mobile number, which is none of another kind.
    """
    known = normal_phone(phone)
    if known is None or known.startswith("+"):
        return known
    if known.startswith("00"):
        return f"+{known[2:]}"
    national = known.removeprefix("86") if len(known) == 13 else known
    return f"+86{national}" if _CHINESE_MOBILE.fullmatch(national) else known


def written_phones(international: str) -> list[str]:
    """The ways in which a number is kept that is compared as this one."""
    if not international.startswith("+"):
        return [international]
    national = international.removeprefix("+86")
    chinese = [national, f"86{national}"] if _CHINESE_MOBILE.fullmatch(national) else []
    return [international, f"00{international[1:]}", *chinese]


def customer_identity(customer_id: str) -> str:
    """A customer, by the shop's own id."""
    return f"customer:{customer_id}"


def account_identity(channel: str, address: str) -> str:
    """A place in a messenger."""
    return f"account:{channel}:{address}"


def email_identities(email: str | None) -> list[str]:
    """An e-mail address; nothing for none."""
    known = normal_email(email)
    return [] if known is None else [f"email:{known}"]


def phone_identities(phone: str | None) -> list[str]:
    """A phone number: as it is written, and by its last digits, since shops write the country's code or don't."""
    known = normal_phone(phone)
    if known is None:
        return []
    digits = known.lstrip("+").lstrip("0")
    return [f"phone:{known}", f"phone-end:{digits[-_TAIL:]}"]


def order_identities(order_id: str, number: str) -> list[str]:
    """An order, by the shop's id and by what the customer calls it."""
    return [f"order:{order_id}", f"order-number:{number}"]


SOURCE = "erasure"
"""Of the consents that an erasure refuses."""
PURPOSES = ("marketing", "profiling")
_KEY = "erasure.key"
# One number for "erasing", so that on PostgreSQL nobody takes rows in about somebody who is being erased.
_ERASING = 0x6C69756B67
_ALONE = text("SELECT pg_advisory_xact_lock(:key)")
_WITH_OTHERS = text("SELECT pg_advisory_xact_lock_shared(:key)")


class Erased(Repository):
    """What is left of erased people: hashes of what they are known by, and when they were erased."""

    async def take_turn(self) -> None:
        """Wait until nobody takes rows in, and let nobody until the transaction ends."""
        await self._lock(_ALONE)

    async def remember(self, identities: Iterable[str], now: datetime) -> None:
        """Know these from now on; takes a turn."""
        await self.take_turn()
        key = await SettingStore(self._connection).get_or_create(_KEY, secrets.token_hex(32))
        rows = [{"identity_hash": _hash(identity, str(key)), "at": now} for identity in set(identities)]
        await insert_new(self._connection, erased, rows)

    async def among(self, identities: Collection[str]) -> dict[str, datetime]:
        """Those that belonged to somebody who was erased, and when; for whoever is about to write about them."""
        await self._lock(_WITH_OTHERS)
        key = await self._key()
        if key is None:
            return {}
        named = {_hash(identity, key): identity for identity in identities}
        found: dict[str, datetime] = {}
        for hashes in portions(named):
            known = select(erased.c.identity_hash, erased.c.at).where(
                self._in(erased.c.identity_hash, hashes)
            )
            found |= {named[one]: at for one, at in (await self._pairs(known)).items()}
        return found

    async def knows(self, identity: str) -> bool:
        """Whether it belonged to somebody who was erased; for reading."""
        key = await self._key()
        if key is None:
            return False
        return await self._is_there(select(erased.c.at).where(erased.c.identity_hash == _hash(identity, key)))

    async def customers(self, customer_ids: Iterable[str | None]) -> set[str]:
        """Those of the shop's customer ids that belonged to somebody who was erased."""
        named = {customer_identity(one): one for one in customer_ids if one is not None}
        return {named[identity] for identity in await self.among(named)}

    async def orders(self, numbers: Mapping[str, str]) -> set[str]:
        """Those of the shop's orders, id to number, that belonged to somebody who was erased; by id."""
        named = {
            identity: order_id
            for order_id, number in numbers.items()
            for identity in order_identities(order_id, number)
        }
        return {named[identity] for identity in await self.among(named)}

    async def refuse(self, contacts: Mapping[str, Sequence[str]]) -> None:
        """Let customers whose e-mail or phone was an erased person's be neither written to nor profiled.

        The no counts from the moment of the erasure on: what they agree to later lifts it.

        Args:
            contacts: the identities of each, by customer.
        """
        found = await self.among({identity for identities in contacts.values() for identity in identities})
        since = {
            who: max(found[one] for one in identities if one in found)
            for who, identities in contacts.items()
            if any(one in found for one in identities)
        }
        known = await self._refused(since)
        fresh = {who: at for who, at in since.items() if who not in known or known[who] < at}
        if not fresh:
            return
        await self._connection.execute(
            insert(consent),
            [
                {"customer_id": who, "purpose": purpose, "granted": False, "source": SOURCE, "at": at}
                for who, at in fresh.items()
                for purpose in PURPOSES
            ],
        )
        for people in portions(fresh):
            await self._connection.execute(
                update(customer).where(customer.c.id.in_(people)).values(personal_prices=False)
            )

    async def _refused(self, customer_ids: Collection[str]) -> dict[str, datetime]:
        """Since when customers are refused for an erasure, as far as they are."""
        known: dict[str, datetime] = {}
        for people in portions(customer_ids):
            known |= await self._pairs(
                select(consent.c.customer_id, func.max(consent.c.at))
                .where(consent.c.source == SOURCE, consent.c.customer_id.in_(people))
                .group_by(consent.c.customer_id)
            )
        return known

    async def _key(self) -> str | None:
        """Made at the first erasure: before it nobody is known."""
        key = await SettingStore(self._connection).get(_KEY)
        return None if key is None else str(key)

    async def _lock(self, lock: TextClause) -> None:
        if self._connection.dialect.name == "postgresql":
            await self._connection.execute(lock, {"key": _ERASING})


def _hash(identity: str, key: str) -> str:
    return hmac.digest(bytes.fromhex(key), identity.encode("utf-8", "surrogatepass"), "sha256").hex()
