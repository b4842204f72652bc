"""A shop with a customer in front of the bot."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.linking.linker import Linker
from storage import Store
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat


@pytest.fixture
async def linker(store: Store) -> Linker:
    await store.write(shop.fill)
    return await Linker.open(store, "shop-secret")


@pytest.fixture
def chat(store: Store, linker: Linker) -> Chat:
    """A stranger who writes Chinese."""
    return Chat(store=store, linker=linker)


@pytest.fixture
def new_chat(store: Store, linker: Linker) -> Callable[..., Chat]:
    """Further customers in the same shop."""
    return lambda **fields: Chat(store=store, linker=linker, **fields)


@pytest.fixture
async def bought(chat: Chat) -> Chat:
    """A customer with two orders that have not been sent, one on its way and one that has arrived."""
    await chat.link()
    for number in (8, 9):
        await chat.store.write(lambda c, n=number: shop.add_order(c, f"o{n}", f"A{n}000", "paid"))
    return chat
