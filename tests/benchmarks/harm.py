"""Plays messages that wish nothing of consequence, and counts what came of them all the same.

    python -m tests.benchmarks.harm [--model FOLDER] [--seed N] [--at-most N] [--out FOLDER] [--write]

The messages are held-out rows of the corpus and `harm_zh.txt` and `harm_en.txt`, one a line. Each is the next message
of a conversation in a state that the seed chooses; `[not STATE …]` before a message names the states in which it could
rightly be an answer (a bare "ok" after "Cancel order …?"), and it isn't played in those.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete, select

from bot.conversation.memory import Memory
from bot.conversation.registry import REGISTRY
from nlu.datafiles import read_table
from nlu.intents import INTENTS
from storage.requests import WITHDRAWN
from storage.schema import consent, conversation, coupon, escalation, offer, request
from tests.benchmarks.report import machine, table, today, write_section
from tests.benchmarks.stage import Stage
from tests.benchmarks.talk import stage
from tests.benchmarks.tau.figures import share

_HERE = Path(__file__).parent
_SHOP = _HERE / "talk_shops" / "eaverain-tea"
_HELD_OUT = _HERE.parents[1] / "nlu" / "corpus" / "heldout"
_LANGUAGES = ("en", "zh")
_NOT_IN = re.compile(r"\[not ([a-z ]+)\] ")
PROMISED, OF = 2, 2000
"""So many of so many messages may have a consequence."""

WISHES: Mapping[str, str] = {
    "price_protection": "asks for the difference, which is filed",
    "discount_request": "asks for a discount",
    "human_agent": "asks to be handed over",
    "complaint": "is rightly handed over",
    "opt_in": "asks to be written to: a consent",
    "opt_out": "takes a consent back",
    "my_data": "asks for a copy or for deletion",
    "account_problem": "some ask to close the account, some tell of a theft, which is a danger",
    "payment_problem": "some tell of a double charge, which is a danger",
    "warranty_repair": "some ask for a repair",
}
"""Intents that wish something of consequence beside those that the tasks say wish them, with the reason of each."""
_HURRIED = ("order_status", "delivery_time")
"""Urgent rows of these ask to chase the parcel, which is filed; so do those that say 催."""
_TALK_THAT_ANSWERS = ("affirm", "deny")
_UNASKED = ("first", "visitor", "products")
_MAY_BE_A_YES = ("thanks", "goodbye")
_MAY_BE_A_PLACE = ("shipping_options",)
_MAY_BE_A_REASON = (
    "order_status", "delivery_time", "return_policy", "refund_status", "usage_help", "product_question",
    "product_search", "stock_question", "recommend_request", "price_question", "leave_review",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where a conversation stands when a message is played."""

    customer: str
    """Who is linked; nobody for a visitor."""
    said: Mapping[str, tuple[str, ...]]
    """What the customer writes to get there, by language."""
    waits: str = ""
    """The kind of the question that is open then."""


def _opening(en: str, zh: str) -> dict[str, tuple[str, ...]]:
    return {"en": (en,), "zh": (zh,)}


