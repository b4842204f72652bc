"""What a section says, without the marks of Markdown tables and HTML, and what it is also asked as."""

from __future__ import annotations

import html
import re

ALSO_ASKED = re.compile(
    r"^[>*_\s-]{0,4}(?:also asked as|也会这样问|也会這樣問)[*_]{0,2}\s{0,2}[:：][*_]{0,2}(.*)$", re.IGNORECASE
)
"""A line of a section: `Also asked as: how dear is it | what's the postage`, `也会这样问：… | …`."""
_BETWEEN = re.compile(r"[|｜]")
_BREAK = re.compile(r"<(?:br|/p|/li|/tr|/div|/h[1-6]|/ul|/ol|/table)\b[^<>]{0,200}>", re.IGNORECASE)
_CELL = re.compile(r"</t[dh]>\s{0,20}<t[dh]\b[^<>]{0,200}>", re.IGNORECASE)
_UNSEEN = re.compile(r"<(script|style)\b[^<>]{0,200}>[^<]{0,20000}</\1\s{0,5}>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,400}>")
_RULE = re.compile(r"^[\s|:-]{3,}$")
_BLANK_LINES = re.compile(r"\n{3,}")


def also_asked(lines: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """The lines that are the section's text, and the questions of those that are not."""
    kept, found = list[str](), list[str]()
    for line in lines:
        asked = ALSO_ASKED.match(line)
        if asked is None:
            kept.append(line)
        else:
            found += [one.strip() for one in _BETWEEN.split(asked[1]) if one.strip()]
    return kept, tuple(found)


def told(lines: list[str]) -> str:
    """The text of a section: HTML without its tags, and rows of tables as sentences under their headings."""
    shown, headings, fenced = list[str](), list[str](), False
    for place, line in enumerate(lines):
        fenced ^= line.startswith("```")
        following = lines[place + 1] if place + 1 < len(lines) else ""
        if fenced or line.startswith("```"):
            shown.append(line)
        elif _RULE.match(line) and "-" in line and headings:
            continue
        elif "|" in line and (headings or (_RULE.match(following) and "|" in following)):
            cells = [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]
            if not headings:
                headings = cells
            else:
                shown.append(_sentence(headings, cells))
        else:
            headings = []
            shown.append(line)
    return _without_tags("\n".join(shown)).strip()


def _sentence(headings: list[str], cells: list[str]) -> str:
    """A row: its first cell, then the others with their headings."""
    first, *others = cells
    facts = [
        f"{heading} {cell}".strip()
        for heading, cell in zip([*headings[1:], *[""] * len(others)], others, strict=False)
        if cell
    ]
    return f"{first}: {', '.join(facts)}" if facts else first


def _without_tags(text: str) -> str:
    if "<" not in text:
        return html.unescape(text) if "&" in text else text
    text = _UNSEEN.sub("", text)
    text = _TAG.sub("", _BREAK.sub("\n", _CELL.sub(": ", text)))
    lines = (line.strip() for line in html.unescape(text).splitlines())
    return _BLANK_LINES.sub("\n\n", "\n".join(lines))
