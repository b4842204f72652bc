"""Wishes that a word such as "also" joins: read apart where the message as a whole was read as one."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence

from bot.conversation.registry import REGISTRY
from nlu.acts import Wish
from nlu.types import Understanding

_ALSO = re.compile(
    r"(?<=[,，。.;；!！\s])(?<!\band\s)(?=(?:另外|还有|顺便|同时|再帮|再就是|还要"
    r"|(?:also|and also|and can|and could|and please|plus|oh and|another thing|and another|while you're at it)\b))",
    re.IGNORECASE,
)
_BETWEEN = ",，。.;；!！ \t\n"
_PLAINLY = 0.7
_MOST = 3


async def wishes(
    text: str, read: Callable[[Sequence[str]], Awaitable[list[Understanding]]]
) -> list[tuple[Wish, Understanding]]:
    """Wishes for tasks, one a part; none where not each of the parts plainly has another.

    Args:
        text: the message.
        read: understands texts by themselves.
    """
    parts = [part for stretch in _ALSO.split(text) if (part := stretch.strip(_BETWEEN))]
    if not 1 < len(parts) <= _MOST:
        return []
    found: list[tuple[Wish, Understanding]] = []
    for part, said in zip(parts, await read(parts), strict=True):
        wished = [one for one in said.acts.wishes if one.intent in REGISTRY.tasks_of]
        best = max(wished, key=lambda one: one.probability, default=None)
        if best is None or best.probability < _PLAINLY:
            return []
        start = text.find(part)
        wish = Wish(
            intent=best.intent, probability=best.probability, text=part, start=start, end=start + len(part)
        )
        found.append((wish, said))
    kinds = {REGISTRY.tasks_of[wish.intent] for wish, _ in found}
    return found if len(kinds) == len(found) else []