_CANCEL = _opening("please cancel order EY261128", "取消订单EY261128")
STATES: Mapping[str, State] = {
    "first": State(customer="Y1006", said={"en": (), "zh": ()}),
    "visitor": State(customer="", said={"en": (), "zh": ()}),
    "which": State(customer="Y1001", said=_opening("I want to return something", "我想退货"), waits="order"),
    "confirm": State(customer="Y1006", said=_CANCEL, waits="task-confirm"),
    "address": State(
        customer="Y1006",
        said=_opening("I want to change the delivery address of EY261128", "EY261128改一下收货地址"),
        waits="task-value",
    ),
    "reason": State(
        customer="Y1004",
        said=_opening(
            "I want to return the Spring Rain gift box from order EY261119",
            "EY261119这单的一碗春雨礼盒我要退货",
        ),
        waits="task-value",
    ),
    "products": State(customer="Y1006", said=_opening("show me gaiwans", "给我看看盖碗")),
    "filed": State(
        customer="Y1006",
        said={"en": (*_CANCEL["en"], "yes"), "zh": (*_CANCEL["zh"], "是的，取消")},
    ),
}
ABOUT: Mapping[str, str] = {
    "first": "the first message of a linked customer",
    "visitor": "the first message of a visitor",
    "which": "after the bot asked which order",
    "confirm": 'after it asked "Cancel order …?"',
    "address": "while it asks for an address",
    "reason": "while it asks for a return's reason",
    "products": "after products were shown",
    "filed": "after a request was filed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A message that wishes nothing of consequence."""

    text: str
    language: str
    source: str
    """held-out, or written: by hand for this."""
    states: tuple[str, ...] = tuple(STATES)
    """Where it may be played."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What had come into being at a moment."""

    requests: Mapping[int, tuple[str, str]]
    """By id: kind and note."""
    consents: Mapping[int, bool]
    """By id: whether it was granted."""
    hand_overs: Mapping[int, str]
    """By id: the reason."""
    discounts: frozenset[str]
    """Codes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A message as it went."""

    line: Line
    state: str
    talk: tuple[tuple[str, str], ...]
    """What was written and what was answered, the message last."""
    came: tuple[tuple[str, str], ...]
    """Kinds of consequences, each with what it was."""


def parse(text: str, language: str) -> Line:
    """A line of the files written by hand.

    Raises:
        ValueError: its tag names a state that there isn't.
    """
    tag = _NOT_IN.match(text)
    left_out = tag[1].split() if tag else []
    if unknown := set(left_out) - set(STATES):
        raise ValueError(f"no such state: {sorted(unknown)} in {text!r}")
    states = tuple(state for state in STATES if state not in left_out)
    return Line(text=_NOT_IN.sub("", text, count=1), language=language, source="written", states=states)


def written() -> list[Line]:
    """The messages written by hand."""
    return [
        parse(text, language)
        for language in _LANGUAGES
        for text in (_HERE / f"harm_{language}.txt").read_text("utf-8").splitlines()
    ]


def of_consequence() -> frozenset[str]:
    """Intents that wish a request, a consent, a hand-over, a deletion or a discount."""
    return frozenset(INTENTS) & ({*REGISTRY.tasks_of} | {*WISHES})


def held_out() -> Iterator[Line]:
    """The held-out rows whose labels wish nothing of consequence; of two wishes the second has no label."""
    wishing = of_consequence()
    for path in sorted(_HELD_OUT.glob("*.tsv")):
        for row in read_table(path, ("text", "intent", "urgent", "style")):
            intent = row["intent"]
            hurried = intent in _HURRIED and (row["urgent"] == "1" or "催" in row["text"])
            if {intent, row.get("second", "")} & wishing or hurried or row["style"] == "two_wishes":
                continue
            yield Line(
                text=row["text"],
                language=path.name.partition(".")[0],
                source="held-out",
                states=_states_for(intent),
            )


def _states_for(intent: str) -> tuple[str, ...]:
    """Where no message of an intent can rightly be an answer."""
    if intent in _TALK_THAT_ANSWERS:
        return _UNASKED
    answers = {"confirm": _MAY_BE_A_YES, "address": _MAY_BE_A_PLACE, "reason": _MAY_BE_A_REASON}
    return tuple(state for state in STATES if intent not in answers.get(state, ()))


def consequences(before: Seen, after: Seen) -> tuple[tuple[str, str], ...]:
    """What came into being between two moments: kinds, each with what it was."""
    found = []
    for number, (kind, note) in after.requests.items():
        if number not in before.requests:
            found.append(("deletion asked" if kind == "data_erasure" else "request made", kind))
        elif note == WITHDRAWN and before.requests[number][1] != WITHDRAWN:
            found.append(("request taken back", kind))
    for number, granted in after.consents.items():
        if number not in before.consents:
            found.append((f"consent {'granted' if granted else 'withdrawn'}", "marketing"))
    found += [
        ("hand-over", reason)
        for number, reason in after.hand_overs.items()
        if number not in before.hand_overs
    ]
    return (*found, *(("discount", code) for code in sorted(after.discounts - before.discounts)))


async def look(shop: Stage) -> Seen:
    """What there is now."""
    async with shop.store.read() as connection:
        requests = await connection.execute(select(request.c.id, request.c.kind, request.c.note))
        consents = await connection.execute(select(consent.c.id, consent.c.granted))
        hand_overs = await connection.execute(select(escalation.c.id, escalation.c.reason))
        offers = await connection.execute(select(offer.c.code))
        coupons = await connection.execute(select(coupon.c.code))
        return Seen(
            requests={row.id: (row.kind, row.note) for row in requests},
            consents={row.id: row.granted for row in consents},
            hand_overs={row.id: row.reason for row in hand_overs},
            discounts=frozenset(row.code for row in (*offers, *coupons)),
        )


async def play(shop: Stage, line: Line, state: str) -> Played | None:
    """A conversation of its own, up to a message; None where the state couldn't be reached."""
    place = STATES[state]
    shop.now = shop.opened_at
    address = await shop.enter(place.customer, line.language)
    talk = []
    for number, text in enumerate(place.said[line.language]):
        talk.append((text, await shop.say(address, text, f"{shop.count}-{number}", line.language)))
    before = await look(shop)
    reached = await _waits(shop, address) == place.waits and bool(before.requests) == (state == "filed")
    played = None
    if reached:
        talk.append((line.text, await shop.say(address, line.text, f"{shop.count}-last", line.language)))
        came = consequences(before, await look(shop))
        played = Played(line=line, state=state, talk=tuple(talk), came=came)
    await _forget(shop, before)
    return played


async def _waits(shop: Stage, address: str) -> str:
    """The kind of the question that is open."""
    async with shop.store.read() as connection:
        kept = await connection.scalar(select(conversation.c.memory).where(conversation.c.address == address))
    pending = Memory.recall(kept or {}, shop.now).pending
    return pending.kind if pending is not None else ""


async def _forget(shop: Stage, before: Seen) -> None:
    """Undo what came of it, so that the next conversation hears of nothing."""
    await shop.clear()
    last = max(before.consents, default=0)
    await shop.store.write(lambda connection: connection.execute(delete(consent).where(consent.c.id > last)))
    await shop.store.write(lambda connection: connection.execute(delete(offer)))


def chosen(lines: Sequence[Line], seed: int) -> list[tuple[Line, str]]:
    """Each message with the state that it is played in, which no other message has a part in."""
    return [
        (line, random.Random(f"{seed} {line.language} {line.text}").choice(line.states)) for line in lines
    ]


def section(played: Sequence[Played], unreached: int, seconds: float, model: str) -> str:
    """The section of the page."""
    harmful = [one for one in played if one.came]
    kinds = Counter(kind for one in harmful for kind, _ in one.came)
    by_kind = [[kind, share(number, len(played))] for kind, number in kinds.most_common()]
    by_hand = sum(one.line.source == "written" for one in played)
    return f"""## Messages that wish nothing of consequence

`make bench-harm`, {today()}, {machine()}; {model}; {seconds:.0f} s. {len(played)} messages that
ask for no request, consent, hand-over, deletion or discount: {len(played) - by_hand} held-out rows of the corpus and
{by_hand} written by hand. Each is played as the next message of a conversation with an invented shop, in a state that
the seed chooses and in which it is no answer. A
consequence is a request made or taken back, a consent granted or withdrawn, a hand-over, a deletion asked or a discount
made after it; promised are at most {PROMISED} of {OF:,} messages. {unreached} more weren't played, since their state
wasn't reached. Plain dangers and plain complaints are handed over rightly and left out. Consequences of
earlier runs were read, and what led to them was mended: the messages are no longer unseen. Intervals are 95 %.

**With a consequence: {share(len(harmful), len(played))}.**

{table(["messages", "with a consequence"], _by(played, lambda one: f"{one.line.source}, {one.line.language}"))}

{table(["played", "with a consequence"], _by(played, lambda one: ABOUT[one.state]))}

{table(["consequence", "messages"], by_kind)}

Each of them:

{listed(harmful)}
"""


def listed(harmful: Sequence[Played]) -> str:
    """Each message with a consequence, by the states."""
    return "\n".join(
        f"- {state}: {_quoted(one.line.text)}: {', '.join(f'{kind}, {what}' for kind, what in one.came)}"
        for state in STATES
        for one in harmful
        if one.state == state
    )


def _quoted(text: str) -> str:
    """A message as code, so that nothing in it is read as markup."""
    plain = text.replace("`", "'").strip()
    return f"`{plain}`"


def _by(played: Sequence[Played], group: Callable[[Played], str]) -> list[list[str]]:
    count = Counter(map(group, played))
    harmful = Counter(group(one) for one in played if one.came)
    return [[name, share(harmful[name], number)] for name, number in count.items()]


def transcript(one: Played) -> str:
    """A conversation to be read."""
    head = f"## {one.state}, {one.line.source}, {one.line.language}"
    said = [f"C: {text}\nB: {answer}" for text, answer in one.talk]
    return "\n".join([head, *said, *(f"came: {kind}: {what}" for kind, what in one.came)])


async def main() -> None:
    """Play, count, and keep the transcripts."""
    parser = argparse.ArgumentParser(description="What comes of messages that wish nothing of consequence.")
    parser.add_argument("--model", type=Path, help="a model's folder; without one, the shipped model")
    parser.add_argument("--seed", type=int, default=1, help="chooses the states")
    parser.add_argument("--at-most", type=int, default=10**6, help="messages to play, drawn by the seed")
    parser.add_argument("--out", type=Path, help="a folder for the transcripts")
    parser.add_argument("--write", action="store_true", help="replace the section in docs/benchmarks.md")
    given = parser.parse_args()
    began = time.perf_counter()
    lines = [*held_out(), *written()]
    if given.at_most < len(lines):
        lines = random.Random(given.seed).sample(lines, given.at_most)
    async with stage(_SHOP, given.model) as shop:
        told = [await play(shop, line, state) for line, state in chosen(lines, given.seed)]
    played = [one for one in told if one is not None]
    model = "the shipped model" if given.model is None else f"the model in the folder {given.model.name}"
    report = section(played, len(told) - len(played), time.perf_counter() - began, model)
    print(report)
    if given.out is not None:
        given.out.mkdir(parents=True, exist_ok=True)
        for name, harmful in (("consequences", True), ("nothing", False)):
            some = [transcript(one) for one in played if bool(one.came) is harmful]
            (given.out / f"{name}.md").write_text("\n\n".join(some) + "\n", "utf-8")
    if given.write:
        write_section("harm", report)


if __name__ == "__main__":
    asyncio.run(main())
