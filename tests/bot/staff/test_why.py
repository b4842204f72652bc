"""Where an answer comes from is said to staff in plain lines, in their language."""

from __future__ import annotations

import re

import pytest

from bot.conversation.registry import REGISTRY
from bot.conversation.texts import Texts
from bot.conversation.trace import Entry, Fact, Of, Price, ReadAs, Rule, Shown, Trace
from bot.staff.console import why
from bot.staff.console.words import Words
from nlu.workshop.dialogues.labels import WISHES
from retention.types import Reason

TEXTS = Texts.load(package="bot.staff.console")
TRACE = Trace(
    read=ReadAs(
        intent="order_status", chance=0.934, wishes=("order_status", "gift_wrap"), acts=("asks_state",)
    ),
    skills=("order_status", "own"),
    entries=(
        Entry(page="returns", title="How many days?", language="en", chance=0.54),
        Entry(page="care", title="Wool", language="zh", chance=1.0, by_before=True),
    ),
    facts=(
        Fact(
            of=Of.ORDER, which="A1024", text="order-fact-address", said={"address": "", "day": "Thu 10 Dec"}
        ),
        Fact(of=Of.PRODUCT, which="Scarf", text="fact", said={"Care": "hand wash"}),
        Fact(of=Of.REQUEST, which="R1", text="return-asked"),
        Fact(of=Of.ORDER, text="refund-goes"),
        Fact(of=Of.SHOP, text="handed-over", said={"within": "5 minutes"}),
    ),
    prices=(
        Price(
            product="P1",
            policy="rules/1",
            personal=True,
            rules=(Rule(code="loyalty", share=0.08), Rule(code="cooldown")),
        ),
    ),
    shown=(
        Shown(product="P2", title="Hat"),
        Shown(product="P3", title="Tea", policy="popular/1", reasons=("popular",)),
    ),
)


def test_each_thing_has_its_line() -> None:
    assert why.lines(Words(TEXTS, "en"), TRACE) == [
        "Read as: where the order is (93.4%) · wishes: gift_wrap · asks how it stands",
        "Answered by: Where is my order?, Topics of the shop's own",
        "Page: returns › How many days?, English (54%)",
        "Page: care › Wool, Chinese (100%) · found together with what was said before",
        "Order A1024: address · day Thu 10 Dec (text order-fact-address)",
        "Product “Scarf”: Care hand wash (text fact)",
        "Request R1 (text return-asked)",
        "Orders (text refund-goes)",
        "Rule or wording of the shop: within 5 minutes (text handed-over)",
        "Personal price for P1: bought on several days −8% · no better price so soon after the last one ended "
        "(rules/1)",
        "Card: “Hat” (P2)",
        "Recommended: “Tea” (P3): popular (popular/1)",
    ]


def test_a_press_and_a_price_for_everybody_have_theirs() -> None:
    price = Price(product="P1", policy="rules/1", personal=False, rules=(Rule(code="no_discount"),))
    told = why.lines(Words(TEXTS, "en"), Trace(read=ReadAs(pressed="offer:ask"), prices=(price,)))
    assert told == [
        "Pressed or typed: offer:ask",
        "No price of their own for P1: no rule gives a discount (rules/1)",
    ]


def test_in_chinese_nothing_is_left_in_english_but_names() -> None:
    told = "\n".join(why.lines(Words(TEXTS, "zh"), TRACE))
    assert "识别为：订单到哪了（93.4%）" in told
    assert "页面：returns › How many days?，英文（54%）" in told
    assert "订单 A1024：地址 · 日期 Thu 10 Dec（话术 order-fact-address）" in told


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_value_that_the_bot_says_has_a_name(language: str) -> None:
    used = {name for names in Texts.load().variables[language].values() for name in names}
    assert {f"fact-{name}" for name in used} - set(TEXTS.variables[language]) == set()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_wish_has_a_name(language: str) -> None:
    wishes = {f"intent-{name}" for name in (*REGISTRY.by_intent, *WISHES)}
    assert wishes - set(TEXTS.variables[language]) == set()


def test_every_reason_of_a_price_or_a_product_has_a_name() -> None:
    assert Reason.__doc__ is not None
    products, prices, _ = re.split(r"Of offers:|Of risk:", Reason.__doc__)
    wanted = {f"because-{code}" for code in re.findall(r"`(\w+)`", products)}
    wanted |= {f"rule-{code}" for code in re.findall(r"`(\w+)`", prices)}
    assert len(wanted) > 15
    assert wanted - set(TEXTS.variables["en"]) == set()
