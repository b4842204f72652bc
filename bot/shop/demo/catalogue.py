"""Expands the hand-written lines of goods into products: every variant of every line, in both languages."""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from bot.shop.sizes import without_table

Bilingual = tuple[str, str]
"""Chinese, English."""

_MEASURE = re.compile(r"(?<![\d.,×–])([\d.,×–]++) ([A-Za-z]++)")


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoCategory:
    """A category of the demo shop."""

    id: str
    name: Bilingual
    weight: float
    """How many customers come for it, relative to the others."""
    peak: tuple[int, ...]
    """Months in which it sells better."""
    returns: float
    """Share of lines sent back."""
    icon: str
    colour: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoProduct:
    """One product before the market has touched it. Money in fen."""

    code: str
    category: DemoCategory
    line: int
    """Number of the line of goods; variants of a line share it."""
    noun: Bilingual
    name: Bilingual
    description: Bilingual
    brand: str
    options: Mapping[str, Mapping[str, list[str]]]
    """What tells it from the other variants of its line."""
    attributes: Mapping[str, Mapping[str, list[str]]]
    price: int
    cost: int
    cycle: int
    """Days until a household has used it up; 0: it lasts."""


@cache
def categories() -> tuple[DemoCategory, ...]:
    """The categories in the order of their file."""
    return tuple(
        DemoCategory(id=name, **{**facts, "name": tuple(facts["name"]), "peak": tuple(facts["peak"])})
        for name, facts in read_toml("goods/categories.toml").items()
    )


def all_products() -> list[DemoProduct]:
    """Everything the demo shop sells, category by category, always in the same order."""
    words = read_toml("goods/words.toml")
    found: list[DemoProduct] = []
    line = 0
    for category in categories():
        text = (resources.files(__package__) / "goods" / f"{category.id}.tsv").read_text(encoding="utf-8")
        rows = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
        for number, row in enumerate(rows, start=1):
            found.extend(_variants(category, line, number, row, words))
            line += 1
    return found


def _variants(
    category: DemoCategory, line: int, number: int, row: Mapping[str, str], words: Mapping[str, Any]
) -> Iterator[DemoProduct]:
    axis, _, values = row["variants"].partition(":")
    brand = row["brand"]
    noun = (row["zh"], row["en"])
    for position, value in enumerate(values.split(","), start=1):
        said, _, factor = value.strip().partition("*")
        variant = _bilingual(said, words)
        options = {axis: _attribute(axis, said, words)}
        attributes: dict[str, dict[str, list[str]]] = {}
        for fact in filter(None, (part.strip() for part in row["attributes"].split(";"))):
            key, _, fact_value = fact.partition("=")
            attributes[key] = _attribute(key, fact_value, words)
        price = _list_price(float(row["price"]) * float(factor or 1))
        yield DemoProduct(
            code=f"{category.id[:3].upper()}-{number:02}{position:02}",
            category=category,
            line=line,
            noun=noun,
            name=(f"{words['brands'][brand]} {noun[0]} {variant[0]}", f"{brand} {noun[1]}, {variant[1]}"),
            description=_description(row, options | attributes),
            brand=brand,
            options=options,
            attributes=attributes,
            price=price,
            cost=round(price * float(row["cost"])),
            cycle=round(int(row["cycle"]) * _lasting(factor)),
        )


def _description(row: Mapping[str, str], attributes: Mapping[str, Mapping[str, list[str]]]) -> Bilingual:
    told = without_table(attributes).values()
    zh = "；".join("：".join(faces["zh"]) for faces in told)
    en = "; ".join(": ".join(faces["en"]) for faces in told)
    return (f"{row['about_zh']}{zh}。", f"{row['about_en']} {en}.")


def _attribute(key: str, value: str, words: Mapping[str, Any]) -> dict[str, list[str]]:
    label = words["labels"][key]
    zh, en = _bilingual(value.strip(), words)
    return {"zh": [label[0], zh], "en": [label[1], en]}


def _bilingual(value: str, words: Mapping[str, Any]) -> Bilingual:
    if "|" in value:
        zh, _, en = value.partition("|")
        return zh.strip(), en.strip()
    if value in words["values"]:
        zh, en = words["values"][value]
        return zh, en
    measure = _MEASURE.fullmatch(value)
    if measure and measure[2] in words["units"]:
        unit_zh, unit_en = words["units"][measure[2]]
        if measure[1] == "1":
            unit_en = unit_en.removesuffix("s")
        return f"{measure[1]}{unit_zh}", f"{measure[1]}{unit_en}"
    return value, value


def _list_price(yuan: float) -> int:
    """In fen, ending in 9 yuan where a shop would round so."""
    if yuan >= 50:
        return (round((yuan + 1) / 10) * 10 - 1) * 100
    return round(yuan) * 100 - 10


def _lasting(factor: str) -> float:
    """How much longer a pack lasts that costs so much more: about as much, since large packs are cheaper."""
    dearer = float(factor or 1)
    return dearer * 1.1 if dearer > 1.3 else 1.0


def read_toml(name: str) -> dict[str, Any]:
    """A data file beside this module."""
    return tomllib.loads((resources.files(__package__) / name).read_text(encoding="utf-8"))
