"""What people say of a file, turned into options: on the command line and in the console alike."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kernel.columns import folded
from kernel.columns import given as parse_columns
from kernel.money import is_currency
from kernel.sentence import Sentence, about
from kernel.tables import TableRefused
from storage.orders import STATUSES


def currency_of(code: str) -> str:
    """The ISO code that somebody has written.

    Raises:
        TableRefused: it is none.
    """
    if not is_currency(code.strip().upper()):
        raise TableRefused(about(code, "is no currency; it has three letters, such as CNY or EUR"))
    return code.strip().upper()


def zone_of(name: str) -> ZoneInfo:
    """The time zone of this name.

    Raises:
        TableRefused: there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise TableRefused(about(name, "is no time zone; it has a name such as Europe/London")) from None


def language_of(said: str) -> str:
    """One of the languages that Liuke speaks.

    Raises:
        TableRefused: it is none of them.
    """
    if said not in ("zh", "en"):
        raise TableRefused(about(said, "is no language Liuke speaks; there are zh and en"))
    return said


def codes_of(said: str) -> frozenset[str]:
    """Codes between commas."""
    return frozenset(code.strip().upper() for code in said.split(",") if code.strip())


def statuses_of(said: str | None) -> dict[str, str]:
    """`Lost=cancelled,…` as `rows.Options.statuses`.

    Raises:
        TableRefused: it says no such thing.
    """
    found = parse_columns(said, "--statuses", "Lost")
    for status in found.values():
        if status not in STATUSES:
            raise TableRefused(
                about(
                    status, Sentence("is no status of an order; there are {known}", known=", ".join(STATUSES))
                )
            )
    return {folded(name): status for name, status in found.items()}
