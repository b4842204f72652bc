"""Prices for customers come from one place: no other module reads what a product lists, or what everybody pays."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest

BOT = Path(str(resources.files("bot")))
SPEAK_TO_CUSTOMERS = ("conversation", "outreach", "channels", "linking", "shop/customer_prices.py")
OWN_PRICE = frozenset({"price_at", "price_now", "list_price", "sale_price", "sale_from", "sale_until"})
"""A product's price for everybody, or a part of it."""
ONE_FUNCTION = "shop/customer_prices.py"
IN_WORDS = "conversation/price_words.py"
MAY_READ: dict[str, frozenset[str]] = {
    **dict.fromkeys(OWN_PRICE, frozenset({ONE_FUNCTION})),
    "list_price": frozenset({ONE_FUNCTION, IN_WORDS}),
    # What goods come to without the customer's offer: coupons count from it, a difference is paid back by it.
    "everybody": frozenset(
        {
            ONE_FUNCTION,
            IN_WORDS,
            "conversation/skills/goods/paying.py",
            "conversation/skills/goods/coupons.py",
            "conversation/skills/haggling.py",
            "conversation/skills/billing.py",
        }
    ),
}


def modules() -> list[Path]:
    found = (BOT / name for name in SPEAK_TO_CUSTOMERS)
    return sorted(path for one in found for path in ([one] if one.suffix else one.rglob("*.py")))


def reads(source: str) -> Iterator[tuple[str, int]]:
    """Attributes, names and imports that say a price which is not the customer's, and their lines."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(attr=name) | ast.Name(id=name) if name in MAY_READ:
                yield name, node.lineno
            case ast.ImportFrom(module="storage.prices"):
                yield "price_at", node.lineno
            case ast.Constant(value=str(name)) if name in OWN_PRICE:
                yield name, node.lineno


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(BOT).as_posix())
def test_no_module_tells_a_price_of_its_own(path: Path) -> None:
    here = path.relative_to(BOT).as_posix()
    found = [(name, line) for name, line in reads(path.read_text("utf-8")) if here not in MAY_READ[name]]
    assert not found, "use turn.price, turn.prices or bot.shop.customer_prices"


@pytest.mark.parametrize(
    "source",
    ["product.price_at(now)", "money(p.list_price, p.currency)", "from storage.prices import price_at",
     "getattr(product, 'sale_price')", "turn.prices.of(product).everybody"],
)  # fmt: skip
def test_such_a_price_would_be_seen(source: str) -> None:
    assert list(reads(source))


def test_every_module_that_may_read_it_does() -> None:
    """The lists above hold nobody who needs it no longer."""
    for name in ("everybody", "list_price"):
        for one in MAY_READ[name]:
            assert name in {read for read, _ in reads((BOT / one).read_text("utf-8"))}, (name, one)
