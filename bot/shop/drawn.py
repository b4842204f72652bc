"""Which pictures of products are drawn, where the shop has given none: below `products/`, by the product's id."""

from __future__ import annotations

import re

DRAWN = re.compile(r"products/([A-Za-z0-9_-]{1,100})\.jpg")
"""Ids that can be a file name as they are; other products get no picture of ours."""


def drawn_picture(product_id: str) -> str | None:
    """What `Product.picture` is for a product without one of its own; None where its id can't name a file."""
    path = f"products/{product_id}.jpg"
    return path if DRAWN.fullmatch(path) else None
