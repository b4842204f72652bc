"""The coupons and the discount budget of the demo shop."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot.shop.demo.people import Face
from storage.columns import to_micros
from storage.shop import DEMO_BUDGET

COUPON = (
    "code", "customer_id", "text_zh", "text_en", "amount", "percent", "min_spend", "currency", "category_id",
    "valid_from", "valid_until", "demo",
)  # fmt: skip
BUDGET = ("id", "total", "reserved", "currency", "starts_at", "ends_at")

# Code, text, fen off, percent off, least spend, category, days since it began, days until it ends.
_PUBLIC = (
    ("SAVE10", "满150元享九折", "10 % off orders of ¥150 or more", None, 10.0, 15_000, None, 500, 40),
    ("WELCOME15", "新客立减15元，满99元可用", "¥15 off your first ¥99", 1_500, None, 9_900, None, 200, 120),
    ("TEA20", "茶叶满120元减20元", "¥20 off ¥120 of tea", 2_000, None, 12_000, "tea", 10, 20),
    ("PETS12", "宠物用品满100元减12元", "¥12 off ¥100 of pet supplies", 1_200, None, 10_000, "pets", 5, 25),
    ("SPRING8", "春季全场九二折", "8 % off everything, spring sale", None, 8.0, 0, None, 90, -30),
)
_BIRTHDAY_EVERY = 23


def coupons(people: list[Face], now: datetime) -> list[tuple[Any, ...]]:
    """Public coupons, one of them expired, and a birthday coupon for some."""
    rows: list[tuple[Any, ...]] = [
        (
            code, None, zh, en, amount, percent, least, "CNY", category,
            to_micros(now - timedelta(days=since)), to_micros(now + timedelta(days=left)), True,
        )
        for code, zh, en, amount, percent, least, category, since, left in _PUBLIC
    ]  # fmt: skip
    rows += [
        (
            f"BDAY-{face.id}", face.id, "生日礼：立减20元，满99元可用", "Birthday treat: ¥20 off ¥99", 2_000,
            None, 9_900, "CNY", None, to_micros(now - timedelta(days=3)),
            to_micros(now + timedelta(days=27)), True,
        )
        for face in people[::_BIRTHDAY_EVERY]
    ]  # fmt: skip
    return rows


def budgets(now: datetime) -> list[tuple[Any, ...]]:
    """What may be given away in personal discounts in these three months, fen."""
    return [
        (
            DEMO_BUDGET, 5_000_000, 0, "CNY", to_micros(now - timedelta(days=30)),
            to_micros(now + timedelta(days=60)),
        )
    ]  # fmt: skip
