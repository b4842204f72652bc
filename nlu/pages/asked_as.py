"""Adds to an entry of a page what it is also asked as; everything else in the file stays as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from kernel.files import replacing
from nlu.errors import EntryNotFound, PagesRefused
from nlu.normalise import model_text, normalise
from nlu.pages.markup import ALSO_ASKED
from nlu.pages.reading import HEADING, Section, page_files, read_page, sections_of, unclosed
from nlu.types import Language

LABELS: dict[Language, str] = {"zh": "也会这样问：", "en": "Also asked as: "}
"""What such a line begins with, by the language of the page."""
LONGEST = 200
"""Characters of one question."""
_BETWEEN = " | "
_TAKEN_OUT = re.compile(r"[|｜<>\s]+")
"""What would end a question, or begin a comment or a tag."""


def entry_of(folder: Path, page: str, title: str, language: Language, text: str = "") -> tuple[Path, Section]:
    """The file of a page, and its entry of that title; where there are several, the first with that text.

    Raises:
        EntryNotFound: there is none.
        PagesRefused: a file of that name is not UTF-8 text.
    """
    for path in page_files(folder, language):
        if path.stem == page:
            for section in read_page(path, language):
                if section.title == title and text in ("", section.text):
                    return path, section
    raise EntryNotFound(
        f"{folder / language} has no page {page!r} with an entry {title!r}; it may have been changed."
    )


def new_among(questions: Sequence[str], entry: Section) -> tuple[str, ...]:
    """The questions as they can be written, without those that the entry has already, as its title or besides."""
    known = {_compared(one) for one in (entry.title, *entry.also)}
    found = list[str]()
    for question in questions:
        written = _TAKEN_OUT.sub(" ", question).strip()[:LONGEST].strip()
        if _compared(written) and _compared(written) not in known:
            known.add(_compared(written))
            found.append(written)
    return tuple(found)


def add_asked_as(path: Path, entry: Section, questions: Sequence[str]) -> tuple[str, ...]:
    """Write questions to an entry of a file, whole or not at all.

    Args:
        path: of the file.
        entry: as it was read from it.
        questions: those that it has already are left out.

    Returns:
        What was added.

    Raises:
        EntryNotFound: the file has no such entry any more, or none whose heading stands on a line of its own.
        PagesRefused: the file is not UTF-8 text.
        OSError: it can't be written.
    """
    try:
        content = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as broken:
        raise PagesRefused(f"{path} cannot be read ({broken}): save it as UTF-8 text.") from broken
    sections = sections_of(content.removeprefix("\ufeff"), path.stem, entry.language)
    places = [
        place for place, one in enumerate(sections) if (one.title, one.text) == (entry.title, entry.text)
    ]
    if not places:
        raise EntryNotFound(f"{path} has no entry {entry.title!r} with that text any more.")
    now = sections[places[0]]
    added = new_among(questions, now)
    if not added:
        return ()
    wanted = _told(sections)
    wanted[places[0]] = replace(now, also=tuple(sorted((*now.also, *added))))
    # A heading inside a comment or a block of code is none: what is read afterwards tells.
    for draft in _drafts(content, now, added):
        if _told(sections_of(draft.removeprefix("\ufeff"), path.stem, entry.language)) == wanted:
            _write(path, draft)
            return added
    raise EntryNotFound(f"{path} has no line that begins the entry {entry.title!r}: add the line by hand.")


def _told(sections: Sequence[Section]) -> list[Section]:
    """Sections by what they say, in whichever order their questions are written."""
    return [replace(one, also=tuple(sorted(one.also))) for one in sections]


def _drafts(content: str, entry: Section, questions: Sequence[str]) -> Iterator[str]:
    """The content with the questions below each line that may begin the entry."""
    lines = content.splitlines(keepends=True)
    for place, line in enumerate(lines):
        heading = HEADING.match(line.removeprefix("\ufeff").rstrip("\r\n"))
        if heading is None or unclosed(heading[2]) != entry.title:
            continue
        below = lines[place + 1] if place + 1 < len(lines) else ""
        if ALSO_ASKED.match(below.rstrip("\r\n")):
            bare = below.rstrip()
            more = _BETWEEN.join((bare, *questions)) + below[len(bare) :]
            yield "".join((*lines[: place + 1], more, *lines[place + 2 :]))
        ends = "\r\n" if line.endswith("\r\n") else "\n"
        more = f"{LABELS[entry.language]}{_BETWEEN.join(questions)}{ends}"
        yield "".join((*lines[: place + 1], more, *lines[place + 1 :]))


def _write(path: Path, content: str) -> None:
    file = path.resolve()  # a link stays one
    mode = file.stat().st_mode & 0o777
    with replacing(file) as draft:
        draft.write_bytes(content.encode("utf-8"))
        draft.chmod(mode)


def _compared(question: str) -> str:
    return "".join(filter(str.isalnum, model_text(normalise(question).text)))
