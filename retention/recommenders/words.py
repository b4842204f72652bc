"""The words of a product's name and of a customer's message, cut alike so that they meet.

Latin text becomes lower-case words without a plural `s`; Chinese text becomes pairs of neighbouring
characters, which finds 蓝牙耳机 in 无线蓝牙耳机 whatever a dictionary would have cut.
"""

from __future__ import annotations

import re
import unicodedata

_RUNS = re.compile(r"[a-zà-öø-ÿ0-9]+|[\u3400-\u9fff]+")


def tokens(text: str) -> list[str]:
    """The words of a text in their order, repeated ones included."""
    found: list[str] = []
    for run in _RUNS.findall(unicodedata.normalize("NFKC", text).lower()):
        if run[0] >= "\u3400":
            found += [run[start : start + 2] for start in range(max(len(run) - 1, 1))]
        elif len(run) > 1 and not run.isdigit():
            found.append(run[:-1] if len(run) > 3 and run.endswith("s") and not run.endswith("ss") else run)
    return found
