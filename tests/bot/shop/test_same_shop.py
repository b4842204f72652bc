"""The same facts by file, by API, or in pieces of any order give the same store, and retention the same history."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.api.taking import Intake
from bot.models.history import read_history
from bot.shop.importing.rows import Options
from bot.shop.importing.running import Import, run_import
from bot.shop.intake.defaults import Defaults
from bot.shop.intake.events import EventRecord
from bot.shop.intake.guests import Contact, guest_id
from bot.shop.intake.people import CustomerRecord
from bot.shop.intake.records import OrderRecord, ProductRecord
from kernel.times import to_micros
from storage import Store
from storage.catalogue import Catalogue
from storage.customers import Customers
from storage.orders import Orders

pytestmark = pytest.mark.slow

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
BEGAN = NOW - timedelta(days=60)
OPTIONS = Options(now=NOW)
_numbers = itertools.count(1)

Said = dict[str, Any]
Facts = Mapping[str, Sequence[Said]]
"""Records of each kind, as the API takes them; names of things are without the shop's."""

# --- facts ----------------------------------------------------------------------------------------------------------

PEOPLE, GOODS, NUMBERS = ("c1", "c2"), ("p1", "p2", "p3"), ("1", "2", "3")
EMAILS = ("c1@example.com", "guest@example.com")
"""Of a customer, if they have told it, and of somebody without an account."""
PHONE = "+49 30 9"
"""Of both, so that whoever ordered with it is known by the address that it came with."""
_moments = st.integers(0, 50 * 24 * 60).map(lambda minutes: BEGAN + timedelta(minutes=minutes))


def _some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Said]:
    return st.fixed_dictionaries({}, optional=fields)


def _record(needed: Mapping[str, st.SearchStrategy[Any]], **more: st.SearchStrategy[Any]) -> Any:
    return st.fixed_dictionaries(dict(needed), optional=more)


def _customer(name: str) -> st.SearchStrategy[Said]:
    return _record(
        {"id": st.just(name), "created_at": st.just(BEGAN)},
        name=st.sampled_from(["Ann", "林小雨"]), language=st.sampled_from(["zh", "en"]),
        email=st.just(f"{name}@example.com"), phone=st.just("13800001111"), tier=st.sampled_from(["gold", "standard"]),
        points=st.integers(0, 900), marketing=st.booleans(),
    )  # fmt: skip


def _product(name: str) -> st.SearchStrategy[Said]:
    return _record(
        {
            "id": st.just(name), "name": st.sampled_from(["Tea", "茶壶"]), "list_price": st.integers(1, 90_000),
            "currency": st.just("CNY"), "stock": st.integers(0, 9), "created_at": st.just(BEGAN),
        },
        cost=st.integers(0, 900), brand=st.just("Acme"), active=st.booleans(), description=st.just("Good."),
        category=st.just({"id": "tea"}),
    )  # fmt: skip


_OWNERS: list[Said] = [
    *({"customer_id": one} for one in PEOPLE),
    *({"email": one} for one in EMAILS),
    {"phone": PHONE},
    *({"email": one, "phone": PHONE} for one in EMAILS),
]
_lines = st.lists(
    st.fixed_dictionaries(
        {
            "product_id": st.sampled_from(GOODS),
            "quantity": st.integers(1, 3),
            "unit_price": st.integers(0, 9_000),
        }
    ),
    min_size=1, max_size=3,
)  # fmt: skip


@st.composite
def _order(draw: st.DrawFn, number: str) -> Said:
    placed = draw(_moments)
    said = draw(
        _record(
            {
                "number": st.just(number), "placed_at": st.just(placed), "currency": st.just("CNY"), "lines": _lines,
                "status": st.sampled_from(["placed", "paid", "shipped", "delivered", "cancelled", "returned"]),
            },
            owner=st.sampled_from(_OWNERS), paid_at=st.just(placed + timedelta(hours=1)),
            discount=st.integers(0, 500), shipping_fee=st.integers(0, 500), tax=st.integers(0, 500),
            payment_method=st.just("card"), ship_to=_some(city=st.just("杭州"), recipient=st.just("Ann")).filter(bool),
            parcels=_some(
                carrier=st.just("SF"), shipped_at=st.just(placed + timedelta(days=1)),
                delivered_at=st.just(placed + timedelta(days=2)),
            ).map(lambda box: [{"tracking_number": f"T{number}", **box}]),
            refunds=st.integers(1, 5_000).map(lambda amount: [{"amount": amount, "status": "paid"}]),
        )
    )  # fmt: skip
    owner = said.pop("owner", {})
    return {**said, **owner}


