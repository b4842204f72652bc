"""Which column of a file is which field: by the names that exports use, or as somebody says."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Mapping, Sequence

from kernel.sentence import Sentence
from kernel.tables import TableRefused

NAMES: Mapping[str, tuple[str, ...]] = {
    "customer": (
        "customer id", "user", "user id", "uid", "buyer", "member id", "客户", "客户编号", "用户id", "会员号",
    ),
    "item": ("product", "product id", "item id", "sku", "stock code", "code", "商品", "商品编号", "货号"),
    "order": ("order id", "order number", "order no", "invoice", "invoice no", "订单", "订单号"),
    "time": (
        "at", "date", "datetime", "timestamp", "invoice date", "order date", "created at", "时间", "日期", "下单时间",
    ),
    "quantity": ("qty", "count", "units", "数量", "件数"),
    "price": ("unit price", "单价", "价格", "售价"),
    "list_price": ("标价", "原价"),
    "amount": ("revenue", "金额"),
    "name": ("title", "description", "product name", "item name", "名称", "商品名称", "品名"),
    "category": ("category name", "product category", "item category", "department", "分类", "类目", "品类"),
    "brand": ("brand name", "product brand", "vendor", "manufacturer", "品牌"),
    "kind": ("event", "event type", "behavior", "行为"),
    "rating": ("stars", "评分"),
    "words": ("query", "search", "keywords", "搜索词"),
    "channel": ("渠道",),
    "stock": ("inventory", "on hand", "库存"),
    "created": ("上架时间",),
}  # fmt: skip
"""Field to what shops call its column; besides this, every field goes by its own name.

Capitals, spaces and signs don't matter. A name that means different things in different files isn't here.
"""


def recognised(header: Sequence[str], fields: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Field to the place of its column, for the fields that have one, by the columns' names.

    Args:
        fields: field to further names of its column, the best first.
    """
    places = {folded(name): place for place, name in reversed(list(enumerate(header)))}
    found: dict[str, int] = {}
    for field, names in fields.items():
        place = next((places[folded(one)] for one in (field, *names) if folded(one) in places), None)
        if place is not None:
            found[field] = place
    return found


def given(text: str | None, option: str = "--columns", such: str = "customer") -> dict[str, str]:
    """`customer=CustomerID,item=StockCode` as field to column; a pair with a comma in it goes in double quotes.

    Raises:
        TableRefused: something between commas is no pair, or a field is named twice.
    """
    columns: dict[str, str] = {}
    for pair in filter(None, map(str.strip, next(csv.reader([text or ""], skipinitialspace=True), []))):
        field, equals, column = (part.strip() for part in pair.partition("="))
        if not equals or not field or not column:
            raise TableRefused(
                Sentence(
                    "{option}: {pair!r} is no pair field=column, such as {such}=…; a pair with a comma in its "
                    "column's name goes in double quotes",
                    option=option,
                    pair=pair,
                    such=such,
                )
            )
        if field in columns:
            raise TableRefused(Sentence("{option}: {field} is named twice", option=option, field=field))
        columns[field] = column
    return columns


def place_of(column: str, header: Sequence[str], field: str) -> int:
    """Where a column stands; capitals and signs only matter where two columns differ in nothing else.

    Raises:
        TableRefused: there is none, or several, of this name.
    """
    places = [place for place, name in enumerate(header) if name == column]
    places = places or [place for place, name in enumerate(header) if folded(name) == folded(column)]
    if len(places) > 1:
        raise TableRefused(
            Sentence(
                "the column {column!r} is there {times} times: give each a name of its own",
                column=column,
                times=len(places),
            )
        )
    if not places:
        raise TableRefused(
            Sentence(
                "there is no column {column!r} (for {field}).{nearest} {columns}",
                column=column,
                field=field,
                nearest=nearest(column, header),
                columns=listed(header),
            )
        )
    return places[0]


def nearest(name: str, known: Sequence[str]) -> str:
    """` Nearest: 'Customer'.`, or nothing."""
    names = {one.casefold(): one for one in known}
    near = [repr(names[one]) for one in difflib.get_close_matches(name.casefold(), names, 3, 0.5)]
    return Sentence(" Nearest: {names}.", names=", ".join(near)) if near else ""


def listed(header: Sequence[str]) -> str:
    """The columns of a file as a sentence."""
    shown = ", ".join(repr(name[:40]) for name in header[:40])
    return Sentence("Its columns: {columns}.", columns=f"{shown}{', …' if len(header) > 40 else ''}")


def folded(name: str) -> str:
    """What spellings of a column's name have in common."""
    return "".join(character for character in name.casefold() if character.isalnum())
