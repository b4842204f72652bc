"""Whether little or much of a thing is wished for: the small one, something for one alone, enough for a family."""

from __future__ import annotations

import re

_LITTLE = re.compile(
    r"\b(?:small|smaller|smallest|wee|mini|tiny|little one"
    r"|(?:for|just|only) (?:one|me|myself|her|him|the one) ?(?:alone|person|only)?(?=$|[,.;!?])"
    r"|(?:lives?|living|on (?:my|his|her)) (?:alone|own|by (?:my|him|her)self))\b"
    r"|小(?:一?[点些])?(?:儿)?的|小(?:号|款|份|瓶|包|罐|盒|袋|桶|块|装)|迷你|独居|一个人(?=[吃喝用住])|(?:一|单)人份",
    re.IGNORECASE,
)
_MUCH = re.compile(
    r"\b(?:big|bigger|biggest|large|larger|largest|massive|huge|whole family|family[- ]size)\b"
    r"|大(?:一?[点些])?(?:儿)?的|大(?:号|款|份|瓶|包|罐|盒|袋|桶|块|装)|一家子|全家",
    re.IGNORECASE,
)
_TURNED = re.compile(
    r"(?:\b(?:not?|too|without|nothing)\b|n['’]t\b|不要?|别|太|没)[^,，。.!！?？;；]{0,12}$", re.IGNORECASE
)
"""What stands before what is not wished for …"""
_TURNED_AFTER = re.compile(r"[^,，。.!！?？;；]{0,4}(?:不够|不要|不行|not enough|won['’]t do)", re.IGNORECASE)
"""… and behind it."""
LITTLE, MUCH = "little", "much"


def wished(text: str) -> str:
    """`little` or `much`, by what a text says first; empty where it says neither."""
    found = sorted(
        (match.start(), _turned(text, match) != (size == MUCH))
        for size, pattern in ((LITTLE, _LITTLE), (MUCH, _MUCH))
        for match in pattern.finditer(text)
    )
    return "" if not found else MUCH if found[0][1] else LITTLE


def _turned(text: str, match: re.Match[str]) -> bool:
    before, after = text[: match.start()], text[match.end() :]
    return _TURNED.search(before) is not None or _TURNED_AFTER.match(after) is not None
