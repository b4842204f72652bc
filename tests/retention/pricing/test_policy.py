"""What an owner writes is read exactly, and every mistake is named at once."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from retention.pricing.list_rules import ApprovalRule
from retention.pricing.policy import WrittenPrices, parse_prices, read_prices
from retention.pricing.rules import POLICY, policy_id
from retention.types import PricePolicy
from retention.written import RulesInvalid

SHANGHAI = ZoneInfo("Asia/Shanghai")


def problems(text: str) -> list[str]:
    with pytest.raises(RulesInvalid) as invalid:
        parse_prices(text)
    return invalid.value.problems


def test_without_a_file_the_rules_are_the_published_ones(tmp_path: Path) -> None:
    written = read_prices(tmp_path / "prices.toml")
    assert written.policy() == PricePolicy()
    assert policy_id(written.policy()) == POLICY
    assert written.spending() == ()


def test_every_key_arrives_in_the_unit_of_decisions() -> None:
    policy = parse_prices(
        """
        on = true
        bought_before = 1.5
        largest_discount = 12.5
        endings = [".90", "9"]
        valid_hours = 24
        cooldown_hours = 0
        [[loyalty]]
        purchase_days = 3
        off = 4
        [[overstock]]
        days_of_cover = 90
        off = 2.25
        [win_back]
        from_risk = 0.6
        least = 6
        most = 9
        [margin]
        default = 15
        categories = { Tea = 33.3, "Home & garden" = 5 }
        [least]
        off = 2
        amounts = { GBP = 0.75, JPY = 120 }
        [caps]
        at_once = 3
        made = 10
        in_days = 7
        """
    ).policy()
    assert policy == PricePolicy(
        loyalty=((3, 400),), bought_before=150, overstock=((90.0, 225),), win_back_from=0.6, win_back_least=600,
        win_back_most=900, margin_floor=0.15, margin_floors=(("home & garden", 0.05), ("tea", 0.333)),
        max_discount=0.125, least_share=200, least_amounts=(("GBP", 75), ("JPY", 120)), endings=(".90", "9"),
        most_live=3, most_made=10, most_made_days=7, validity_hours=24, cooldown_hours=0,
    )  # fmt: skip


def test_the_mark_of_changed_rules_is_the_same_for_the_same_rules_alone() -> None:
    changed = parse_prices("bought_before = 3").policy()
    assert policy_id(changed) == policy_id(parse_prices("bought_before = 3.00").policy())
    assert policy_id(changed).startswith(f"{POLICY}+")
    assert policy_id(changed) != policy_id(parse_prices("bought_before = 4").policy())
    # What may be spent shapes no price by itself.
    assert policy_id(parse_prices('[budget]\ncurrency = "CNY"\ntotal = 1\neach = "day"').policy()) == POLICY


def test_every_mistake_is_told_at_once_with_its_key() -> None:
    told = problems(
        """
        on = "yes"
        largest_discount = 120
        bought_before = true
        endings = ["ninety"]
        valid_hours = 0
        discount = 5
        [[loyalty]]
        purchase_days = 5
        off = 4
        [[loyalty]]
        purchase_days = 2
        off = 6
        [win_back]
        least = 9
        most = 8
        [margin]
        default = 100
        [least]
        amounts = { XQX = 1 }
        [caps]
        at_onc = 3
        [budget]
        currency = "CNY"
        total = 10.001
        """
    )
    keys = [line.partition(":")[0] for line in told]
    assert sorted(keys) == sorted(
        ["on", "largest_discount", "bought_before", "endings", "valid_hours", "discount", "loyalty", "win_back",
         "margin.default", "least.amounts.XQX", "caps.at_onc", "budget.total"]
    )  # fmt: skip
    assert "caps.at_onc: is no rule; there are at_once, made, in_days" in told
    assert any(line.startswith("discount: is no rule; there are on, learn, loyalty") for line in told)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("[[loyalty]]\npurchase_days = 2\noff = 5\n[[loyalty]]\npurchase_days = 4\noff = 3", "must not fall"),
        ("[[loyalty]]\npurchase_days = 2\noff = 5\n[[loyalty]]\npurchase_days = 2\noff = 6", "has to rise"),
        ("largest_discount = nan", "finite"),
        ("largest_discount = -1", "greater than or equal to 0"),
        ("bought_before = 0.005", "decimal places"),
        ('[budget]\ncurrency = "CNY"\ntotal = 1', "needs either each"),
        ('[budget]\ncurrency = "CNY"\ntotal = 1\neach = "day"\nfirst_day = 2026-01-01', "needs either each"),
        ('[budget]\ncurrency = "CNY"\ntotal = 1\nfirst_day = 2026-01-01', "needs both"),
        ('[budget]\ncurrency = "CNY"\ntotal = 1\nfirst_day = 2026-01-02\nlast_day = 2026-01-01', "is before"),
        ('[budget]\ncurrency = "JPY"\ntotal = 1.5\neach = "day"', "more decimal places than JPY (0)"),
        ('[budget]\ncurrency = "CNY"\ntotal = 1\neach = "day"\ncampaigns = { a = 0.001 }', "budget.campaigns: 0.001"),
        ('[budget]\ncurrency = "cny"\ntotal = 1\neach = "day"', "is no currency"),
        ('[budget]\ncurrency = "CNY"\ntotal = 1e14\neach = "day"', "more than any shop"),
        ("on = ", "Invalid value"),
        ('[[budget]]\ncurrency = "CNY"\ntotal = 1\neach = "day"\n' * 2, "same currency and period"),
        ('[[budget]]\ncurrency = "CNY"\ntotal = 1\neach = "day"\n[[budget]]\ntotal = -1', "budget.1.total: "),
        ("[list_prices]\nstep = 100", "list_prices.step: "),
        ("[list_prices]\nfloors = { A = 2 }\nceilings = { A = 1 }", "the floor of A lies above its ceiling"),
        ('[list_prices]\napprove = "by_rule"', "needs [list_prices.rule]"),
        ('[list_prices]\napprove = "sometimes"', "list_prices.approve: "),
        ("[list_prices.rule]\nlargest_change = 0", "list_prices.rule.largest_change: "),
        ('[list_prices]\nendings = ["ninety"]', "list_prices.endings: "),
        ("[[list_prices.sales]]\nfirst_day = 2026-01-02\nlast_day = 2026-01-01", "is before"),
        ("[list_prices]\nsell_by = { A = 2026 }", "list_prices.sell_by.A: "),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_the_reason(text: str, part: str) -> None:
    assert any(part in line for line in problems(text))


def test_a_budgets_period_is_the_shops_own_day_week_or_month() -> None:
    def period(each: str, now: datetime) -> tuple[str, datetime, datetime]:
        text = f'[budget]\ncurrency = "CNY"\ntotal = 12.5\neach = "{each}"'
        [budget] = parse_prices(text).spending()
        assert budget.total == 1_250
        found = budget.period(now, SHANGHAI)
        assert found is not None
        assert found.starts_at <= now < found.ends_at
        return found.name, found.starts_at, found.ends_at

    # Half past midnight of the first of March, a Sunday, in Shanghai.
    now = datetime(2026, 2, 28, 16, 30, tzinfo=UTC)
    assert period("day", now)[0] == "CNY day 2026-03-01"
    assert period("week", now)[0] == "CNY week 2026-02-23"
    assert period("month", now) == (
        "CNY month 2026-03-01",
        datetime(2026, 2, 28, 16, tzinfo=UTC),
        datetime(2026, 3, 31, 16, tzinfo=UTC),
    )


def test_a_day_that_the_clocks_change_has_its_own_length() -> None:
    [budget] = parse_prices('[budget]\ncurrency = "EUR"\ntotal = 1\neach = "day"').spending()
    found = budget.period(datetime(2026, 3, 29, 12, tzinfo=UTC), ZoneInfo("Europe/Berlin"))
    assert found is not None
    assert (found.ends_at - found.starts_at).total_seconds() == 23 * 3_600


def test_fixed_days_hold_from_the_first_to_the_last() -> None:
    text = '[budget]\ncurrency = "CNY"\ntotal = 1\nfirst_day = 2026-11-01\nlast_day = 2026-11-11'
    [budget] = parse_prices(text).spending()
    for moment, runs in (
        (datetime(2026, 10, 31, 15, 59, tzinfo=UTC), False),
        (datetime(2026, 10, 31, 16, tzinfo=UTC), True),
        (datetime(2026, 11, 11, 15, 59, tzinfo=UTC), True),
        (datetime(2026, 11, 11, 16, tzinfo=UTC), False),
    ):
        assert (budget.period(moment, SHANGHAI) is not None) == runs


def test_numbers_keep_the_digits_that_were_written() -> None:
    assert parse_prices("bought_before = 0.10").bought_before == Decimal("0.10")
    assert WrittenPrices().policy().max_discount == 0.2


def test_a_rule_covers_what_it_names_and_everything_where_it_names_nothing() -> None:
    def rule(text: str) -> ApprovalRule:
        written = parse_prices(
            f'[list_prices]\napprove = "by_rule"\n[list_prices.rule]\nlargest_change = 2\n{text}'
        )
        assert written.list_prices.approving is not None
        return written.list_prices.approving

    assert rule("").covers("TEA-1", None)
    some = rule('categories = ["Tea"]\nproducts = ["CUP-1"]')
    assert some.covers("TEA-1", "tea")
    assert some.covers("CUP-1", "cups")
    assert not some.covers("CUP-2", "cups")
    assert not some.covers("CUP-2", None)
    by_hand = parse_prices("[list_prices.rule]\nlargest_change = 2").list_prices
    assert by_hand.approving is None
