"""The shop's side over HTTP."""

from bot.api.keys import ApiKeys
from bot.api.service import PATH, ShopApi

__all__ = ["PATH", "ApiKeys", "ShopApi"]
