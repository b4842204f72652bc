"""Whatever is read of whatever is said: nothing is asked of the shop but what was said and wished, and each once."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.conversation import tasks
from bot.conversation.memory import Memory
from bot.conversation.registry import REGISTRY
from nlu.acts import Act
from storage.conversations import Conversations
from storage.requests import Request, Requests
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat
from tests.fakes import Meaning

pytestmark = pytest.mark.slow

_chats = itertools.count()
_WISHES = (
    "cancel_order",
    "change_order",
    "change_address",
    "account_address",
    "payment_change",
    "return_request",
    "exchange_request",
    "refund_request",
    "item_problem",
    "chase_parcel",
    "invoice_request",
    "order_status",
    "price_question",
)
_TOLD = {
    "order": ("A8000", "A9000", "A1019", "A1024"),
    "reason": ("裂了", "发霉了"),
    "address": ("杭州市文三路2号1栋", "杭州市天目街7号3栋"),
    "address_part": ("5栋",),
    "name": ("王五", "赵六"),
    "phone": ("13900000000",),
    "size": ("大号",),
    "colour": ("深蓝",),
    "invoice_title": ("蓝天公司", "白云公司"),
    "tax_number": ("91330106MA27XA1234",),
    "payment_method": ("支付宝",),
}
_ANSWERING = {Act.YES, Act.GIVES, Act.CORRECTS, Act.ADDS}
_OF_THE_SHOP = {"items", "products"}
"""Told by pointing: the shop's own words."""


@dataclass(frozen=True)
class _Message:
    acts: frozenset[Act]
    wishes: tuple[str, ...]
    told: tuple[tuple[str, str], ...]
    points: tuple[int, ...]
    others: bool

    @property
    def text(self) -> str:
        return " ".join(["说", *self.wishes, *(value for _, value in self.told)])

    @property
    def meaning(self) -> Meaning:
        best = self.wishes[0] if self.wishes else "chitchat"
        return Meaning(
            intents=((best, 0.9 if self.wishes else 0.3),),
            acts=dict.fromkeys(self.acts, 0.9),
            wishes=tuple((wish, wish) for wish in self.wishes),
            slots=self.told,
            points=self.points,
            others=self.others,
        )


_message = st.builds(
    _Message,
    acts=st.frozensets(st.sampled_from(Act), max_size=2),
    wishes=st.lists(st.sampled_from(_WISHES), max_size=2, unique=True).map(tuple),
    told=st.lists(
        st.sampled_from([(slot, value) for slot, values in _TOLD.items() for value in values]),
        max_size=3,
        unique_by=lambda one: one[0],
    ).map(tuple),
    points=st.lists(st.integers(0, 2), max_size=2, unique=True).map(tuple),
    others=st.booleans(),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(messages=st.lists(_message, min_size=1, max_size=8))
async def test_only_what_was_said_and_wished_is_asked_of_the_shop(
    new_chat: Callable[..., Chat], messages: list[_Message]
) -> None:
    chat = new_chat(address=f"talk-{next(_chats)}")
    await chat.link()
    for number in (8, 9):
        await chat.store.write(lambda c, n=number: shop.add_order(c, f"o{n}", f"A{n}000", "paid"))
    await _forget_requests(chat)
    said = ""
    for message in messages:
        before, asked = await _made(chat), await _asks(chat)
        said += f"{message.text}\n"
        await chat.says(message.text, message.meaning)
        made = await _made(chat)
        for one in made:
            _check_said(one, said)
        assert len({(one.kind, one.order_number) for one in made}) == len(made), "each is asked for once"
        new = {one.number for one in made} - {one.number for one in before}
        if new:
            assert Act.WAITS not in message.acts
            answers = message.acts & _ANSWERING or message.told
            assert message.wishes or asked == "order" or (asked and answers)
        await _check_memory(chat)
        if (await chat.contact()).conversation.owner != "bot":
            break


async def _made(chat: Chat) -> list[Request]:
    """What is still to be decided."""
    async with chat.store.read() as connection:
        return await Requests(connection).find()


async def _forget_requests(chat: Chat) -> None:
    """Every customer of every example has the same orders."""
    for one in await _made(chat):
        await chat.store.write(lambda c, i=one.id: Requests(c).withdraw(i, chat.now))


async def _asks(chat: Chat) -> str:
    """The question that waits for its answer: a task's, or which order a task is about."""
    async with chat.store.read() as connection:
        contact = await Conversations(connection).contact(chat.channel, chat.address)
    pending = Memory.recall(contact.conversation.memory, chat.now).pending if contact is not None else None
    return pending.kind if pending is not None and pending.kind in (*tasks.QUESTIONS, "order") else ""


def _check_said(made: Request, said: str) -> None:
    """Every value is made of the customer's own words."""
    assert made.kind in {kind.name for kind in REGISTRY.requests}
    for name, value in made.details.items():
        rest = value
        for word in sorted(set(re.split(r"\s", said)), key=len, reverse=True):
            rest = rest.replace(word, "") if word else rest
        if name == "address":
            rest = re.sub(r"杭州市文三路2号|杭州市天目街7号|杭州文三路 1 号|\d栋", "", rest)
        assert name in _OF_THE_SHOP or not rest.strip(), (name, value)


async def _check_memory(chat: Chat) -> None:
    kept = (await chat.contact()).conversation.memory
    memory = Memory.recall(kept, chat.now)
    assert memory != Memory()
    assert memory.dump(chat.now) == kept
