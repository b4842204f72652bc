"""`liuke nlu …`: make, measure and use the model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from nlu import modelfiles
from nlu.errors import NluError

app = typer.Typer(
    name="nlu", help="Make, measure and use the model that reads messages.", no_args_is_help=True
)
console = Console(stderr=True)

Public = Annotated[
    Path | None,
    typer.Option(
        help="Folder of public sets, one folder a set; without it only our own corpus is learned from."
    ),
]
Model = Annotated[Path | None, typer.Option(help="A model folder; the shipped one by default.")]


@app.command("build")
def build(
    public: Public = None,
    out: Annotated[Path, typer.Option(help="Where the model folder goes.")] = modelfiles.SHIPPED,
    work: Annotated[
        Path, typer.Option(help="Stages are kept here; a build that was cut off goes on.")
    ] = Path(".nlu-build"),
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the messages.")] = 6,
    seed: Annotated[int, typer.Option(help="The same seed and data give the same model.")] = 7,
    distil: Annotated[bool, typer.Option(help="Learn from the 12-layer encoder's vectors first.")] = True,
) -> None:
    """Make the model; needs the extra `train`."""
    try:
        from nlu.training import build as pipeline
        from nlu.training.fit import Plan
    except ModuleNotFoundError as absent:
        _fail(f"{absent.name} is missing: install liuke with the extra 'train'.")
    with _told():
        pipeline.build(out, work, public, Plan(seed=seed, epochs=epochs), console, distil=distil)


class _told:  # noqa: N801 - reads as a phrase where it is used
    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, NluError):
            _fail(str(error))


def _fail(message: str) -> typer.Exit:
    console.print(f"[red]{message}[/red]")
    raise typer.Exit(1)
