"""`liuke refit` and `liuke models`: fit anew, look at versions, roll back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.commands.common import AsJson, run_or_exit, settings_or_exit, with_reader, with_store
from bot.models.retention import KIND
from bot.settings import Settings
from kernel.console import fail, out, print_json, print_table, progress_bar
from kernel.times import to_micros, utc_now
from storage import NotFound, Store, migrate
from storage.models import ModelVersion, ModelVersions

if TYPE_CHECKING:
    from retention.history import History


app = typer.Typer(no_args_is_help=True, help="Versions of the fitted models.")

_MOST_SHIFTS = 10


def refit(
    seed: Annotated[int, typer.Option(help="Seed of every random choice.")] = 0,
    plain: Annotated[bool, typer.Option("--plain", help="A line a step instead of a bar.")] = False,
) -> None:
    """Fit the retention models to the shop's history and serve them, unless they are worse than those in use.

    What to recommend, who leaves, what customers are worth, segments and clusters. Old and new are compared by fits on
    what lies before the last window; the new is refused if it is worse there by more than the margin and not by
    chance.
    """
    from bot.jobs.refit import RefitResult
    from bot.jobs.refit import refit as fit
    from retention import RetentionError

    settings = settings_or_exit()

    async def work() -> RefitResult:
        await migrate(settings.store_url)
        return await fit(settings, seed=seed, progress=progress, now=utc_now())

    with progress_bar(plain) as progress:
        try:
            result = run_or_exit(settings, work())
        except RetentionError as error:
            fail(f"the models can't be fitted: {error}")
    served = "served from now on" if result.promoted else "not served, the one in use stays"
    out.print(f"Version {result.version} is {served}: {result.reason}.")
    for line in result.comparisons:
        out.print(f"  {line}")
    for sentence in result.readiness:
        out.print(f"Too little data: {sentence}.")
    if result.drifted:
        out.print(f"Customers have changed since the last fit: {', '.join(result.drifted)}.")
    shares = ", ".join(
        f"{band} {count} ({count / max(result.customers_scored, 1):.0%})"
        for band, count in result.bands.items()
    )
    out.print(f"{result.customers_scored} customers scored; {result.warnings} warnings. Risk: {shares}.")


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Show every version, newest first."""
    versions = with_reader(_all)
    if as_json:
        print_json([_facts(one) for one in versions])
        return
    print_table(
        "Retention models",
        ("version", "served", "fitted", "verdict", "drift", "clusters", "value", "lacks data"),
        [
            (
                one.version,
                "yes" if one.current else "" if one.kept else "files gone",
                f"{one.fitted_at:%Y-%m-%d %H:%M}Z",
                _verdict(one.report),
                _most_moved(one.report),
                _clusters(one.metrics),
                _value(one.metrics),
                ", ".join(item["model"] for item in one.report.get("readiness", ()) if not item["enough"]),
            )
            for one in versions
        ],
    )


