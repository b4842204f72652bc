"""Whether exactly what a task names was asked of the shop, and if not, why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storage.requests import Request
from tests.benchmarks.tau.templates import REASON_MARKS
from tests.benchmarks.tau.wishes import NEEDS, Goal, Wish
from tests.benchmarks.tau.wordings import holds, marks

_OWN = {"wanted": "wanted", "address": "address", "reason": "reason", "payment": "payment_method"}
"""Which detail of a request is a piece's own."""


LACKS_MONEY = "lacks the way of the refund or difference"
LACKS_REASON = "lacks reason"


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A task as it went."""

    goal: Goal
    style: str
    said: tuple[tuple[str, str], ...]
    """Message and answer."""
    requests: tuple[Request, ...]
    retracted: Mapping[int, Wish]
    reached_person: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of each wish, and what was asked for besides."""

    faults: tuple[str, ...]
    """By the place of a wish; empty where it is as it should be."""
    extra: tuple[str, ...]
    """Kinds of requests that nobody wanted."""
    in_fields: bool
    """Whether every value also stands in the field that is made for it, and not in the customer's words alone."""

    @property
    def passed(self) -> bool:
        """Whether all was asked for and nothing else."""
        return self.passed_but_for()

    def passed_but_for(self, *faults: str) -> bool:
        """The same where some faults are let pass."""
        return not self.extra and all(fault in ("", *faults) for fault in self.faults)


def judge(played: Played) -> Verdict:
    """Compare what was asked of the shop with what the customer wanted."""
    left = list(played.requests)
    pairs: list[Request | None] = []
    for wish in played.goal.wishes:
        made = next(
            (one for one in left if one.kind == wish.kind and (one.order_number or "") == wish.order), None
        )
        pairs.append(made)
        if made is not None:
            left.remove(made)
    faults, fields = [], True
    for place, (wish, made) in enumerate(zip(played.goal.wishes, pairs, strict=True)):
        if wish.kind == "human":
            faults.append("" if played.reached_person else "missing")
        elif made is None:
            faults.append(_unmade(wish, left))
        else:
            faults.append(_fault(wish, made, played.retracted.get(place)))
            fields &= not _lacking(wish, made, None, own=True)
    return Verdict(faults=tuple(faults), extra=tuple(one.kind for one in left), in_fields=fields)


def _unmade(wish: Wish, left: list[Request]) -> str:
    """Why there is no such request; one of its kind for another order is taken away from what is left."""
    wrong = next((one for one in left if one.kind == wish.kind), None)
    if wrong is not None:
        left.remove(wrong)
        return "wrong order"
    other = next((one for one in left if (one.order_number or "") == wish.order), None)
    if other is not None:
        left.remove(other)
        return f"another kind: {other.kind}"
    return "missing"


def _fault(wish: Wish, made: Request, wrong: Wish | None) -> str:
    if "items" in NEEDS[wish.kind]:
        told = {one for one in str(made.details.get("products", "")).split("\n") if one}
        if told != {item.id for item in wish.items}:
            return "wrong items"
    lacking = _lacking(wish, made, wrong, own=False)
    if lacking == ["payment"] and wish.kind != "change_payment":
        return LACKS_MONEY
    return f"lacks {lacking[0]}" if lacking else ""


def _lacking(wish: Wish, made: Request, wrong: Wish | None, *, own: bool) -> list[str]:
    """Pieces that a request doesn't hold: anywhere, or each in its own field where it has one."""
    whole = "\n".join(str(value) for value in made.details.values()).casefold()
    found = []
    for name in NEEDS[wish.kind]:
        field = str(made.details.get(_OWN.get(name, ""), "")).casefold()
        kept_in_words = name == "payment" and wish.kind != "change_payment"
        text = field if own and not kept_in_words else whole
        needed, mistaken = _values(name, wish), _values(name, wrong) if wrong is not None else []
        missing = not all(holds(text, ways) for ways in needed)
        stale = [ways for ways in mistaken if ways not in needed]
        kept = any(holds(field, ways) for ways in stale) and not all(holds(field, ways) for ways in needed)
        if missing or kept:
            found.append(name)
    return found


def _values(name: str, wish: Wish) -> Sequence[tuple[str, ...]]:
    """What has to stand in a request for one piece: of each group one."""
    if name == "reason":
        return [REASON_MARKS[wish.reason]] if wish.reason else []
    if name == "wanted":
        return [marks(key, value) for item in wish.items for key, value in item.wanted.items()]
    if name == "address" and wish.address:
        return [(wish.address["address1"].casefold(),), (wish.address["zip"],)]
    if name == "payment" and wish.payment:
        return [(wish.payment.casefold().rpartition(" in ")[2].rpartition(" ")[2],)]
    return []
