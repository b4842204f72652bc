"""Every mistake in prices.toml is said in the reader's language, with what is named in it."""

from __future__ import annotations

import inspect
import re

import pytest

from bot.conversation.texts import Texts
from bot.staff.console.mistake_words import mistake
from bot.staff.console.words import Words
from retention.pricing import list_rules, parts, policy
from retention.pricing.policy import parse_prices
from retention.written import Problem, RulesInvalid

BUDGET = '[budget]\ncurrency = "CNY"\neach = "day"\ntotal = 1\n'
WRONG = [
    "on = ",
    "on = 1 2",
    "discounts = 1",
    'on = "yes"',
    "valid_hours = 1.5",
    "valid_hours = 0",
    "valid_hours = 9999",
    "largest_discount = 101",
    "largest_discount = -1",
    'largest_discount = "a"',
    "largest_discount = nan",
    "bought_before = 0.001",
    "loyalty = 3",
    "loyalty = [3]",
    "[[loyalty]]\npurchase_days = 1",
    "[[overstock]]\ndays_of_cover = 0\noff = 1",
    "[[overstock]]\ndays_of_cover = 2\noff = 1\n[[overstock]]\ndays_of_cover = 2\noff = 1",
    "[[overstock]]\ndays_of_cover = 2\noff = 2\n[[overstock]]\ndays_of_cover = 3\noff = 1",
    "[margin]\ndefault = 100",
    "[margin]\ncategories = 3",
    '[margin]\ncategories = { "" = 3 }',
    "[win_back]\nleast = 9\nmost = 8",
    "endings = [1]",
    'endings = ["ninety"]',
    BUDGET.replace("CNY", "cny"),
    BUDGET.replace("day", "year"),
    BUDGET.replace("= 1", "= 1.001"),
    BUDGET.replace("= 1", "= 1e14"),
    BUDGET.replace('each = "day"', ""),
    BUDGET.replace('each = "day"', "first_day = 2026-01-01"),
    BUDGET.replace('each = "day"', "first_day = 2026-01-02\nlast_day = 2026-01-01"),
    BUDGET.replace("[budget]", "[[budget]]") * 2,
    "[list_prices]\nsell_by = { A = 2026 }",
    '[list_prices]\nsell_by = { A = "soon" }',
    "[list_prices]\nsell_by = { A = [] }",
    "[list_prices]\nfloors = { A = 2 }\nceilings = { A = 1 }",
    '[list_prices]\napprove = "by_rule"',
]
CODES = re.compile(r'Mistake\(\s*"([a-z_]+)"')
TEXTS = Texts.load(package="bot.staff.console")


def found_in(text: str) -> list[Problem]:
    with pytest.raises(RulesInvalid) as invalid:
        parse_prices(text)
    return list(invalid.value.found)


@pytest.mark.parametrize("text", WRONG)
def test_a_mistake_is_said_in_both_languages(text: str) -> None:
    for one in found_in(text):
        assert f"mistake-{one.code}" in TEXTS.variables["zh"], one
        chinese = mistake(Words(TEXTS, "zh"), one)
        assert re.search("[\u4e00-\u9fff]", chinese), chinese
        english = mistake(Words(TEXTS, "en"), one)
        for said in (chinese, english):
            assert said.startswith(one.key)
            assert "Input" not in said
            assert "$" not in said


def test_every_mistake_of_our_own_is_among_them() -> None:
    sources = "".join(inspect.getsource(module) for module in (parts, policy, list_rules))
    seen = {one.code for text in WRONG for one in found_in(text)}
    codes = set(CODES.findall(sources))
    assert len(codes) > 10
    assert codes - seen == set()
