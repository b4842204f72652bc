"""Versions of a product that a shop sells as products of their own, told by their names: "Mug, blue" and "Mug, red"."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace

from bot.shop import options
from storage.catalogue import Attributes, Product

_MADE = "named:"
"""What the ids of groups that are told by names begin with."""
_LAST = re.compile(r"^(?P<title>.*\S)\s*(?:[,，/|·–—]|\s-\s|[(（])\s*(?P<rest>[^,，/|·–—(（)）]+)[)）]?$")


def grouped(product: Product) -> Product:
    """The product in the group of all whose name is the same but for its last part, where that part is the value of one
    of its attributes: that attribute is what tells them apart. As it is where the shop groups it itself."""
    made = (product.group_id or "").startswith(_MADE)
    if (product.group_id or product.options) and not made:
        return product
    titles = [_LAST.match(name) for name in (product.name_zh, product.name_en)]
    if not all(titles):
        return replace(product, group_id=None, options={}) if made else product
    said = {options.folded(title["rest"]).strip() for title in titles if title}
    key = next((one for one in product.attributes if said <= _values(product.attributes, one)), None)
    if key is None:
        return replace(product, group_id=None, options={}) if made else product
    names = [title["title"].casefold() for title in titles if title]
    shared = "\n".join([product.category_id or "", key, *names])
    group = f"{_MADE}{hashlib.sha256(shared.encode()).hexdigest()[:24]}"
    return replace(product, group_id=group, options={key: product.attributes[key]})


def _values(told: Attributes, key: str) -> set[str]:
    return {options.folded(str(pair[-1])).strip() for pair in told[key].values() if pair}
