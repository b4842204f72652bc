"""Takes in what the shop says of its products and their categories."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.shop.intake.defaults import Defaults
from bot.shop.intake.merging import (
    FieldTimes,
    Refusal,
    Taken,
    changes_of,
    filled,
    in_future,
    incomplete,
    once_each,
    without_refused,
)
from bot.shop.intake.records import CategoryRecord, ProductRecord
from bot.shop.pictures import drawn_picture
from storage.catalogue import Catalogue, Category, Product

_BLANK: Mapping[str, Any] = {"description_zh": "", "description_en": "", "brand": "", "stock": 0}
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_WORDS = ("name", "description")


async def take_products(
    connection: AsyncConnection, records: Sequence[ProductRecord], now: datetime, _defaults: Defaults
) -> Taken:
    """Add products or bring them up to date, with their categories; a new price is kept as a change."""
    kept, refused = once_each(records, [one.id for one in records])
    refused += in_future(kept, now)
    catalogue = Catalogue(connection)
    known = await catalogue.by_ids([one.id for one in kept.values()])
    for place, one in kept.items():
        if one.id not in known:
            refused += _missing(place, one)
    taken = without_refused(kept, refused)
    categories = await _put_categories(catalogue, [one.category for one in taken.values() if one.category])
    merged = [product_of(one, known.get(one.id), now) for one in taken.values()]
    different = [item for item in merged if item != known.get(item.id)]
    for item in different:
        before = known.get(item.id)
        if before is not None and before.list_price != item.list_price:
            await catalogue.set_price(item.id, item.list_price, now=now)
    await catalogue.put_many(different)
    return Taken(
        changed=len(different),
        changes=changes_of("products", different, known),
        refused=tuple(refused),
        more={"categories": categories},
    )


def product_of(record: ProductRecord, known: Product | None, now: datetime) -> Product:
    """The product as it is known after a record; a new one must have a name, a price and a currency."""
    said = _in_languages(record, known)
    times = FieldTimes(known.field_times if known else None)
    holds = times.newest(said, record.updated_at)
    values = filled(holds, _BLANK) | {"field_times": times.kept}
    if "category" in values:
        category = values.pop("category")
        values["category_id"] = None if category is None else category.id
    if "attributes" in record.model_fields_set:
        values["attributes"] = _attributes(record, known, times)
        values["field_times"] = times.kept
    if "picture" in values:
        values["picture"] = values["picture"] or drawn_picture(record.id)
    if known is None:
        new: dict[str, Any] = {"code": record.id, "picture": drawn_picture(record.id), "created_at": now}
        return Product(id=record.id, **(new | values), updated_at=now)
    merged = replace(known, **{name: value for name, value in values.items() if name != "created_at"})
    return merged if merged == known else replace(merged, updated_at=now)


def _missing(place: int, record: ProductRecord) -> list[Refusal]:
    said = set(record.model_fields_set)
    if said & {"name_zh", "name_en"}:
        said.add("name")
    return incomplete(place, "product", said, ("name", "list_price", "currency"))


def _in_languages(record: ProductRecord, known: Product | None) -> dict[str, Any]:
    """What a record says, with its words in the languages that they are meant for.

    Words of which the shop doesn't say the language are of the one they are written in. They stand in for the other
    one as well, where that says nothing of its own.
    """
    said = record.said("id", "updated_at", "attributes", *_WORDS)
    for word in _WORDS:
        zh, en = f"{word}_zh", f"{word}_en"
        if word in record.model_fields_set:
            value = getattr(record, word)
            written, other = (zh, en) if _CHINESE.search(value or "") else (en, zh)
            said.setdefault(written, value)
            if known is None or getattr(known, other) in ("", getattr(known, written)):
                said.setdefault(other, value)
        elif known is None:
            for one, other in ((zh, en), (en, zh)):
                if said.get(one) and not said.get(other):
                    said[other] = said[one]
    return said


def _attributes(record: ProductRecord, known: Product | None, times: FieldTimes) -> Mapping[str, Any]:
    """Those that are known, with those that a record names; each has its own time."""
    attributes = dict(known.attributes) if known is not None else {}
    said = dict.fromkeys(attributes) if record.attributes is None else record.attributes
    for key, faces in times.newest(said, record.updated_at, "attributes.").items():
        if faces is None:
            attributes.pop(key, None)
        else:
            attributes[key] = {language: list(pair) for language, pair in faces.items()}
    return attributes


async def _put_categories(catalogue: Catalogue, records: Sequence[CategoryRecord]) -> int:
    """Add categories or bring them up to date; return how many are new or different."""
    named: dict[str, dict[str, str]] = {}
    for one in records:
        named.setdefault(one.id, {}).update(one.said("id"))
    known = await catalogue.named_categories(named)
    categories = []
    for category_id, names in named.items():
        if category_id in known:
            categories.append(replace(known[category_id], **names))
            continue
        zh = names.get("name_zh") or names.get("name_en") or category_id
        en = names.get("name_en") or names.get("name_zh") or category_id
        categories.append(Category(id=category_id, name_zh=zh, name_en=en))
    return await catalogue.put_categories(categories)
