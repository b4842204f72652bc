"""`liuke retention recommend`: files in, lists out, the same wherever the model was fitted."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from retention.artifacts import read_manifest
from tests.retention.commands.files import AT, COLUMNS, purchases, rows_of, run, written
from tests.retention.conftest import make_products

HEAD = ["customer", "rank", "item", "score", "reason"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole log, the part of it before the moment, and a model of that part."""
    here = tmp_path_factory.mktemp("shop")
    log = written(here / "log.csv", purchases())
    written(here / "past.csv", purchases(AT))
    code, told = run("recommend", "--events", log, "--columns", COLUMNS, "--at", AT, "--save", here / "model")
    assert code == 0, told
    return here


def lists(log: Path, out: Path, *more: object) -> list[dict[str, Any]]:
    arguments = ("--events", log, "--columns", COLUMNS, "--at", AT, "--out", out)
    code, told = run("recommend", *arguments, *more)
    assert code == 0, told
    return pq.read_table(out).to_pylist() if out.suffix == ".parquet" else rows_of(out)


def test_a_fit_alone_keeps_what_it_measured(folder: Path) -> None:
    kept = read_manifest(folder / "model")
    assert {"ndcg_new", "ndcg_any", "ndcg_new_popularity", "new_customers"} <= set(kept.metrics)
    assert kept.fitted_at == "2026-09-01T00:00:00+00:00"
    assert kept.data_hash
    assert sorted(one.name for one in folder.iterdir()) == ["log.csv", "model", "past.csv"]


@pytest.mark.parametrize("mode", ["new", "any"])
def test_lists_have_their_columns_ranks_and_mode(folder: Path, tmp_path: Path, mode: str) -> None:
    found = lists(
        folder / "log.csv", tmp_path / "l.csv", "--mode", mode, "--n", 5, "--model", folder / "model"
    )
    assert list(found[0]) == HEAD
    past = purchases(AT)
    bought = defaultdict(set)
    for customer, item in zip(past["who"], past["what"], strict=True):
        bought[customer].add(item)
    of_each: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in found:
        of_each[row["customer"]].append(row)
    assert of_each.keys() == bought.keys()
    for customer, rows in of_each.items():
        assert [int(row["rank"]) for row in rows] == [1, 2, 3, 4, 5]
        assert len({row["item"] for row in rows}) == 5
        scores = [float(row["score"]) for row in rows]
        assert scores == sorted(scores, reverse=True)
        assert all(row["reason"] for row in rows)
        if mode == "new":
            assert not bought[customer] & {row["item"] for row in rows}
    if mode == "any":
        assert any(row["item"] in bought[row["customer"]] for row in found)


def test_the_suffix_decides_the_format(folder: Path, tmp_path: Path) -> None:
    model = ("--model", folder / "model")
    table = lists(folder / "log.csv", tmp_path / "l.parquet", *model)
    text = lists(folder / "log.csv", tmp_path / "l.csv", *model)
    assert list(table[0]) == HEAD
    assert [{name: str(value) for name, value in row.items() if name != "score"} for row in table] == [
        {name: value for name, value in row.items() if name != "score"} for row in text
    ]
    assert [row["score"] for row in table] == pytest.approx([float(row["score"]) for row in text])


@pytest.mark.parametrize("mode", ["new", "any"])
def test_fitted_apart_and_from_the_past_alone_the_lists_are_the_same(
    folder: Path, tmp_path: Path, mode: str
) -> None:
    """Whether the model was saved before, and whether later rows stand in the file, changes nothing."""
    outs = [tmp_path / f"{name}.csv" for name in ("apart", "at once", "past alone")]
    lists(folder / "log.csv", outs[0], "--mode", mode, "--model", folder / "model")
    lists(folder / "log.csv", outs[1], "--mode", mode)
    lists(folder / "past.csv", outs[2], "--mode", mode)
    assert outs[0].read_bytes() == outs[1].read_bytes() == outs[2].read_bytes()


def test_numbers_that_name_customers_and_items_stay_numbers(tmp_path: Path) -> None:
    past = purchases(AT)
    numbered: dict[str, Any] = {
        **past,
        "who": [int(one[1:]) for one in past["who"] if one],
        "what": [int(one[1:]) for one in past["what"] if one],
    }
    log = written(tmp_path / "log.parquet", numbered)
    found = lists(log, tmp_path / "l.parquet", "--model-name", "own")
    assert {type(row["customer"]) for row in found} == {int}
    assert {type(row["item"]) for row in found} == {int}


