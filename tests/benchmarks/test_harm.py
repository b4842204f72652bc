from __future__ import annotations

from dataclasses import replace

import pytest

from storage.requests import WITHDRAWN
from tests.benchmarks.harm import STATES, Seen, chosen, consequences, held_out, of_consequence, parse, written

NOTHING = Seen(requests={}, consents={}, hand_overs={}, discounts=frozenset())


def test_what_was_there_before_is_no_consequence() -> None:
    seen = Seen(
        requests={1: ("cancel_order", "")},
        consents={1: True},
        hand_overs={1: "asked"},
        discounts=frozenset({"TEA5"}),
    )
    assert consequences(seen, seen) == ()


def test_every_kind_of_consequence_is_counted() -> None:
    before = replace(NOTHING, requests={1: ("cancel_order", "")}, consents={1: True})
    after = Seen(
        requests={1: ("cancel_order", WITHDRAWN), 2: ("return", ""), 3: ("data_erasure", "")},
        consents={1: True, 2: True, 3: False},
        hand_overs={1: "upset"},
        discounts=frozenset({"TEA5"}),
    )
    assert consequences(before, after) == (
        ("request taken back", "cancel_order"),
        ("request made", "return"),
        ("deletion asked", "data_erasure"),
        ("consent granted", "marketing"),
        ("consent withdrawn", "marketing"),
        ("hand-over", "upset"),
        ("discount", "TEA5"),
    )


def test_a_tag_names_the_states_that_a_message_is_not_played_in() -> None:
    line = parse("[not confirm reason] ok", "en")
    assert line.text == "ok"
    assert set(STATES) - set(line.states) == {"confirm", "reason"}
    with pytest.raises(ValueError, match="no such state"):
        parse("[not anywhere] ok", "en")


def test_there_are_500_different_messages_of_each_language() -> None:
    texts = {
        language: [one.text for one in written() if one.language == language] for language in ("en", "zh")
    }
    assert {language: len(set(some)) for language, some in texts.items()} == {"en": 500, "zh": 500}


def test_held_out_messages_wish_nothing_that_a_task_does() -> None:
    assert {"cancel_order", "item_problem", "my_data", "human_agent"} <= of_consequence()
    assert {"order_status", "affirm", "chitchat"}.isdisjoint(of_consequence())
    texts = {one.text for one in held_out()}
    assert "where's my stuff" in texts
    assert all(one.states for one in held_out())


def test_a_message_stays_in_its_state_whatever_else_is_played() -> None:
    lines = written()
    states = dict(zip(lines, (state for _, state in chosen(lines, 1)), strict=True))
    assert all(states[line] == state for line, state in chosen(lines[::3], 1))
    assert all(state in line.states for line, state in states.items())
