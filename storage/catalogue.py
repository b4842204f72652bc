"""The shop's products: finding them, their variants, their prices and their stock."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Float, cast, func, insert, select

from storage.finding import ProductSearch, split
from storage.prices import price_at, price_now
from storage.repository import Repository, columns_of, portions
from storage.schema import category, price_change, product
from storage.upsert import upsert

Attributes = Mapping[str, Mapping[str, Sequence[str]]]
"""Key to `{"zh": [label, value], "en": [label, value]}`."""

_MOST_VARIANTS = 2_000
"""Of a product that a conversation looks at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A category of products."""

    id: str
    name_zh: str
    name_en: str

    def name(self, language: str) -> str:
        """The name in a language."""
        return _choose(language, self.name_zh, self.name_en)


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """Something the shop sells. Prices are in minor units of `currency`."""

    id: str
    code: str
    name_zh: str
    name_en: str
    description_zh: str = ""
    description_en: str = ""
    category_id: str | None = None
    brand: str = ""
    group_id: str | None = None
    """Shared by the variants of a product, each of which is a product of its own."""
    options: Attributes = field(default_factory=dict)
    """What tells the variants of a product apart, such as colour and size, in the shop's order."""
    attributes: Attributes = field(default_factory=dict)
    list_price: int
    sale_price: int | None = None
    """What everybody pays instead while the sale lasts; it counts only where it is below the list price."""
    sale_from: datetime | None = None
    sale_until: datetime | None = None
    """The first moment after the sale."""
    cost: int | None = None
    """None: unknown."""
    currency: str
    stock: int = 0
    stock_by_place: Mapping[str, int] = field(default_factory=dict)
    """How many there are where; `stock` is their sum. Empty: it isn't known."""
    restock_at: datetime | None = None
    picture: str | None = None
    """The first: path below the media folder or an https address."""
    more_pictures: Sequence[str] = field(default_factory=list)
    """Those after the first."""
    url: str | None = None
    active: bool = True
    demo: bool = False
    created_at: datetime
    updated_at: datetime
    field_times: Mapping[str, int] | None = None
    """When the shop changed a field, microseconds since 1970, of those that came with a time."""

    def name(self, language: str) -> str:
        """The name in a language."""
        return _choose(language, self.name_zh, self.name_en)

    def description(self, language: str) -> str:
        """The description in a language."""
        return _choose(language, self.description_zh, self.description_en)

    @property
    def facts(self) -> Attributes:
        """Options, and the attributes besides."""
        return {
            **self.options,
            **{key: told for key, told in self.attributes.items() if key not in self.options},
        }

    def labels(self, language: str) -> list[tuple[str, str]]:
        """Options and attributes as (label, value) in a language."""
        return [shown for faces in self.facts.values() if (shown := label_and_value(faces, language))]

    def price_at(self, now: datetime) -> int:
        """What everybody pays at a moment, minor units."""
        return price_at(self, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One of the variants of a product, as far as telling them apart goes."""

    id: str
    group_id: str
    options: Attributes
    stock: int


def label_and_value(faces: Mapping[str, Sequence[str]], language: str) -> tuple[str, str] | None:
    """An option or attribute in a language, or in the one that it is known in."""
    pair = faces.get("zh" if language.startswith("zh") else "en") or next(iter(faces.values()), None)
    return (str(pair[0]), str(pair[1])) if pair else None


_COLUMNS = columns_of(product, Product)


class Catalogue(Repository):
    """Products and categories."""

    async def get(self, product_id: str) -> Product | None:
        """The product with this id."""
        return await self._one(Product, select(*_COLUMNS).where(product.c.id == product_id))

    async def categories_of(self, product_ids: Collection[str]) -> dict[str, str | None]:
        """The category of each of the products that exist, by id."""
        found: dict[str, str | None] = {}
        for part in portions(product_ids):
            found |= await self._pairs(
                select(product.c.id, product.c.category_id).where(product.c.id.in_(part))
            )
        return found

    async def known(self, product_ids: Collection[str]) -> set[str]:
        """Those of the ids that products have."""
        return await self._among(product.c.id, product_ids)

    async def by_ids(self, product_ids: Collection[str]) -> dict[str, Product]:
        """Those of the products that exist, by id."""
        statement = select(*_COLUMNS).where(self._in(product.c.id, list(product_ids)))
        return {row.id: Product(**row._mapping) for row in await self._connection.execute(statement)}

    async def currencies(self, product_ids: Collection[str]) -> dict[str, str]:
        """The currencies of those of the products that exist, by id."""
        found: dict[str, str] = {}
        for part in portions(product_ids):
            found |= await self._pairs(select(product.c.id, product.c.currency).where(product.c.id.in_(part)))
        return found

    async def usual_margin(self) -> float | None:
        """The mean share of the price above cost, of what is sold and whose cost is known; None where none is."""
        share = 1 - cast(product.c.cost, Float) / product.c.list_price
        found: float | None = await self._connection.scalar(
            select(func.avg(share))
            .where(product.c.active.is_(True), product.c.cost.is_not(None))
            .where(product.c.list_price > 0)
        )
        return found

    async def active(self, *, category_id: str | None = None) -> list[Product]:
        """What can be bought, by id."""
        statement = select(*_COLUMNS).where(product.c.active.is_(True)).order_by(product.c.id)
        if category_id is not None:
            statement = statement.where(product.c.category_id == category_id)
        return await self._list(Product, statement)

    async def categories(self) -> list[Category]:
        """The categories that hold something active, by id."""
        filled = select(product.c.category_id).where(product.c.active.is_(True))
        return await self._list(
            Category, select(category).where(category.c.id.in_(filled)).order_by(category.c.id)
        )

    async def named_categories(self, ids: Collection[str]) -> dict[str, Category]:
        """Those of the categories that exist, by id, whatever they hold."""
        found: dict[str, Category] = {}
        for part in portions(ids):
            rows = await self._list(Category, select(category).where(category.c.id.in_(part)))
            found |= {one.id: one for one in rows}
        return found

    async def variants(self, group_ids: Collection[str]) -> dict[str, list[Variant]]:
        """What can be bought of the variants of products, by group; of each some thousand at most."""
        statement = (
            select(*columns_of(product, Variant))
            .where(product.c.group_id.in_(list(group_ids)), product.c.active.is_(True))
            .order_by(product.c.created_at, product.c.id)
            .limit(_MOST_VARIANTS * len(group_ids))
        )
        found: dict[str, list[Variant]] = {}
        for one in await self._list(Variant, statement) if group_ids else ():
            found.setdefault(one.group_id, []).append(one)
        return found

    async def search(
        self, words: Sequence[str], *, now: datetime, limit: int = 10, max_price: int | None = None
    ) -> list[Product]:
        """Active products that match the words, Chinese or English, best first.

        A word counts for more the rarer it is and when it stands in the name; products that match clearly
        less than the best one are left out, and different ones come before further variants of one. Without words the
        price alone decides, dearest last.

        Args:
            words: of the customer's message; letters' case and an English plural don't matter.
            now: of the prices.
            max_price: minor units, inclusive.
        """
        search, price = ProductSearch(self._connection), price_now(now)
        conditions: list[ColumnElement[bool]] = [product.c.active.is_(True)]
        if max_price is not None:
            conditions.append(price <= max_price)
        if split(words):
            ids = await search.ranked(words, conditions, limit)
        elif any(word.strip() for word in words):
            return []
        else:
            ids = await search.cheapest(price, conditions, limit)
        found = await self.by_ids(ids)
        return [found[product_id] for product_id in ids]

    async def ends(self, *, now: datetime, dearest: bool, limit: int) -> list[Product]:
        """What is in stock, the cheapest first, or the dearest; of the variants of a product one."""
        conditions = [product.c.active.is_(True), product.c.stock > 0]
        search = ProductSearch(self._connection)
        ids = await search.cheapest(price_now(now), conditions, limit, dearest=dearest)
        found = await self.by_ids(ids)
        return [found[product_id] for product_id in ids]

    async def put_categories(self, categories: Sequence[Category]) -> int:
        """Add categories or bring them up to date; return how many were new or changed."""
        return await upsert(self._connection, category, [asdict(item) for item in categories])

    async def put_many(self, products: Sequence[Product]) -> int:
        """Add products or bring them up to date; return how many were new or changed."""
        named = {
            row.id: (row.name_zh, row.name_en) for row in await self._connection.execute(select(category))
        }
        rows = [
            {**asdict(item), "search_text": search_text(item, *named.get(item.category_id, ()))}
            for item in products
        ]
        return await upsert(
            self._connection,
            product,
            rows,
            keep=frozenset({"created_at"}),
            stamps=frozenset({"updated_at"}),
        )

    async def keep_price_changes(self, changes: Iterable[tuple[Product, Product]], now: datetime) -> None:
        """Keep which list prices change, of products as they were and as they will be."""
        rows = [
            {
                "product_id": after.id,
                "at": now,
                "old_price": before.list_price,
                "new_price": after.list_price,
                "currency": before.currency,
            }
            for before, after in changes
            if before.list_price != after.list_price
        ]
        if rows:
            await self._connection.execute(insert(price_change), rows)


def search_text(item: Product, *category_names: str) -> str:
    """What a product is found by: lower case, one space before each word."""
    facts = [str(part) for faces in item.facts.values() for pair in faces.values() for part in pair]
    parts = [item.name_zh, item.name_en, item.brand, item.code, *category_names, *facts]
    return " " + " ".join(" ".join(parts).lower().split())


def each_once(products: Iterable[Product]) -> list[Product]:
    """Of the variants of a product only the first."""
    return list({item.group_id or item.id: item for item in reversed(list(products))}.values())[::-1]


def _choose(language: str, zh: str, en: str) -> str:
    return (zh or en) if language.startswith("zh") else (en or zh)