def test_it_is_said_that_popularity_did_better(tmp_path: Path) -> None:
    """Customers without a taste: all there is to know is what sells."""
    draw = np.random.default_rng(7)
    rows = 4_000
    items = draw.zipf(1.6, rows) % 40
    days = np.sort(draw.integers(0, 200, rows))
    first = np.datetime64("2026-01-01")
    table: dict[str, list[str | None]] = {
        "who": [f"c{one}" for one in draw.integers(0, 300, rows)],
        "what": [f"p{one}" for one in items],
        "when": [str(first + np.timedelta64(int(day), "D")) for day in days],
        "units": ["1"] * rows,
        "paid": ["10"] * rows,
    }
    log = written(tmp_path / "log.csv", table)
    saved = tmp_path / "model"
    code, told = run("recommend", "--events", log, "--columns", COLUMNS, "--save", saved)
    assert code == 0, told
    assert "popularity did better on the last weeks" in told
    assert any("popularity did better" in one for one in read_manifest(saved).notes)
    out = tmp_path / "l.csv"
    code, told = run("recommend", "--events", log, "--columns", COLUMNS, "--model", saved, "--out", out)
    assert code == 0, told
    assert "popularity did better on the last weeks" in told


def test_words_from_a_file_about_items_bring_those_that_nobody_has_bought(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("customer,item,time\na,t1,2026-01-01\nb,l1,2026-01-02\nb,l2,2026-01-03\n")
    about = tmp_path / "items.csv"
    about.write_text("sku,name\nt1,green tea\nt2,black tea\nl1,desk lamp\nl2,floor lamp\n,lost\n")
    out = tmp_path / "l.csv"
    more = ("--events", log, "--model-name", "content", "--n", 1, "--out", out)
    code, told = run("recommend", *more, "--items", about, "--item-columns", "item=sku")
    assert code == 0, told
    assert "items.csv: 1 rows without an item (dropped), such as row 6" in told
    first = {row["customer"]: (row["item"], row["reason"]) for row in rows_of(out)}
    assert first["a"] == ("t2", "because it is like green tea")
    code, told = run("recommend", *more)
    assert code == 0, told
    assert "t2" not in out.read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--out", "l.csv", "--item-columns", "item=a"), "name it with --items FILE"),
        (("--out", "l.csv", "--items", "none.csv"), "there is no such file"),
        ((), "name --out for the lists, --save for the model"),
        (("--out", "l.xlsx"), "suffix decides"),
        (("--save", "m", "--model", "m"), "name one of them"),
        (("--save", "full"), "holds something already"),
        (("--out", "l.csv", "--model-name", "eese"), "is not one of auto"),
        (("--out", "l.csv", "--model", "none"), "cannot be read"),
    ],
)
def test_what_is_wrong_is_said(
    folder: Path, arguments: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    code, told = run("recommend", "--events", folder / "log.csv", "--columns", COLUMNS, *arguments)
    assert code == 1
    assert said in told
    assert [one.name for one in tmp_path.iterdir()] == ["full"]


# --- what the shop wants


@pytest.fixture(scope="module")
def described(folder: Path) -> Path:
    """The made-up shop's items with their categories; one is sold out, one is new, one is yet to come."""
    rows = ["item,category,stock,created"]
    for product in make_products():
        number = int(product["product"][1:])
        stock = 0 if number == 4 else 9
        rows.append(f"p{number},{product['category']},{stock},2025-01-01")
    rows += ["fresh,tea,9,2026-08-25", "later,tea,9,2026-09-02"]
    path = folder.parent / f"{folder.name}-items.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def ruled(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "recommendations.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", ["popularity", "item_knn", "auto"])
def test_rules_stock_and_new_items_hold_for_any_model(
    folder: Path, described: Path, tmp_path: Path, name: str
) -> None:
    rules = ruled(
        tmp_path, 'pin = ["p36", "p4", "gone"]\nbury = ["p0"]\nnew_products = 0.5\n[at_most]\nCups = 1\n'
    )
    out = tmp_path / "l.csv"
    more = ("--items", described, "--model-name", name, "--n", 6, "--out", out, "--at", AT)
    code, told = run(
        "recommend",
        "--events",
        folder / "log.csv",
        "--columns",
        COLUMNS,
        "--rules",
        rules,
        "--mode",
        "any",
        *more,
    )
    assert code == 0, told
    assert "recommendations.toml: pin: gone is not in the log and is ignored" in told
    of_each: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows_of(out):
        of_each[row["customer"]].append(row)
    cups = {one["product"] for one in make_products() if one["category"] == "cups"}
    for rows in of_each.values():
        shown = [row["item"] for row in rows]
        assert (shown[0], rows[0]["reason"]) == ("p36", "because the shop puts it first")
        assert not {"p4", "p0", "later"} & set(shown)
        assert len(cups & set(shown)) <= 1
    last = [rows[-1] for rows in of_each.values()]
    new = [row for row in last if row["item"] == "fresh"]
    assert 0.3 < len(new) / len(last) < 0.7
    assert {row["reason"] for row in new} == {"because it is new"}


def test_what_is_sold_out_is_not_shown_without_rules(folder: Path, described: Path, tmp_path: Path) -> None:
    found = lists(folder / "log.csv", tmp_path / "l.csv", "--items", described, "--model-name", "popularity")
    shown = {row["item"] for row in found}
    assert "p4" not in shown
    assert "fresh" not in shown
    assert {"p0", "p1"} <= shown


def test_new_customers_get_what_they_searched_for(tmp_path: Path) -> None:
    rows = ["customer,item,time,kind,name,words"]
    rows += [
        f"c{number % 9},{'tl'[number % 2]}{number % 5},2026-01-{number % 27 + 1:02},purchase,"
        for number in range(90)
    ]
    named = [f"{row}{'green tea' if ',t' in row else 'desk lamp'}," for row in rows[1:]]
    asked = ["new,,2026-02-01,search,,cups", "new,,2026-02-02,search,,Desk lamps"]
    log = tmp_path / "log.csv"
    log.write_text("\n".join([rows[0], *named, *asked]) + "\n")
    out = tmp_path / "l.csv"
    code, told = run("recommend", "--events", log, "--model-name", "popularity", "--n", 3, "--out", out)
    assert code == 0, told
    found = [row for row in rows_of(out) if row["customer"] == "new"]
    assert [row["item"][0] for row in found] == ["l", "l", "l"]
    assert {row["reason"] for row in found} == {"because it matches your words"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "there is no such file"),
        ("pins = []", "pins: is no rule; there are pin, bury, at_most, new_products"),
    ],
)
def test_rules_that_cannot_be_read_are_told(
    folder: Path, tmp_path: Path, text: str | None, said: str
) -> None:
    path = tmp_path / "mine.toml" if text is None else ruled(tmp_path, text)
    code, told = run(
        "recommend",
        "--events",
        folder / "log.csv",
        "--columns",
        COLUMNS,
        "--rules",
        path,
        "--out",
        tmp_path / "l.csv",
    )
    assert code == 1
    assert said in told


