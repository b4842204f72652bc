"""Buttons and commands: the skill that answers them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.conversation import decisions
from bot.conversation.answer import Answer
from bot.conversation.registry import REGISTRY
from bot.conversation.skills import fallback, which_order
from bot.conversation.turn import Turn


async def button(turn: Turn, action: str, modes: Mapping[str, str]) -> tuple[decisions.Decision, ...]:
    """What a button with this action is answered with."""
    name, _, rest = action.partition(":")
    verb, _, argument = rest.partition(":")
    skill = REGISTRY.by_action.get(name)
    if skill is None:
        return decisions.only("fallback", fallback.stale(turn))
    said = which_order.said_before(turn, f"{name}:{verb}", argument)
    turn = turn if said is None else await turn.about(said)
    return await decisions.run(skill, replace(turn, intent=verb, argument=argument), modes)


async def command(turn: Turn, modes: Mapping[str, str]) -> tuple[decisions.Decision, ...]:
    """What a command is answered with."""
    name = turn.incoming.payload.lower()
    skill = REGISTRY.by_command.get(name)
    if skill is None:
        return decisions.only("fallback", Answer(text=turn.say("command-unknown")))
    return await decisions.run(skill, replace(turn, intent=name), modes)
