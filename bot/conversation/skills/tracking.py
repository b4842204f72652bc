"""Where a parcel can be followed: the address that the shop tells, its own template, else the carrier's public page."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from urllib.parse import quote

from storage.orders import Parcel

_NUMBER = "{number}"


def address(parcel: Parcel, template: str = "") -> str:
    """An https address for one parcel; empty where none is known.

    Args:
        parcel: with or without an address of its own, which goes first.
        template: the shop's, with `{number}`; empty: it has none.
    """
    if parcel.tracking_url and parcel.tracking_url.startswith("https://"):
        return parcel.tracking_url
    known = template or _carriers().get(_plain(parcel.carrier), "")
    number = parcel.tracking_number.strip()
    return known.replace(_NUMBER, quote(number, safe="")) if known and number else ""


@cache
def _carriers() -> Mapping[str, str]:
    table = tomllib.loads(resources.files(__package__).joinpath("carriers.toml").read_text("utf-8"))
    return {_plain(name): one["url"] for one in table["carrier"] for name in one["names"]}


def _plain(name: str) -> str:
    return "".join(name.casefold().split())
