"""Charts of an evaluation, as PNG or SVG; the same figures give the same file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.ticker
import numpy as np
from matplotlib.figure import Figure

from kernel.files import replacing
from retention.choices import Mode
from retention.rates import Cell, Curve
from retention.workshop.evaluation import Evaluation
from retention.workshop.outcomes import ChurnComparison, calibration_curve, groups, lift
from retention.workshop.recommendation import Comparison

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
    form = path.suffix.lower().lstrip(".")
    undated: dict[str, Any] = {"Date": None} if form == "svg" else {"Software": None}
    with replacing(path) as draft, mpl.rc_context(_STYLE):
        figure.savefig(draft, format=form, dpi=150, metadata=undated)


def drawn(width: float, height: float, panels: int = 1) -> tuple[Figure, list[Any]]:
    """A figure in inches with panels side by side."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.subplots(1, panels, squeeze=False)[0]
    return figure, list(axes)


def cohort_page(
    cells: Sequence[Cell],
    curves: Sequence[Curve],
    silence: int,
    unit: str,
    origin: str = "the first purchase",
) -> Figure:
    """The cohort table as a heat map (all groups together), beside the survival curves."""
    figure, (left, right) = drawn(12, 5, 2)
    heat_map(left, cells, unit)
    survival_lines(right, curves, silence, origin)
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


def survival_lines(axes: Any, curves: Sequence[Curve], silence: int, origin: str) -> None:
    """The share of customers who have not lapsed, with 95 % bands; days count from `origin`."""
    for place, curve in enumerate(curves[: len(COLOURS)]):
        colour = COLOURS[place]
        day = np.concatenate([[0], curve.day])
        axes.step(day, np.concatenate([[1.0], curve.share]), where="post", color=colour, label=curve.group)
        low, high = (np.concatenate([[1.0], one]) for one in (curve.low, curve.high))
        axes.fill_between(day, low, high, step="post", color=colour, alpha=0.15, linewidth=0)
    axes.set_ylim(0, 1.02)
    axes.set_xlim(left=0)
    axes.yaxis.set_major_formatter(mpl.ticker.PercentFormatter(1.0, decimals=0))
    axes.set_xlabel(f"days since {origin}")
    axes.set_title(f"Not yet silent for {silence} days", loc="left", fontsize=10, fontweight="bold")
    if any(curve.group is not None for curve in curves):
        axes.legend(frameon=False)


# --- an evaluation ----------------------------------------------------------------------------------------


def draw_all(evaluation: Evaluation, folder: Path, form: str) -> dict[str, str]:
    """All charts that the evaluation has figures for, as name to file name."""
    figures: dict[str, Figure] = {}
    if evaluation.recommendation is not None and evaluation.recommendation.judged:
        figures["ndcg"] = ndcg_bars(evaluation.recommendation)
        figures["coverage"] = coverage_dots(evaluation.recommendation)
    if evaluation.churn is not None and evaluation.churn.judged:
        figures["lift"] = lift_curves(evaluation.churn)
        figures["calibration"] = calibration_curves(evaluation.churn)
    if evaluation.cohorts:
        figures["cohorts"] = cohort_page(evaluation.cohorts, evaluation.survival, evaluation.silence, "month")
    for name, figure in figures.items():
        save(figure, folder / f"{name}.{form}")
    return {name: f"{name}.{form}" for name in figures}


def ndcg_bars(done: Comparison) -> Figure:
    """NDCG of every model in both modes, with intervals; `auto` stands out."""
    names = len({one.model for one in done.judged})
    figure, panels = drawn(11, 1.2 + 0.32 * names, 2)
    for axes, mode in zip(panels, Mode, strict=True):
        models = done.of(mode)[::-1]
        means = [one.mean("ndcg") for one in models]
        axes.barh(
            range(len(models)),
            [mean.value for mean in means],
            xerr=[
                [mean.value - max(mean.low, 0.0) for mean in means],
                [mean.high - mean.value for mean in means],
            ],
            color=[COLOURS[0] if one.model == "auto" else "#b8c4ce" for one in models],
            error_kw={"ecolor": INK, "elinewidth": 0.9, "capsize": 2},
        )
        axes.set_yticks(range(len(models)), [one.model for one in models])
        axes.grid(visible=False, axis="y")
        k = models[0].k if models else 10
        axes.set_title(f"NDCG@{k}, {mode.value}", loc="left", fontsize=10, fontweight="bold")
    return figure


