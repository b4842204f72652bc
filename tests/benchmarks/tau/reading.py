"""What a patient person reads out of the bot's words and the labels of its buttons."""

from __future__ import annotations

import re
from dataclasses import dataclass

_REQUEST = re.compile(r"\brequest (R\d{6}-\w{5})\b")
_NUMBER = re.compile(r"#?\b(W\d{7})\b")
_BUTTON = re.compile(r"^  \[(.*)\]$", re.MULTILINE)
_QUOTED = re.compile(r"“([^”]+)”")
_MADE = (
    ("account_address", re.compile(r"address in your account", re.IGNORECASE)),
    ("change_address", re.compile(r"(new|another|different) address", re.IGNORECASE)),
    ("cancel_order", re.compile(r"cancel", re.IGNORECASE)),
    ("change_payment", re.compile(r"to be paid", re.IGNORECASE)),
    ("change_order", re.compile(r"\bchange to order", re.IGNORECASE)),
    ("exchange", re.compile(r"\bexchange for", re.IGNORECASE)),
    ("return", re.compile(r"\bthe return of", re.IGNORECASE)),
    ("refund", re.compile(r"\brefund for", re.IGNORECASE)),
    ("item_problem", re.compile(r"\bproblem with", re.IGNORECASE)),
    ("delivery_problem", re.compile(r"\b(the parcel|the carrier)\b", re.IGNORECASE)),
    ("other", re.compile(r"")),
)
_ASKS = (
    ("order", re.compile(r"\bwhich order\b|\border number\b", re.IGNORECASE)),
    ("items", re.compile(r"\bwhich (item|product|one)s?\b|\bwith which item", re.IGNORECASE)),
    ("way", re.compile(r"\breturn or exchange\b", re.IGNORECASE)),
    ("reason", re.compile(r"\breason\b|\bwhy\b|what'?s (wrong(?! with it\.)|the matter)", re.IGNORECASE)),
    (
        "wanted",
        re.compile(
            r"\bwhat should (it|be|change)|\bwould you like instead|\bwhich (size|colou?r|version)"
            r"|\bwhat should be different|the change to your order: what",
            re.IGNORECASE,
        ),
    ),
    ("address", re.compile(r"\baddress\b", re.IGNORECASE)),
    ("payment", re.compile(r"\b(rather )?pay for\b|\brather pay\b|way of paying", re.IGNORECASE)),
)
_ABOUT = (
    ("return or exchange", re.compile(r"\breturn or exchange\b", re.IGNORECASE)),
    ("item_problem", re.compile(r"\bwhat'?s wrong\b(?! with it\.)", re.IGNORECASE)),
    ("refund", re.compile(r"\b(a|the) refund\b", re.IGNORECASE)),
    ("exchange", re.compile(r"\b(an|the) exchange\b", re.IGNORECASE)),
    ("return", re.compile(r"\b(a|the) return\b", re.IGNORECASE)),
)
_QUESTION = re.compile(
    r"\?|\bplease (send|tell)\b|\bsend it\b|\bneed (the|to know)\b|\btell me\b", re.IGNORECASE
)
_CONFIRM = re.compile(
    r"\bcancel order (\S+) \(|\bshall i (?!get|ask a|pass)|\bask for it to be\b", re.IGNORECASE
)
_REFUSED = re.compile(
    r"can't be (changed|cancelled|returned|exchanged)|hasn't shipped yet, so there's no need"
    r"|can't find \S+ among",
    re.IGNORECASE,
)
_OFFERS = re.compile(r"\byou can (exchange|return) it\b", re.IGNORECASE)
_UNCLEAR = re.compile(
    r"didn't get that|don't follow|put it another way|beyond me|not much of a talker", re.IGNORECASE
)
_HANDED_OVER = re.compile(
    r"passed (you|that|this) on to (a|the|my) colleague|colleague will answer|added that to your case",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """An answer, understood."""

    made: tuple[tuple[str, str], ...] = ()
    """Requests that were made: the kind, and the order's number or nothing."""
    added: bool = False
    """Something went into a request, or it was there already."""
    requests: tuple[str, ...] = ()
    """Numbers of requests that are named."""
    asks: tuple[str, ...] = ()
    """What is asked for, in order."""
    about: str = ""
    """The kind of request that a question is for, where it says so."""
    orders: tuple[str, ...] = ()
    """Numbers of orders that are named."""
    confirms: str | None = None
    """The order's number, or nothing, in a question that wants a yes."""
    choices: tuple[str, ...] = ()
    """What may have been meant, in a question back."""
    labels: tuple[str, ...] = ()
    """Of the buttons."""
    offers: str = ""
    """What can be done instead."""
    refused: bool = False
    unclear: bool = False
    handed_over: bool = False
    silent: bool = False


def read(answer: str) -> Reading:
    """Understand an answer as it stands on the screen."""
    labels = tuple(_BUTTON.findall(answer))
    text = _BUTTON.sub("", answer).strip()
    if not text and not labels:
        return Reading(silent=True)
    parts = re.split(r"(?<=[.?!:])\s+|\n", text)
    made, added = _made(text)
    asked = " ".join(part for part in parts if _QUESTION.search(part))
    confirms = _CONFIRM.search(text)
    back = re.search(r"do you mean “", text, re.IGNORECASE)
    told = [] if back or confirms else [name for name, pattern in _ASKS if pattern.search(asked)]
    return Reading(
        made=made,
        added=added,
        asks=tuple(told),
        confirms=_order_in(text) if confirms else None,
        requests=tuple(_REQUEST.findall(text)),
        about=_about(text),
        orders=tuple(_NUMBER.findall(text)),
        labels=labels,
        offers=offers[1].casefold() if (offers := _OFFERS.search(text)) else "",
        choices=tuple(_QUOTED.findall(text)) if back else (),
        refused=_REFUSED.search(text) is not None,
        unclear=_UNCLEAR.search(text) is not None,
        handed_over=_HANDED_OVER.search(text) is not None,
    )


def _made(text: str) -> tuple[tuple[tuple[str, str], ...], bool]:
    found, added = [], False
    for block in re.split(r"\n\n", text):
        if not _REQUEST.search(block):
            continue
        if re.search(r"\b(added|changed in request|already asked|already working)\b", block, re.IGNORECASE):
            added = True
        elif re.search(r"\b(asked for|passed on|asked a colleague)\b", block, re.IGNORECASE):
            kind = next(name for name, pattern in _MADE if pattern.search(block.partition("request R")[0]))
            found.append((kind, _order_in(block)))
    return tuple(found), added


def _order_in(text: str) -> str:
    found = _NUMBER.search(text)
    return found[1] if found else ""


def _about(text: str) -> str:
    """What is asked about: what the choice is of, else what the last question says."""
    asking = [part for part in text.split("\n\n") if _QUESTION.search(part)]
    (choice, offered), *_ = _ABOUT
    if any(offered.search(part) for part in asking):
        return choice
    return next((kind for kind, pattern in _ABOUT if pattern.search(asking[-1])), "") if asking else ""
