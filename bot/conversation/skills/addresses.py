"""A customer's own addresses, as they choose one of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.conversation.memory import OpenTask
from bot.conversation.skills import line_words, order_asked, order_words
from bot.conversation.turn import Turn
from nlu.acts import Act
from nlu.entities.address_parts import grown, without_words_around
from storage.customers import Customers
from storage.orders import Order

_PARTS = order_words.words(
    "其他|其它|别的|其余|rest|everything else|all else|人|姓名|名字|电话|手机|号码|地址"
    "|name|names|phone|number|address|recipient|street|postcode|addressee"
)
_TOLD_BY = ("address", "address_part")
_CHINESE = re.compile("[\u4e00-\u9fff]")
_LABEL = 40
_MARK = 10
_WIDE = ("country", "province", "city", "line", "postcode")
_NARROW = ("line", "city", "province", "postcode", "country")


@dataclass(frozen=True, slots=True)
class KnownAddress:
    """An address as it is shown."""

    label: str
    """For a button."""
    words: str
    mark: str
    """Ties a button to these words: messengers keep buttons for ever."""


async def of_customer(turn: Turn) -> Sequence[KnownAddress]:
    """The addresses of whoever the account is linked to, the default one first."""
    known = None if turn.customer_id is None else await Customers(turn.connection).get(turn.customer_id)
    if known is None:
        return ()
    order = sorted(known.addresses, key=lambda name: (name != known.default_address, name))
    return [
        _shown(known.addresses[name], turn.language) for name in order if known.addresses[name].get("line")
    ]


def written(address: Mapping[str, str], language: str) -> str:
    """An address in one line, from wide to narrow in Chinese, then whom it is of."""
    place = [address[name] for name in (_WIDE if language == "zh" else _NARROW) if address.get(name)]
    whom = [address[name] for name in ("recipient", "phone") if address.get(name)]
    return (" " if language == "zh" else ", ").join([*place, *whom])


def place(address: Mapping[str, str], language: str) -> str:
    """Where an address is, as its customer writes it; one in Chinese in one piece, without country and postcode."""
    where = "".join(address.get(name, "") for name in _NARROW[:-1])
    in_one = language == "zh" and (_CHINESE.search(where) is not None or not where)
    names = ("province", "city", "line") if in_one else _NARROW
    return ("" if in_one else ", ").join(address[name] for name in names if address.get(name))


def told(turn: Turn) -> tuple[str, ...]:
    """The stretches of a message that tell an address: the whole of an answer that tells nothing else."""
    places = [(one.start, one.end) for one in turn.surest(*_TOLD_BY)]
    if not places:
        return ()
    pending = turn.memory.pending
    asked = pending is not None and pending.data.get("slot") == "address" and not _leaves_some(turn)
    if asked and not (turn.acts.wishes or turn.does(Act.CORRECTS) or turn.told("name", "phone", "old")):
        return (without_words_around(turn.said),)
    stretches = [grown(turn.said, *place) for place in places]
    return tuple(one for one in stretches if not any(one != other and one in other for other in stretches))


def some_stays(turn: Turn, _order: Order, _opened: OpenTask) -> bool:
    """Whether a message says that the name, the phone number or the address stays as it is."""
    return _leaves_some(turn)


def _leaves_some(turn: Turn) -> bool:
    return line_words.stays(turn.text) and order_asked.says(turn.text, _PARTS)


def _shown(address: Mapping[str, str], language: str) -> KnownAddress:
    words = written(address, language)
    called = ": ".join(filter(None, (address.get("label"), address["line"])))
    short = called if len(called) <= _LABEL else f"{called[: _LABEL - 1]}…"
    return KnownAddress(short, words, hashlib.sha256(words.encode()).hexdigest()[:_MARK])
