"""A site's token vouches for one customer, for as long as it says and a day at most; anything else for nobody."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.linking.linker import Linker
from bot.linking.site_tokens import LONGEST_SESSION, SiteSession, make_token, read_token

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
SECRET = "s" * 32
HOUR = timedelta(hours=1)


def read(secret: str = SECRET, now: datetime = NOW, key: str = SECRET, **claims: Any) -> SiteSession | None:
    """What a token with these claims opens; times are from `NOW`."""
    written = {
        name: (NOW + value).timestamp() if isinstance(value, timedelta) else value
        for name, value in claims.items()
    }
    return read_token(jwt.encode(written, key, algorithm="HS256"), secret, now)


def test_a_token_vouches_until_its_end() -> None:
    token = make_token("c1", SECRET, NOW, HOUR)
    assert read_token(token, SECRET, NOW) == SiteSession(customer_id="c1", ends=NOW + HOUR)
    assert read_token(token, SECRET, NOW + HOUR - timedelta(seconds=1)) is not None
    assert read_token(token, SECRET, NOW + HOUR) is None
    assert read_token(token, "t" * 32, NOW) is None


async def test_the_linker_asks_with_its_own_secret() -> None:
    linker = Linker(b"k" * 32, SECRET)
    token = linker.visitor_token("c1", NOW, HOUR)
    assert await linker.customer_of_token(token, NOW) == SiteSession(customer_id="c1", ends=NOW + HOUR)
    assert await Linker(b"k" * 32, "t" * 32).customer_of_token(token, NOW) is None


def test_a_session_ends_a_day_after_its_token_was_made() -> None:
    session = read(sub="c1", iat=-HOUR, exp=timedelta(days=900))
    assert session is not None
    assert session.ends == NOW - HOUR + LONGEST_SESSION
    assert read(sub="c1", iat=-LONGEST_SESSION, exp=timedelta(days=900)) is None


def test_one_that_does_not_say_when_it_was_made_may_not_last_longer(caplog: pytest.LogCaptureFixture) -> None:
    assert read(sub="c1", exp=LONGEST_SESSION) is not None
    assert caplog.text == ""
    assert read(sub="c1", exp=LONGEST_SESSION + HOUR) is None
    # The shop's developers look here when nobody is signed in.
    assert "more than a day" in caplog.text
    assert "c1" not in caplog.text


def test_clocks_may_be_a_little_apart() -> None:
    assert (
        read(sub="c1", iat=timedelta(seconds=30), nbf=timedelta(seconds=30), exp=LONGEST_SESSION) is not None
    )
    assert read(sub="c1", iat=timedelta(seconds=40), exp=timedelta(days=30)) is not None


@pytest.mark.parametrize("early", ["iat", "nbf"])
def test_one_from_the_future_is_refused(early: str) -> None:
    assert read(sub="c1", exp=3 * HOUR, **{early: timedelta(minutes=5)}) is None


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "c1"},
        {"exp": HOUR},
        {"sub": 5, "exp": HOUR},
        {"sub": "", "exp": HOUR},
        {"sub": "c1", "exp": "soon"},
        {"sub": "c1", "exp": True},
        {"sub": "c1", "exp": None},
        {"sub": "c1", "exp": 1e300},
        {"sub": "c1", "exp": HOUR, "iat": "now"},
        {"sub": "c1", "exp": HOUR, "nbf": []},
    ],
)
def test_what_is_no_whole_token_vouches_for_nobody(claims: dict[str, object]) -> None:
    assert read(**claims) is None


def test_a_token_can_not_choose_how_it_is_checked() -> None:
    claims = {"sub": "c1", "exp": (NOW + HOUR).timestamp()}
    assert read_token(jwt.encode(claims, "", algorithm="none"), SECRET, NOW) is None
    assert read_token(jwt.encode(claims, "s" * 64, algorithm="HS512"), SECRET, NOW) is None


@given(st.text(max_size=200))
def test_no_text_vouches_for_anybody(token: str) -> None:
    assert read_token(token, SECRET, NOW) is None


@given(
    exp=st.integers(-200_000, 10**10),
    iat=st.none() | st.integers(-200_000, 200_000),
    nbf=st.none() | st.integers(-200_000, 200_000),
)
def test_no_session_outlives_its_token_or_a_day(exp: int, iat: int | None, nbf: int | None) -> None:
    claims = {"sub": "c1", "exp": exp + int(NOW.timestamp())}
    for name, value in (("iat", iat), ("nbf", nbf)):
        if value is not None:
            claims[name] = value + int(NOW.timestamp())
    session = read_token(jwt.encode(claims, SECRET, algorithm="HS256"), SECRET, NOW)
    if session is not None:
        assert session.holds(NOW)
        assert session.ends <= NOW + timedelta(seconds=exp)
        assert session.ends <= NOW + LONGEST_SESSION + timedelta(minutes=1)


@pytest.mark.parametrize("depth", [500, 1_000, 40_000])
def test_one_that_is_nested_without_end_vouches_for_nobody(depth: int) -> None:
    nested = base64.urlsafe_b64encode(b"[" * depth).decode().rstrip("=")
    good = make_token("c1", SECRET, NOW, HOUR).split(".")
    for place in range(2):
        parts = [nested if at == place else part for at, part in enumerate(good)]
        assert read_token(".".join(parts), SECRET, NOW) is None