def coverage_dots(done: Comparison) -> Figure:
    """How much of the catalogue the lists show, against how good they are."""
    figure, panels = drawn(11, 4.2, 2)
    for axes, mode in zip(panels, Mode, strict=True):
        places: dict[tuple[float, float], list[str]] = {}
        for one in done.of(mode):
            place = round(one.coverage, 3), round(one.mean("ndcg").value, 4)
            places.setdefault(place, []).append(one.model)
        for (x, y), names in places.items():
            mine = "auto" in names
            axes.plot(x, y, "o", color=COLOURS[0] if mine else SOFT, markersize=7 if mine else 5)
            label = ", ".join(names)
            axes.annotate(label, (x, y), xytext=(5, 4), textcoords="offset points", fontsize=7.5)
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        axes.margins(0.12)
        axes.xaxis.set_major_formatter(mpl.ticker.PercentFormatter(1.0, decimals=0))
        axes.set_xlabel("share of products in anybody's list")
        axes.set_ylabel("NDCG")
        axes.set_title(f"Coverage, {mode.value}", loc="left", fontsize=10, fontweight="bold")
    return figure


def lift_curves(done: ChurnComparison) -> Figure:
    """How many of those who left are among the first so many, of all and of those still active."""
    left = done.split.window.left
    figure, panels = drawn(11, 4.4, 2)
    titles = {"all": "all customers", "active": "still active"}
    for axes, (name, mine) in zip(panels, groups(done).items(), strict=True):
        if not left[mine].any():
            continue
        for place, one in enumerate(done.judged[: len(COLOURS)]):
            points = lift(left[mine], one.probability[mine])
            # Of the first few customers alone, a lift is mostly luck.
            shown = [point for point in points if point["share"] >= 0.02]
            axes.plot(
                [point["share"] for point in shown],
                [point["lift"] for point in shown],
                color=COLOURS[place],
                linewidth=2.2 if place == 0 else 1.1,
                label=one.model,
                zorder=3 if place == 0 else 2,
            )
        axes.axhline(1.0, color=SOFT, linewidth=0.8, linestyle="--")
        axes.axhline(1 / left[mine].mean(), color=SOFT, linewidth=0.8, linestyle=":")
        axes.xaxis.set_major_formatter(mpl.ticker.PercentFormatter(1.0, decimals=0))
        axes.set_xlim(0, 1)
        axes.set_xlabel("share of customers, most at risk first")
        axes.set_ylabel("times as many leave as at random")
        axes.set_title(f"Lift, {titles[name]}", loc="left", fontsize=10, fontweight="bold")
    panels[0].legend(fontsize=7.5, frameon=False)
    return figure


def calibration_curves(done: ChurnComparison) -> Figure:
    """Shares that left by tenths of the foretold probability, with intervals for the first method."""
    left = done.split.window.left
    figure, (axes,) = drawn(5.6, 5.0)
    axes.plot([0, 1], [0, 1], color=SOFT, linewidth=0.8, linestyle="--")
    for place, one in enumerate(done.judged[: len(COLOURS)]):
        points = calibration_curve(left, one.probability)
        said = [point["said"] for point in points]
        first = place == 0
        style = {"color": COLOURS[place], "linewidth": 2.0 if first else 1.0, "zorder": 3 if first else 2}
        came = [point["came"] for point in points]
        axes.plot(said, came, marker="o", markersize=4 if first else 2.5, label=one.model, **style)
        if first:
            low, high = [point["low"] for point in points], [point["high"] for point in points]
            axes.vlines(said, low, high, color=COLOURS[0], linewidth=1.0, zorder=3)
    for side in (axes.xaxis, axes.yaxis):
        side.set_major_formatter(mpl.ticker.PercentFormatter(1.0, decimals=0))
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_xlabel("foretold to leave")
    axes.set_ylabel("left")
    axes.set_title("Calibration", loc="left", fontsize=10, fontweight="bold")
    axes.legend(fontsize=7.5, frameon=False)
    return figure
