"""`liuke refit` and `liuke models`: fit anew, look at versions, roll back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from bot.commands.common import settings_or_exit, with_store
from bot.console_output import fail, out, print_json, print_table, progress_bar
from bot.models import KIND
from storage import Store
from storage.models import ModelVersion, ModelVersions

app = typer.Typer(no_args_is_help=True, help="Versions of the fitted models.")


def refit(
    seed: Annotated[int, typer.Option(help="Seed of every random choice.")] = 0,
    plain: Annotated[bool, typer.Option("--plain", help="A line a step instead of a bar.")] = False,
) -> None:
    """Fit the retention models to the shop's history and serve them from now on."""
    from bot.refit import refit as fit
    from retention import RetentionError

    settings = settings_or_exit()
    with progress_bar(plain) as progress:
        try:
            result = asyncio.run(fit(settings, seed=seed, progress=progress, now=datetime.now(UTC)))
        except RetentionError as error:
            fail(f"the models can't be fitted: {error}")
    out.print(f"Version {result.version}; {result.customers_scored} customers scored.")


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Show every version, newest first."""

    async def work(_settings: Any, store: Store) -> list[ModelVersion]:
        async with store.read() as connection:
            return await ModelVersions(connection).all(KIND)

    versions = with_store(work)
    if as_json:
        print_json(
            [
                {
                    "version": v.version,
                    "current": v.current,
                    "fitted_at": v.fitted_at,
                    "metrics": dict(v.metrics),
                }
                for v in versions
            ]
        )
        return
    print_table(
        "Retention models",
        ("version", "served", "fitted"),
        [(v.version, "yes" if v.current else "", f"{v.fitted_at:%Y-%m-%d %H:%M}Z") for v in versions],
    )


@app.command()
def use(version: Annotated[str, typer.Argument(help="From `liuke models list`.")]) -> None:
    """Serve this version: roll back, or forward again."""
    with_store(
        lambda _settings, store: store.write(
            lambda c: ModelVersions(c).make_current(KIND, version, datetime.now(UTC))
        )
    )
    out.print(f"Serving {version} within seconds.")
