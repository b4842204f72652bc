"""`liuke prices report`, `approve`, `decline` and `undo`: list prices and their reasons in words, in both languages."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Literal

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.conversation.texts import Texts
from bot.settings import Settings
from bot.staff.console import list_words
from bot.staff.console.words import Words
from bot.staff.list_outcome import Outcome
from kernel import console
from retention.pricing.effect import Effect
from storage import Store
from storage.catalogue import Catalogue
from storage.price_proposals import LEFT_ALONE, NewProposal, PriceProposals
from storage.staff import Staff
from tests.conftest import make_tables
from tests.storage.shop import NOW, a_product

RUN = CliRunner()
REASONS = [
    {"code": "expected_margin", "value": 390.0, "weight": None},
    {"code": "elasticity", "value": -0.98, "weight": None},
    {"code": "limit_reached", "value": 2_299.0, "weight": None},
]


def a_proposal(product_id: str, **values: str) -> NewProposal:
    return NewProposal(
        product_id=product_id, old_price=2_190, new_price=2_299, currency="CNY", gain=390.0, low=90.0, high=870.0,
        reasons=REASONS, **values,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LIUKE_HOME", str(tmp_path))
    monkeypatch.setattr(console.out, "width", 220)
    asyncio.run(_made(tmp_path))
    return tmp_path


async def _made(home: Path) -> None:
    url = Settings(home=home).store_url
    await make_tables(url)
    goods = [
        a_product(f"p{one}", code=f"TEA-{one}", list_price=2_190, cost=900, category_id=None)
        for one in (1, 2)
    ]
    async with Store.open(url) as store:
        await store.write(lambda c: Catalogue(c).put_many(goods))
        await store.write(
            lambda c: Staff(c).add(
                login="ada", name="Ada", role="admin", password_hash="x", language="en", now=NOW
            )
        )
        await store.write(
            lambda c: PriceProposals(c).put([a_proposal("p1"), a_proposal("p2", state=LEFT_ALONE)], NOW)
        )


def run(*command: str) -> str:
    done = RUN.invoke(app, ["prices", *command])
    assert done.exit_code == 0, done.output
    return done.output


def test_a_proposal_is_told_in_words_approved_and_undone() -> None:
    told = run("report")
    assert "(TEA-1): ¥21.90 → ¥22.99 (+5.0 %) · proposed" in told
    assert "Expected margin: ¥3.90 more (¥0.90 … ¥8.70, 90 %)" in told
    assert "elasticity of demand: -0.98" in told
    assert "as far as your limits allow: ¥22.99" in told
    assert "(TEA-2): ¥21.90 → ¥22.99 (+5.0 %) · left alone, to compare with" in told
    assert "can’t be told yet" in told
    number = next(
        one["id"] for one in json.loads(run("report", "--json"))["proposals"] if one["state"] == "proposed"
    )
    assert "costs ¥22.99 from now on" in run("approve", str(number))
    assert "approved" in run("report")
    assert "costs ¥21.90 again" in run("undo", str(number))
    assert "undone" in run("report")


def test_in_chinese() -> None:
    told = run("report", "--language", "zh")
    assert "¥21.90 → ¥22.99（+5.0 %） · 已建议" in told
    assert "需求弹性：-0.98" in told
    assert not any(letter in told for letter in ("elasticity", "margin", "proposed"))


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("told_by", ["looks", "category"])
def test_what_prices_earned_is_told_with_its_interval(
    language: str, told_by: Literal["looks", "category"]
) -> None:
    words = Words(Texts.load(package="bot.staff.console"), language)
    sure = Effect(value=0.04, low=0.01, high=0.07, changed=9, compared=6)
    unsure = Effect(value=-0.02, low=-0.09, high=0.05, changed=8, compared=7)
    first, second = list_words.earned(words, Outcome(effect=sure, substitutes=unsure, told_by=told_by))
    assert "+4.0 %" in first
    assert "+1.0 % … +7.0 %" in first
    assert words("list-earned-unsure") not in first
    assert "-2.0 %" in second
    assert words("list-earned-unsure") in second
    [none] = list_words.earned(words, Outcome(effect=None, substitutes=None, told_by="category"))
    assert none == words("list-earned-none")
