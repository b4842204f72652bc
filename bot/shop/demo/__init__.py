"""The demo shop: invented goods, people and eighteen months of their doings, the same for the same seed."""

from bot.shop.demo.making import DEFAULT_SEED, DemoShop, make_demo

__all__ = ["DEFAULT_SEED", "DemoShop", "make_demo"]
