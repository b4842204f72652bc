"""What a request carries, whether it came as JSON, a form, multipart or in the query."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.botapi.errors import bad_request


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in a multipart body."""

    name: str
    content: bytes


class Parameters:
    """Parameters by name. Everything is text in a form, so each reader converts."""

    __slots__ = ("files", "raw")

    def __init__(self, raw: dict[str, Any], files: dict[str, Upload] | None = None) -> None:
        self.raw = raw
        self.files = files or {}

    def text(self, name: str, default: str = "") -> str:
        """A text; numbers are taken as such."""
        value = self.raw.get(name)
        return default if value is None else value if isinstance(value, str) else json.dumps(value)

    def number(self, name: str, default: int | None = None) -> int | None:
        """An integer, or the default where there is none."""
        value = self.raw.get(name)
        if value is None or value == "":
            return default
        try:
            return int(value)
        except (TypeError, ValueError):
            raise bad_request(f"invalid {name} specified") from None

    def flag(self, name: str) -> bool:
        """A boolean."""
        return str(self.raw.get(name, "")).lower() in ("true", "1")

    def value(self, name: str) -> Any:
        """A JSON value, serialised in a form."""
        value = self.raw.get(name)
        if not isinstance(value, str) or value == "":
            return value if value != "" else None
        try:
            return json.loads(value)
        except ValueError:
            raise bad_request(f"can't parse {name} JSON object") from None
