"""Takes in what the shop says of its products and their categories."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.shop.drawn import drawn_picture
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
from bot.shop.intake.records import CategoryRecord, ProductRecord, not_below
from bot.shop.versions import grouped
from storage.catalogue import Catalogue, Category, Product
from storage.restock import RestockNotices

_BLANK: Mapping[str, Any] = {"description_zh": "", "description_en": "", "brand": ""}
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_WORDS = ("name", "description")
_OF_PARTS = frozenset({"options", "attributes"})
_MERGED = ("attributes", "options", "stock", "stock_by_place", "picture", "pictures")
"""Fields of which a part may be said alone, or that say something of another."""
_MOST_STOCK = 2**31 - 1


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
    merged = {place: product_of(one, known.get(one.id), now) for place, one in taken.items()}
    refused += [
        Refusal(place, "invalid", "sale_price", not_below(one.sale_price or 0, merged[place].list_price))
        for place, one in taken.items()
        if one.sale_price is not None
        and one.sale_price == merged[place].sale_price
        and one.sale_price >= merged[place].list_price
    ]
    taken = without_refused(taken, refused)
    categories = await _put_categories(catalogue, [one.category for one in taken.values() if one.category])
    different = [merged[place] for place, one in taken.items() if merged[place] != known.get(one.id)]
    await catalogue.keep_price_changes(
        ((known[item.id], item) for item in different if item.id in known), now
    )
    await catalogue.put_many(different)
    # Those who asked for it are told; after the products, so that who asks meanwhile sees the new stock.
    back = [item.id for item in different if _sold(item) and not _sold(known.get(item.id))]
    await RestockNotices(connection).announce(back, now)
    return Taken(
        changed=len(different),
        changes=changes_of("products", different, known),
        refused=tuple(refused),
        more={"categories": categories},
    )


def product_of(record: ProductRecord, known: Product | None, now: datetime) -> Product:
    """The product as it is known after a record; a new one must have a name, a price and a currency."""
    times = FieldTimes(known.field_times if known else None)
    said = _in_languages(record, known) | _pictures(record) | _sale(record)
    values = filled(times.newest(said, record.updated_at), _BLANK)
    if "category" in values:
        category = values.pop("category")
        values["category_id"] = None if category is None else category.id
    for name in _OF_PARTS & record.model_fields_set:
        values[name] = _parts(name, getattr(record, name), record, getattr(known, name, {}), times)
    values |= _stock(record, known, times)
    if "picture" in values:
        values["picture"] = values["picture"] or drawn_picture(record.id)
    values["field_times"] = times.kept
    if known is None:
        new: dict[str, Any] = {"code": record.id, "picture": drawn_picture(record.id), "created_at": now}
        return grouped(Product(id=record.id, **(new | values), updated_at=now))
    merged = grouped(
        replace(known, **{name: value for name, value in values.items() if name != "created_at"})
    )
    return merged if merged == known else replace(merged, updated_at=now)


def _sold(item: Product | None) -> bool:
    return item is not None and item.active and item.stock > 0


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
    said = record.said("id", "updated_at", *_MERGED, *_WORDS)
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


def _pictures(record: ProductRecord) -> dict[str, Any]:
    """The first picture and those after it, which have times of their own, as far as a record says them."""
    said = record.said() if record.model_fields_set & {"picture", "pictures"} else {}
    if "pictures" not in said:
        return {"picture": said["picture"]} if "picture" in said else {}
    first, *more = said["pictures"] or [None]
    return {"picture": first, "more_pictures": more}


def _sale(record: ProductRecord) -> dict[str, Any]:
    """A sale that ends takes its times along."""
    ends = "sale_price" in record.model_fields_set and record.sale_price is None
    return dict.fromkeys({"sale_from", "sale_until"} - record.model_fields_set) if ends else {}


def _parts(
    name: str,
    said: Mapping[str, Any] | None,
    record: ProductRecord,
    known: Mapping[str, Any],
    times: FieldTimes,
) -> dict[str, Any]:
    """Those that are known, with those that a record names; each has its own time. Null for all is null for each."""
    parts = dict(known)
    newest = times.newest(dict.fromkeys(parts) if said is None else said, record.updated_at, f"{name}.")
    for key, value in newest.items():
        if value is None:
            parts.pop(key, None)
        elif isinstance(value, Mapping):
            parts[key] = {language: list(pair) for language, pair in value.items()}
        else:
            parts[key] = value
    return parts


def _stock(record: ProductRecord, known: Product | None, times: FieldTimes) -> dict[str, Any]:
    """How many there are, and where, as far as a record says it.

    What is said of a place changes the sum; a stock without its places makes those that were known out of date.
    """
    said, at = record.model_fields_set, record.updated_at
    if not said & {"stock", "stock_by_place"}:
        return {}
    before = dict(known.stock_by_place) if known is not None else {}
    stock, places = known.stock if known is not None else 0, before
    if "stock" in said and times.newest({"stock": record.stock}, at):
        stock, places = record.stock or 0, times.later(places, at, "stock_by_place.")
    if "stock_by_place" in said and times.holds("stock", at):
        places = _parts("stock_by_place", record.stock_by_place, record, places, times)
    if places:
        stock = min(sum(places.values()), _MOST_STOCK)
    elif before and "stock" not in said:
        stock = 0
    return {"stock": stock, "stock_by_place": places}


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
