"""The shop of τ-bench's retail domain, as Liuke's own records.

The data know no times: orders are put into the weeks before `NOW`, by their numbers, so that each is always as old.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bot.conversation.services import Shop
from bot.shop.intake.defaults import Defaults
from storage import Store, migrate
from tests.benchmarks.stage import Stage, opened, take_in

NOW = datetime(2026, 11, 28, 15, 0, tzinfo=UTC)
STATUSES = {"pending": "paid", "processed": "shipped", "delivered": "delivered", "cancelled": "cancelled"}
"""What their states are called here. What they call processed can't be changed any more and is not delivered yet."""
_AGE = {"pending": (1, 4), "processed": (4, 4), "delivered": (9, 20), "cancelled": (5, 30)}
"""Days since an order was placed: at least, and how many there are to choose from."""
_FILES = ("users", "orders", "products", "tasks")
_ZONE = "America/New_York"
_MANY = 100
_FROM_FIRST_SECTION = re.compile(r"(?ms)^## .*")

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """The files of the data set."""

    users: Json
    orders: Json
    products: Json
    tasks: list[Json]
    policy: str

    @classmethod
    def read(cls, folder: Path) -> Data:
        """Read the files of a folder.

        Raises:
            SystemExit: one is not there.
        """
        missing = [
            name for name in (*(f"{n}.json" for n in _FILES), "policy.md") if not (folder / name).exists()
        ]
        if missing:
            raise SystemExit(
                f"no {missing[0]} in {folder}: this benchmark needs τ-bench's retail data, which are not in the "
                "repository; name their folder with --data"
            )
        told = {name: json.loads((folder / f"{name}.json").read_text("utf-8")) for name in _FILES}
        return cls(**told, policy=(folder / "policy.md").read_text("utf-8"))


def records(data: Data) -> dict[str, list[dict[str, Any]]]:
    """Customers, products and orders, as a shop would tell them."""
    return {
        "customers": [_customer(name, user) for name, user in data.users.items()],
        "products": [one for product in data.products.values() for one in _variants(product)],
        "orders": [_order(order, data.users[order["user_id"]]) for order in data.orders.values()],
    }


def number_of(order_id: str) -> str:
    """An order's number without the mark that shops write before it."""
    return order_id.lstrip("#")


def street(address: Json) -> str:
    """The line of an address."""
    return ", ".join(part for part in (address["address1"], address["address2"]) if part)


def full_name(user: Json) -> str:
    """What a user is called."""
    return f"{user['name']['first_name']} {user['name']['last_name']}"


def title(name: str, options: Mapping[str, str]) -> str:
    """A variant's name, as the shops' exports are read."""
    return ", ".join([name, *(f"{label} {value}" for label, value in options.items())])


def pages(data: Data) -> str:
    """The policy as a page, a section an answer; what it says to the people who answer is left out."""
    sections = _FROM_FIRST_SECTION.search(data.policy)
    text = sections[0] if sections else data.policy
    kept = [part for part in re.split(r"(?m)^##+ ", text) if part and not part.startswith("Domain basic")]
    answers = "\n\n".join(f"## {part.strip()}" for part in kept if len(part.strip().splitlines()) > 1)
    return f"# Policy\n\n{answers}\n"


@asynccontextmanager
async def stage(data: Data) -> AsyncIterator[Stage]:
    """The shop, open."""
    with TemporaryDirectory() as folder:
        home = Path(folder)
        written = home / "pages" / "en"
        written.mkdir(parents=True)
        (written / "policy.md").write_text(pages(data), "utf-8")
        await migrate(f"sqlite:///{home / 'liuke.db'}")
        about = Shop(names={"zh": "Retail", "en": "Retail"}, time_zone=_ZONE)

        async def fill(store: Store) -> None:
            await take_in(store, NOW, Defaults(currency="USD", language="en", time_zone=_ZONE), records(data))

        async with opened(home, home / "pages", about, NOW, fill) as standing:
            yield standing


def _customer(name: str, user: Json) -> dict[str, Any]:
    return {
        "id": name,
        "name": full_name(user),
        "language": "en",
        "time_zone": _ZONE,
        "email": user["email"],
        "addresses": {"home": {**_place(user["address"]), "province": user["address"]["state"]}},
        "default_address": "home",
        "created_at": NOW - timedelta(days=200),
        "marketing": False,
    }


def _place(address: Json) -> dict[str, str]:
    return {
        "country": address["country"],
        "city": f"{address['city']}, {address['state']}",
        "line": street(address),
        "postcode": address["zip"],
    }


def _variants(product: Json) -> Iterator[dict[str, Any]]:
    for item, variant in product["variants"].items():
        yield {
            "id": item,
            "code": item,
            "name_zh": title(product["name"], variant["options"]),
            "name_en": title(product["name"], variant["options"]),
            "category": {"id": product["name"], "name_zh": product["name"], "name_en": product["name"]},
            "group_id": product["product_id"],
            "options": {
                key.lower(): {"zh": (key, value), "en": (key, value)}
                for key, value in variant["options"].items()
            },
            "list_price": _cents(variant["price"]),
            "currency": "USD",
            "stock": _MANY if variant["available"] else 0,
            "created_at": NOW - timedelta(days=150),
        }


def _cents(price: float) -> int:
    return round(100 * price)


def _order(order: Json, user: Json) -> dict[str, Any]:
    number, status = number_of(order["order_id"]), order["status"]
    least, choice = _AGE[status]
    placed = NOW - timedelta(days=least + int(number[1:]) % choice, minutes=int(number[-3:]))
    counts = Counter(item["item_id"] for item in order["items"])
    prices = {item["item_id"]: _cents(item["price"]) for item in order["items"]}
    told: dict[str, Any] = {
        "id": number,
        "number": number,
        "customer_id": order["user_id"],
        "status": STATUSES[status],
        "placed_at": placed,
        "paid_at": placed,
        "currency": "USD",
        "payment_method": _paid_by(order, user),
        "ship_to": {"recipient": full_name(user), **_place(order["address"])},
        "lines": [
            {"product_id": item, "quantity": count, "unit_price": prices[item]}
            for item, count in counts.items()
        ],
    }
    if status in ("processed", "delivered"):
        told["parcels"] = [_parcel(sent, placed, status) for sent in order["fulfillments"]]
    return told


def _paid_by(order: Json, user: Json) -> str | None:
    first = next(iter(order["payment_history"]), None)
    method = user["payment_methods"].get(first["payment_method_id"]) if first else None
    return method["source"].replace("_", " ") if method else None


def _parcel(sent: Json, placed: datetime, status: str) -> dict[str, Any]:
    there = {"status": "delivered", "delivered_at": placed + timedelta(days=4)}
    return {
        "carrier": "UPS",
        "tracking_number": sent["tracking_id"][0],
        "shipped_at": placed + timedelta(days=1),
        **(there if status == "delivered" else {"status": "in_transit"}),
    }
