"""Turns HTML into plain text."""

from __future__ import annotations

import re
from html.parser import HTMLParser

LONGEST = 100_000
"""Characters that are read; a description is shorter."""
# What begins like a tag and is none would be looked at again from each of its beginnings by Python's parser; what word
# processors leave behind, `<![if …]>`, it doesn't read.
_UNCLOSED = re.compile(r"<(?=[^<>]*+(?:<|\Z))")
_DECLARATION = re.compile(r"<[!?][^<>]*+>")

_DROPPED = frozenset({"script", "style", "head", "template", "noscript", "iframe", "svg"})
_PARAGRAPHS = frozenset(
    {
        "p", "div", "section", "article", "header", "footer", "table", "ul", "ol", "dl", "blockquote", "pre", "h1",
        "h2", "h3", "h4", "h5", "h6", "hr", "figure",
    }
)  # fmt: skip
_LINES = frozenset({"br", "li", "tr", "dt", "dd", "figcaption"})
_CELLS = frozenset({"td", "th"})


class _Text(HTMLParser):
    """Gathers what a reader of the page sees."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.has_blocks = False
        self._at_start = True
        self._dropping: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _DROPPED:
            self._dropping.append(tag)
        self._break(tag)
        if tag == "li":
            self.pieces.append("- ")
            self._at_start = False

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._dropping:
            del self._dropping[self._dropping.index(tag) :]
        self._break(tag)

    def handle_data(self, data: str) -> None:
        if not self._dropping:
            self.pieces.append(data.replace("\x01", ""))
            self._at_start = self._at_start and not data.strip()

    def _break(self, tag: str) -> None:
        """Breaks are kept apart from the line ends of the source, which mean nothing beside them."""
        if tag in _CELLS:
            self.pieces.append(" ")
        elif tag in _PARAGRAPHS:
            self.pieces.append("\x01\x01")
        elif tag == "br" or (tag in _LINES and not self._at_start):
            self.pieces.append("\x01")
        if tag in _PARAGRAPHS or tag in _LINES:
            self.has_blocks = self._at_start = True


def plain(html: str) -> str:
    """What a reader sees of HTML: paragraphs and lines as line breaks, no scripts, entities as characters.

    Text that has no paragraphs and lines of HTML keeps its own line breaks.
    """
    parser = _read(html[:LONGEST])
    said = "".join(parser.pieces)
    if parser.has_blocks:
        said = said.replace("\r", " ").replace("\n", " ").replace("\x01", "\n")
    else:
        said = said.replace("\r\n", "\n").replace("\r", "\n")
    kept: list[str] = []
    for line in (" ".join(line.split()) for line in said.split("\n")):
        if (line != "-" or not parser.has_blocks) and (line or (kept and kept[-1])):
            kept.append(line)
    return "\n".join(kept).strip()


def _read(html: str) -> _Text:
    parser = _Text()
    parser.feed(_DECLARATION.sub("", _UNCLOSED.sub("&lt;", _without_comments(html))))
    parser.close()
    return parser


def _without_comments(html: str) -> str:
    """One that nobody closed goes on to the end."""
    before, *commented = html.split("<!--")
    # A mark within a comment begins none: only what follows the end of one is seen.
    return before + "".join(part.partition("-->")[2] for part in commented)
