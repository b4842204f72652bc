"""Text with markup, as the Bot API reads it: HTML to entities, commands in plain text."""

from __future__ import annotations

import html
import re
from typing import Any

from tests.botapi.errors import ApiError, bad_request

_TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
    "span": "spoiler",
}
_TOKEN = re.compile(r"<(?P<end>/?)(?P<name>[a-zA-Z][\w-]*)(?P<attributes>[^<>]*)>|(?P<stray><)")
_HREF = re.compile(r"""href\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_COMMAND = re.compile(r"(?:(?<=\s)|^)/[A-Za-z0-9_]{1,32}(?:@\w+)?")


def utf16_length(text: str) -> int:
    """The length in UTF-16 code units, in which the Bot API counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def parse_html(source: str) -> tuple[str, list[dict[str, Any]]]:
    """Plain text and entities of a text in the Bot API's HTML.

    Raises:
        ApiError: 400 "can't parse entities".
    """
    text = ""
    entities: list[dict[str, Any]] = []
    open_tags: list[tuple[str, dict[str, Any]]] = []
    position = 0
    for token in _TOKEN.finditer(source):
        text += html.unescape(source[position : token.start()])
        position = token.end()
        offset = len(source[: token.start()].encode())
        if token["stray"]:
            raise _unparsable(f"Unexpected end of name token at byte offset {offset}")
        name = token["name"].lower()
        if token["end"]:
            if not open_tags or open_tags[-1][0] != name:
                raise _unparsable(f"Unmatched end tag at byte offset {offset}")
            entity = open_tags.pop()[1]
            entity["length"] = utf16_length(text) - entity["offset"]
            if entity["length"]:
                entities.append(entity)
        elif name not in _TAGS or (name == "span" and "tg-spoiler" not in token["attributes"]):
            raise _unparsable(f'Unsupported start tag "{name}" at byte offset {offset}')
        else:
            entity = {"type": _TAGS[name], "offset": utf16_length(text), "length": 0}
            if name == "a" and (href := _HREF.search(token["attributes"])):
                entity["url"] = html.unescape(href[1] or href[2] or "")
            open_tags.append((name, entity))
    if open_tags:
        raise _unparsable(f'Can\'t find end tag corresponding to start tag "{open_tags[-1][0]}"')
    text += html.unescape(source[position:])
    return text, sorted(entities, key=lambda entity: (entity["offset"], -entity["length"]))


def commands_in(text: str) -> list[dict[str, Any]]:
    """`bot_command` entities, which the apps add to what a person writes."""
    if "/" not in text:
        return []
    return [
        {"type": "bot_command", "offset": utf16_length(text[: m.start()]), "length": utf16_length(m[0])}
        for m in _COMMAND.finditer(text)
    ]


def _unparsable(why: str) -> ApiError:
    return bad_request(f"can't parse entities: {why}")
