"""Finding products by words, Chinese or English, the best first, in the words of SQL."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal, or_, select

from storage.repository import Repository
from storage.schema import product

_WORD = re.compile(r"[a-z0-9]+(?:[.\-][0-9a-z]+)*|[^\W\d_]+|\d+")
_ASCII_WORD = re.compile(r"[a-z0-9.\-]+")
# A word that nearly every product has says nothing; one in the name says more than one in an attribute.
_IN_NAME = 1.5
# Products that match clearly fewer of the words than the best one does are noise.
_NEAR_THE_BEST = 0.6
_AS_GOOD = 0.9
# Of the variants of a product so many are looked at: there may be thousands.
_VARIANTS = 5
_LONGEST_QUERY = 12

_GROUP = func.coalesce(product.c.group_id, product.c.id)


class ProductSearch(Repository):
    """Looks for active products."""

    async def ranked(
        self, words: Sequence[str], conditions: Sequence[ColumnElement[bool]], limit: int
    ) -> list[str]:
        """Ids of at most `limit` products that match the words, best first; see `Catalogue.search`."""
        weights = await self._weights(split(words))
        if not weights:
            return []
        names = literal(" ") + func.lower(product.c.name_zh + literal(" ") + product.c.name_en)
        terms = [
            _hit(product.c.search_text, pattern) * weight + _hit(names, pattern) * (weight * (_IN_NAME - 1))
            for pattern, weight in weights
        ]
        score = sum(terms[1:], start=terms[0]).label("score")
        matching = or_(*(product.c.search_text.like(pattern, escape="\\") for pattern, _ in weights))
        order = (score.desc(), (product.c.stock > 0).desc(), product.c.id)
        turn = func.row_number().over(partition_by=_GROUP, order_by=order).label("turn")
        there = (product.c.stock > 0).label("there")
        found = select(product.c.id, score, there, turn).where(matching, *conditions).subquery()
        rows = await self._connection.execute(
            select(found)
            .where(found.c.turn <= _VARIANTS)
            .order_by(found.c.score.desc(), found.c.there.desc(), found.c.id)
            .limit(limit * _VARIANTS)
        )
        return _spread(rows.all())[:limit]

    async def cheapest(
        self,
        price: ColumnElement[int],
        conditions: Sequence[ColumnElement[bool]],
        limit: int,
        *,
        dearest: bool = False,
    ) -> list[str]:
        """Ids of at most `limit` products, the cheapest first, or the dearest, of the variants of a product one."""
        order = price.desc() if dearest else price
        turn = func.row_number().over(partition_by=_GROUP, order_by=(order, product.c.id)).label("turn")
        found = select(product.c.id, price.label("price"), turn).where(*conditions).subquery()
        by_price = found.c.price.desc() if dearest else found.c.price
        first = select(found.c.id).where(found.c.turn == 1).order_by(by_price, found.c.id).limit(limit)
        return list(await self._connection.scalars(first))

    async def _weights(self, words: Sequence[str]) -> list[tuple[str, float]]:
        """Patterns that occur at all, each with the logarithm of how rare it is.

        A Chinese word that occurs nowhere is looked for in parts: 杯子 as 杯, 保温水杯 as 保温 and 水杯.
        """
        found = await self._rarity([pattern(word) for word in words])
        parts = [part for word in words if pattern(word) not in found for part in parts_of(word)]
        if parts:
            found |= await self._rarity([pattern(part) for part in dict.fromkeys(parts)])
        return list(found.items())

    async def _rarity(self, patterns: Sequence[str]) -> dict[str, float]:
        counts = [func.coalesce(func.sum(_hit(product.c.search_text, one)), 0) for one in patterns]
        statement = select(func.count(), *counts).where(product.c.active.is_(True))
        total, *occurrences = (await self._connection.execute(statement)).one()
        return {
            one: math.log1p(total / occurs)
            for one, occurs in zip(patterns, occurrences, strict=True)
            if occurs
        }


def split(words: Sequence[str]) -> list[str]:
    """What can be looked for in words, each once."""
    parts = (part for word in words for part in _WORD.findall(word.lower()))
    return list(dict.fromkeys(parts))[:_LONGEST_QUERY]


def parts_of(word: str) -> list[str]:
    """What a Chinese word that occurs nowhere may be made of."""
    if _ASCII_WORD.fullmatch(word) or len(word) < 2:
        return []
    if len(word) == 2:
        return [word[0]] if word[1] in "子儿" else []
    return [word[i : i + 2] for i in range(min(len(word), _LONGEST_QUERY) - 1)]


def pattern(word: str) -> str:
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


def _hit(column: Any, wanted: str) -> Any:
    return case((column.like(wanted, escape="\\"), 1), else_=0)


def _spread(rows: Sequence[Any]) -> list[str]:
    """The best first, and among equals one of each product before further variants of it."""
    best = rows[0].score if rows else 0.0
    near = [row for row in rows if row.score >= best * _NEAR_THE_BEST]
    return [row.id for row in sorted(near, key=lambda row: (row.score < best * _AS_GOOD, row.turn))]
