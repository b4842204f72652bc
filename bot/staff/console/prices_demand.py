"""Draws what is known of a product's demand: what was sold, the forecast with its band, and what the price changes."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from nicegui import ui

from bot.staff.console.widgets import Part
from bot.staff.console.words import Words
from bot.staff.list_prices import Demand

_WIDE, _HIGH, _EDGE = 720, 180, 4


class DemandPicture:
    """A product to be chosen, and its picture."""

    def __init__(self, words: Words, found: Sequence[Demand]) -> None:
        """Make it; `draw` draws it."""
        self._words = words
        self._found = {one.product.id: one for one in found}

    def draw(self) -> None:
        """The most sold product is shown at first."""
        words, first = self._words, next(iter(self._found))
        names = {key: one.product.name(words.language) for key, one in self._found.items()}
        with ui.card().classes("w-full p-4 gap-2").mark("demand-card"):
            chosen = ui.select(names, value=first, label=words("demand-product"), with_input=True).classes(
                "w-full"
            )
            picture = Part(self._draw_one)
            chosen.on_value_change(lambda event: picture.show(event.value or first))
            picture.show(first)

    def _draw_one(self, product_id: str) -> None:
        words, one = self._words, self._found[product_id]
        said = words(
            "demand-picture",
            most=f"{max(one.sold):g}",
            sold=f"{one.sold[-1]:g}",
            point=f"{one.point[-1]:.1f}",
            lower=f"{one.lower[-1]:.1f}",
            upper=f"{one.upper[-1]:.1f}",
        )
        ui.html(svg(one, said), sanitize=False).classes("w-full")
        ui.label(said).classes("text-sm figure")
        slope = one.elasticity
        value, low, high = (f"{each:.2f}" for each in (slope.value, slope.low, slope.high))
        ui.label(words("demand-elasticity", value=value, low=low, high=high)).classes("text-sm figure")
        if slope.warning is not None:
            ui.label(words("demand-little")).classes("over text-sm")


def svg(one: Demand, said: str) -> str:
    """Weeks from left to right, units upwards: the band, what was sold, and the forecast over it."""
    weeks = len(one.sold)
    top = max(*one.sold, *one.upper, 1.0)
    start = weeks - len(one.point)

    def points(first: int, values: Sequence[float]) -> list[str]:
        step = (_WIDE - 2 * _EDGE) / max(weeks - 1, 1)
        room = _HIGH - 2 * _EDGE
        return [
            f"{_EDGE + (first + place) * step:.1f},{_EDGE + room * (1 - value / top):.1f}"
            for place, value in enumerate(values)
        ]

    band = points(start, one.lower) + points(start, one.upper)[::-1]
    return (
        f'<svg class="demand" viewBox="0 0 {_WIDE} {_HIGH}" role="img" aria-label="{escape(said)}">'
        f'<polygon class="demand-band" points="{" ".join(band)}"/>'
        f'<polyline class="demand-sold" points="{" ".join(points(0, one.sold))}"/>'
        f'<polyline class="demand-forecast" points="{" ".join(points(start, one.point))}"/></svg>'
    )
