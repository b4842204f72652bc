"""What several goods cost together: of each so many, the best coupon, and what the shop says of postage."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.conversation.answer import Answer
from bot.conversation.skills import naming, product_words, variants
from bot.conversation.skills.goods import paying, postage
from bot.conversation.turn import Turn
from nlu.entities.numerals import chinese_number, english_number
from nlu.types import EntityKind
from storage.catalogue import Product

_RATHER = 0.5
_LARGEST = 9_999
_TOGETHER = (
    "both", "together", "altogether", "total", "all", "一起", "一共", "总共", "都", "各", "合计", "加起来",
)  # fmt: skip
_PACKED = ("装", "pack")
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
        start for start, text in told if turn.text[start + len(text) :].lstrip(" -").startswith(_PACKED)
    }
    counted = ((start, _number(text)) for start, text in sorted(told) if start not in packed)
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
        if len(part.products) > 1:
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
    said = await postage.sentence(turn)
    lines += [turn.say("total-postage", text=said)] if said else []
    ids = tuple(dict.fromkeys(one.product.id for one in wanted))
    memory = turn.memory.about_product(ids[0]) if len(ids) == 1 else turn.memory.showing(ids)
    return Answer(text="\n".join(lines), memory=memory)
