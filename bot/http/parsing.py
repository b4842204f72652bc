"""JSON from outside: whoever sends it chooses its shape."""

from __future__ import annotations

import json
from typing import Any


def parse_json(content: str | bytes | bytearray) -> Any:
    """The value of a JSON text, as of `json.loads`.

    Raises:
        ValueError: it is no JSON in UTF-8, or is nested deeper than can be read.
    """
    try:
        return json.loads(content)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None
