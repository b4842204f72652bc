"""One icon for each kind of product, drawn in the shades it is given on a square of 100 × 100 units."""

from __future__ import annotations

import colorsys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

from PIL import Image, ImageDraw

_WHITE = (255, 255, 255)

Colour = tuple[int, int, int]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Shades:
    """A colour with what goes beside it."""

    main: Colour
    dark: Colour
    light: Colour
    pale: Colour
    ink: Colour
    """Dark enough to write with."""


def shades_of(colour: Colour) -> Shades:
    """The shades of a colour."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*(part / 255 for part in colour))

    def shade(light: float, strength: float = 1.0) -> Colour:
        red, green, blue = colorsys.hls_to_rgb(hue, min(max(light, 0), 1), min(saturation * strength, 1))
        return round(red * 255), round(green * 255), round(blue * 255)

    return Shades(
        main=colour,
        dark=shade(lightness * 0.74),
        light=shade(lightness + (1 - lightness) * 0.42),
        pale=shade(0.93, 0.7),
        ink=shade(0.22, 0.6),
    )


def parse(colour: str) -> Colour:
    """`#rrggbb` as numbers."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


class Pen:
    """An `ImageDraw` in units of a hundredth of the square at `origin`."""

    def __init__(self, image: Image.Image, origin: Point, size: float) -> None:
        self._draw = ImageDraw.Draw(image)
        self._x, self._y = origin
        self._unit = size / 100

    def ellipse(self, left: float, top: float, right: float, bottom: float, fill: Colour) -> None:
        """A filled ellipse."""
        self._draw.ellipse(self._box(left, top, right, bottom), fill=fill)

    def ring(self, left: float, top: float, right: float, bottom: float, line: Colour, width: float) -> None:
        """The outline of an ellipse."""
        self._draw.ellipse(self._box(left, top, right, bottom), outline=line, width=self._thick(width))

    def box(
        self, left: float, top: float, right: float, bottom: float, fill: Colour, round_: float = 0
    ) -> None:
        """A filled rectangle with round corners."""
        self._draw.rounded_rectangle(
            self._box(left, top, right, bottom), radius=round_ * self._unit, fill=fill
        )

    def polygon(self, points: Sequence[Point], fill: Colour) -> None:
        """A filled polygon."""
        self._draw.polygon([self._at(point) for point in points], fill=fill)

    def line(self, points: Sequence[Point], colour: Colour, width: float) -> None:
        """A line with round joints and ends."""
        self._draw.line(
            [self._at(point) for point in points], fill=colour, width=self._thick(width), joint="curve"
        )
        for x, y in (points[0], points[-1]):
            self.ellipse(x - width / 2, y - width / 2, x + width / 2, y + width / 2, colour)

    def arc(
        self, left: float, top: float, right: float, bottom: float, start: float, end: float,
        colour: Colour, width: float,
    ) -> None:  # fmt: skip
        """Part of an ellipse's outline; degrees, clockwise from three o'clock."""
        self._draw.arc(self._box(left, top, right, bottom), start, end, fill=colour, width=self._thick(width))

    def pie(
        self, left: float, top: float, right: float, bottom: float, start: float, end: float, fill: Colour
    ) -> None:
        """A filled slice of an ellipse."""
        self._draw.pieslice(self._box(left, top, right, bottom), start, end, fill=fill)

    def _box(self, left: float, top: float, right: float, bottom: float) -> tuple[float, float, float, float]:
        return (*self._at((left, top)), *self._at((right, bottom)))

    def _at(self, point: Point) -> Point:
        return self._x + point[0] * self._unit, self._y + point[1] * self._unit

    def _thick(self, width: float) -> int:
        return max(1, round(width * self._unit))


ICONS: Mapping[str, Sequence[str]] = tomllib.loads(
    (resources.files(__package__) / "icons.toml").read_text(encoding="utf-8")
)
"""Shapes by the icon's name, as `icons.toml` explains them."""


def draw_icon(name: str, pen: Pen, shades: Shades) -> None:
    """Draw an icon; a parcel where there is none of that name."""
    for shape in ICONS.get(name, ICONS["box"]):
        kind, *words = shape.split()
        place = next(number for number, word in enumerate(words) if word.isalpha())
        before, after = [float(word) for word in words[:place]], [float(word) for word in words[place + 1 :]]
        colour = _WHITE if words[place] == "white" else getattr(shades, words[place])
        if kind in ("polygon", "line"):
            points = list(zip(before[::2], before[1::2], strict=True))
            getattr(pen, kind)(points, colour, *after)
        else:
            getattr(pen, kind)(*before, colour, *after)
