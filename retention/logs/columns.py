"""Which column of a log plays which part."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from retention.errors import LogRefused

ROLES: Mapping[str, str] = {
    "customer": "who; needed",
    "time": "when: ISO 8601 with or without a zone, a date, or seconds since 1970; needed",
    "item": "of what",
    "quantity": "units; below 0 is a return",
    "price": "of one unit (or of the row, where it evidently grows with the quantity)",
    "amount": "of the whole row",
    "order": "the number of the order",
    "list_price": "of one unit before any discount",
    "category": "of the item",
    "name": "of the item, in words",
    "brand": "of the item",
    "attributes": "of the item, in words: colour, material, for whom",
    "kind": "view, search, cart, purchase, return, rating, message, contact, …; without it a row is told by its values",
    "rating": "1 to 5 stars for the item",
    "words": "what was searched for",
    "mood": "of a message, -1 to 1",
    "channel": "where it happened",
}
NEEDED = ("customer", "time")
USUAL: Mapping[str, Sequence[str]] = {
    "name": ("name", "description", "product_name", "item_name", "title", "商品名称", "品名"),
    "category": ("category", "product_category", "item_category", "department", "类目", "品类"),
    "brand": ("brand", "brand_name", "product_brand", "品牌"),
}
"""Roles that describe an item, and what their columns are called in most logs, in lower case."""


@dataclass(frozen=True, slots=True)
class Roles:
    """The parts that columns of one kind of file can play."""

    option: str
    """Where the command is told which column plays which."""
    about: Mapping[str, str]
    needed: Sequence[str]


LOG = Roles("--columns", ROLES, NEEDED)
ITEMS = Roles(
    "--item-columns",
    {
        "item": "of what, as in the log; needed",
        **{role: ROLES[role] for role in ("name", "category", "brand", "attributes", "list_price")},
        "stock": "units that can be sold now; 0 is sold out",
        "created": "since when the shop has it",
    },
    ("item",),
)


@dataclass(frozen=True, slots=True)
class Columns:
    """Role to column name, as given with `--columns`; empty: columns that are called like their role."""

    names: Mapping[str, str] = field(default_factory=dict)
    roles: Roles = LOG

    @classmethod
    def parse(cls, text: str | None, roles: Roles = LOG) -> Columns:
        """From `customer=…,item=…,time=…`; a part with a comma in its name goes in double quotes.

        Raises:
            LogRefused: a part is not `role=column`, or names an unknown role or one role twice.
        """
        names: dict[str, str] = {}
        for part in next(csv.reader([text or ""], skipinitialspace=True), []):
            role, sign, column = part.partition("=")
            role, column = role.strip().lower(), column.strip()
            if not sign or not column:
                such = f"{roles.needed[0]}=…"
                raise LogRefused(f"{roles.option}: {part!r} is not role=column, such as {such}")
            if role not in roles.about:
                near = difflib.get_close_matches(role, roles.about, 1, 0.5)
                hint = f"; did you mean {near[0]}?" if near else ""
                known = ", ".join(roles.about)
                raise LogRefused(f"{roles.option}: there is no role {role!r}{hint} Roles: {known}")
            if role in names:
                raise LogRefused(f"{roles.option}: {role} is named twice")
            names[role] = column
        return cls(names, roles)

    def within(self, header: Sequence[str], path: Path, extra: str | None = None) -> dict[str, str]:
        """Role to column for a file with these columns; `extra` (any column) plays the role `by`.

        Raises:
            LogRefused: a named column is absent or there twice, or a needed role has none.
        """
        folded = {one.casefold(): one for one in reversed(header)}
        names = dict(self.names) or {role: folded[role] for role in self.roles.about if role in folded}
        lacking = [role for role in self.roles.needed if role not in names]
        if lacking:
            wanted = ",".join(f"{role}=…" for role in self.roles.needed)
            raise LogRefused(
                f"{path}: which column is the {' and the '.join(lacking)}? Say so with "
                f"{self.roles.option} {wanted}. {_listed(header)}"
            )
        if extra is not None:
            names["by"] = extra
        for role, column in names.items():
            _find(column, role, header, path)
        return names

    def describing(self, header: Sequence[str], roles: Mapping[str, str]) -> dict[str, str]:
        """Role to column for what describes an item and was not named, found by the names that shops use.

        The words of a name tell which new items are alike, so a column that plainly holds them isn't left unread.
        """
        folded = {one.casefold().replace(" ", "_"): one for one in reversed(header)}
        taken = set(roles.values())
        found = {}
        for role, usual in USUAL.items():
            column = next((folded[name] for name in usual if name in folded), None)
            if "item" in roles and role not in roles and column is not None and column not in taken:
                found[role] = column
        return found


def _find(column: str, role: str, header: Sequence[str], path: Path) -> None:
    count = list(header).count(column)
    if count > 1:
        raise LogRefused(f"{path} has the column {column!r} {count} times: give each a name of its own")
    if not count:
        folded = {one.casefold(): one for one in header}
        near = [folded[one] for one in difflib.get_close_matches(column.casefold(), folded, 3, 0.5)]
        hint = f" Nearest: {', '.join(map(repr, near))}." if near else ""
        raise LogRefused(f"{path} has no column {column!r} (for {role}).{hint} {_listed(header)}")


def _listed(header: Sequence[str]) -> str:
    shown = ", ".join(map(repr, header[:40]))
    return f"Its columns: {shown}{', …' if len(header) > 40 else ''}."
