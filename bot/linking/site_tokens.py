"""Tokens by which the shop's own site vouches for a visitor it has signed in: JWT, HS256, with `sub` and `exp`."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import jwt

LONGEST_SESSION = timedelta(hours=24)
"""A token is no lasting key: it counts for so long after it was made (`iat`), whatever its `exp` says, and one
that doesn't say when it was made is refused if it would count for longer."""
TOKEN_VALIDITY = timedelta(minutes=15)
_CLOCKS_APART = timedelta(minutes=1)
"""The site's clock may be ahead by so much."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSession:
    """A visitor who is signed in at the shop's site, until a moment."""

    customer_id: str
    ends: datetime

    def holds(self, now: datetime) -> bool:
        """Whether it hasn't ended."""
        return now < self.ends


def make_token(customer_id: str, secret: str, now: datetime, validity: timedelta = TOKEN_VALIDITY) -> str:
    """A token such as the shop's site makes."""
    claims = {"sub": customer_id, "iat": int(now.timestamp()), "exp": int((now + validity).timestamp())}
    return jwt.encode(claims, secret, algorithm="HS256")


def read_token(token: str, secret: str, now: datetime) -> SiteSession | None:
    """Whom a token vouches for and until when; None where it vouches for nobody now."""
    try:
        claims = jwt.decode(
            token,
            secret,
            algorithms=["HS256"],
            # The times are looked at below, by the caller's clock.
            options={
                "require": ["exp", "sub"],
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
        begins, ends = _span(claims, now)
    except (jwt.InvalidTokenError, TypeError, ValueError, OverflowError, OSError):
        return None
    subject = claims["sub"]
    if not isinstance(subject, str) or not subject or not begins <= now + _CLOCKS_APART:
        return None
    if ends - now > LONGEST_SESSION + _CLOCKS_APART:
        log.warning("a site's token was refused: it says no `iat` and would be valid for more than a day")
        return None
    return SiteSession(customer_id=subject, ends=ends) if now < ends else None


def _span(claims: dict[str, object], now: datetime) -> tuple[datetime, datetime]:
    """From when until when a token counts."""
    begins, ends = [], [_moment(claims["exp"])]
    if "iat" in claims:
        made = _moment(claims["iat"])
        begins.append(made)
        ends.append(made + LONGEST_SESSION)
    if "nbf" in claims:
        begins.append(_moment(claims["nbf"]))
    return max(begins, default=now), min(ends)


def _moment(claim: object) -> datetime:
    """Seconds since 1970, as JWT has them."""
    if isinstance(claim, bool) or not isinstance(claim, int | float):
        raise TypeError
    return datetime.fromtimestamp(claim, UTC)
