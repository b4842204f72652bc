"""Writes played conversations as a Markdown page."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tests.e2e.transcript.player import Line, Played

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~])")
_HEAD = """# Conversations

Real answers of the running program, played over the fake Bot API by `make transcript`; nothing is edited
afterwards. The demo shop, its products, customers and orders are made up. Every conversation begins with the
Start button, which is left out here. Lines in `grey` are buttons below a message.

{contents}
"""
_LANGUAGES = {"en": "English", "zh": "中文"}
_NAMES = {
    "en": {"customer": "Customer", "bot": "Liuke"},
    "zh": {"customer": "顾客", "bot": "留客"},
}


def page(played: Sequence[Played]) -> str:
    """The whole page."""
    parts = []
    contents = []
    for language, name in _LANGUAGES.items():
        theirs = [one for one in played if one.language == language]
        if theirs:
            contents.append(f"- [{name}](#{name.lower()}): {len(theirs)}")
            parts += [f"## {name}", *(_conversation(one) for one in theirs)]
    return "\n\n".join([_HEAD.format(contents="\n".join(contents)).rstrip(), *parts]) + "\n"


def _conversation(played: Played) -> str:
    return "\n\n".join(
        [f"### {_escaped(played.scenario.title)}", *(_line(line, played.language) for line in played.lines)]
    )


def _line(line: Line, language: str) -> str:
    if line.who == "stage":
        return f"*{_escaped(line.text)}{'。' if language == 'zh' else '.'}*"
    text = "<br>\n".join(_escaped(row) for row in line.text.splitlines() if row)
    picture = "🖼 " if line.picture else ""
    buttons = "".join("<br>\n" + " ".join(f"`{label}`" for label in row) for row in line.buttons)
    return f"**{_NAMES[language][line.who]}**: {picture}{text}{buttons}"


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
