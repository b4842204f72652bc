"""`liuke nlu …`: make, measure and use the model."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from nlu import modelfiles
from nlu.errors import NluError

if TYPE_CHECKING:
    from nlu.evaluation import Report

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
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the messages.")] = 10,
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


@app.command("evaluate")
def evaluate(
    data: Annotated[Path, typer.Option(help="Messages with the columns text and intent (or label).")],
    model: Model = None,
    mapping: Annotated[
        Path | None, typer.Option("--map", help="Table label → intent; `-` leaves a label out.")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures there too.")] = None,
) -> None:
    """Accuracy, macro-F1, calibration, out-of-scope AUROC and latency on labelled messages."""
    import nlu
    from nlu import evaluation

    with _told():
        rows = evaluation.read_rows(data, mapping)
        report = evaluation.evaluate(nlu.load(model), rows)
    if json_file is not None:
        json_file.write_text(json.dumps(asdict(report), ensure_ascii=False, indent=2) + "\n", "utf-8")
    _print_report(report)


@app.command("predict")
def predict(
    data: Annotated[Path, typer.Option(help="Messages with the column text.")],
    out: Annotated[Path, typer.Option(help="Tab-separated, a row a message, in order.")],
    model: Model = None,
) -> None:
    """What the model says of each message, for scoring with other tools."""
    import nlu
    from nlu import evaluation
    from nlu.datafiles import read_table

    with _told():
        texts = [row["text"] for row in read_table(data, ["text"], keep_empty=True)]
        read = nlu.load(model).understand(texts)
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(
            file, evaluation.PREDICTION_COLUMNS, delimiter="\t", quoting=csv.QUOTE_MINIMAL
        )
        writer.writeheader()
        writer.writerows(evaluation.prediction(*pair) for pair in zip(texts, read, strict=True))
    console.print(f"{len(texts)} messages read, written to {out}")


def _print_report(report: Report) -> None:
    low, high = report.interval
    table = Table("figure", "value")
    table.add_row("messages", str(report.rows))
    table.add_row("accuracy", f"{report.accuracy:.1%} ({low:.1%} to {high:.1%})")
    table.add_row("macro-F1", f"{report.macro_f1:.1%}")
    table.add_row("calibration error", f"{report.calibration_error:.3f}")
    table.add_row("understood, within the scope", f"{report.answered:.1%}")
    if report.out_of_scope_auroc is not None:
        table.add_row("out of scope, AUROC", f"{report.out_of_scope_auroc:.3f}")
    if report.sentiment_accuracy is not None:
        table.add_row("sentiment accuracy", f"{report.sentiment_accuracy:.1%}")
    for style, share in report.by_style.items():
        table.add_row(f"accuracy, {style}", f"{share:.1%}")
    table.add_row("median, p95, p99", "{:.2f}, {:.2f}, {:.2f} ms".format(*report.milliseconds))
    Console().print(table)
    for label, said, count in report.confused[:10]:
        Console().print(f"{count} × {label} read as {said}")


class _told:  # noqa: N801 - reads as a phrase where it is used
    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, NluError):
            _fail(str(error))


def _fail(message: str) -> NoReturn:
    console.print(f"[red]{message}[/red]")
    raise typer.Exit(1)
