"""Which column of a log plays which part."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from kernel.columns import NAMES, folded, given, listed, place_of, recognised
from kernel.tables import TableRefused
from retention.errors import LogRefused
from retention.types import EventKind

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
DESCRIBING = ("name", "category", "brand")
"""Roles that describe an item: found by their columns' names beside those that are named."""


KINDS: Mapping[str, EventKind] = {
    **{kind.value: kind for kind in EventKind},
    **dict.fromkeys(("buy", "order", "transaction", "sale", "bought", "购买", "下单"), EventKind.PURCHASE),
    **dict.fromkeys(("refund", "returned", "退货", "退款"), EventKind.RETURN),
    **dict.fromkeys(("click", "pageview", "page_view", "pv", "detail", "浏览"), EventKind.VIEW),
    **dict.fromkeys(("addtocart", "add_to_cart", "add to cart", "basket", "加购"), EventKind.CART),
    **dict.fromkeys(("query", "搜索"), EventKind.SEARCH),
    **dict.fromkeys(("rate", "rated", "review", "评分", "评价"), EventKind.RATING),
    **dict.fromkeys(("chat", "消息", "咨询"), EventKind.MESSAGE),
    **dict.fromkeys(("campaign", "mailing", "触达"), EventKind.CONTACT),
    "投诉": EventKind.COMPLAINT,
}
"""What other systems call the kinds."""


@contextmanager
def refusing(path: Path | None = None) -> Iterator[None]:
    """What the kernel refuses of a file, as this room's error."""
    try:
        yield
    except TableRefused as error:
        raise LogRefused(str(error) if path is None else f"{path}: {error}") from error


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
    """Role to column name, as given with `--columns`; empty: found by the columns' own names (`kernel.columns`)."""

    names: Mapping[str, str] = field(default_factory=dict)
    roles: Roles = LOG

    @classmethod
    def parse(cls, text: str | None, roles: Roles = LOG) -> Columns:
        """From `customer=…,item=…,time=…`; a part with a comma in its name goes in double quotes.

        Raises:
            LogRefused: a part is not `role=column`, or names an unknown role or one role twice.
        """
        with refusing():
            names = {
                role.lower(): column for role, column in given(text, roles.option, roles.needed[0]).items()
            }
        for role in names:
            if role not in roles.about:
                near = difflib.get_close_matches(role, roles.about, 1, 0.5)
                hint = f"; did you mean {near[0]}?" if near else ""
                known = ", ".join(roles.about)
                raise LogRefused(f"{roles.option}: there is no role {role!r}{hint} Roles: {known}")
        return cls(names, roles)

    def within(
        self, header: Sequence[str], path: Path, extra: str | None = None
    ) -> tuple[dict[str, str], list[str]]:
        """Role to column for a file with these columns, and what to say about those that nobody named.

        The words of a name tell which new items are alike, so a column that plainly holds them isn't left unread.

        Args:
            extra: any column, which plays the role `by`.

        Raises:
            LogRefused: a named column is absent or there twice, or a needed role has none.
        """
        usual = {role: NAMES.get(role, ()) for role in self.roles.about}
        found = {role: header[place] for role, place in recognised(header, usual).items()}
        names = dict(self.names) or found
        lacking = [role for role in self.roles.needed if role not in names]
        if lacking:
            wanted = ",".join(f"{role}=…" for role in self.roles.needed)
            raise LogRefused(
                f"{path}: which column is the {' and the '.join(lacking)}? Say so with "
                f"{self.roles.option} {wanted}. {listed(header)}"
            )
        if extra is not None:
            names["by"] = extra
        with refusing(path):
            names = {role: header[place_of(column, header, role)] for role, column in names.items()}
        if "item" in names:
            taken = set(names.values())
            names |= {
                role: found[role]
                for role in DESCRIBING
                if role not in names and role in found and found[role] not in taken
            }
        owner = "item's "
        told = [
            f"{column} is taken as the {owner if role in DESCRIBING else ''}{role}"
            for role, column in names.items()
            if role not in self.names and role != "by" and (self.names or folded(column) != folded(role))
        ]
        return names, told
