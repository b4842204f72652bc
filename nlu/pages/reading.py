"""Markdown files as passages: `# title`, then sections `## question` with the answer below.

A section is a passage, and so is what stands before the first. Pages lie in one folder a language, `zh` and `en`, and
in folders below it. A line `Also asked as: … | …` or `也会这样问：… | …` in a section holds further questions that it
answers; customers don't see it.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from pathlib import Path

from nlu.errors import PagesRefused
from nlu.pages.markup import also_asked, told
from nlu.types import Language

LANGUAGES: tuple[Language, ...] = ("zh", "en")

HEADING = re.compile(r"(#{1,6})\s++(\S.*)")
"""A line that begins a section: its marks, and its words."""
_FRONT_MATTER = re.compile(r"\A---\s*\n\w[\w-]*:.*?\n---\s*$", re.DOTALL | re.MULTILINE)
_COMMENT, _COMMENT_ENDS = "<!--", "-->"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One passage of a page."""

    page: str
    """The file's name without its ending."""
    title: str
    """The section's question, or the page's title."""
    text: str
    language: Language
    also: tuple[str, ...] = ()
    """Further questions that it answers, as the shop puts them; customers don't see them."""
    introduces: bool = False
    """Whether it stands before the first section, under a title that names the page and asks nothing."""


def read_page(path: Path, language: Language) -> list[Section]:
    """The passages of one file.

    Raises:
        PagesRefused: the file is not UTF-8 text.
    """
    try:
        content = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as broken:
        raise PagesRefused(f"{path} cannot be read ({broken}): save it as UTF-8 text.") from broken
    return sections_of(content, path.stem, language)


def sections_of(content: str, page: str, language: Language) -> list[Section]:
    """The passages of a file's content; a heading deeper than the one that it stands under is part of the text."""
    sections: list[Section] = []
    level, title, body, fenced = 0, page.replace("-", " "), list[str](), False

    def close() -> None:
        lines, also = also_asked(body)
        text = told(lines)
        if text:
            sections.append(
                Section(
                    page=page,
                    title=title,
                    text=text,
                    language=language,
                    also=also,
                    introduces=level < 2,
                )
            )
        body.clear()

    for line in _without_comments(_FRONT_MATTER.sub("", content)).splitlines():
        fenced ^= line.startswith("```")
        heading = None if fenced else HEADING.match(line)
        if heading is None or 1 < level < len(heading[1]):
            body.append(line)
            continue
        close()
        level, title = len(heading[1]), unclosed(heading[2])
    close()
    return sections


def _without_comments(content: str) -> str:
    """One that does not end is text."""
    shown, at = list[str](), 0
    while True:
        start = content.find(_COMMENT, at)
        end = content.find(_COMMENT_ENDS, start + len(_COMMENT)) if start >= 0 else -1
        if end < 0:
            return "".join((*shown, content[at:]))
        shown.append(content[at:start])
        at = end + len(_COMMENT_ENDS)


def unclosed(heading: str) -> str:
    """A heading without the `#` that may close it: `## Returns ##`."""
    written = heading.rstrip()
    bare = written.rstrip("#")
    return bare.rstrip() if bare and bare != bare.rstrip() else written


def read_pages(folder: Path) -> list[Section]:
    """All passages of the Markdown files below `folder/zh` and `folder/en`; other files are named in the log.

    Raises:
        PagesRefused: a file is not UTF-8 text.
    """
    pages = {path: language for language in LANGUAGES for path in page_files(folder, language)}
    for path in _files(folder):
        if path not in pages:
            log.warning("%s is not read: pages are .md files in the folders zh and en", path)
    sections = []
    for path, language in pages.items():
        found = read_page(path, language)
        if not found:
            log.warning("%s holds no text that could answer a question", path)
        sections += found
    return sections


def page_files(folder: Path, language: Language) -> list[Path]:
    """The Markdown files of a language."""
    return [path for path in _files(folder / language) if path.suffix.lower() == ".md"]


def _files(folder: Path) -> list[Path]:
    """All files below a folder, without hidden ones."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
