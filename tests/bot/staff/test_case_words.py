"""What a case is about, in the language of whoever reads it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.ownership import CaseFacts
from bot.conversation.texts import Texts
from bot.staff.console.words import Words
from nlu.acts import Danger
from nlu.intents import INTENTS

FACTS = CaseFacts(wish="item_problem", mood="negative", urgent=True, order="O12", words="杯子碎了！")
DANGER = CaseFacts(danger="poison", words="宝宝吃了")


@pytest.fixture(scope="module")
def texts() -> Texts:
    return Texts.load(package="bot.staff.console")


def test_the_same_facts_read_in_both_languages(texts: Texts) -> None:
    assert Words(texts, "zh").case(FACTS) == "商品损坏、发错或少发（不满、着急） · 订单 O12 · “杯子碎了！”"
    assert Words(texts, "en").case(FACTS) == (
        "faulty, wrong or missing item (upset, pressing) · order O12 · “杯子碎了！”"
    )


def test_danger_is_named_first_in_both_languages(texts: Texts) -> None:
    assert Words(texts, "zh").case(DANGER) == "误食、误吸或入眼 · “宝宝吃了”"
    assert Words(texts, "en").case(DANGER) == "Poison or something swallowed · “宝宝吃了”"
    for language in ("zh", "en"):
        names = {Words(texts, language).of("danger", kind) for kind in Danger}
        assert len(names) == len(Danger)
        assert Words(texts, language).of("reason", "danger") != Words(texts, language).of("reason", "other")


def test_every_intent_has_a_name_of_its_own(texts: Texts) -> None:
    for language in ("zh", "en"):
        names = [Words(texts, language).of("intent", intent) for intent in INTENTS]
        assert len(set(names)) == len(INTENTS)


@given(
    st.builds(
        CaseFacts, wish=st.text(), mood=st.text(), urgent=st.booleans(), danger=st.text(), words=st.text()
    )
)
def test_facts_come_back_as_they_were_written(facts: CaseFacts) -> None:
    assert CaseFacts.read(facts.written()) == facts


@pytest.mark.parametrize("text", ["", "complaint (negative) · “x”", "[1, 2]", '{"colour": "red"}', "3"])
def test_what_is_no_facts_is_taken_for_words(text: str) -> None:
    assert CaseFacts.read(text) == CaseFacts(words=text)
