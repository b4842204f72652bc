"""What an import says is said in Chinese as in English: every reason, note and proposal, with its values."""

from __future__ import annotations

import ast
import re
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import bot.shop.importing
from bot.shop.importing.saying import in_language
from bot.shop.importing.told import Refused, record_of
from bot.shop.intake.events import EventRecord
from bot.shop.intake.people import CustomerRecord
from bot.shop.intake.records import OrderRecord, ProductRecord, Record
from kernel.sentence import Sentence, about, general

IMPORTING = Path(bot.shop.importing.__file__).parent
ROOT = IMPORTING.parents[2]
SOURCES = [
    *(IMPORTING.parent / "intake").glob("*.py"),
    *(path for path in IMPORTING.rglob("*.py") if path.name != "undoing.py"),
    *(ROOT / "kernel" / name for name in ("columns.py", "sentence.py", "tables.py")),
]
SAYING = {
    "BadRow": 0, "Unfit": 0, "TableRefused": 0, "Sentence": 0, "ValueError": 0, "Refusal": 3, "Refused": 1, "about": 1,
    "at": 1, "left_out": 1, "incomplete": 1, "unknown": 2,
}  # fmt: skip
"""What is called with a sentence, and which of its arguments that is."""
CHINESE = re.compile(r"[\u3400-\u9fff]")


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return tomllib.loads((IMPORTING / "zh.toml").read_text("utf-8"))


def _calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            yield name, node


def _sentences() -> Iterator[tuple[str, str]]:
    """Each sentence of the code, and where it stands."""
    for path in SOURCES:
        for name, call in _calls(path):
            if name not in SAYING or len(call.args) <= SAYING[name]:
                continue
            argument = call.args[SAYING[name]]
            where = f"{path.name}:{argument.lineno}"
            assert not isinstance(argument, ast.JoinedStr), f"{where}: say values by name in a Sentence"
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                yield argument.value, where


def _names(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_everything_that_is_said_is_said_in_chinese(texts: dict[str, str]) -> None:
    said = dict(_sentences())
    assert len(said) > 50
    missing = {where: one for one, where in said.items() if one not in texts}
    assert not missing, f"zh.toml of bot/shop/importing needs {missing}"


def test_no_text_is_left_of_what_nobody_says_any_more(texts: dict[str, str]) -> None:
    said = {one for one, _ in _sentences()}
    constants = {
        node.value
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert {one for one in texts if not one.startswith("pydantic.")} - said - constants == set()


def test_texts_speak_of_the_same_values(texts: dict[str, str]) -> None:
    for english, chinese in texts.items():
        if not english.startswith("pydantic."):
            assert _names(chinese) == _names(english), english


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (CustomerRecord, {"id": ""}),
        (CustomerRecord, {"id": "x" * 200}),
        (CustomerRecord, {"id": None}),
        (CustomerRecord, {}),
        (CustomerRecord, {"id": "c", "points": "many"}),
        (CustomerRecord, {"id": "c", "points": 1.5}),
        (CustomerRecord, {"id": "c", "points": []}),
        (CustomerRecord, {"id": "c", "points": -1}),
        (CustomerRecord, {"id": "c", "points": 10**12}),
        (CustomerRecord, {"id": "c", "language": "de"}),
        (CustomerRecord, {"id": "c", "email": "nobody"}),
        (CustomerRecord, {"id": "c", "phone": "call me"}),
        (CustomerRecord, {"id": "c", "marketing": "maybe"}),
        (CustomerRecord, {"id": "c", "marketing": []}),
        (CustomerRecord, {"id": "c", "time_zone": "Mars/Base"}),
        (CustomerRecord, {"id": "c", "created_at": "soon"}),
        (CustomerRecord, {"id": "c", "created_at": "2026-01-02T03:04:05"}),
        (CustomerRecord, {"id": "c", "created_at": []}),
        (CustomerRecord, {"id": "c", "created_at": "1066-10-14T12:00:00Z"}),
        (CustomerRecord, {"id": "c", "name": "a\x01b"}),
        (CustomerRecord, {"id": "c", "shoe_size": 43}),
        (ProductRecord, {"id": "p", "list_price": 0}),
        (ProductRecord, {"id": "p", "currency": "euro"}),
        (ProductRecord, {"id": "p", "currency": "QQQ"}),
        (ProductRecord, {"id": "p", "url": "shop.example"}),
        (ProductRecord, {"id": "p", "picture": "../x"}),
        (ProductRecord, {"id": "p", "attributes": []}),
        (ProductRecord, {"id": "p", "category": "tea"}),
        (OrderRecord, {"id": "o", "lines": []}),
        (OrderRecord, {"id": "o", "lines": "none"}),
        (OrderRecord, {"id": "o", "lines": [{"product_id": "p", "unit_price": 1}] * 2_001}),
        (OrderRecord, {"id": "o", "lines": [{"product_id": "p", "unit_price": 10**14, "quantity": 999}]}),
        (OrderRecord, {"id": "o", "status": "lost"}),
        (OrderRecord, {"id": "o", "parcels": [{}]}),
        (OrderRecord, {"status": "paid"}),
        (EventRecord, {"kind": "rating", "customer_id": "c", "at": "2026-01-02T03:04:05Z", "value": 9}),
        (EventRecord, {"kind": "rating", "customer_id": "c", "at": "2026-01-02T03:04:05Z", "value": "good"}),
        (EventRecord, {"kind": "rating", "customer_id": "c", "at": "2026-01-02T03:04:05Z", "value": []}),
    ],
)
def test_what_a_record_can_not_be_is_said_in_both_languages(
    kind: type[Record], fields: dict[str, object]
) -> None:
    refused = record_of(kind, fields, ())
    assert isinstance(refused, Refused)
    assert not CHINESE.search(refused.reason)
    chinese = in_language(refused.reason, "zh")
    assert CHINESE.search(chinese), refused.reason
    assert "{" not in chinese
    assert not re.search(r"[a-z]{3,} [a-z]{2,} [a-z]{2,}", chinese), chinese


def test_the_value_is_named_in_a_reason_and_not_where_equal_ones_are_counted() -> None:
    reason = about("abc", "is not a number")
    assert (reason, general(reason)) == ("'abc' is not a number", "is not a number")
    assert in_language(reason, "zh") == "“abc”不是数字"
    assert in_language(general(reason), "zh") == "不是数字"
    assert general("there is no value") == "there is no value"


def test_a_sentence_stays_one_in_an_error() -> None:
    reason = Sentence("{path} is empty", path="/home/x")
    assert str(ValueError(reason)) is reason
    assert reason.put(lambda word: word.rpartition("/")[2]) == "x is empty"


def test_what_has_no_words_in_a_language_is_said_in_english() -> None:
    assert in_language("nobody says this", "zh") == "nobody says this"
    assert in_language(Sentence("no {thing} here", thing="tea"), "zh") == "no tea here"
