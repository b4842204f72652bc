"""The console's words: the same in both languages, and none missing."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import get_args

import pytest

import bot.staff.console
from bot.channels.web import visitors
from bot.conversation.registry import REGISTRY
from bot.conversation.texts import Texts
from bot.linking import guessing
from bot.models.decisions import OfferReason
from bot.shop import prices
from bot.shop.importing.rows import Options
from bot.shop.importing.sources import KINDS
from bot.staff import price_figures
from bot.staff.console.prices_page import TABS
from bot.staff.imports import SOURCES
from retention.pricing import list_price
from storage import price_proposals
from storage.codes import Reason, State
from storage.discrepancies import Difference
from storage.drafts import MODES

ROOT = Path(bot.staff.console.__file__).parent
_SAID = re.compile(r'words\(\s*"([a-z-]+)"')
_GROUPS = re.compile(r'words\.of\(\s*"([a-z]+)"')


@pytest.fixture(scope="module")
def texts() -> Texts:
    return Texts.load(package="bot.staff.console")


def test_both_languages_have_the_same_texts_with_the_same_variables(texts: Texts) -> None:
    assert texts.variables["zh"] == texts.variables["en"]


def test_nothing_that_is_said_is_missing(texts: Texts) -> None:
    known = set(texts.variables["en"])
    said = {name for path in ROOT.glob("*.py") for name in _SAID.findall(path.read_text("utf-8"))}
    assert len(said) > 50
    assert said - known == set()


def test_every_group_has_a_word_for_what_is_not_known(texts: Texts) -> None:
    groups = {name for path in ROOT.glob("*.py") for name in _GROUPS.findall(path.read_text("utf-8"))}
    # Intents and skills of the shop's own are shown by their own names or a general one.
    assert {f"{group}-other" for group in groups} - set(texts.variables["en"]) == set()


def test_every_skill_every_switch_and_every_request_has_a_name(texts: Texts) -> None:
    wanted = {f"skill-{skill.name}" for skill in REGISTRY.skills} | {f"mode-{mode}" for mode in MODES}
    wanted |= {f"kind-{kind.name}" for kind in REGISTRY.requests}
    missing = wanted - set(texts.variables["en"])
    assert not missing, f"zh.ftl and en.ftl of bot/staff/console need {sorted(missing)}"


def test_every_alarm_has_a_name(texts: Texts) -> None:
    assert {f"alarm-{kind}" for kind in (guessing.ALARM, visitors.ALARM)} <= set(texts.variables["en"])


def test_every_refusal_of_a_code_and_every_difference_has_a_name(texts: Texts) -> None:
    wanted = {f"refused-{one}" for one in get_args(Reason) if one != "no_customer"}
    wanted |= {f"differs-{one}" for one in get_args(Difference)} | {f"code-{one}" for one in get_args(State)}
    assert wanted - set(texts.variables["en"]) == set()


def test_every_decision_that_is_written_down_has_a_name(texts: Texts) -> None:
    actions = {f"skill_{mode}" for mode in MODES}
    actions |= {f"campaign_{state}" for state in ("active", "paused", "ended")}
    actions |= {f"request_{state}" for state in ("accepted", "declined", "done")}
    source = (ROOT.parents[1] / "conversation" / "ownership.py").read_text("utf-8")
    actions |= set(re.findall(r'(?:now, |add\()[\w() ]+, "([a-z_]+)"', source))
    actions |= {
        "give_back",
        "close",
        "warning_seen",
        "alarm_seen",
        "code_used",
        "code_given_back",
        "imported",
        "prices_saved",
    }
    source = Path(price_proposals.__file__).read_text("utf-8")
    actions |= set(re.findall(r'"(list_price_[a-z]+)"', source))
    assert {"escalate", "take", "release", "reopen"} <= actions
    assert {f"action-{action}" for action in actions} - set(texts.variables["en"]) == set()


def test_every_part_and_every_reason_of_the_page_of_prices_has_a_name(texts: Texts) -> None:
    wanted = {f"prices-{name}" for name in TABS}
    wanted |= {f"proposed-{code}" for code in _codes(list_price, r'Reason\(code="([a-z_]+)"')}
    wanted |= {
        f"missing-{code}" for code in _codes(price_figures, r'"([a-z_]+)" if|append\(\n? *"([a-z_]+)"')
    }
    wanted |= {f"example-{name}" for name in _codes(prices, r'Example\(name="([a-z-]+)"')}
    wanted |= {f"made-{reason}" for reason in get_args(OfferReason)}
    # It stands in a line of its own; with the others no price was proposed.
    kept = {
        "proposed-expected_margin",
        "proposed-announced_sale",
        "proposed-no_price_within_limits",
        "proposed-no_better_price",
    }
    assert len(wanted) > 20
    assert wanted - kept - set(texts.variables["en"]) == set()


def _codes(module: ModuleType, written: str) -> set[str]:
    found = re.findall(written, Path(str(module.__file__)).read_text("utf-8"))
    return {name for one in found for name in ((one,) if isinstance(one, str) else one) if name}


def test_whatever_is_imported_has_a_name(texts: Texts) -> None:
    options = Options(now=datetime(2026, 11, 28, tzinfo=UTC))
    fields = {
        f"field-{name}" for fields_of, _ in KINDS.values() for name in fields_of(options) if name[-1] != "."
    }
    wanted = fields | {f"source-{name}" for name in SOURCES}
    missing = wanted - set(texts.variables["en"])
    assert not missing, f"zh.ftl and en.ftl of bot/staff/console need {sorted(missing)}"
