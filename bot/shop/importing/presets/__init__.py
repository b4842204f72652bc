"""Takes the export files of other shop systems as they are: Shopify, WooCommerce, Taobao, Youzan.

A system is a module with its files' shapes (`shapes.Shape`): columns, and what makes records of rows.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.shop.importing.presets import shopify, taobao, woocommerce, youzan
from bot.shop.importing.presets.preset import Preset

PRESETS: Mapping[str, Preset] = {
    one.name: one for one in (shopify.PRESET, woocommerce.PRESET, taobao.PRESET, youzan.PRESET)
}

__all__ = ["PRESETS", "Preset"]
