"""The scripted customer reads what is written, tells what it was asked, and is judged by what was asked of the shop."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from storage.requests import Request
from tests.benchmarks.stage import RECORDS
from tests.benchmarks.tau.customer import Customer
from tests.benchmarks.tau.judging import Played, judge
from tests.benchmarks.tau.reading import read
from tests.benchmarks.tau.shop import Data, pages, records
from tests.benchmarks.tau.wishes import Goal, goals

MUGS = {
    "11": {"item_id": "11", "options": {"color": "blue", "size": "S"}, "available": True, "price": 9.5},
    "12": {"item_id": "12", "options": {"color": "red", "size": "S"}, "available": True, "price": 9.9},
    "13": {"item_id": "13", "options": {"color": "green", "size": "S"}, "available": False, "price": 9.0},
}
TENTS = {
    "21": {"item_id": "21", "options": {"waterproof": "yes"}, "available": True, "price": 90.0},
    "22": {"item_id": "22", "options": {"waterproof": "no"}, "available": True, "price": 70.0},
}
PLACE = {
    "address1": "4 Fen Row",
    "address2": "",
    "city": "Ely",
    "state": "CA",
    "zip": "90001",
    "country": "USA",
}
USER = {
    "name": {"first_name": "Bo", "last_name": "Reed"},
    "address": PLACE,
    "email": "bo@example.com",
    "payment_methods": {"p1": {"source": "paypal", "id": "p1"}},
    "orders": ["#W1000001", "#W1000002"],
}


def _order(number: str, status: str) -> dict[str, Any]:
    items = [
        {"name": "Mug", "product_id": "1", "item_id": "11", "price": 9.5, "options": MUGS["11"]["options"]},
        {
            "name": "Tent",
            "product_id": "2",
            "item_id": "21",
            "price": 90.0,
            "options": TENTS["21"]["options"],
        },
    ]
    return {
        "order_id": number,
        "user_id": "bo_1",
        "address": PLACE,
        "items": items,
        "fulfillments": [{"tracking_id": ["77"], "item_ids": ["11", "21"]}],
        "status": status,
        "payment_history": [{"transaction_type": "payment", "amount": 99.5, "payment_method_id": "p1"}],
    }


def _task(*actions: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    return {"user_id": "bo_1", "actions": [{"name": name, "kwargs": said} for name, said in actions]}


EXCHANGE = (
    "exchange_delivered_order_items",
    {"order_id": "#W1000001", "item_ids": ["11"], "new_item_ids": ["12"], "payment_method_id": "p1"},
)
CANCEL = ("cancel_pending_order", {"order_id": "#W1000002", "reason": "ordered by mistake"})
INTO_ITSELF = (
    "modify_pending_order_items",
    {"order_id": "#W1000002", "item_ids": ["11"], "new_item_ids": ["11"], "payment_method_id": "p1"},
)
DATA = Data(
    users={"bo_1": USER},
    orders={
        "#W1000001": _order("#W1000001", "delivered"),
        "#W1000002": _order("#W1000002", "pending"),
    },
    products={
        "1": {"name": "Mug", "product_id": "1", "variants": MUGS},
        "2": {"name": "Tent", "product_id": "2", "variants": TENTS},
    },
    tasks=[_task(EXCHANGE, CANCEL), _task(INTO_ITSELF), _task()],
    policy="# Policy\n\nBe kind.\n\n## Domain basic\n\n- Facts.\n\n## Returns\n\n- Within a week.\n",
)


def _goal() -> Goal:
    first = next(iter(goals(DATA)))
    assert isinstance(first, Goal)
    return first


def _request(kind: str, order: str, **details: str) -> Request:
    return Request(
        id=1,
        number="R1",
        kind=kind,
        conversation_id=1,
        customer_id="bo_1",
        order_id=order,
        details=details,
        state="asked",
        order_number=order,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        decided_at=None,
        staff_id=None,
        note="",
        channel="telegram",
        address="a",
        language="en",
    )


def test_the_data_are_told_as_a_shop_tells_them() -> None:
    told = records(DATA)
    assert {kind: len(adapter.validate_python(told[kind])) for kind, adapter in RECORDS.items()} == {
        "customers": 1,
        "products": 5,
        "orders": 2,
    }
    assert pages(DATA) == "# Policy\n\n## Returns\n\n- Within a week.\n"


def test_absent_data_are_told_of(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="not in the repository"):
        Data.read(tmp_path)


def test_tasks_become_wishes_and_what_cannot_be_said_is_left_out() -> None:
    goal, *others = goals(DATA)
    assert isinstance(goal, Goal)
    assert [(wish.kind, wish.order) for wish in goal.wishes] == [
        ("exchange", "W1000001"),
        ("cancel_order", "W1000002"),
    ]
    assert goal.wishes[0].items[0].wanted == {"color": "red"}
    assert others == ["an item is to be changed into itself", "nothing is to be done"]


def test_answers_are_read_as_they_stand() -> None:
    asked = read(
        "I can ask for an exchange for order W1000001 (Mug). Which item, and what would you like instead?"
    )
    assert asked.asks == ("items", "wanted")
    made = read("I've asked for order W1000002 to be cancelled, request R261128-ABCDE. I'll tell you.")
    assert made.made == (("cancel_order", "W1000002"),)
    assert not made.asks
    shall = read("Cancel order W1000002 (Mug, $9.50)?\n  [Yes, cancel]\n  [No, keep it]")
    assert shall.confirms == "W1000002"
    assert shall.labels == ("Yes, cancel", "No, keep it")
    assert read("Do you mean “Change my order” or “Get a refund”?").choices == (
        "Change my order",
        "Get a refund",
    )
    assert read("").silent


@pytest.mark.parametrize("style", ["terse", "chatty", "at once", "corrects", "wanders"])
@pytest.mark.parametrize("seed", range(4))
def test_a_customer_tells_everything_and_comes_to_an_end(style: str, seed: int) -> None:
    """With a shop that asks for each thing once, in whatever way it is told."""
    asks = (
        "Which order do you mean?",
        "Which item of order W1000001, and what would you like instead?",
        "I've asked for an exchange for order W1000001, request R261128-AAAAA: red.",
        "Thank you, I've added that to request R261128-AAAAA.",
        "Cancel order W1000002 (Mug)?\n  [Yes, cancel]",
        "I've asked for order W1000002 to be cancelled, request R261128-BBBBB.",
        "Thank you, I've added that to request R261128-BBBBB.",
    )
    customer = Customer(_goal(), style, random.Random(seed))
    said: list[str] = []
    move, place = customer.opens(), 0
    while move is not None and len(said) < 14:
        said.append(move.text)
        wish = customer.wish.kind
        place = max(place, 4 if wish == "cancel_order" else 0)
        answer, place = asks[min(place, len(asks) - 1)], place + 1
        following = customer.replies(answer)
        if following is None:
            break
        move = following
    assert len(said) < 14
    whole = "\n".join(said).casefold()
    assert all(word in whole for word in ("mug", "red", "paypal", "mistake"))


def test_a_task_passes_when_exactly_what_was_wanted_is_asked_for() -> None:
    exchange = _request(
        "exchange", "W1000001", products="11", wanted="red", text="the difference to my PayPal please"
    )
    cancel = _request("cancel_order", "W1000002", reason="ordered by mistake")
    played = Played(goal=_goal(), style="terse", said=(), requests=(exchange, cancel), retracted={})
    assert judge(played).passed

    def faults(*requests: Request) -> tuple[str, ...]:
        verdict = judge(replace(played, requests=requests))
        assert not verdict.passed
        return (*verdict.faults, *verdict.extra)

    assert faults(exchange) == ("", "missing")
    assert faults(exchange, replace(cancel, order_number="W1000001")) == ("", "wrong order")
    assert faults(replace(exchange, kind="return"), cancel) == ("another kind: return", "")
    assert faults(exchange, replace(cancel, details={})) == ("", "lacks reason")
    assert faults(exchange, cancel, _request("refund", "W1000001")) == ("", "", "refund")
    both = replace(exchange, details={**exchange.details, "products": "11\n21"})
    assert faults(both, cancel) == ("wrong items", "")


def test_what_was_told_by_mistake_must_not_be_what_is_asked_for() -> None:
    goal = _goal()
    item = goal.wishes[0].items[0]
    mistaken = replace(goal.wishes[0], items=(replace(item, wanted={"color": "green"}),))
    exchange = _request("exchange", "W1000001", products="11", wanted="green", text="red, not green; PayPal")
    cancel = _request("cancel_order", "W1000002", text="by mistake")
    played = Played(
        goal=goal, style="corrects", said=(), requests=(exchange, cancel), retracted={0: mistaken}
    )
    assert judge(played).faults == ("lacks wanted", "")
