"""What comes from outside in a form that whoever sends it chooses: JSON, and paths of pictures."""

from __future__ import annotations

import json
import re
from typing import Any

# Folders and a file name, nothing that climbs out, nor what no file can be called.
_PICTURE = re.compile(
    r"(?<![A-Za-z0-9_/-])[A-Za-z0-9_-]{1,200}+(/[A-Za-z0-9_-]{1,200}+){0,9}+\.(jpg|jpeg|png|webp)"
)


def is_picture_path(path: str) -> bool:
    """Whether a picture below the media folder may be called that."""
    return _PICTURE.fullmatch(path) is not None


def parse_json(content: str | bytes | bytearray) -> Any:
    """The value of a JSON text, as of `json.loads`.

    Raises:
        ValueError: it is no JSON in UTF-8, or is nested deeper than can be read.
    """
    try:
        return json.loads(content)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None
