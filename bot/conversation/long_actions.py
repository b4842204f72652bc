"""Actions of buttons that are longer than a messenger takes, such as those that name a product by a long id.

Such a button leaves with a short name; what it stands for stays in the dialogue's memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from bot.conversation.memory import Memory
from bot.messages import ACTION_BYTES, Button, Incoming, IncomingKind, Reply

_NAME = "~"
_KEPT = 20
"""The latest ones: more are hardly on a screen."""


def shortened(reply: Reply, memory: Memory) -> tuple[Reply, Memory]:
    """A reply whose buttons fit every channel, and the memory of what they stand for."""
    shown = [button for line in reply.buttons for button in line]
    shown += [button for card in reply.cards for button in card.buttons]
    long = {_name(one.action): one.action for one in shown if len(one.action.encode()) > ACTION_BYTES}
    if not long:
        return reply, memory
    short = {action: name for name, action in long.items()}
    reply = replace(
        reply,
        buttons=tuple(_renamed(line, short) for line in reply.buttons),
        cards=tuple(replace(card, buttons=_renamed(card.buttons, short)) for card in reply.cards),
    )
    earlier = {name: action for name, action in memory.actions.items() if name not in long}
    return reply, replace(memory, actions=dict([*earlier.items(), *long.items()][-_KEPT:]))


def whole(incoming: Incoming, memory: Memory) -> Incoming:
    """A press with the action that its button stands for; as it came where that is forgotten."""
    if incoming.kind is not IncomingKind.BUTTON or not incoming.payload.startswith(_NAME):
        return incoming
    return replace(incoming, payload=memory.actions.get(incoming.payload, incoming.payload))


def _name(action: str) -> str:
    return _NAME + hashlib.sha256(action.encode()).hexdigest()[:24]


def _renamed(line: tuple[Button, ...], short: Mapping[str, str]) -> tuple[Button, ...]:
    return tuple(replace(one, action=short.get(one.action, one.action)) for one in line)
