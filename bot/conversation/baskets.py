"""The shop's template of a link that puts goods into its basket, and the links made from it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

PLACES = ("product", "code", "quantity", "coupon")
"""What a template may hold, each in braces."""
_NAMES = ", ".join(f"{{{name}}}" for name in PLACES)
_COUPON = "{coupon}"
_PLACE = re.compile(r"\{([^{}]*)\}")
_LONGEST = 1_000


@dataclass(frozen=True, slots=True)
class BasketTemplate:
    """`https://shop.example/cart?add={code}&qty={quantity}&coupon={coupon}`, checked."""

    text: str

    @classmethod
    def parse(cls, text: str) -> BasketTemplate:
        """A template as it is written.

        Raises:
            ValueError: it is none; the message says why.
        """
        text = text.strip()
        _require_address(text)
        unknown = [name for name in _PLACE.findall(text) if name not in PLACES]
        if unknown:
            raise ValueError(f"can't fill {{{unknown[0]}}} in; it may hold {_NAMES}")
        if "{" in _PLACE.sub("", text) or "}" in _PLACE.sub("", text):
            raise ValueError("has a brace too many or too few")
        if "{product}" not in text and "{code}" not in text:
            raise ValueError("must hold {product} or {code}: else it can't say what goes into the basket")
        before, query, after = _split(text)
        if _COUPON in before + after or any(_COUPON in part.removesuffix(f"={_COUPON}") for part in query):
            raise ValueError(
                "must hold {coupon} as a value of its own behind the ?, as in coupon={coupon}: that part is left "
                "out where there is no coupon"
            )
        return cls(text)

    @property
    def counts(self) -> bool:
        """Whether its links say how many."""
        return "{quantity}" in self.text

    @property
    def carries_coupon(self) -> bool:
        """Whether its links put a coupon in, too."""
        return _COUPON in self.text

    def link(self, *, product: str, code: str, quantity: int = 1, coupon: str = "") -> str:
        """The address that puts so many of a product into the basket, with a coupon's code where there is one."""
        before, query, after = _split(self.text)
        kept = [part for part in query if coupon or not part.endswith(_COUPON)]
        whole = before + ("?" + "&".join(kept) if kept else "") + after
        values = {"product": product, "code": code, "quantity": str(quantity), "coupon": coupon}
        return _PLACE.sub(lambda place: quote(values[place[1]], safe=""), whole)


def _split(text: str) -> tuple[str, list[str], str]:
    """What stands before the query, its parts, and what stands behind it."""
    base, hash_, after = text.partition("#")
    before, _, query = base.partition("?")
    return before, [part for part in query.split("&") if part], hash_ + after


def _require_address(text: str) -> None:
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        host = None
    if host is None or parts.scheme not in ("http", "https") or not text.isprintable() or " " in text:
        raise ValueError("must be an address such as https://shop.example/cart?add={code}&qty={quantity}")
    if "{" in parts.netloc:
        raise ValueError("must name the shop's host itself: nothing is filled in there")
    if len(text) > _LONGEST:
        raise ValueError(f"must have at most {_LONGEST} characters")
