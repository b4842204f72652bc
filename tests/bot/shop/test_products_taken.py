"""What is said of a product's variants, sale, pictures and places: kept, merged, refused and taken back."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import select

from bot.shop.importing.rows import Options
from bot.shop.importing.running import Import, Report, run_import
from bot.shop.importing.undoing import undo
from bot.shop.intake.defaults import Defaults
from bot.shop.intake.merging import Taken
from bot.shop.intake.products import take_products
from bot.shop.intake.records import ProductRecord
from kernel.console import quiet
from storage import Store
from storage.catalogue import Catalogue, Product
from storage.schema import price_change, product

NOW = datetime(2026, 11, 28, 4, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
NEW: dict[str, Any] = {"name": "Jacket", "list_price": 12_800, "currency": "CNY"}
_numbers = itertools.count(1)


def face(label: str, value: str) -> dict[str, list[str]]:
    return {"zh": [label, value], "en": [label, value]}


class Shop:
    """Products of a store, told by API or file."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self._folder = store, folder

    async def take(self, *said: dict[str, Any], now: datetime = NOW) -> Taken:
        records = [ProductRecord(**{"id": "p", **one}) for one in said]
        return await self.store.write(lambda c: take_products(c, records, now, Defaults()))

    async def takes(self, *said: dict[str, Any]) -> Product:
        taken = await self.take(*said)
        assert not taken.refused, taken.refused
        return await self.product()

    async def product(self, product_id: str = "p") -> Product:
        async with self.store.read() as connection:
            found = await Catalogue(connection).get(product_id)
        assert found is not None
        return found

    async def file(self, content: str, columns: dict[str, str] | None = None, now: datetime = NOW) -> Report:
        path = self._folder / "products.csv"
        path.write_text(content, encoding="utf-8")
        options = Options(now=now, zone=ZoneInfo("Asia/Shanghai"))
        wanted = Import(kind="products", files=[path], options=options, columns=columns or {})
        return await run_import(self.store, wanted, rejects_folder=self._folder / "rejects")


@pytest.fixture
async def shop(any_store: Store, tmp_path: Path) -> Shop:
    made = Shop(any_store, tmp_path)
    await made.take(NEW)
    return made


BY_API = {
    "group_id": "jacket",
    "options": {"colour": face("Colour", "red"), "size": face("Size", "M")},
    "attributes": {"fabric": face("Fabric", "cotton")},
    "sale_price": 9_900,
    "sale_from": datetime(2026, 11, 1, tzinfo=ZoneInfo("Asia/Shanghai")),
    # To the end of the day that a file names.
    "sale_until": datetime(2026, 12, 1, tzinfo=ZoneInfo("Asia/Shanghai")),
    "pictures": ["https://shop.example/1.jpg", "https://shop.example/2.jpg"],
    "stock_by_place": {"Berlin": 2, "杭州": 3},
}
HEADER = (
    "item,price,group_id,option.Colour,option.Size,attribute.Fabric,sale_price,sale_from,sale_until,pictures,"
    "stock.Berlin,stock.杭州"
)
ROW = "p,128,jacket,red,M,cotton,99,2026-11-01,2026-11-30,https://shop.example/1.jpg|https://shop.example/2.jpg,2,3"


async def test_the_same_is_said_by_file_and_by_api(shop: Shop) -> None:
    by_api = await shop.takes(BY_API)
    assert by_api.price_at(NOW) == 9_900
    assert (by_api.picture, by_api.more_pictures) == (
        "https://shop.example/1.jpg", ["https://shop.example/2.jpg"]
    )  # fmt: skip
    assert (by_api.stock, by_api.stock_by_place) == (5, {"Berlin": 2, "杭州": 3})
    report = await shop.file(f"{HEADER}\n{ROW}\n", now=LATER)
    assert (report.written["products"], report.rejected) == (0, 0)
    assert await shop.product() == by_api
    new = await shop.file(f"{HEADER},name\n{ROW.replace('p,', 'q,', 1)},Jacket\n", now=NOW)
    assert new.rejected == 0
    by_file = await shop.product("q")
    for name in ("group_id", "options", "attributes", "sale_price", "sale_until", "stock", "stock_by_place"):
        assert getattr(by_file, name) == getattr(by_api, name), name


async def test_columns_are_named_for_options_and_places(shop: Shop) -> None:
    columns = {"item": "Nr", "option.Colour": "Farbe", "stock.Berlin": "Lager 1", "group_id": "Modell"}
    await shop.file("Nr,Farbe,Lager 1,Modell\np,rot,4,M1\n", columns)
    known = await shop.product()
    assert (known.group_id, known.stock, known.labels("en")) == ("M1", 4, [("Colour", "rot")])


