"""Takes the export files of other shop systems as they are: Shopify, WooCommerce, Taobao, Youzan.

A system is a module with its files' shapes (`shapes.Shape`): columns, and what makes records of rows.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.shop.importing.presets import shopify, taobao, woocommerce, youzan
from bot.shop.importing.presets.preset import Preset
from bot.shop.importing.presets.shapes import PresetOptions
from kernel.errors import LiukeError

PRESETS: Mapping[str, Preset] = {
    one.name: one for one in (shopify.PRESET, woocommerce.PRESET, taobao.PRESET, youzan.PRESET)
}


class UnknownPreset(LiukeError):
    """There is no preset of this name; the message says which there are."""


def preset(name: str) -> Preset:
    """The preset of a system, by its name.

    Raises:
        UnknownPreset: there is none of this name.
    """
    found = PRESETS.get(name.strip().lower())
    if found is None:
        raise UnknownPreset(f"there is no preset {name[:40]!r}; there are {', '.join(PRESETS)}")
    return found


__all__ = ["PRESETS", "Preset", "PresetOptions", "UnknownPreset", "preset"]
