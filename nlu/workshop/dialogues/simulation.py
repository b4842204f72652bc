"""Single messages of the corpus set into conversations: what is a wish of its own everywhere, wherever it is said.

So the reader learns that a question open doesn't make an answer of every message.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from nlu.acts import Act, DialogueState
from nlu.workshop.datasets import Example
from nlu.workshop.dialogues import labels
from nlu.workshop.dialogues.corpus import LabelledTurn, Stretch

ALONE = 0.35
"""Share that stays the first message of a conversation."""
_NEAR: Mapping[str, frozenset[str]] = {
    task: frozenset(intents.split())
    for task, intents in {
        "cancel_order": "cancel_order refund_request change_order",
        "change_items": "change_order cancel_order stock_question return_request product_question",
        "change_address": "change_address",
        "account_address": "change_address account_problem",
        "change_payment": "payment_methods payment_problem",
        "return": "return_request refund_request item_problem return_policy",
        "exchange": "return_request item_problem change_order stock_question",
        "refund": "refund_request refund_status return_request item_problem",
        "item_problem": "item_problem return_request refund_request complaint delivery_problem usage_help"
        " warranty_repair",
        "delivery_problem": "delivery_problem order_status complaint",
        "chase": "order_status delivery_time delivery_problem",
        "invoice": "invoice_request",
        "discount": "discount_request price_question coupon_problem",
        "recommend": "recommend_request product_search product_question",
        "search": "product_search recommend_request product_question",
        "size_advice": "product_question stock_question",
        "restock_notice": "stock_question opt_in",
        "opt_in": "opt_in opt_out",
        "opt_out": "opt_out opt_in",
        "delete_data": "my_data account_problem opt_out",
        "human": "human_agent complaint",
        "review": "leave_review",
        "show": "product_search product_question price_question stock_question recommend_request",
    }.items()
}
"""Wishes that may be about a task under way: set into one, nobody could say what they mean."""
_POINTING = frozenset(
    [
        "product_question",
        "stock_question",
        "price_question",
        "discount_request",
        "recommend_request",
        "product_search",
        "order_status",
        "delivery_time",
        "place_order",
    ]
)
"""Wishes that may be about what is on the screen."""
_ANSWERS = frozenset({"affirm", "deny"})
_WISHES_OF_THEIR_OWN = re.compile(
    r"换货|调换|换(一|个|成|大|小|件|双)|催|哪个(更)?好|区别|身高|体重|(什么|多大|啥).{0,2}码"
    r"|(改|换).{0,4}(付款|支付)|(默认|账[户号]).{0,6}地址"
    r"|\b(exchange|swap|replace\w*|chase|difference|better|compare|(what|which) size)\b"
    r"|\b(change|switch|different|another)\b.{0,20}\bpay|\b(account|profile)\b.{0,20}\baddress",
    re.IGNORECASE,
)
"""Single messages have no intent for an exchange, another way to pay, a comparison, …: what may be one is left out."""


def in_conversations(
    messages: Sequence[Example], turns: Sequence[LabelledTurn], count: int, rng: random.Random
) -> list[LabelledTurn]:
    """So many messages, each in the state of some turn that it can't be about."""
    states = [turn.state for turn in turns]
    usable = [
        one
        for one in messages
        if one.intents
        and not _ANSWERS.intersection(one.intents)
        and not _WISHES_OF_THEIR_OWN.search(one.text)
    ]
    found: list[LabelledTurn] = []
    while len(found) < count:
        message = rng.choice(usable)
        state = DialogueState() if rng.random() < ALONE else rng.choice(states)
        if not _may_be_about(message, state):
            found.append(_set(message, state))
    return found


def _may_be_about(message: Example, state: DialogueState) -> bool:
    intents = set(message.intents or ())
    asked = state.question.task if state.question is not None else ""
    if state.question is not None and state.question.slot == "meaning":
        return True
    near = any(intents & _NEAR.get(task, frozenset()) for task in (asked, *state.tasks, *state.filed))
    return near or (bool(state.shown) and bool(intents & _POINTING))


def _set(message: Example, state: DialogueState) -> LabelledTurn:
    busy = state.question is not None or bool(state.tasks)
    intents = [name for name in message.intents or () if name in labels.WISHES]
    return LabelledTurn(
        text=message.text,
        language="zh" if any("\u4e00" <= character <= "\u9fff" for character in message.text) else "en",
        state=replace(state),
        acts=frozenset({Act.ASIDE}) if busy else frozenset(),
        wishes=tuple(Stretch(label=name, start=0, end=len(message.text)) for name in intents),
        whole=False,
    )