async def test_an_import_of_variants_is_taken_back(shop: Shop) -> None:
    before = await shop.takes(
        {"options": {"colour": face("Colour", "blue")}, "stock_by_place": {"Berlin": 9}}
    )
    rows = "".join(f"v{number},99{number % 9},jacket,shade {number},,,,,,,1,\n" for number in range(300))
    header = HEADER.replace("price", "price", 1)
    report = await shop.file(
        f"{header},name\n{ROW},Jacket\n{rows.replace(chr(10), ',Jacket' + chr(10))}", now=LATER
    )
    assert (report.rejected, report.taken) == (0, 301)
    assert report.import_id is not None
    await undo(shop.store, report.import_id, LATER, quiet)
    assert await shop.product() == before
    async with shop.store.read() as connection:
        assert list(await connection.scalars(select(product.c.id))) == ["p"]
        assert list(await connection.scalars(select(price_change.c.id))) == []


async def test_prices_change_in_one_go_and_are_kept(any_store: Store, tmp_path: Path) -> None:
    made = Shop(any_store, tmp_path)
    await made.take(*({"id": f"p{number}", **NEW} for number in range(40)))
    changed = [{"id": f"p{number}", "list_price": 12_800 - number} for number in range(40)]
    assert (await made.take(*changed, now=LATER)).changed == 39
    async with any_store.read() as connection:
        kept = (await connection.execute(select(price_change))).all()
    assert sorted((one.old_price, one.new_price) for one in kept) == [
        (12_800, 12_800 - number) for number in range(39, 0, -1)
    ]
    assert {one.at for one in kept} == {LATER}


async def test_pictures_are_said_whole_and_the_first_alone(shop: Shop) -> None:
    drawn = (await shop.product()).picture
    one, two, three = (f"https://shop.example/{n}.jpg" for n in (1, 2, 3))
    known = await shop.takes({"pictures": [one, two]})
    assert (known.picture, known.more_pictures) == (one, [two])
    known = await shop.takes({"picture": three})
    assert (known.picture, known.more_pictures) == (three, [two])
    known = await shop.takes({"picture": None})
    assert (known.picture, known.more_pictures) == (drawn, [two])
    known = await shop.takes({"pictures": None})
    assert (known.picture, known.more_pictures) == (drawn, [])
    assert await shop.takes({"pictures": [], "stock": 0}) == known


async def test_a_sale_that_ends_takes_its_days_along(shop: Shop) -> None:
    await shop.takes({"sale_price": 9_900, "sale_until": NOW})
    await shop.takes({"sale_price": None})
    assert (await shop.takes({"sale_price": 8_900})).price_at(NOW) == 8_900


async def test_a_file_with_prices_and_no_sale_price_says_that_there_is_none(shop: Shop) -> None:
    await shop.takes({"sale_price": 9_900})
    await shop.file("item,price,sale_price\np,128,\n")
    assert (await shop.product()).sale_price is None
    await shop.takes({"sale_price": 9_900})
    await shop.file("item,stock,sale_price\np,3,\n")
    assert (await shop.product()).sale_price == 9_900


async def test_stock_is_the_sum_of_its_places_until_it_is_said_without_them(shop: Shop) -> None:
    assert (await shop.takes({"stock": 7})).stock == 7
    known = await shop.takes({"stock_by_place": {"Berlin": 2}})
    assert (known.stock, known.stock_by_place) == (2, {"Berlin": 2})
    known = await shop.takes({"stock_by_place": {"Hamburg": 4}})
    assert (known.stock, known.stock_by_place) == (6, {"Berlin": 2, "Hamburg": 4})
    known = await shop.takes({"stock_by_place": {"Berlin": None}})
    assert (known.stock, known.stock_by_place) == (4, {"Hamburg": 4})
    known = await shop.takes({"stock": 3})
    assert (known.stock, known.stock_by_place) == (3, {})
    known = await shop.takes({"stock": 5, "stock_by_place": {"Berlin": 5}})
    assert (known.stock, known.stock_by_place) == (5, {"Berlin": 5})
    known = await shop.takes({"stock_by_place": None})
    assert (known.stock, known.stock_by_place) == (0, {})
    assert (await shop.takes({"stock": None})).stock == 0


