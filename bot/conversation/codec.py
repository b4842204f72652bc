"""Messages as JSON, for the inbox, the outbox and the history.

Fields at their default are left out: rows stay small, and a field added later reads from an old row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from datetime import UTC, datetime
from typing import Any

from bot.conversation.messages import Button, Card, Incoming, IncomingKind, Media, Reply


def dump_incoming(incoming: Incoming) -> dict[str, Any]:
    """A JSON-able dict that `load_incoming` turns back into the same value."""
    dumped = _changed(incoming)
    dumped["kind"] = incoming.kind.value
    dumped["at"] = incoming.at.astimezone(UTC).isoformat()
    if incoming.media is not None:
        dumped["media"] = _changed(incoming.media)
    return dumped


def load_incoming(dumped: Mapping[str, Any]) -> Incoming:
    """The message of `dump_incoming`. Raises KeyError, TypeError or ValueError for anything else."""
    known = _known(Incoming, dumped)
    known["kind"] = IncomingKind(dumped["kind"])
    known["at"] = datetime.fromisoformat(dumped["at"])
    if known.get("media") is not None:
        known["media"] = Media(**_known(Media, dumped["media"]))
    return Incoming(**known)


def dump_reply(reply: Reply) -> dict[str, Any]:
    """A JSON-able dict that `load_reply` turns back into the same value."""
    dumped = _changed(reply)
    if reply.buttons:
        dumped["buttons"] = [[_changed(button) for button in row] for row in reply.buttons]
    if reply.cards:
        dumped["cards"] = [_dump_card(card) for card in reply.cards]
    return dumped


def load_reply(dumped: Mapping[str, Any]) -> Reply:
    """The reply of `dump_reply`. Raises KeyError, TypeError or ValueError for anything else."""
    known = _known(Reply, dumped)
    if "buttons" in known:
        known["buttons"] = tuple(_load_buttons(row) for row in known["buttons"])
    if "cards" in known:
        known["cards"] = tuple(_load_card(card) for card in known["cards"])
    return Reply(**known)


def _dump_card(card: Card) -> dict[str, Any]:
    dumped = _changed(card)
    if card.buttons:
        dumped["buttons"] = [_changed(button) for button in card.buttons]
    return dumped


def _load_card(dumped: Mapping[str, Any]) -> Card:
    known = _known(Card, dumped)
    if "buttons" in known:
        known["buttons"] = _load_buttons(known["buttons"])
    return Card(**known)


def _load_buttons(dumped: list[Mapping[str, Any]]) -> tuple[Button, ...]:
    return tuple(Button(**_known(Button, button)) for button in dumped)


def _changed(value: Any) -> dict[str, Any]:
    """The fields of a value that are not at their default."""
    return {
        field.name: getattr(value, field.name)
        for field in fields(type(value))
        if getattr(value, field.name) != _default(field)
    }


def _known(kind: type[Any], dumped: Mapping[str, Any]) -> dict[str, Any]:
    """What `kind` knows of a dict; a newer version may have written more."""
    return {field.name: dumped[field.name] for field in fields(kind) if field.name in dumped}


def _default(field: Field[Any]) -> Any:
    return field.default_factory() if field.default_factory is not MISSING else field.default
