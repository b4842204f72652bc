"""The shop's colour and mark on the chat, with words that can be read on it and in it."""

from __future__ import annotations

import json
from dataclasses import dataclass

_Colour = tuple[int, int, int]

READABLE = 4.5
"""The least contrast of words that are not large: WCAG 2.2, 1.4.3."""
_BLACK: _Colour = (0, 0, 0)
_WHITE: _Colour = (255, 255, 255)
# The lighter and the darker of what words stand on, of chat.css.
_LIGHT: _Colour = (243, 246, 248)
_DARK: _Colour = (26, 34, 42)
_STEPS = 50
_NOTHING_SET = "const look = {};"
"""The line of widget.js in whose place goes what the shop has set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a shop has set of how its chat looks."""

    colour: str | None = None
    """`#rrggbb`"""
    logo: str | None = None
    """An https address, or a path below the media folder."""

    @property
    def picture(self) -> str:
        """Where the logo is, as seen from the folder of the chat's page; empty where there is none."""
        if self.logo is None or self.logo.startswith("https:"):
            return self.logo or ""
        return f"media/{self.logo}"

    def stylesheet(self) -> str:
        """What goes after chat.css; empty without a colour."""
        if self.colour is None:
            return ""
        fill, ink = self.colour, _written(ink_on(_parsed(self.colour)))
        light, dark = (_written(readable(_parsed(self.colour), ground)) for ground in (_LIGHT, _DARK))
        return (
            f":root {{ --brand: {light}; --fill: {fill}; --fill-ink: {ink}; "
            f"--mine: {fill}; --mine-ink: {ink}; --mark: {fill}; --mark-ink: {ink}; }}\n"
            f"@media (prefers-color-scheme: dark) {{ :root {{ --brand: {dark}; }} }}\n"
            f".mine .bubble {{ border-color: color-mix(in srgb, {ink} 18%, {fill}); }}\n"
        )

    def dressed(self, widget: str) -> str:
        """The widget's script with what the shop has set."""
        facts = {"logo": self.picture}
        if self.colour is not None:
            facts |= {"color": self.colour, "ink": _written(ink_on(_parsed(self.colour)))}
        given = {name: value for name, value in facts.items() if value}
        return widget.replace(_NOTHING_SET, f"const look = {json.dumps(given)};", 1)


def ink_on(ground: _Colour) -> _Colour:
    """Black or white, whichever is read better on a colour; one of them is always readable."""
    return max((_WHITE, _BLACK), key=lambda ink: contrast(ink, ground))


def readable(colour: _Colour, ground: _Colour) -> _Colour:
    """A colour as it is, or as much darker or lighter as words in it must be on a ground."""
    towards = ink_on(ground)
    shades = (_mixed(colour, towards, step / _STEPS) for step in range(_STEPS + 1))
    return next(shade for shade in shades if contrast(shade, ground) >= READABLE)


def contrast(one: _Colour, other: _Colour) -> float:
    """The contrast of two colours, 1 to 21, as WCAG 2.2 defines it."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: _Colour) -> float:
    red, green, blue = (_linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return float(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)


def _mixed(colour: _Colour, other: _Colour, share: float) -> _Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))
    return red, green, blue


def _parsed(colour: str) -> _Colour:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _written(colour: _Colour) -> str:
    return "#" + "".join(f"{part:02x}" for part in colour)
