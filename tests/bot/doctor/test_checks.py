"""The doctor names what is wrong, says what to do, changes nothing, and is stopped by nothing."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import delete, insert, update
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection
from typer.testing import CliRunner

import bot.doctor.services
from bot.cli import app
from bot.doctor.checks import examine
from bot.doctor.finding import Finding
from bot.logs import OURS
from bot.settings import Settings
from storage import Store
from storage.contents import look_into
from storage.customers import Customer, Customers
from storage.models import ModelVersion, ModelVersions
from storage.schema import customer, event, order, parcel, product
from tests.botapi import TOKEN, FakeBotApi
from tests.factories import NOW, add_customer, add_product, add_purchase

Look = Callable[..., Awaitable[dict[str, list[Finding]]]]


@pytest.fixture(autouse=True)
def own_log_levels() -> Iterator[None]:
    """The command says what it finds in its table, and quiets the logs of its process for that."""
    before = {name: logging.getLogger(name).level for name in OURS}
    yield
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture
def url(migrated_url: str) -> str:
    return migrated_url


@pytest.fixture
def look(any_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Look:
    """What is found, by what it is about."""
    monkeypatch.chdir(tmp_path)

    async def run(
        database_url: str = any_url, environment: dict[str, str] | None = None, **more: object
    ) -> dict[str, list[Finding]]:
        settings = Settings(home=tmp_path, database_url=database_url, **more)  # type: ignore[arg-type]
        found: dict[str, list[Finding]] = {}
        for one in await examine(settings, environment or {}, NOW, lambda away: f"help with {away}"):
            found.setdefault(one.name, []).append(one)
            assert one.state == "fine" or one.to_do
        return found

    return run


def states(found: dict[str, list[Finding]], name: str) -> list[str]:
    return [one.state for one in found[name]]


async def write(url: str, work: Callable[[AsyncConnection], Awaitable[object]]) -> None:
    store = Store.open(url)
    await store.write(work)
    await store.close()


async def a_shop(connection: AsyncConnection) -> None:
    await add_product(connection, "p1")
    await connection.execute(
        update(product).values(picture="p1.png", name_en="Kettle", cost=1, list_price=2, stock=1)
    )
    await add_customer(connection, "c1", telegram="1")
    await add_purchase(connection, "c1", "p1", NOW)


# --- the machine ----------------------------------------------------------------------------------------------


async def test_names_that_nobody_reads(url: str, look: Look, tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "en.ftl").write_text("gretting-known = Hi\n")
    found = await look(environment={"LIUKE_DEMOO": "sesame"})
    [setting], [text] = found["settings"], found["texts"]
    assert (setting.state, text.state) == ("look", "look")
    assert "LIUKE_DEMO," in setting.to_do
    assert "greeting-known" in text.to_do
    assert "sesame" not in setting.found


@pytest.mark.parametrize(
    ("address", "state", "found"),
    [
        (None, "look", "LIUKE_CART_URL is not set"),
        ("http://shop.example/cart?add={code}", "look", "https://"),
        ("https://shop.example/cart?add={code}", "fine", "{quantity} and {coupon}"),
        ("https://shop.example/cart?add={code}&n={quantity}&c={coupon}", "fine", "into the basket"),
    ],
)
async def test_the_way_into_the_basket(
    url: str, look: Look, address: str | None, state: str, found: str
) -> None:
    [told] = (await look(cart_url=address))["basket"]
    assert told.state == state
    assert found in told.found


async def test_texts_that_keep_it_from_starting(url: str, look: Look, tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "en.ftl").write_text("thanks { broken\n")
    assert states(await look(), "texts") == ["bad"]


@pytest.mark.parametrize(("free", "state"), [(1 << 20, "bad"), (1 << 29, "look"), (1 << 33, "fine")])
async def test_room(url: str, look: Look, monkeypatch: pytest.MonkeyPatch, free: int, state: str) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=free))
    assert states(await look(), "disk") == [state]


async def test_models(url: str, look: Look, tmp_path: Path) -> None:
    assert states(await look(), "models") == ["look"]
    report = {"readiness": [{"model": "churn", "enough": True, "found": "812 customers"}]}
    for kind, path in (("retention", "models/retention/v1"), ("nlu", "models/nlu/v1")):
        version = ModelVersion(
            kind=kind, version="v1", path=path, metrics={}, data_hash="", seed=0, fitted_at=NOW, current=True,
            report=report,
        )  # fmt: skip
        await write(url, lambda connection, version=version: ModelVersions(connection).add(version))
    found = await look()
    assert states(found, "models") + states(found, "understanding") == ["bad", "bad"]
    for kind in ("retention", "nlu"):
        (tmp_path / "models" / kind / "v1").mkdir(parents=True)
    found = await look()
    assert states(found, "models") + states(found, "understanding") == ["fine", "fine"]
    assert "812 customers" in found["models"][0].found


async def test_models_that_are_old(url: str, look: Look, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    version = ModelVersion(
        kind="retention", version="v1", path="old", metrics={}, data_hash="", seed=0,
        fitted_at=NOW - timedelta(days=5), current=True,
    )  # fmt: skip
    await write(url, lambda connection: ModelVersions(connection).add(version))
    assert "5 days old" in (await look())["models"][0].found
    assert states(await look(), "models") == ["look"]


# --- the database ---------------------------------------------------------------------------------------------


async def test_a_database_in_which_nothing_was_made_stays_so(any_url: str, look: Look) -> None:
    assert states(await look(), "database") == ["look"]
    assert (await look_into(any_url)).revision == ""


async def test_a_database_that_is_away_hides_nothing_else(look: Look, tmp_path: Path) -> None:
    found = await look(f"sqlite:///{tmp_path}/no/such/folder/x.db")
    assert states(found, "database") == ["look"]
    found = await look("postgresql://root@127.0.0.1:1/x", environment={"LIUKE_DEMOO": "1"})
    assert found["database"][0].to_do == "help with the database can't be reached"
    assert states(found, "database") + states(found, "settings") == ["bad", "look"]


@pytest.mark.parametrize(("revision", "state"), [("0004", "look"), ("9999", "bad")])
async def test_a_database_of_another_version(url: str, look: Look, revision: str, state: str) -> None:
    await write(
        url,
        lambda c: c.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'"),  # noqa: S608
    )
    assert states(await look(), "database") == [state]
    assert (await look_into(url)).revision == revision


@pytest.mark.parametrize("any_url", ["sqlite"], indirect=True)
async def test_a_damaged_file(url: str, look: Look) -> None:
    with closing(sqlite3.connect(str(make_url(url).database))) as file, file:
        file.execute("PRAGMA writable_schema=1")
        file.execute("UPDATE sqlite_master SET rootpage = 2 WHERE name = 'ix_customer_email'")
    [finding] = (await look())["database"]
    assert finding.state == "bad"
    assert "restore" in finding.to_do


# --- clocks and Telegram --------------------------------------------------------------------------------------


@pytest.fixture
async def api() -> FakeBotApi:
    return FakeBotApi()


@pytest.mark.parametrize(("off", "state"), [(0, "fine"), (20, "look"), (-90, "bad")])
async def test_clocks(
    url: str, look: Look, api: FakeBotApi, monkeypatch: pytest.MonkeyPatch, off: int, state: str
) -> None:
    monkeypatch.setattr(bot.doctor.services, "utc_now", lambda: datetime.now(UTC) + timedelta(seconds=off))
    async with api.serve() as address:
        found = await look(telegram_token=TOKEN, telegram_api=address)
    of_both = 2 if make_url(url).get_backend_name() == "postgresql" else 1
    assert states(found, "clock") == [state] * of_both


@pytest.mark.parametrize("any_url", ["sqlite"], indirect=True)
async def test_a_token(url: str, look: Look, api: FakeBotApi) -> None:
    async with api.serve() as address:
        assert states(await look(telegram_token=TOKEN, telegram_api=address), "telegram") == ["fine"]
        [refused] = (await look(telegram_token="1:other", telegram_api=address))["telegram"]
    assert refused.state == "bad"
    assert "BotFather" in refused.to_do
    [away] = (await look(telegram_token=TOKEN, telegram_api=address))["telegram"]
    assert away.state == "bad"
    assert TOKEN not in away.found + away.to_do
    assert states(await look(), "telegram") == ["fine"]


@pytest.mark.parametrize("any_url", ["sqlite"], indirect=True)
async def test_a_webhook(url: str, look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = "https://bot.example.com/telegram/webhook"
    answers: dict[str, object] = {"url": "https://other.example.com"}

    async def ask(_api: str, _token: str, method: str) -> object:
        result = answers if method == "getWebhookInfo" else {}
        return bot.doctor.services._Answer(status=200, result=result)

    monkeypatch.setattr(bot.doctor.services, "_ask", ask)
    set_to = {"telegram_token": TOKEN, "telegram_webhook": "https://bot.example.com/"}
    assert states(await look(**set_to), "webhook") == ["look"]
    assert states(await look(telegram_token=TOKEN), "webhook") == ["look"]
    answers["url"] = wanted
    assert states(await look(**set_to), "webhook") == ["fine"]
    answers |= {"last_error_date": 1, "pending_update_count": 101}
    [late, pending] = (await look(**set_to))["webhook"]
    assert wanted in late.to_do
    assert pending.found.startswith("101 ")
    answers.clear()
    assert "webhook" not in await look(telegram_token=TOKEN)


# --- the data -------------------------------------------------------------------------------------------------


async def test_a_whole_shop_lacks_nothing(url: str, look: Look) -> None:
    await write(url, a_shop)
    assert states(await look(), "data") == ["fine"]


def _order(**values: object) -> Callable[[AsyncConnection], Awaitable[object]]:
    usual = {
        "id": "o1", "number": "1", "customer_id": "c1", "status": "paid", "placed_at": NOW, "total": 1,
        "currency": "CNY", "updated_at": NOW,
    }  # fmt: skip
    return lambda connection: connection.execute(insert(order).values({**usual, **values}))


def _product(**values: object) -> Callable[[AsyncConnection], Awaitable[object]]:
    return lambda connection: connection.execute(update(product).values(**values))


def _nobody(connection: AsyncConnection) -> Awaitable[object]:
    return Customers(connection).put_many([Customer(id="c2", created_at=NOW)])


@pytest.mark.parametrize(
    ("change", "name", "found"),
    [
        (_nobody, "customers", "1 of 2 have neither"),
        (_product(name_zh="Kettle"), "products", "1 of 1 have one name"),
        (_product(cost=2), "products", "1 of 1 have no cost"),
        (_product(picture=None), "products", "1 of 1 have no picture"),
        (_product(stock=0), "products", "1 of 1 are out of stock"),
        (_order(customer_id=None), "orders", "1 of 1 have no customer"),
        (_order(status="shipped"), "orders", "1 of 1 are shipped without"),
        (_order(currency="EUR"), "currency", "CNY, EUR"),
        (
            lambda c: c.execute(update(event).values(at=NOW - timedelta(days=15))),
            "events",
            "the last one is of",
        ),
        (lambda c: c.execute(delete(event)), "events", "nobody has done anything"),
    ],
)
async def test_a_gap(
    url: str, look: Look, change: Callable[[AsyncConnection], Awaitable[object]], name: str, found: str
) -> None:
    await write(url, a_shop)
    await write(url, change)
    gaps = await look()
    [finding] = gaps[name]
    assert finding.state == "look"
    assert finding.found.startswith(found)
    assert "data" not in gaps


async def test_what_is_gone_or_was_erased_is_no_gap(url: str, look: Look) -> None:
    await write(url, a_shop)
    await write(url, _nobody)
    await write(url, lambda c: c.execute(update(customer).where(customer.c.id == "c2").values(erased_at=NOW)))
    await write(url, lambda c: add_product(c, "p2"))
    await write(
        url,
        lambda c: c.execute(update(product).where(product.c.id == "p2").values(active=False, currency="EUR")),
    )
    await write(url, _order(status="shipped"))
    one = {
        "id": "x",
        "order_id": "o1",
        "carrier": "SF",
        "tracking_number": "1",
        "status": "label",
        "updated_at": NOW,
    }
    await write(url, lambda c: c.execute(insert(parcel).values(one)))
    assert states(await look(), "data") == ["fine"]


# --- the command ----------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("LIUKE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LIUKE_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


def test_the_command_ends_well_where_nothing_is_bad(home: Path) -> None:
    done = CliRunner().invoke(app, ["doctor"])
    assert done.exit_code == 0, done.output
    assert "nothing was made in it yet" in done.stdout
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("as_json", [False, True])
def test_the_command_fails_where_something_is_bad(home: Path, as_json: bool) -> None:
    (home / "texts").mkdir()
    (home / "texts" / "zh.ftl").write_bytes("thanks = 不客气\n".encode("gbk"))
    done = CliRunner().invoke(app, ["doctor", "--json"] if as_json else ["doctor"])
    assert done.exit_code == 1
    if as_json:
        assert [one["name"] for one in json.loads(done.stdout) if one["state"] == "bad"] == ["texts"]
    else:
        assert "1 bad" in done.stdout


def test_settings_that_cant_be_used_are_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIUKE_PORT", "many")
    monkeypatch.setenv("LIUKE_TIME_ZONE", "Mars/Olympus")
    done = CliRunner().invoke(app, ["doctor", "--json"])
    assert done.exit_code == 1
    assert [one["state"] for one in json.loads(done.stdout)] == ["bad", "bad"]


BUDGET = '[budget]\ncurrency = "CNY"\ntotal = 10\neach = "day"'


@pytest.mark.parametrize(
    ("rules", "state", "part"),
    [
        (None, "look", "no budget for discounts is set"),
        ("on = false", "fine", "switched off"),
        (BUDGET, "fine", "10 CNY"),
        ("discount = 3", "bad", "discount: is no rule"),
    ],
)
async def test_the_rules_for_prices(
    url: str, look: Look, tmp_path: Path, rules: str | None, state: str, part: str
) -> None:
    if rules is not None:
        (tmp_path / "prices.toml").write_text(rules, encoding="utf-8")
    [found] = (await look())["prices"]
    assert found.state == state
    assert part in found.found
