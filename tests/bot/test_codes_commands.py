"""`liuke codes`: at the till in a terminal, and a file of codes for a shop's own system."""

from __future__ import annotations

import asyncio
import csv
import json
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.settings import Settings
from bot.shop.intake.defaults import Defaults
from bot.shop.intake.orders import take_orders
from kernel.times import utc_now
from storage import Store
from storage.schema import coupon, customer, offer
from tests.bot.staff.test_till import CODE, HOUR, fill, order
from tests.conftest import make_tables

RUN = CliRunner()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shop with a personal price, a coupon and orders; all of it holds now."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("LIUKE_HOME", str(folder))
    monkeypatch.setenv("COLUMNS", "200")
    asyncio.run(_made(folder))
    for login, role in (("root", "admin"), ("eye", "viewer")):
        done = RUN.invoke(app, ["staff", "add", login, "--role", role])
        assert done.exit_code == 0, done.output
    return folder


async def _made(folder: Path) -> None:
    url = Settings(home=folder).store_url
    await make_tables(url)
    store = Store.open(url)
    await store.write(fill)
    await store.write(_hold_now)
    await store.close()


async def _hold_now(connection: AsyncConnection) -> None:
    now = utc_now()
    await connection.execute(update(offer).values(created_at=now - HOUR, valid_until=now + HOUR))
    await connection.execute(update(coupon).values(valid_from=now - HOUR, valid_until=now + HOUR))


def in_store(folder: Path, *statements: object) -> None:
    async def run() -> None:
        store = Store.open(Settings(home=folder).store_url)

        async def work(connection: AsyncConnection) -> None:
            for one in statements:
                await (one(connection) if callable(one) else connection.execute(one))  # type: ignore[call-overload]

        await store.write(work)
        await store.close()

    asyncio.run(run())


def codes(*arguments: str, fails: bool = False) -> str:
    done: Result = RUN.invoke(app, ["codes", *arguments])
    assert done.exit_code == (1 if fails else 0), done.output
    return done.output


def states() -> dict[str, str]:
    return {one["code"]: one["state"] for one in json.loads(codes("list", "--json"))}


def test_a_code_is_checked_used_and_given_back() -> None:
    assert "It would be taken." in codes("check", "lk7k 2mx4ac")
    assert "王芳's (138****1234)" in codes("check", CODE)
    assert "It would not be taken: it is another customer's." in codes("check", CODE, "--customer", "c2")
    assert "It would not be taken: it is another customer's." in codes("check", CODE, "--order", "B1")
    assert states() == {"Summer": "live", CODE: "live"}
    said = codes("use", CODE, "--for", "A1")
    assert "¥80.00 for Product p1 (P1)" in said
    assert "Used by order A1." in said
    assert "the code LK7K2MX4AC has been used already" in codes("use", CODE, "--for", "A2", fails=True)
    assert json.loads(codes("check", CODE, "--order", "A2", "--json"))["reason"] == "used"
    assert states() == {"Summer": "live", CODE: "used"}
    assert "live, 王芳's" in codes("give-back", CODE)
    entries = json.loads(RUN.invoke(app, ["staff", "audit", "--people", "--json"]).output)
    assert [one["action"] for one in entries][:2] == ["code_given_back", "code_used"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("use", "NONE", "--for", "A1"), "there is no such code; look whether all of it was typed"),
        (("use", CODE, "--for", "5678"), "this is no order of the code's customer"),
        (("use", "summer", "--for", "c1"), "name an order that is here"),
        (("check", CODE, "--order", "Z9"), "there is no order 'Z9'"),
        (("use", CODE, "--for", "A1", "--as", "eye"), "does not allow this"),
        (("give-back", "summer"), "name an order that is here"),
    ],
)
def test_a_refusal_says_what_to_do(arguments: tuple[str, ...], said: str) -> None:
    assert said in codes(*arguments, fails=True)
    assert states() == {"Summer": "live", CODE: "live"}


def test_what_differs_is_listed(home: Path) -> None:
    line = {"product_id": "p1", "quantity": 1, "unit_price": 10_000}
    wrong = order("A1", coupon_code=CODE, lines=[line], placed_at=utc_now())
    in_store(home, lambda connection: take_orders(connection, [wrong], utc_now(), Defaults()))
    assert [one["code"] for one in json.loads(codes("list", "--state", "used", "--json"))] == [CODE]
    assert "Used at another price, or otherwise than promised: 1; --differing shows them." in codes("list")
    said = codes("list", "--differing")
    assert "¥100.00" in said
    assert "Summer" not in said


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_file_of_codes_is_written(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A page for each code: nothing is lost between them.
    monkeypatch.setattr("bot.commands.codes._PORTION", 1)
    in_store(
        home,
        update(coupon).values(amount=None, percent=12.5, code="=1+1"),
        update(offer).values(currency="JPY"),
        update(customer).where(customer.c.id == "c1").values(name="=cmd()"),
    )
    path = tmp_path / "codes.csv"
    assert "2 codes written" in codes("export", str(path))
    of_coupon, of_offer = rows(path)
    assert (of_coupon["code"], of_coupon["kind"], of_coupon["percent"], of_coupon["amount"]) == (
        "'=1+1", "coupon", "12.5", "",
    )  # fmt: skip
    facts = ("code", "kind", "state", "price", "amount", "currency", "product_code", "customer_id")
    assert [of_offer[name] for name in facts] == [CODE, "offer", "live", "8000", "2000", "JPY", "P1", "c1"]
    assert of_offer["valid_until"].endswith("Z")
    in_store(home, update(offer).values(currency="CNY"))
    codes("use", CODE, "--for", "A1")
    codes("export", str(path))
    assert [one["kind"] for one in rows(path)] == ["coupon"]
    codes("export", str(path), "--all")
    assert [(one["state"], one["price"]) for one in rows(path)] == [("live", ""), ("used", "80.00")]