@pytest.mark.parametrize("mode", ["new", "any"])
@pytest.mark.parametrize("name", ["auto", "popularity"])
def test_the_lists_of_a_long_log_are_made_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, mode: str
) -> None:
    from retention.logs import parsed
    from tests.benchmarks.long_log import write

    log, outs = (
        tmp_path / "log.parquet",
        [tmp_path / f"{one}.csv" for one in ("whole", "parts", "own", "again")],
    )
    write(log, 12_000, 600, seed=5)
    more = ("--events", log, "--mode", mode, "--model-name", name)
    code, told = run("recommend", *more, "--save", tmp_path / "model", "--out", outs[0])
    assert code == 0, told
    assert "a long log" not in told
    monkeypatch.setattr(parsed, "LONG", 5_000)
    monkeypatch.setattr(parsed, "PART", 3_000)
    code, told = run("recommend", *more, "--model", tmp_path / "model", "--out", outs[1])
    assert code == 0, told
    lists = []
    for out in outs[:2]:
        of_each: dict[str, list[tuple[str, ...]]] = defaultdict(list)
        for row in rows_of(out):
            of_each[row["customer"]].append((row["rank"], row["item"], row["reason"]))
        lists.append(of_each)
    assert lists[0].keys() == lists[1].keys()
    assert sum(lists[0][one] == lists[1][one] for one in lists[0]) > 0.95 * len(lists[0])
    for out in outs[2:]:
        code, told = run("recommend", *more, "--out", out)
        assert code == 0, told
        assert "a long log: fitted on" in told
        assert {row["customer"] for row in rows_of(out)} == lists[0].keys()
    assert outs[2].read_bytes() == outs[3].read_bytes()
