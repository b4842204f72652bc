"""The shop's products: finding them, their prices and their stock."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, insert, literal, or_, select, update

from storage.errors import NotFound
from storage.repository import Repository, columns_of, portions
from storage.schema import category, price_change, product
from storage.upsert import upsert

Attributes = Mapping[str, Mapping[str, Sequence[str]]]
"""Key to `{"zh": [label, value], "en": [label, value]}`."""

_WORD = re.compile(r"[a-z0-9]+(?:[.\-][0-9a-z]+)*|[^\W\d_]+|\d+")
_ASCII_WORD = re.compile(r"[a-z0-9.\-]+")
# A word that nearly every product has says nothing; one in the name says more than one in an attribute.
_IN_NAME = 1.5
# Products that match clearly fewer of the words than the best one does are noise.
_NEAR_THE_BEST = 0.6
_AS_GOOD = 0.9
# Products come in several colours and sizes: so many more are looked at, to show different ones first.
_VARIANTS = 5
_LONGEST_QUERY = 12


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
    attributes: Attributes = field(default_factory=dict)
    list_price: int
    cost: int | None = None
    """None: unknown."""
    currency: str
    stock: int = 0
    restock_at: datetime | None = None
    picture: str | None = None
    """Path below the media folder or an https address."""
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

    def labels(self, language: str) -> list[tuple[str, str]]:
        """Attributes as (label, value) in a language."""
        face = "zh" if language.startswith("zh") else "en"
        found = [pair.get(face) or next(iter(pair.values()), None) for pair in self.attributes.values()]
        return [(str(pair[0]), str(pair[1])) for pair in found if pair]


_COLUMNS = columns_of(product, Product)


class Catalogue(Repository):
    """Products and categories."""

    async def get(self, product_id: str) -> Product | None:
        """The product with this id."""
        return await self._one(Product, select(*_COLUMNS).where(product.c.id == product_id))

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

    async def search(
        self,
        words: Sequence[str],
        *,
        limit: int = 10,
        max_price: int | None = None,
    ) -> list[Product]:
        """Active products that match the words, Chinese or English, best first.

        A word counts for more the rarer it is and when it stands in the name; products that match clearly
        less than the best one are left out. Without words the price alone decides, dearest last.

        Args:
            words: of the customer's message; letters' case and an English plural don't matter.
            max_price: minor units, inclusive.
        """
        conditions: list[ColumnElement[bool]] = [product.c.active.is_(True)]
        if max_price is not None:
            conditions.append(product.c.list_price <= max_price)
        parts = _split(words)
        if not parts:
            if any(word.strip() for word in words):
                return []
            cheapest = select(*_COLUMNS).where(*conditions).order_by(product.c.list_price, product.c.id)
            return await self._list(Product, cheapest.limit(limit))
        weights = await self._weights(parts)
        if not weights:
            return []
        return await self._ranked(weights, conditions, limit)

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

    async def set_price(self, product_id: str, list_price: int, *, now: datetime) -> None:
        """Set the list price, minor units, and keep the change.

        Raises:
            NotFound: there is no such product.
            ValueError: not above 0.
        """
        if list_price <= 0:
            raise ValueError("a list price is above 0")
        known = await self.get(product_id)
        if known is None:
            raise NotFound(f"there is no product {product_id!r}")
        if known.list_price == list_price:
            return
        await self._connection.execute(
            update(product).where(product.c.id == product_id).values(list_price=list_price, updated_at=now)
        )
        await self._connection.execute(
            insert(price_change).values(
                product_id=product_id,
                at=now,
                old_price=known.list_price,
                new_price=list_price,
                currency=known.currency,
            )
        )

    async def _weights(self, words: Sequence[str]) -> list[tuple[str, float]]:
        """Patterns that occur at all, each with the logarithm of how rare it is.

        A Chinese word that occurs nowhere is looked for in parts: 杯子 as 杯, 保温水杯 as 保温 and 水杯.
        """
        found = await self._rarity([_pattern(word) for word in words])
        parts = [part for word in words if _pattern(word) not in found for part in _parts(word)]
        if parts:
            found |= await self._rarity([_pattern(part) for part in dict.fromkeys(parts)])
        return list(found.items())

    async def _rarity(self, patterns: Sequence[str]) -> dict[str, float]:
        counts = [func.coalesce(func.sum(_hit(product.c.search_text, pattern)), 0) for pattern in patterns]
        statement = select(func.count(), *counts).where(product.c.active.is_(True))
        total, *occurrences = (await self._connection.execute(statement)).one()
        return {
            pattern: math.log1p(total / occurs)
            for pattern, occurs in zip(patterns, occurrences, strict=True)
            if occurs
        }

    async def _ranked(
        self, weights: Sequence[tuple[str, float]], conditions: Sequence[ColumnElement[bool]], limit: int
    ) -> list[Product]:
        names = literal(" ") + func.lower(product.c.name_zh + literal(" ") + product.c.name_en)
        terms = [
            _hit(product.c.search_text, pattern) * weight + _hit(names, pattern) * (weight * (_IN_NAME - 1))
            for pattern, weight in weights
        ]
        score = sum(terms[1:], start=terms[0]).label("score")
        matching = or_(*(product.c.search_text.like(pattern, escape="\\") for pattern, _ in weights))
        statement = (
            select(*_COLUMNS, score)
            .where(matching, *conditions)
            .order_by(score.desc(), (product.c.stock > 0).desc(), product.c.id)
            .limit(limit * _VARIANTS)
        )
        rows = (await self._connection.execute(statement)).all()
        best = rows[0].score if rows else 0.0
        near = [
            (row.score >= best * _AS_GOOD, _product(row))
            for row in rows
            if row.score >= best * _NEAR_THE_BEST
        ]
        return _spread(near)[:limit]


def search_text(item: Product, *category_names: str) -> str:
    """What a product is found by: lower case, one space before each word."""
    attributes = [str(part) for faces in item.attributes.values() for pair in faces.values() for part in pair]
    parts = [item.name_zh, item.name_en, item.brand, item.code, *category_names, *attributes]
    return " " + " ".join(" ".join(parts).lower().split())


def _split(words: Sequence[str]) -> list[str]:
    """What can be looked for in words, each once."""
    parts = (part for word in words for part in _WORD.findall(word.lower()))
    return list(dict.fromkeys(parts))[:_LONGEST_QUERY]


def _parts(word: str) -> list[str]:
    """What a Chinese word that occurs nowhere may be made of."""
    if _ASCII_WORD.fullmatch(word) or len(word) < 2:
        return []
    if len(word) == 2:
        return [word[0]] if word[1] in "子儿" else []
    return [word[i : i + 2] for i in range(min(len(word), _LONGEST_QUERY) - 1)]


def _pattern(word: str) -> str:
    """For LIKE: an English word begins where a word begins, a Chinese one stands anywhere."""
    if not _ASCII_WORD.fullmatch(word):
        return f"%{_escaped(word)}%"
    return f"% {_escaped(_singular(word))}%"


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3]
    if len(word) > 3 and word.endswith("es") and word[-3] in "xsh":
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _hit(column: Any, pattern: str) -> Any:
    return case((column.like(pattern, escape="\\"), 1), else_=0)


def _product(row: Any) -> Product:
    return Product(**{name: value for name, value in row._mapping.items() if name != "score"})


def _spread(ranked: Sequence[tuple[bool, Product]]) -> list[Product]:
    """The best first, and among equals one of each kind before the same in another colour."""
    seen: Counter[tuple[str, str]] = Counter()
    turns = []
    for as_good, item in ranked:
        kind = (item.brand, item.name_en.partition(",")[0])
        turns.append((not as_good, seen[kind]))
        seen[kind] += 1
    order = sorted(range(len(turns)), key=lambda position: turns[position])
    return [ranked[position][1] for position in order]


def _choose(language: str, zh: str, en: str) -> str:
    return (zh or en) if language.startswith("zh") else (en or zh)
