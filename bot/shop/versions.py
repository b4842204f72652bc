"""Versions of a product that a shop sells as products of their own, told by their names: "Mug, blue" and "Mug, red"."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from bot.shop import options
from storage.catalogue import Attributes, Product

_MADE = "named:"
"""What the ids of groups that are told by names begin with."""
_BETWEEN = re.compile(r"\s?(?:[,，/|·–—(（]|\s-\s)\s?")
_CLOSES = ")） "


def grouped(product: Product) -> Product:
    """The product in the group of all whose names are the same but for their last parts, where each of these parts is
    the value of one of its attributes, in either language: these attributes are what tells them apart. As it is where
    the shop groups it itself."""
    made = (product.group_id or "").startswith(_MADE)
    if (product.group_id or product.options) and not made:
        return product
    names = [_BETWEEN.split(name.strip(_CLOSES)) for name in (product.name_zh, product.name_en)]
    keys = _keys(product.attributes, list(zip(*(reversed(parts[1:]) for parts in names), strict=False)))
    if not keys:
        return replace(product, group_id=None, options={}) if made else product
    titles = ["\n".join(parts[: -len(keys)]).casefold() for parts in names]
    shared = "\n".join([product.category_id or "", *keys, *titles])
    group = f"{_MADE}{hashlib.sha256(shared.encode()).hexdigest()[:24]}"
    told = {
        key: {
            language: [*label[:1], parts[-1 - place]]
            for (language, label), parts in _by_language(product.attributes[key], names)
        }
        for place, key in enumerate(keys)
    }
    return replace(product, group_id=group, options=dict(reversed(told.items())))


def _by_language(
    told: Mapping[str, Sequence[str]], names: Sequence[Sequence[str]]
) -> Iterator[tuple[tuple[str, Sequence[str]], Sequence[str]]]:
    """What an attribute is called in each language, with the parts of the name in that language: a name is translated
    where a value may not be."""
    for language, parts in zip(("zh", "en"), names, strict=True):
        if told.get(language):
            yield (language, told[language]), parts


def _keys(told: Attributes, parts: Sequence[tuple[str, ...]]) -> list[str]:
    """The attributes whose values the parts are, each another one, as far as each is one, the last part first."""
    found: list[str] = []
    for part in parts:
        said = {options.folded(one).strip() for one in part}
        key = next((one for one in told if one not in found and said & _values(told, one)), None)
        if key is None:
            break
        found.append(key)
    return found


def _values(told: Attributes, key: str) -> set[str]:
    return {options.folded(str(pair[-1])).strip() for pair in told[key].values() if pair}
