"""A line of the log is the program's own: nobody else's words begin one, and no secret stands in one."""

from __future__ import annotations

import logging
import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.logs import OneLine, clean, configure

_DEEP_LINK = "l-" + "aB3" * 14
_SECRETS = (
    "GET /chat?start={} HTTP/1.1",
    "GET /staff/{} not found",
    "Authorization: Bearer {}",
    "{{'authorization': 'Basic {}'}}",
    "headers: cookie: id={}; other=1",
    "x-telegram-bot-api-secret-token: {}",
    "postgresql://liuke:{}@db.example.com/liuke can't be reached",
    "http://api.telegram.org/bot123456:{}/getUpdates",
)


def _line(message: object, *values: object, name: str = "bot.x", error: BaseException | None = None) -> str:
    info = None if error is None else (type(error), error, error.__traceback__)
    return OneLine().format(logging.LogRecord(name, logging.ERROR, __file__, 1, message, values, info))


@pytest.mark.parametrize(
    "name", ["bot.channels.web.channel", "uvicorn.error", "aiogram", "nicegui", "websockets.server"]
)
@pytest.mark.parametrize(
    "forged",
    [
        "\n12:00:00 INFO paid",
        "\r12:00",
        "\x1b[2J\x1b[31m",
        "\u202eliame",
        "\u2066x",
        "a\u2028b",
        "\x9b31m",
        "\x00",
    ],
)
def test_no_words_begin_a_line_or_move_the_cursor(name: str, forged: str) -> None:
    line = _line("a page said %s", forged, name=name)
    assert line.isprintable()
    assert line.startswith("a page said ")


@given(st.text())
def test_whatever_is_said_stays_on_its_line(said: str) -> None:
    hidden = {unicodedata.category(character) for character in clean(said)} & {"Cc", "Zl", "Zp", "Cs"}
    assert not hidden


@pytest.mark.parametrize(
    "secret", [_DEEP_LINK, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJDMSJ9.c2ln", "liuke_" + "Ab1_" * 9]
)
@pytest.mark.parametrize("wording", _SECRETS)
def test_a_secret_stays_out_wherever_a_library_puts_it(wording: str, secret: str) -> None:
    line = _line(wording.format(secret), name="uvicorn.error")
    assert secret not in line
    assert "…" in line


def test_what_people_need_stays() -> None:
    for line in (
        "the files of model 20261125T030000 can't be removed: [Errno 13] Permission denied: '/srv/liuke/models'",
        "pages/shipping-and-returns-2026-final-version.md is not UTF-8",
        "3 messages may or may not have been sent; they stay `unknown`",
        "有 3 条消息",
    ):
        assert _line(line) == line


def _failing(words: str) -> BaseException:
    try:
        try:
            raise KeyError(words)
        except KeyError as error:
            raise ExceptionGroup(words, [ValueError(words)]) from error
    except ExceptionGroup as error:
        return error


def test_a_traceback_says_where_and_never_the_errors_words() -> None:
    line = _line("it failed", error=_failing("my phone is 13800138000\n12:00 INFO forged"))
    assert "13800138000" not in line
    assert "forged" not in line
    for known in ("Traceback", "KeyError", "ExceptionGroup", "ValueError", "test_logs.py", "in _failing"):
        assert known in line


def test_an_error_that_is_logged_as_a_message_is_named_by_its_kind() -> None:
    assert _line(ValueError("my phone is 13800138000"), name="nicegui") == "ValueError"


def test_the_further_lines_of_a_library_are_left_out() -> None:
    said = "Task exception was never retrieved\nfuture: <Task exception=ValueError('13800138000')>"
    assert _line(said, name="asyncio") == "Task exception was never retrieved"


def test_a_line_has_an_end() -> None:
    assert len(_line("x" * 1_000_000)) < 5_000


def test_only_the_program_chooses_what_the_consoles_library_logs(caplog: pytest.LogCaptureFixture) -> None:
    configure()
    nicegui = logging.getLogger("nicegui")
    nicegui.warning("http://shop.example/staff/FORGED not found")
    nicegui.warning("its own")
    assert [record.getMessage() for record in caplog.records] == ["its own"]


@pytest.mark.parametrize("order", ["import nicegui; configure()", "configure(); import nicegui"])
def test_no_library_writes_past_the_formatter(order: str) -> None:
    program = (
        f"import logging; from bot.logs import configure; {order};"
        "[logging.getLogger(f'{name}.server').error('a\\nb') for name in ('engineio', 'socketio')]"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    said = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(said) == 2
    assert all("ERROR" in line for line in said)


def test_the_libraries_keep_to_warnings_at_every_level() -> None:
    program = (
        "import logging, sys; from bot.logs import configure; configure('DEBUG');"
        "print(*(logging.getLogger(name).getEffectiveLevel() for name in sys.argv[1:]))"
    )
    names = [
        "bot.app",
        "storage.store",
        "uvicorn.error",
        "websockets.server",
        "aiosqlite",
        "sqlalchemy.engine",
    ]
    done = subprocess.run([sys.executable, "-c", program, *names], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["10", "10", "30", "30", "30", "30"]
