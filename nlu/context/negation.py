"""What stands inside a refusal: the words that a negation is said of.

"Don't cancel it" has every word of a cancellation and wishes none. What is said of a fact (没收到, "never came"), a
condition (不行就退) and a question (取不取消) refuse nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_REFUSES = re.compile(
    r"(?P<zh>(?:不(?:再|用|必|要|想|需要|打算|准备|愿意)*|(?<![特分区个类性级])别(?:再|给我|帮我)?|甭|无需|勿|莫|唔(?:好|使|要|想)"
    r"|没(?:有)?(?:要|让你?|叫你?|说要?|想要?|打算))"
    r"(?![是会能可行知对好见到着过如错同变得然的人处家]))"
    r"|\b(?:(?:do|did|does|wo|would)\s?n['’]?t|(?:do|did|does|would|will)\snot|never(?=\s(?:asked|said|wanted|mentioned|meant))"
    r"|not|(?<!\ba\s)no)\b(?:\s(?:want|need|like|wish|ask|asked|mention|mentioned|say|said|wanted|meant|mean|bother|to|for))*",
    re.IGNORECASE,
)
_LACKS = re.compile(
    r"\b(?:ha[sd]|have|got|is|are|was|were|there['’]?s|came|with|says?|said)\s$", re.IGNORECASE
)
"""Before "no" and "not": that something isn't so, or isn't there."""
_DENIES = re.compile(
    r"没|(?:did\s?n['’]?t|did\snot|never)\s(?:ask|asked|want|wanted|mention|mentioned|say|said|mean|meant)",
    re.IGNORECASE,
)
_CONDITION = re.compile(r"要是|如果|的话|万一|除非|再不|还不|\b(?:if|unless|whether|when)\b", re.IGNORECASE)
_ENDS = re.compile(r"(?<=了)(?=.)|\b(?:but|and|just|because|since|so)\b", re.IGNORECASE)
_STAYS = re.compile(r"^\W*(?P<said>[\u4e00-\u9fff]{2,12}?)[就也都]?(?:不变|不动|照旧|不用)了?[吧哈啊]?\W*$")
"""What is said to stay as it is, or not to be needed, before the words that say so."""
_CLAUSE = re.compile(
    r"[。！？!?；;\n，,、:：…]+|\.(?=\s|$)|(?<=[\u4e00-\u9fff])\s|\s(?=[\u4e00-\u9fff])|\s(?:-|–|—)\s"
)
_TRIMMED = " .。~～"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Words inside a refusal."""

    text: str
    start: int
    """Of the negation, in the message."""
    end: int
    """Of the words that it is said of."""
    denies: bool = False
    """It says that they were never wished: 我没让你改, "I didn't ask for a refund"."""


def is_conditional(text: str) -> bool:
    """Whether a text says what is to be only if something happens."""
    return _CONDITION.search(text) is not None


def refused_in(text: str) -> tuple[Refused, ...]:
    """Each stretch of a message that a negation is said of, at most one a clause."""
    found, start = [], 0
    for end in [*(mark.start() for mark in _CLAUSE.finditer(text)), len(text)]:
        clause = text[start:end]
        one = None if "就" in clause or is_conditional(clause) else _of_clause(clause)
        if one is not None:
            found.append(replace(one, start=start + one.start, end=start + one.end))
        start = end
    return tuple(found)


def _of_clause(clause: str) -> Refused | None:
    for match in _REFUSES.finditer(clause):
        first, last = match.span()
        if _is_question(clause, first, last) if match["zh"] else _LACKS.search(clause[:first]):
            continue
        ends = _ENDS.search(clause, last)
        end = ends.start() if ends is not None else len(clause)
        said = clause[last:end].strip(_TRIMMED)
        if said.strip("了吧啊哈"):
            return Refused(text=said, start=first, end=end, denies=_DENIES.match(match[0]) is not None)
    stays = _STAYS.match(clause)
    return Refused(text=stays["said"], start=0, end=len(clause)) if stays is not None else None


def _is_question(clause: str, first: int, last: int) -> bool:
    """Whether a negation only asks, as 取不取消, 要不要 and 是不是 do."""
    before = clause[max(first - 1, 0) : first]
    return bool(before) and (before in "是要能会可" or clause[last : last + 1] == before)
