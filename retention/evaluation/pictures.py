"""Pictures of an evaluation, as PNG or SVG; the same figures give the same file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from retention.rates import Cell, Curve

INK, SOFT, GRID = "#1f2933", "#7b8794", "#e4e7eb"
COLOURS = ("#1769aa", "#d9822b", "#2f9e6e", "#b3416b", "#7a5cc0", "#8a8d91", "#c2a83e", "#4cb5c4")
_STYLE: Any = {
    "svg.hashsalt": "liuke",
    "svg.fonttype": "path",
    "font.family": ["DejaVu Sans"],
    "font.size": 9,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "text.color": INK,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "figure.facecolor": "white",
    "legend.frameon": False,
}


def save(figure: Figure, path: Path) -> None:
    """Write the figure whole or not at all, in the format of the suffix."""
    draft = path.with_name(f".{path.name}.part")
    form = path.suffix.lower().lstrip(".")
    dated: dict[str, Any] = {"Date": None} if form == "svg" else {"Software": None}
    try:
        with mpl.rc_context(_STYLE):
            figure.savefig(draft, format=form, dpi=150, metadata=dated)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def drawn(width: float, height: float, panels: int = 1) -> tuple[Figure, list[Any]]:
    """A figure in inches with panels side by side."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.subplots(1, panels, squeeze=False)[0]
    return figure, list(axes)


def cohort_page(cells: Sequence[Cell], curves: Sequence[Curve], silence: int, unit: str) -> Figure:
    """The cohort table as a heat map (all groups together), beside the survival curves."""
    figure, (left, right) = drawn(12, 5, 2)
    heat_map(left, cells, unit)
    survival_lines(right, curves, silence)
    return figure


def heat_map(axes: Any, cells: Sequence[Cell], unit: str, most: int = 18) -> None:
    """Shares by cohort and period; periods that are not over are left out."""
    whole = [one for one in cells if one.complete and one.period]
    names = sorted({one.cohort for one in whole})[-most:]
    periods = min(max((one.period for one in whole), default=0), most)
    active, customers = np.zeros((len(names), periods)), np.zeros((len(names), periods))
    for one in whole:
        if one.cohort in names and one.period <= periods:
            place = names.index(one.cohort), one.period - 1
            active[place] += one.active
            customers[place] += one.customers
    with np.errstate(invalid="ignore"):
        share = np.where(customers > 0, active / customers, np.nan)
    largest = float(np.nanmax(share)) if np.isfinite(share).any() else 1.0
    axes.imshow(share, cmap="Blues", vmin=0, vmax=max(largest * 1.3, 1e-9), aspect="auto")
    for row, column in zip(*np.nonzero(np.isfinite(share)), strict=True):
        dark = share[row, column] > 0.7 * largest
        axes.text(
            column,
            row,
            f"{share[row, column]:.0%}",
            ha="center",
            va="center",
            fontsize=7,
            color="white" if dark else INK,
        )
    axes.grid(visible=False)
    axes.set_xticks(range(periods), range(1, periods + 1))
    sizes = [int(customers[row, 0]) for row in range(len(names))]
    axes.set_yticks(range(len(names)), [f"{name} ({size})" for name, size in zip(names, sizes, strict=True)])
    axes.set_xlabel(f"{unit}s after the first purchase")
    axes.set_title("Active customers by cohort", loc="left", fontsize=10, fontweight="bold")


def survival_lines(axes: Any, curves: Sequence[Curve], silence: int) -> None:
    """The share of customers who have not lapsed, with 95 % bands."""
    for place, curve in enumerate(curves[: len(COLOURS)]):
        colour = COLOURS[place]
        day = np.concatenate([[0], curve.day])
        axes.step(day, np.concatenate([[1.0], curve.share]), where="post", color=colour, label=curve.group)
        low, high = (np.concatenate([[1.0], one]) for one in (curve.low, curve.high))
        axes.fill_between(day, low, high, step="post", color=colour, alpha=0.15, linewidth=0)
    axes.set_ylim(0, 1.02)
    axes.set_xlim(left=0)
    axes.yaxis.set_major_formatter(mpl.ticker.PercentFormatter(1.0))
    axes.set_xlabel("days since the first purchase")
    axes.set_title(f"Not yet silent for {silence} days", loc="left", fontsize=10, fontweight="bold")
    if any(curve.group is not None for curve in curves):
        axes.legend()
