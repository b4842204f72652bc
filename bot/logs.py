"""What the log says, and what it never says: a line a record, no control characters, no secrets, no quotations.

Whoever writes to the shop or calls its server chooses words, paths and headers. None of them may begin a line of
their own, move the cursor of the terminal that shows the log, or leave a secret in it. So every record goes through
one formatter, and of the libraries only warnings are kept: below that they write down whole requests and frames.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Iterator

from rich.logging import RichHandler

from kernel.console import err

OURS = ("bot", "nlu", "retention", "storage")
"""The loggers that the chosen level is for."""
_LOUD = ("engineio.server", "socketio.server")
"""Loggers that bring handlers of their own."""
_FRAMES = 30
"""Of a traceback, the innermost; one of a recursion has a thousand."""
_LONGEST = 4_000
"""Characters of a record."""

# Control characters, line and paragraph separators, what changes the direction of writing, and what can't be seen.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_SECRET = re.compile(
    r"(?P<header>(?i:\b(?:proxy-)?authorization|\bcookie|-token)['\"]?\s*[:=]\s*)\S.*"
    r"|(?P<bearer>(?i:\bbearer)\s+)\S+"
    r"|(?P<query>(?<=\S)\?)[^\s'\"<>]+"
    r"|(?P<user>://[^\s:/@]*:)[^\s/@]+(?=@)"
    # A bot token, a signed token (JWT), and long random strings: links that connect an account, keys, digests.
    r"|(?<!\d)\d{5,}:[A-Za-z0-9_-]{20,}"
    r"|(?<![\w-])eyJ[\w-]{5,}\.[\w-]+\.[\w-]*"
    r"|(?<![A-Za-z0-9_-])(?=[a-z0-9_-]*[A-Z])(?=[A-Z0-9_-]*[a-z])(?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{32,}"
    r"|(?<![\w-])[0-9a-f]{32,}(?![\w-])"
)


def configure(level: str | None = None) -> None:
    """Let this process log to standard error: warnings, and of our own records those from `level` on."""
    handler = RichHandler(console=err, show_path=False, rich_tracebacks=False)
    handler.setFormatter(OneLine())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    if level is not None:
        for name in OURS:
            logging.getLogger(name).setLevel(level)
    for name in _LOUD:
        # With a level of its own it adds no handler later, which would write past the formatter.
        logging.getLogger(name).setLevel(logging.WARNING)
        logging.getLogger(name).handlers.clear()
    logging.getLogger("nicegui").addFilter(_not_dictated)


class OneLine(logging.Formatter):
    """A record as a line; where there is a traceback, a line a frame, without the errors' own words."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        lines = [clean(_message(record))]
        if record.exc_info and record.exc_info[1] is not None:
            lines += _traced(record.exc_info[1], set())
        return "\n".join(lines)


def clean(text: str) -> str:
    """Text as it may stand in a log: what can't be printed is escaped, what is secret is left out."""
    shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return _UNSAFE.sub(_escaped, _SECRET.sub(_concealed, shown))


def _message(record: logging.LogRecord) -> str:
    if isinstance(record.msg, BaseException):
        # Its words may quote a customer.
        return type(record.msg).__name__
    said = record.getMessage()
    # Further lines of a library's message quote what it was doing.
    return said if record.name.partition(".")[0] in OURS else said.strip().partition("\n")[0]


def _escaped(found: re.Match[str]) -> str:
    return found.group().encode("unicode_escape").decode()


def _concealed(found: re.Match[str]) -> str:
    kept = next((part for part in found.groups() if part), "")
    return f"{kept}…"


def _traced(error: BaseException, seen: set[int]) -> Iterator[str]:
    """As Python's own traceback; but an error's message may quote a customer, and its kind is enough."""
    seen.add(id(error))
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if earlier is not None and id(earlier) not in seen:
        yield from _traced(earlier, seen)
        yield "which led to:"
    yield "Traceback (most recent call last):"
    for frame in traceback.extract_tb(error.__traceback__)[-_FRAMES:]:
        yield f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}'
    yield type(error).__name__
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            yield from (f"  {line}" for line in _traced(part, seen))


def _not_dictated(record: logging.LogRecord) -> bool:
    """Whoever asks for a page that isn't chooses the words of the line in which the console's library says so."""
    return not str(record.msg).endswith(" not found")