@app.command()
def show(
    version: Annotated[
        str | None, typer.Argument(help="From `liuke models list`; else the one served.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what a version was fitted on, how good it is, and what has moved since the one before."""

    async def work(connection: AsyncConnection) -> ModelVersion:
        for one in await _all(connection):
            if one.version == version or (version is None and one.current):
                return one
        raise NotFound(f"there is no version {version!r}" if version else "nothing has been fitted yet")

    found = with_reader(work)
    if as_json:
        print_json(_facts(found))
        return
    report = found.report
    out.print(
        f"Version {found.version}{', served' if found.current else ''}{'' if found.kept else ', files gone'}"
    )
    out.print(
        f"fitted {found.fitted_at:%Y-%m-%d %H:%M}Z with seed {found.seed} on data {found.data_hash[:12]}"
    )
    if verdict := report.get("verdict"):
        out.print(f"{'promoted' if verdict['promoted'] else 'refused'}: {verdict['reason']}")
        _print_comparisons(verdict["comparisons"])
    print_table(
        "Measured by its fit", ("measure", "value"), [(k, f"{v:.4f}") for k, v in found.metrics.items()]
    )
    _print_groups(report)
    for one in report.get("readiness", ()):
        if one["enough"]:
            out.print(f"{one['model']}: {one['found']}; enough")
        else:
            out.print(
                f"{one['model']}: {one['found']}; needed: {one['needed']}; until then: {one['fallback']}"
            )
    for note in report.get("notes", ()):
        out.print(note)
    if drift := report.get("drift"):
        _print_drift(drift)
    if problems := report.get("problems"):
        print_table(
            "Bad rows in the data", ("table", "rows", "done", "what"),
            [(one["table"], one["count"], one["action"], one["message"]) for one in problems],
        )  # fmt: skip


@app.command()
def use(version: Annotated[str, typer.Argument(help="From `liuke models list`.")]) -> None:
    """Serve this version: roll back, or forward again."""
    now = utc_now()
    with_store(
        lambda _settings, store: store.write(
            lambda connection: ModelVersions(connection).make_current(KIND, version, now)
        )
    )
    out.print(f"Serving {version} within seconds.")


@app.command()
def rollback() -> None:
    """Serve the version that was served before this one; again to go back further."""

    async def back(connection: AsyncConnection) -> str:
        versions = ModelVersions(connection)
        before = await versions.before(KIND)
        if before is None:
            raise NotFound("no older version was ever served: there is nothing to go back to")
        await versions.make_current(KIND, before.version, utc_now())
        return before.version

    version = with_store(lambda _settings, store: store.write(back))
    out.print(f"Serving {version} within seconds. The next refit is compared with it.")


async def _all(connection: AsyncConnection) -> list[ModelVersion]:
    return await ModelVersions(connection).all(KIND)


def _facts(one: ModelVersion) -> dict[str, Any]:
    return {
        "version": one.version,
        "current": one.current,
        "fitted_at": one.fitted_at,
        "served_since": one.served_since,
        "seed": one.seed,
        "data_hash": one.data_hash,
        "metrics": dict(one.metrics),
        **one.report,
    }


def _verdict(report: Mapping[str, Any]) -> str:
    verdict = report.get("verdict")
    return "" if not verdict else "promoted" if verdict["promoted"] else "refused"


def _most_moved(report: Mapping[str, Any]) -> str:
    drift = report.get("drift")
    if not drift or not drift["shifts"]:
        return ""
    most = drift["shifts"][0]
    return "steady" if most["level"] == "steady" else f"{most['level']}: {most['name']} {most['index']:.2f}"


def _clusters(metrics: Mapping[str, Any]) -> str:
    """`4, Rand 0.98`: how many, and how far they are those of the night before."""
    if "clusters_k" not in metrics:
        return ""
    agreement = metrics.get("clusters_agreement")
    return f"{metrics['clusters_k']:.0f}" + ("" if agreement is None else f", Rand {agreement:.2f}")


def _value(metrics: Mapping[str, Any]) -> str:
    """`±0.85 purchases`: the mean error on the last window."""
    error = metrics.get("value_purchases_mae")
    return "" if error is None else f"±{error:.2f} purchases"


def _print_comparisons(comparisons: list[Mapping[str, Any]]) -> None:
    if not comparisons:
        return
    out.print(
        "Judged on the last window by fits on what lies before it (`in use`), and the fit on everything by the one "
        "before the window (`itself`); refused if worse by more than it may lose, and the interval says so, too."
    )
    print_table(
        "On the last window",
        ("beside", "measure", "days", "customers", "before", "this", "gain", "95 %", "may lose"),
        [
            ({"served": "in use"}.get(c.get("beside", "served"), c.get("beside")), c["measure"],
             f"{c.get('days', 0):.0f}", c["customers"], f"{c['served']:.4f}", f"{c['candidate']:.4f}",
             f"{c['gain']:+.4f}", f"{c['low']:+.4f} … {c['high']:+.4f}", f"{c['margin']:.4f}")
            for c in comparisons
        ],
    )  # fmt: skip


def _print_groups(report: Mapping[str, Any]) -> None:
    groups = report.get("groups", ())
    for kind, title in (("segment", "Segments"), ("cluster", "Clusters")):
        if rows := [(one["name"], one["customers"], one["meaning"]) for one in groups if one["kind"] == kind]:
            print_table(title, (kind, "customers", "what they are like"), rows)
    if choices := report.get("choices"):
        chosen = sum(one["kind"] == "cluster" for one in groups)
        print_table(
            "How many clusters", ("k", "silhouette", "stability (adjusted Rand index of two halves)", "chosen"),
            [
                (one["k"], f"{one['silhouette']:.3f}", f"{one['stability']:.3f}",
                 "✓" if one["k"] == chosen else "")
                for one in choices
            ],
        )  # fmt: skip


def _print_drift(drift: Mapping[str, Any]) -> None:
    print_table(
        f"Moved since {drift['version']} was fitted "
        f"({drift['customers_then']} customers then, {drift['customers_now']} now)",
        ("feature", "index", "by chance below", "level"),
        [
            (one["name"], f"{one['index']:.3f}", f"{one['by_chance']:.3f}", one["level"])
            for one in drift["shifts"][:_MOST_SHIFTS]
        ],
    )
    if older := drift.get("older"):
        _print_drift(older)


def shop_history(at: datetime | None) -> tuple[History, datetime]:
    """Everything that the shop has seen before a moment, or until now; an empty shop ends the command."""
    from bot.models.history import read_history

    moment = at or utc_now()

    async def work(settings: Settings, _store: Store) -> History:
        return read_history(settings.store_url, to_micros(moment) - 1)

    history = with_store(work)
    if not history.events.num_rows:
        fail("this shop has no events yet: name a log with --events FILE, or fill the shop with `liuke demo`")
    return history, moment