@st.composite
def _event(draw: st.DrawFn, orders: Sequence[Said]) -> Said:
    """Something that somebody did; purchases and returns may be of an order that is told as well."""
    kind = draw(st.sampled_from(["view", "cart", "search", "rating", "purchase", "return"]))
    said = {"kind": kind, "customer_id": draw(st.sampled_from(PEOPLE)), "at": draw(_moments)}
    if kind == "search":
        return {**said, "text": draw(st.sampled_from(["tea", "茶"]))}
    said["product_id"] = draw(st.sampled_from(GOODS))
    if kind == "rating":
        return {**said, "value": float(draw(st.integers(1, 5)))}
    if kind in ("purchase", "return"):
        amount = draw(st.integers(1, 9_000))
        said |= {"amount": -amount if kind == "return" else amount, "currency": "CNY"}
        said |= draw(st.sampled_from([{}, {"order_id": "9"}, *map(_of_told, orders)]))
    return said


def _of_told(order: Said) -> Said:
    """An event of an order speaks of its customer, and of no time before it."""
    if "customer_id" not in order:
        return {}
    return {"order_id": order["number"], "customer_id": order["customer_id"], "at": order["placed_at"]}


@st.composite
def _shop(draw: st.DrawFn) -> Facts:
    numbers = draw(st.lists(st.sampled_from(NUMBERS), unique=True))
    orders = [draw(_order(number)) for number in numbers]
    return {
        "customers": [draw(_customer(name)) for name in PEOPLE],
        "products": [draw(_product(name)) for name in GOODS],
        "orders": orders,
        "events": draw(st.lists(_event(orders), max_size=5, unique_by=repr)),
    }


_NAMES = {"id", "customer_id", "product_id", "number", "order_id", "tracking_number", "email"}


def _named(value: Any, shop: str) -> Any:
    """Records with the names that their things have in a shop."""
    if isinstance(value, list | tuple):
        return [_named(one, shop) for one in value]
    if isinstance(value, dict):
        return {name: f"{shop}-{one}" if name in _NAMES else _named(one, shop) for name, one in value.items()}
    return _phone(shop) if value == PHONE else value


def _phone(shop: str) -> str:
    return f"{PHONE}{int(shop[1:]):06}"


# --- the roads ------------------------------------------------------------------------------------------------------


async def by_files(store: Store, facts: Facts, folder: Path) -> None:
    for kind, rows in (
        ("customers", [_of_customer(one) for one in facts["customers"]]),
        ("products", [_of_product(one) for one in facts["products"]]),
        ("orders", [row for one in facts["orders"] for row in _of_order(one)]),
        ("events", [_of_event(one) for one in facts["events"]]),
    ):
        if rows:
            path = folder / f"{kind}.csv"
            path.write_text(_csv(rows), "utf-8")
            report = await run_import(
                store, Import(kind=kind, files=[path], options=OPTIONS), rejects_folder=folder
            )
            assert report.rejected == 0, report.examples


def _csv(rows: Sequence[Said]) -> str:
    text, columns = io.StringIO(), list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _cells(said: Said, names: Mapping[str, str], amounts: Sequence[str] = ()) -> Said:
    """Fields as cells, under the columns' names; amounts in the currency's main unit."""
    cells = {names.get(name, name): value for name, value in said.items()}
    cells |= {names.get(name, name): f"{said[name] / 100:.2f}" for name in amounts if name in said}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in cells.items()
    }


def _of_customer(said: Said) -> Said:
    return _cells(said, {"id": "customer", "created_at": "created"})


def _of_product(said: Said) -> Said:
    flat = {**said, **({"category": said["category"]["id"]} if "category" in said else {})}
    names = {"id": "item", "list_price": "price", "created_at": "created"}
    return _cells(flat, names, ("list_price", "cost"))


def _of_order(said: Said) -> Iterator[Said]:
    names = {
        "number": "order", "customer_id": "customer", "placed_at": "time", "paid_at": "paid", "shipped_at": "shipped",
        "delivered_at": "delivered", "product_id": "item", "unit_price": "price", "phone": "buyer_phone",
    }  # fmt: skip
    whole = {
        name: value for name, value in said.items() if name not in ("lines", "parcels", "refunds", "ship_to")
    }
    whole |= said.get("ship_to", {})
    whole |= said["parcels"][0] if "parcels" in said else {}
    whole |= {"refunded": said["refunds"][0]["amount"]} if "refunds" in said else {}
    for line in said["lines"]:
        yield _cells(whole | line, names, ("unit_price", "discount", "shipping_fee", "tax", "refunded"))


def _of_event(said: Said) -> Said:
    names = {"customer_id": "customer", "product_id": "item", "order_id": "order", "at": "time"}
    return _cells({name: value for name, value in said.items() if name != "currency"}, names, ("amount",))


async def by_api(store: Store, facts: Facts) -> None:
    intake = Intake(store, lambda: NOW, Defaults())
    await intake.customers([CustomerRecord(**one) for one in facts["customers"]])
    await intake.products([ProductRecord(**one) for one in facts["products"]])
    if facts["orders"]:
        await intake.orders([OrderRecord(**one) for one in facts["orders"]])
    if facts["events"]:
        await intake.events([EventRecord(**one) for one in facts["events"]])


