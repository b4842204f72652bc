"""Ratings, searches, messages, list prices and what items are like: every kind of event from one schema."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from retention.checks import check
from retention.errors import LogRefused
from retention.features import raw
from retention.logs import Columns, Log
from retention.recommenders.interactions import Interactions
from retention.types import Event, EventKind
from tests.retention.logs.test_logs import events, problems, read

ALL = "customer,item,time,kind,quantity,price,list_price,rating,words,mood"


def kinds(log: Log) -> list[tuple[str, Any]]:
    return [(row["kind"], row["value"] if row["text"] is None else row["text"]) for row in events(log)]


def test_one_file_carries_every_kind_of_event(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        "a,,2026-01-01T08:00,search,,,,,green tea,",
        "a,x,2026-01-01T08:01,view,,,,,,",
        "a,x,2026-01-01T08:02,cart,1,,,,,",
        "a,x,2026-01-01T08:03,purchase,1,8,10,,,",
        "a,x,2026-01-03T08:00,rating,,,,4,,",
        "a,,2026-01-04T08:00,message,,,,,,-0.5",
        "a,,2026-01-05T08:00,contact,,,,,,",
        "a,,2026-01-05T09:00,response,,,,,,",
        "a,x,2026-01-06T08:00,return,1,8,,,,",
        header=ALL,
    )
    assert kinds(log) == [
        ("search", "green tea"), ("view", None), ("cart", None), ("purchase", None), ("rating", 4.0),
        ("message", -0.5), ("contact", None), ("response", None), ("return", None),
    ]  # fmt: skip
    checked = log.checked()
    assert checked.problems == ()
    assert Counter(checked.history.events.column("kind").to_pylist())["rating"] == 1


@pytest.mark.parametrize(
    ("word", "kind"),
    [("review", "rating"), ("搜索", "search"), ("campaign", "contact"), ("投诉", "complaint")],
)
def test_kinds_by_other_names(tmp_path: Path, word: str, kind: str) -> None:
    log = read(tmp_path, f"a,x,2026-01-01,{word}", header="customer,item,time,kind")
    assert events(log)[0]["kind"] == kind


def test_without_kinds_a_row_is_told_by_its_values(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        "a,x,2026-01-01,1,8,,,",
        "a,x,2026-01-02,,,5,,",
        "a,,2026-01-03,,,,lamp,",
        "a,,2026-01-04,,,,,0.25",
        "a,x,2026-01-05,,,,,",
        header="customer,item,time,quantity,price,rating,words,mood",
    )
    assert kinds(log) == [
        ("purchase", None), ("rating", 5.0), ("search", "lamp"), ("message", 0.25), ("purchase", None)
    ]  # fmt: skip
    assert "1 rows without a quantity or price are read as kind rating" in log.notes


def test_a_purchase_with_stars_is_both(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        "a,x,2026-01-01,2,8,4",
        "a,y,2026-01-02,1,8,",
        header="customer,item,time,quantity,price,rating",
    )
    assert kinds(log) == [("purchase", None), ("rating", 4.0), ("purchase", None)]
    first, rated, _ = events(log)
    assert rated["id"] == first["id"] + "r"
    assert (rated["quantity"], rated["amount"]) == (None, None)
    assert log.checked().history.events.num_rows == 3
    assert any("1 purchases have a rating" in one for one in log.notes)


def test_ratings_teach_the_recommenders(tmp_path: Path) -> None:
    log = read(tmp_path, "a,x,2026-01-01,5", "a,y,2026-01-02,1", header="customer,item,time,rating")
    profile_of = Interactions.of(log.checked())
    profile = profile_of.profile(profile_of.by_user()[0])
    assert profile.interest[0] > 0.4 > profile.interest[1] == 0


def test_searches_for_different_words_on_one_day_are_different(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        "a,2026-01-01T08:00,search,lamp",
        "a,2026-01-01T08:00,search,cup",
        "a,2026-01-01T08:00,search,lamp",
        "a,2026-01-01T08:00,search,cup",
        header="customer,time,kind,words",
    )
    assert [row["text"] for row in events(log)] == ["lamp", "cup"]


def test_values_on_rows_of_another_kind_are_counted(tmp_path: Path) -> None:
    log = read(tmp_path, "a,x,2026-01-01,view,,,,3,lamp,0.5", "b,x,2026-01-01,message,,,,,,9", header=ALL)
    assert problems(log)["stray_value"] == (1, "blanked", ("2",))
    assert kinds(log)[0] == ("view", None)


def test_a_single_star_too_many_is_dropped_with_its_row(tmp_path: Path) -> None:
    stars = [f"a,x{number},2026-01-01,{stars}" for number, stars in enumerate((5, 4, 7, "many", 3))]
    log = read(tmp_path, *stars, header="customer,item,time,rating", columns="")
    assert problems(log)["bad_rating"] == (1, "blanked", ("5",))
    [bad] = [one for one in log.checked().problems if one.code == "bad_rating" and one.action == "dropped"]
    assert bad.examples == ("4",)


@pytest.mark.parametrize(
    ("role", "values", "said"),
    [
        ("rating", ("8", "9", "4"), "2 of 3 values of 'rating' lie outside 1 to 5 (they run from 4 to 9)"),
        (
            "rating",
            ("good", "bad", "4"),
            "cannot be read as rating, such as 'good', 'bad': write numbers from 1",
        ),
        ("mood", ("80", "20", "0"), "outside -1 to 1"),
        ("list_price", ("dear", "cheap"), "prices must be numbers"),
    ],
)
def test_another_scale_is_refused(tmp_path: Path, role: str, values: tuple[str, ...], said: str) -> None:
    rows = [f"a,x,2026-01-0{day},{value}" for day, value in enumerate(values, 1)]
    with pytest.raises(LogRefused) as refused:
        read(tmp_path, *rows, header=f"customer,item,time,{role}")
    assert said in str(refused.value)


def test_discounts_are_counted_from_the_list_price_that_was_known_first(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        "a,x,2026-01-05,1,9,12",
        "a,x,2026-01-01,1,10,10",
        "a,x,2026-01-02,2,9,10",
        "a,y,2026-01-02,1,5,",
        header="customer,item,time,quantity,price,list_price",
    )
    assert [row["list_price"] for row in log.history.products.to_pylist()] == [1_000, None]
    assert any("1 items have several list prices" in note for note in log.notes)
    checked = log.checked()
    assert checked.problems == ()
    prices = {"x": 1_000}
    bought = [
        Event(
            kind=EventKind.PURCHASE,
            at=one["at"],
            product=one["product"],
            quantity=one["quantity"],
            amount_minor=one["amount"],
        )
        for one in checked_rows(log)
    ]
    counted = raw.of_events(bought, log.at, raw.ProductInfo(category={}, list_price=prices))
    assert counted is not None
    assert counted["discounted"] == 2


def checked_rows(log: Log) -> list[dict[str, Any]]:
    from kernel.times import from_micros

    rows = check(log.history, log.at).history.events.to_pylist()
    return [{**row, "at": from_micros(row["at"])} for row in rows]


def test_words_of_items_reach_what_tells_them_alike(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        "a,x,2026-01-01,cup,Home,Lotus,blue china",
        "a,y,2026-01-02,杯子,Home,Lotus,",
        header="customer,item,time,title,category,brand,attributes",
        columns="customer=customer,item=item,time=time,attributes=attributes",
    )
    found = Interactions.of(log.checked())
    assert found.texts == ["cup Lotus blue china", "杯子 Lotus"]
    assert found.category_names == ("Home",)
    assert {"title is taken as the item's name", "brand is taken as the item's brand"} <= set(log.notes)


def test_an_unknown_role_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(LogRefused, match=r"did you mean rating\?"):
        Columns.parse("customer=a,time=b,ratings=c")
