"""What several goods cost together: of each so many, the best coupon, and what the shop says of postage."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.conversation.answer import Answer
from bot.conversation.phrases import word_test
from bot.conversation.skills import naming, product_words, variants
from bot.conversation.skills.goods import paying, postage
from bot.conversation.turn import Turn
from nlu.entities.numerals import chinese_number, english_number
from nlu.products import places
from nlu.products.budgets import budget
from nlu.types import EntityKind
from storage.catalogue import Product

_RATHER = 0.5
_LARGEST = 9_999
_TOGETHER = (
    "both", "together", "altogether", "total", "all", "一起", "一共", "总共", "都", "各", "合计", "加起来",
)  # fmt: skip
_PACKED = ("装", "pack")
_SHARES = ("折", "%", "％", "percent")
"""What a number before them is a share of a price."""
_NUMBER = re.compile(r"\d{1,5}")
_ENDS = "个件双条只套盒瓶台部支张罐辆包袋箱把副对份块杯本盏"


@dataclass(frozen=True, slots=True)
class Item:
    """So many of a product."""

    product: Product
    count: int


def together(turn: Turn) -> bool:
    """Whether a message wants to know what several cost in all."""
    return product_words.says(turn.text, _TOGETHER)


asks_sum = word_test(
    "多少 几镑 几块 几元 几钱 总共 一共 连运费 含运费",
    "how_much what's_that what_would damage total altogether included all_in cost come_to price",
)
"""Whether a text asks what something comes to."""


def quantities(turn: Turn) -> list[tuple[int, int]]:
    """Where in the message how many are told, in the order of its words."""
    entities = turn.understanding.entities if turn.understanding is not None else ()
    told = [(e.start, e.text) for e in entities if e.kind is EntityKind.QUANTITY]
    known = {start for start, _ in told}
    told += [
        (slot.start, slot.text)
        for slot in turn.acts.slots
        if slot.slot == "quantity" and slot.probability >= _RATHER and slot.start not in known
    ]
    # Four in a pack are a version of the goods.
    packed = {
        start
        for start, text in told
        if turn.text[start + len(text) :].lstrip(" -").startswith((*_PACKED, *_SHARES))
    }
    spent = budget(turn.text)
    # "Fifty yuan each" counts nothing.
    money = range(spent.start, spent.end) if spent is not None and spent.certain else range(0)
    counted = (
        (start, _number(text)) for start, text in sorted(told) if start not in packed and start not in money
    )
    return [(start, count) for start, count in counted if count is not None and 0 < count <= _LARGEST]


def _number(text: str) -> int | None:
    digits = _NUMBER.search(text)
    if digits is not None:
        return int(digits[0])
    words = text.lower().split()
    found = [english_number(word) for word in words if word not in ("a", "an")]
    return next((n for n in found if n), None) or chinese_number(text.strip(f" {_ENDS}")) or None


async def items(turn: Turn, parts: Sequence[naming.Part], focus: Product | None) -> list[Item]:
    """What a message counts: each of its parts so many of the goods that it names, or of another version of those
    before; () where one of the parts leaves open what it names."""
    found: list[Item] = []
    at, untold = 0, False
    counted = quantities(turn)
    for part in parts:
        start = turn.text.find(part.text, at)
        at = start + len(part.text)
        count = next((n for place, n in counted if start <= place < at), None)
        if len({(naming.line(one), turn.prices.of(one).amount) for one in part.products}) > 1:
            return []
        base = part.products[0] if part.products else found[-1].product if found else focus
        if base is None:
            continue
        chosen = await variants.other_of(replace(turn, text=part.text), base)
        if part.products or not found or chosen.id != base.id:
            found.append(Item(chosen, count or 1))
            untold = count is None
        elif count is not None and untold:
            # "The kettle, how much for three?"
            found[-1], untold = Item(found[-1].product, count), False
    # "Three grey and one brown": where not all that is counted is known, no sum is right.
    return found if len(found) >= len(counted) else []


async def answered(turn: Turn, wanted: Sequence[Item]) -> Answer:
    """The sum first, then what it is made of, the best coupon, and postage."""
    currency = wanted[0].product.currency
    counted = [(one.product, one.count) for one in wanted]
    bill = await paying.to_pay(turn, counted)
    if len(wanted) == 1:
        lines = [paying.so_many(turn, *counted[0], bill)]
    else:
        total = turn.money(bill.whole if bill.coupon is not None else bill.total, currency)
        lines = [turn.say("total", total=total)]
        lines += [paying.line(turn, product, count, bill) for product, count in counted]
    lines += [
        turn.say("total-short", name=one.product.name(turn.language), stock=one.product.stock)
        for one in wanted
        if one.product.stock < one.count
    ]
    lines += await paying.with_coupon(turn, bill, currency)
    lines += await _postage(turn, counted, bill)
    ids = tuple(dict.fromkeys(one.product.id for one in wanted))
    memory = turn.memory.about_product(ids[0]) if len(ids) == 1 else turn.memory.showing(ids)
    return Answer(text="\n".join(lines), memory=memory)


async def _postage(turn: Turn, counted: Sequence[tuple[Product, int]], bill: paying.ToPay) -> list[str]:
    """What it comes to with postage, where that is asked and the pages plainly say it; else what they say of it."""
    products = [product for product, _ in counted]
    place = places.sent_to(turn.said)
    sent = bool(place) or postage.asked(turn.text)
    charge = await postage.charged(turn, products, bill.total, place) if sent else None
    if charge is None:
        said = await postage.sentence(turn)
        return [turn.say("total-postage", text=said)] if said else []
    currency = products[0].currency
    text_id = "total-sent-at-least" if charge.open else "total-sent"
    return [
        turn.say(
            text_id,
            total=turn.money(bill.total + charge.minor, currency),
            postage=turn.money(charge.minor, currency),
            text=charge.said,
        )
    ]
