"""Imports products, a row each, and the categories they name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.shop.importing.errors import BadRow
from bot.shop.importing.mapping import ATTRIBUTE
from bot.shop.importing.options import Options
from bot.shop.importing.written import Refusal, Written
from bot.shop.pictures import drawn_picture
from storage.catalogue import Catalogue, Category, Product

_ADDRESS = re.compile(r"https?://\S{1,2000}")
_BELOW_MEDIA = re.compile(r"[\w\-]+(/[\w\-]+)*\.(jpg|jpeg|png|webp)", re.IGNORECASE | re.ASCII)


class ProductImport:
    """Adds products and brings them up to date."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._taken: dict[str, Product] = {}
        self._categories: dict[str, Category] = {}

    def take(self, number: int, row: Mapping[str, Any]) -> None:
        """Accept a row."""
        price = row["price"]
        if price <= 0:
            raise BadRow("the price is not above 0")
        item = row["item"]
        name_zh, name_en = _names(row)
        category_id = self._category(row)
        self._taken[item] = Product(
            id=item,
            code=row.get("code") or item,
            name_zh=name_zh,
            name_en=name_en,
            description_zh=row.get("description_zh") or row.get("description_en") or "",
            description_en=row.get("description_en") or row.get("description_zh") or "",
            category_id=category_id,
            brand=(row.get("brand") or "")[:100],
            attributes=_attributes(row),
            list_price=price,
            cost=self._cost(price, row.get("cost")),
            currency=self._options.currency,
            stock=self._stock(row.get("stock")),
            picture=_picture(row.get("picture")) or drawn_picture(item),
            url=_address(row.get("url")),
            active=row.get("active") is not False,
            created_at=row.get("created") or self._options.now,
            updated_at=self._options.now,
        )

    async def flush(self, connection: AsyncConnection, last: bool) -> tuple[Written, list[Refusal]]:
        """Write what was taken."""
        catalogue = Catalogue(connection)
        written = Written(categories=await catalogue.put_categories(list(self._categories.values())))
        written["products"] = await catalogue.put_many(list(self._taken.values()))
        self._taken, self._categories = {}, {}
        return written, []

    def _category(self, row: Mapping[str, Any]) -> str | None:
        shelf = row.get("category") or row.get("category_en") or row.get("category_zh")
        if shelf is None:
            return None
        self._categories[shelf] = Category(
            id=shelf,
            name_zh=(row.get("category_zh") or shelf)[:200],
            name_en=(row.get("category_en") or shelf)[:200],
        )
        return str(shelf)

    def _cost(self, price: int, cost: int | None) -> int:
        if cost is None:
            return round(price * (1 - self._options.margin))
        if cost < 0:
            raise BadRow("the cost is below 0")
        return cost

    def _stock(self, stock: int | None) -> int:
        if stock is None:
            return self._options.stock
        # Some systems count what is sold but not yet there as less than nothing.
        return max(stock, 0)


def _names(row: Mapping[str, Any]) -> tuple[str, str]:
    name = row.get("name")
    zh, en = (
        row.get("name_zh") or name or row.get("name_en"),
        row.get("name_en") or name or row.get("name_zh"),
    )
    if zh is None or en is None:
        raise BadRow("the product has no name")
    return zh[:300], en[:300]


def _attributes(row: Mapping[str, Any]) -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = {}
    for name, value in row.items():
        if name.startswith(ATTRIBUTE) and value is not None:
            label = name.removeprefix(ATTRIBUTE)
            pair = [label, value[:300]]
            found[label.lower()] = {"zh": pair, "en": pair}
    return found


def _picture(picture: str | None) -> str | None:
    if picture is None:
        return None
    if _ADDRESS.fullmatch(picture) or _BELOW_MEDIA.fullmatch(picture):
        return picture
    raise BadRow("the picture is neither an address nor a path below the media folder")


def _address(url: str | None) -> str | None:
    if url is not None and not _ADDRESS.fullmatch(url):
        raise BadRow("the link is no address that begins with http")
    return url
