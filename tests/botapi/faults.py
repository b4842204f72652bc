"""What goes wrong on purpose between the bot and the Bot API."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, Literal

FaultKind = Literal[
    "lost",  # done, then the connection is closed without an answer
    "slow",  # done, answered after `seconds`
    "500",  # not done, an API error
    "500-done",  # done, an API error all the same
    "502",  # not done, an HTML page as from a gateway
    "closed",  # not done, the connection is closed
    "429",  # not done, to be tried again after `seconds`
    "400",  # not done, refused with `description`
    "403",  # not done, refused with `description`
    "404",  # a server that doesn't know the method
]


@dataclass
class Fault:
    """One thing that goes wrong: with a method (or any), in a chat (or any), so often or by chance."""

    kind: FaultKind
    method: str | None = None
    chat_id: int | None = None
    times: int | None = 1
    """None: for ever."""
    share: float = 1.0
    """The share of the calls that it strikes."""
    seconds: float = 1.0
    description: str = "Bad Request: refused"
    when: str | None = None
    """Only calls that carry this parameter."""


class Faults:
    """The faults that wait to strike, in the order in which they were added."""

    def __init__(self, seed: int = 1) -> None:
        self._waiting: list[Fault] = []
        self._random = random.Random(seed)
        self.struck: list[tuple[str, str]] = []

    def add(self, kind: FaultKind, method: str | None = None, **more: Any) -> Fault:
        """Let something go wrong from now on."""
        fault = Fault(kind, method, **more)
        self._waiting.append(fault)
        return fault

    def clear(self) -> None:
        """Let everything go right again."""
        self._waiting.clear()

    def take(self, method: str, chat_id: int | None, parameters: dict[str, Any]) -> Fault | None:
        """The fault that strikes this call, used up if it strikes only so often."""
        for fault in self._waiting:
            if fault.method is not None and fault.method.lower() != method:
                continue
            if fault.chat_id is not None and fault.chat_id != chat_id:
                continue
            if fault.when is not None and fault.when not in parameters:
                continue
            if fault.share < 1 and self._random.random() >= fault.share:
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self._waiting.remove(fault)
            self.struck.append((method, fault.kind))
            return fault
        return None
