"""What counts as a right answer in the benchmark of answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nlu.pages import Section
from tests.benchmarks.answers import KINDS, Facts, came

ROWS = Path(__file__).parent / "answer_rows"
FACTS = Facts(
    sections=(
        Section(page="shipping", title="Taiwan", text="Parcels to Taiwan cost ¥35.", language="en"),
        Section(page="returns", title="How long", text="You have 7 days from the day after.", language="en"),
    ),
    products={"Green Tea": "t1", "Milk Candy": "c1"},
)
QUESTION: dict[str, Any] = {
    "kind": "pages",
    "entry": ["shipping", "Taiwan"],
    "turns": [{"say": "taiwan?", "must": [["¥35"]], "must_not": ["free"]}],
}
NEED: dict[str, Any] = {"kind": "needs", "fits": ["t1"], "broken": ["c1"], "turns": [{"say": "no sugar"}]}


@pytest.mark.parametrize(
    ("row", "answer", "expected"),
    [
        (QUESTION, "Parcels to Taiwan cost ¥35.", "right"),
        (QUESTION, "You have 7 days from the day after.", "wrong"),
        (QUESTION, "I don't know.", "silent"),
        ({**QUESTION, "entry": None}, "I don't know.", "right"),
        ({**QUESTION, "entry": None}, "Parcels to Taiwan cost ¥35.", "wrong"),
        (NEED, "Here:\n  * Green Tea | ¥9.00", "right"),
        (NEED, "Here:\n  * Green Tea | ¥9.00\n  * Milk Candy | ¥2.00", "wrong"),
        (NEED, "Nothing fits.", "silent"),
        ({**NEED, "fits": []}, "Nothing fits.", "right"),
        ({**QUESTION, "kind": "goods"}, "It is ¥35.", "right"),
        ({**QUESTION, "kind": "goods"}, "It is free, or ¥35.", "wrong"),
        ({**QUESTION, "kind": "orders", "order": "A1"}, "¥35 for A1", "right"),
        ({**QUESTION, "kind": "orders", "order": "A1"}, "¥35 for A2", "wrong"),
    ],
)
def test_answers_are_counted_by_what_they_hold(row: dict[str, Any], answer: str, expected: str) -> None:
    assert came(row, [answer], FACTS) == expected


def test_every_row_can_be_asked() -> None:
    shops = {path.name for path in (Path(__file__).parent / "talk_shops").iterdir() if path.is_dir()}
    for path in ROWS.rglob("*.jsonl"):
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            assert row["kind"] in KINDS
            assert row["shop"] in shops
            assert row["turns"]
            assert row["kind"] != "needs" or not {*row["fits"]} & {*row["broken"]}
