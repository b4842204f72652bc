"""The page on connecting a shop, run: every command of it, on files as it describes them."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app as cli
from kernel.times import utc_now
from storage import Store
from storage.catalogue import Catalogue
from storage.customers import Customers
from storage.orders import Orders
from storage.points import Points
from tests.bot.shop.test_import_whole import SHOPIFY

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "connect-a-shop.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILES = {
    "customers.csv": "KundenNr,Name,Telefon\nc1,Anna,0170 1234567\n",
    "products.csv": "Artikel,Titel,Preis,Farbe\nsocken,Socken,\"4,90\",rot\n",
    "coupons.csv": "优惠码,折扣,满减门槛,结束时间\nHERBST,9,50,2099-12-01\n",
    "orders.csv": "Order No,Customer,Item,Quantity,Price,Order Date,Status\n"
    "A1,c1,socken,2,\"4,90\",2026-11-01 10:00,已发货\n",
    "addresses.csv": "customer,id,label,recipient,line,postcode,city,default\n"
    "c1,a1,Büro,Anna,Torstr. 1,10119,Berlin,yes\n",
    "points.csv": "id,customer,time,change,reason\nb1,c1,2026-11-01 10:00,25,Einkauf\n",
    "sales.csv": "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID\n"
    "536365,85123A,WHITE HANGING HEART,6,2010-12-01 08:26:00,2.55,17850\n",
    "products_export.csv": SHOPIFY["products.csv"],
    "customers_export.csv": "First Name,Last Name,Email,Accepts Email Marketing,Customer ID,Phone\n"
    "Ann,Lee,ann@example.com,yes,7000001,\n",
    "orders_export.csv": SHOPIFY["orders.csv"],
}  # fmt: skip
_SERVES = ("run",)
"""What doesn't end by itself; its own tests run it."""


def blocks(language: str) -> list[str]:
    """The page's examples in a language."""
    return [code for name, code in _BLOCK.findall(PAGE.read_text(encoding="utf-8")) if name == language]


def commands() -> Iterator[list[str]]:
    """Every command of ours on the page, in its order."""
    for block in blocks("sh"):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["liuke"] and words[1] not in _SERVES:
                yield words[1:]


def set_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the page's first lines say, and the files that its commands name."""
    monkeypatch.chdir(folder)
    for word in shlex.split(blocks("sh")[0].removeprefix("export ")):
        name, _, value = word.partition("=")
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LIUKE_HOME", str(folder / "home"))
    for name, content in FILES.items():
        (folder / name).write_text(content, encoding="utf-8")
    returns = folder / "home" / "pages" / "en" / "returns.md"
    returns.parent.mkdir(parents=True)
    returns.write_text(blocks("markdown")[0], encoding="utf-8")
    (folder / "columns.toml").write_text(blocks("toml")[0], encoding="utf-8")
    (folder / "variants.csv").write_text(blocks("csv")[0], encoding="utf-8")


async def test_every_command_does_what_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up(tmp_path, monkeypatch)
    runner = CliRunner()
    done = []
    for words in commands():
        if words[:2] == ["import", "undo"]:
            words[2] = "1"
        if words[:2] == ["customer", "link"]:
            continue
        # A command has a loop of its own.
        result = await asyncio.to_thread(runner.invoke, cli, words)
        assert result.exit_code == 0, (words, result.output)
        done.append(" ".join(words[:2]))
    kinds = (
        "--from", "customers", "addresses", "products", "orders", "coupons", "points", "orders-log"
    )  # fmt: skip
    assert {f"import {kind}" for kind in kinds} <= {*done}
    store = Store.open(f"sqlite:///{os.environ['LIUKE_HOME']}/liuke.db")
    async with store.read() as connection:
        socks = await Catalogue(connection).get("socken")
        jackets = await Catalogue(connection).by_ids(["J-R-M", "J-B-M"])
        anna = await Customers(connection).get("c1")
        points = await Points(connection).balance("c1", datetime.now(UTC))
        bought = [await Orders(connection).by_number(number) for number in ("A1", "#1002", "536365")]
    await store.close()
    assert socks is not None
    assert anna is not None
    assert (anna.addresses["a1"]["line"], anna.default_address, points) == ("Torstr. 1", "a1", 25)
    assert {one.group_id for one in jackets.values()} == {"jacket"}
    assert [(one.price_at(utc_now()), one.stock) for one in map(jackets.__getitem__, ("J-R-M", "J-B-M"))] == [
        (9_900, 2), (12_900, 4)
    ]  # fmt: skip
    assert (socks.list_price, socks.currency, socks.labels("en")) == (490, "EUR", [("Colour", "rot")])
    # Shopify's came first, and was taken back.
    assert [order and order.total for order in bought] == [980, None, 1_530]
