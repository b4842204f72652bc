"""Whether the shop is the demo shop, which the bot, the chat and the console say; noticed while the program runs."""

from __future__ import annotations

from storage.shop import Shop, ShopKind
from storage.trial import AnyStore


class Demonstration:
    """Whether the store held the demo shop when it was looked at last; not before the first look."""

    def __init__(self, store: AnyStore) -> None:
        self._store = store
        self._demo = False

    def __call__(self) -> bool:
        return self._demo

    async def refresh(self) -> bool:
        """Look; True where it is otherwise than before."""
        async with self._store.read() as connection:
            demo = await Shop(connection).kind() is ShopKind.DEMO
        changed, self._demo = demo is not self._demo, demo
        return changed
