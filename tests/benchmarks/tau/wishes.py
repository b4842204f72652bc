"""What the customer of a task wants: its actions, as wishes that a person can put into words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.benchmarks.tau.shop import Data, Json, full_name, number_of, street

KINDS = {
    "cancel_pending_order": "cancel_order",
    "modify_pending_order_items": "change_order",
    "modify_pending_order_address": "change_address",
    "modify_user_address": "account_address",
    "modify_pending_order_payment": "change_payment",
    "return_delivered_order_items": "return",
    "exchange_delivered_order_items": "exchange",
    "transfer_to_human_agents": "human",
}
"""Each action and the kind of request that it is here; a person is asked for without a request."""
NEEDS = {
    "cancel_order": ("order", "reason"),
    "change_order": ("order", "items", "wanted", "payment"),
    "change_address": ("order", "address"),
    "account_address": ("address",),
    "change_payment": ("order", "payment"),
    "return": ("order", "items", "payment"),
    "exchange": ("order", "items", "wanted", "payment"),
    "human": (),
}
"""What has to be told for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something that was ordered, and what it should be instead."""

    id: str
    name: str
    options: Mapping[str, str]
    wanted: Mapping[str, str]
    """The options that are to be different; empty where it only goes back."""
    near: Mapping[str, str]
    """Of other items of this name in the same order, the options that tell this one apart."""
    shared: frozenset[str]
    """Values that more than one of its options can have."""
    choices: Mapping[str, tuple[str, ...]]
    """What else each option that is to be different can be: what somebody may say by mistake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One request that has to be made."""

    kind: str
    order: str = ""
    items: tuple[Item, ...] = ()
    others: tuple[Item, ...] = ()
    """What else is in the order."""
    reason: str = ""
    address: Mapping[str, str] | None = None
    payment: str = ""
    """As its owner calls it: gift card, PayPal, Visa ending in 1234."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A task: who comes, and all that they want."""

    number: int
    customer: str
    name: str
    orders: tuple[str, ...]
    """The numbers of all their orders."""
    wishes: tuple[Wish, ...]


def street_of(address: Mapping[str, str]) -> str:
    """An address in one line, as it is written in the country."""
    return f"{street(address)}, {address['city']}, {address['state']} {address['zip']}"


def goals(data: Data) -> Iterator[Goal | str]:
    """The tasks that can be played, and for each other why it can't."""
    for number, task in enumerate(data.tasks):
        wishes = tuple(_wish(data, task, action) for action in task["actions"] if action["name"] in KINDS)
        if not wishes:
            yield "nothing is to be done"
            continue
        if any("wanted" in NEEDS[wish.kind] and not item.wanted for wish in wishes for item in wish.items):
            yield "an item is to be changed into itself"
            continue
        user = data.users[task["user_id"]]
        yield Goal(
            number=number,
            customer=task["user_id"],
            name=full_name(user),
            orders=tuple(number_of(order) for order in user["orders"]),
            wishes=wishes,
        )


def _wish(data: Data, task: Json, action: Json) -> Wish:
    kind, said = KINDS[action["name"]], action["kwargs"]
    order = data.orders.get(said.get("order_id", ""))
    methods = data.users[task["user_id"]]["payment_methods"]
    method = methods.get(said.get("payment_method_id", ""))
    ids = dict.fromkeys(said.get("item_ids", ()))
    news = dict(zip(said.get("item_ids", ()), said.get("new_item_ids", ()), strict=False))
    ordered = {item["item_id"]: item for item in order["items"]} if order is not None else {}
    items = {one: _item(data, item, ordered, news.get(one)) for one, item in ordered.items()}
    return Wish(
        kind=kind,
        order=number_of(said.get("order_id", "")),
        items=tuple(items[one] for one in ids),
        others=tuple(item for one, item in items.items() if one not in ids),
        reason=said.get("reason", ""),
        address={name: said[name] for name in ("address1", "address2", "city", "state", "zip")}
        if "address1" in said
        else None,
        payment=_called(method) if method else "",
    )


def _called(method: Json) -> str:
    names = {"paypal": "PayPal", "gift_card": "gift card"}
    if method["source"] in names:
        return names[method["source"]]
    return f"{method['brand'].title()} ending in {method['last_four']}"


def _item(data: Data, item: Json, ordered: Mapping[str, Json], new: str | None) -> Item:
    variants = data.products[item["product_id"]]["variants"]
    options: dict[str, str] = dict(item["options"])
    target: Mapping[str, str] = variants[new]["options"] if new else options
    wanted = {key: value for key, value in target.items() if options.get(key) != value}
    twins = [
        one for one in ordered.values() if one["name"] == item["name"] and one["item_id"] != item["item_id"]
    ]
    values = Counter(
        value for _, value in {pair for one in variants.values() for pair in one["options"].items()}
    )
    return Item(
        id=item["item_id"],
        name=item["name"],
        options=options,
        wanted=wanted,
        shared=frozenset(value for value, count in values.items() if count > 1),
        near=_apart(options, [twin["options"] for twin in twins]),
        choices={
            key: tuple(
                sorted({one["options"][key] for one in variants.values()} - {value, options.get(key, "")})
            )
            for key, value in wanted.items()
        },
    )


def _apart(options: Mapping[str, str], others: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """One option that none of some others has, if there is one, else all in which they differ."""
    different = {key: value for key, value in options.items() if any(one.get(key) != value for one in others)}
    alone = [key for key, value in different.items() if all(one.get(key) != value for one in others)]
    return {alone[0]: different[alone[0]]} if alone else different