_PIECES = st.lists(
    st.one_of(
        st.builds(lambda n: {"stock": n}, st.integers(0, 9)),
        st.builds(
            lambda place, n: {"stock_by_place": {place: n}},
            st.sampled_from(["Berlin", "杭州"]),
            st.none() | st.integers(0, 9),
        ),
        st.builds(
            lambda key, value: {"options": {key: value and face(key, value)}},
            st.sampled_from(["colour", "size"]),
            st.none() | st.sampled_from(["red", "M"]),
        ),
        st.builds(lambda n: {"picture": f"https://a.example/{n}.jpg"}, st.integers(1, 3)),
        st.builds(
            lambda n: {"pictures": [f"https://a.example/{n}.jpg", "https://a.example/9.jpg"]},
            st.none() | st.integers(1, 3),
        ).map(lambda said: {"pictures": None} if "None" in str(said) else said),
        st.builds(lambda n: {"sale_price": n}, st.none() | st.integers(1, 99)),
        st.builds(lambda n: {"sale_until": NOW + timedelta(days=n)}, st.integers(1, 3)),
        st.builds(lambda group: {"group_id": group}, st.sampled_from(["g", "h", None])),
    ),
    max_size=6,
)


@given(_PIECES, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_pieces_in_any_order_are_the_same_product(
    shop: Shop, pieces: list[dict[str, Any]], random: Any
) -> None:
    dated = [{**one, "updated_at": NOW + timedelta(minutes=n)} for n, one in enumerate(pieces, start=1)]
    shuffled = random.sample(dated, len(dated))
    known = []
    for told in (dated, shuffled):
        name = f"x{next(_numbers)}"
        # As old as a shop's first word of it is.
        await shop.take({"id": name, **NEW, "updated_at": NOW})
        for one in told:
            await shop.take({"id": name, **one})
        found = await shop.product(name)
        known.append(
            (
                found.stock, found.stock_by_place, found.options, found.more_pictures, found.sale_price,
                found.sale_until, found.group_id, (found.picture or "").replace(name, ""),
            )
        )  # fmt: skip
    assert known[0] == known[1]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"list_price": 0}, "greater than or equal to 1"),
        ({"sale_price": 0}, "greater than or equal to 1"),
        ({"list_price": 100, "sale_price": 100}, "sale_price 100 is not below list_price 100"),
        ({"sale_from": LATER, "sale_until": NOW}, "is not after sale_from"),
        ({"stock": -1}, "greater than or equal to 0"),
        ({"stock_by_place": {"Berlin": -1}}, "greater than or equal to 0"),
        ({"stock_by_place": {" ": 1}}, "is empty"),
        ({"stock": 3, "stock_by_place": {"Berlin": 4}}, "stock 3 is not the sum of stock_by_place, 4"),
        ({"options": {"colour": face("Colour", " ")}}, "is empty"),
        ({"options": {"colour": face("", "red")}}, "is empty"),
        ({"options": {"colour": {}}}, "at least 1 item"),
        ({"group_id": ""}, "at least 1 character"),
        ({"pictures": ["ftp://a"]}, "neither an address"),
        ({"picture": "a.jpg", "pictures": ["b.jpg"]}, "picture is the first of pictures"),
    ],
)
def test_what_cannot_be_is_refused_with_what_was_said(said: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        ProductRecord(id="p", **said)


async def test_a_sale_price_above_the_price_that_is_known_is_refused(shop: Shop) -> None:
    before = await shop.product()
    taken = await shop.take({"sale_price": 12_800, "category": {"id": "new"}, "stock": 4})
    (refused,) = taken.refused
    assert (refused.code, refused.field) == ("invalid", "sale_price")
    assert refused.reason == "sale_price 12800 is not below list_price 12800"
    assert (taken.changed, taken.more["categories"]) == (0, 0)
    assert await shop.product() == before


async def test_a_list_price_that_falls_below_the_sale_ends_it(shop: Shop) -> None:
    await shop.takes({"sale_price": 9_900})
    assert (await shop.takes({"list_price": 8_900})).price_at(NOW) == 8_900


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("p,128,128,,,", "sale_price 12800 is not below list_price 12800"),
        ("p,0,,,,", "list_price: '0'"),
        ("p,128,,-3,,", "stock_by_place.Berlin: '-3'"),
        ("p,128,,many,,", "stock.Berlin: 'many' is not a number"),
        ("p,128,,,nowhere,", "pictures.0: 'nowhere'"),
    ],
)
async def test_rows_are_refused_with_their_value(shop: Shop, row: str, why: str) -> None:
    report = await shop.file(f"item,price,sale_price,stock.Berlin,pictures,option.Size\n{row}\n")
    ((_, number, reason),) = report.examples
    assert (number, why in reason) == (1, True), reason


async def test_two_thousand_variants_of_a_product_are_taken(any_store: Store, tmp_path: Path) -> None:
    made = Shop(any_store, tmp_path)
    rows = "".join(f"v{number},Case,9,case,model {number}\n" for number in range(2_000))
    report = await made.file(f"item,name,price,group_id,option.Model\n{rows}")
    assert (report.taken, report.rejected) == (2_000, 0)
    async with any_store.read() as connection:
        assert len((await Catalogue(connection).variants({"case"}))["case"]) == 2_000