Piece = tuple[str, Said]
_NEEDED = {
    "customers": {"id", "created_at"},
    "products": {"id", "name", "list_price", "currency", "created_at"},
    "orders": {"number", "placed_at", "currency", "lines", "status"},
    "events": set(EventRecord.model_fields),
}
"""Fields that whatever is new comes with; all else may come later, by itself."""


def _pieces(facts: Facts) -> tuple[list[Piece], list[Piece]]:
    """What other things stand on, and the rest, a field at a time."""
    first: list[Piece] = []
    later: list[Piece] = []
    for kind, needed in _NEEDED.items():
        for said in facts[kind]:
            whole = {name: value for name, value in said.items() if name in needed}
            (later if kind == "events" else first).append((kind, whole))
            known = {name: said[name] for name in ("id", "number") if name in said}
            later += [(kind, {**known, name: said[name]}) for name in said.keys() - needed]
    return first, later


async def in_pieces(store: Store, pieces: Sequence[Piece]) -> None:
    intake = Intake(store, lambda: NOW, Defaults())
    for kind, said in pieces:
        match kind:
            case "customers":
                await intake.customers([CustomerRecord(**said)])
            case "products":
                await intake.products([ProductRecord(**said)])
            case "orders":
                await intake.orders([OrderRecord(**said)])
            case "events":
                await intake.events([EventRecord(**said)])


# --- what has come of it --------------------------------------------------------------------------------------------

_BY_ITSELF = {"updated_at", "field_times"}
"""When something came, which isn't what was said."""


@cache
def _guests(shop: str) -> Mapping[str, str]:
    """What a shop's guests are called, by their ids."""
    contacts = {one: Contact.of(f"{shop}-{one}", None) for one in EMAILS}
    contacts[PHONE] = Contact.of(None, _phone(shop))
    return {guest_id(contact.keys[0]): f"{shop}-guest-{one}" for one, contact in contacts.items()}


def _bare(value: Any, shop: str) -> Any:
    """Without the shop's name, so that shops can be compared."""
    match value:
        case str():
            return _guests(shop).get(value, value).replace(f"{shop}-", "")
        case dict():
            return {
                _bare(name, shop): _bare(one, shop) for name, one in value.items() if name not in _BY_ITSELF
            }
        case list() | tuple():
            return [_bare(one, shop) for one in value]
    return value


async def _stored(store: Store, facts: Facts) -> dict[str, dict[str, Any]]:
    async with store.read() as connection:
        people = await Customers(connection).by_ids([one["id"] for one in facts["customers"]])
        goods = await Catalogue(connection).by_ids([one["id"] for one in facts["products"]])
        orders = await Orders(connection).by_ids([one["number"] for one in facts["orders"]])
    return {one.id: asdict(one) for found in (people, goods, orders) for one in found.values()}


def _history(store: Store, shop: str) -> dict[str, list[Any]]:
    """What retention reads of a shop; an event's id is made of names that shops don't share."""
    read = read_history(store.url, to_micros(NOW))
    tables = {"customer": [read.events, read.customers], "product": [read.products]}
    return {
        f"{key} {place}": sorted(
            (
                _bare({**row, "id": ""}, shop)
                for row in table.to_pylist()
                if _guests(shop).get(row[key], str(row[key])).startswith(f"{shop}-")
            ),
            key=repr,
        )
        for key, several in tables.items()
        for place, table in enumerate(several)
    }


async def _found(store: Store, shop: str, facts: Facts) -> dict[str, Any]:
    stored = await _stored(store, facts)
    return _bare(stored, shop) | _history(store, shop)  # type: ignore[no-any-return]


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[Any]:
    """What only one of two shops has."""
    facts = [
        {(name, repr(fact)) for name, several in shop.items() for fact in _each(several)}
        for shop in (one, other)
    ]
    return sorted(facts[0] ^ facts[1])


def _each(found: Any) -> Any:
    return found.items() if isinstance(found, dict) else found


_SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@pytest.mark.timeout(300)
@settings(max_examples=15, deadline=None, suppress_health_check=_SLOW)
@given(facts=_shop(), data=st.data())
async def test_whichever_road_the_facts_take(
    any_store: Store, tmp_path: Path, facts: Facts, data: st.DataObject
) -> None:
    found = []
    for road in ("files", "api", "pieces"):
        shop = f"s{next(_numbers)}"
        named: Facts = _named(facts, shop)
        if road == "files":
            await by_files(any_store, named, tmp_path)
        elif road == "api":
            await by_api(any_store, named)
        else:
            first, later = _pieces(named)
            await in_pieces(any_store, [*first, *data.draw(st.permutations(later))])
        found.append(await _found(any_store, shop, named))
    files, api, pieces = found
    assert _differing(files, api) == []
    assert _differing(pieces, api) == []
