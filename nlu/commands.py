"""`liuke nlu …`: make, measure and use the model."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kernel.console import Progress, err, fail, failing, progress_bar, remark
from nlu import modelfiles
from nlu.workshop.reports import check_writable, print_comparison, print_report, write_figures

if TYPE_CHECKING:
    from nlu.types import Understander
    from nlu.workshop.evaluation import Report
    from nlu.workshop.labelled import Labelled

READ_AT_ONCE = 256
"""Messages; what is known of them is written before the next are read."""
LARGEST_SEED = 2**32 - 1
"""What all generators of random numbers take."""

app = typer.Typer(
    name="nlu", help="Make, measure and use the model that reads messages.", no_args_is_help=True
)

Public = Annotated[
    Path | None,
    typer.Option(
        help="Folder of public sets, one folder a set; without it only our own corpus is learned from."
    ),
]
Model = Annotated[Path | None, typer.Option(help="A model folder; the shipped one by default.")]
Train = Annotated[
    Path | None, typer.Option(help="Messages to learn from: columns text and label, labels of any kind.")
]
Test = Annotated[Path | None, typer.Option(help="Messages to measure on, labelled likewise.")]
Finetune = Annotated[
    bool, typer.Option("--finetune", help="Train the encoder too; needs the extra `train`, and minutes.")
]
Seed = Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="Of every random choice.")]
JsonFile = Annotated[Path | None, typer.Option("--json", help="Write the figures there too.")]


@app.command("build")
def build(
    public: Public = None,
    out: Annotated[Path, typer.Option(help="Where the model folder goes.")] = modelfiles.SHIPPED,
    work: Annotated[
        Path, typer.Option(help="Stages are kept here; a build that was cut off goes on.")
    ] = Path(".nlu-build"),
    epochs: Annotated[
        int,
        typer.Option(
            min=1, help="Passes over the messages in each of two trainings; the model is their mean."
        ),
    ] = 2,
    seed: Annotated[
        int, typer.Option(min=0, max=LARGEST_SEED, help="The same seed and data give the same model.")
    ] = 7,
    distil: Annotated[bool, typer.Option(help="Learn from the 12-layer encoder's vectors first.")] = True,
) -> None:
    """Make the model; needs the extra `train`."""
    from nlu.workshop.training import needs_training

    with failing():
        with needs_training():
            from nlu.workshop.training import building
            from nlu.workshop.training.fitting import Plan
        with progress_bar() as progress:
            plan = Plan(seed=seed, epochs=epochs)
            building.build(out, work, public, plan, progress, distil=distil)


@app.command("context")
def context(
    out: Annotated[Path, typer.Option(help="The model folder that it is put into.")] = modelfiles.SHIPPED,
    passes: Annotated[int, typer.Option(min=1, help="Times that every turn is learned from.")] = 8,
    seed: Annotated[
        int, typer.Option(min=0, max=LARGEST_SEED, help="The same seed and turns give the same model.")
    ] = 7,
    more: Annotated[
        list[Path] | None,
        typer.Option(
            help="Turns of the shop's own, learned from besides: `liuke nlu missed --taught` writes them. "
            "Several files may be given."
        ),
    ] = None,
) -> None:
    """Make the part of the model that reads messages in their conversation; needs the extra `train`."""
    from nlu.workshop.training import needs_training

    with failing():
        with needs_training():
            from nlu.workshop.dialogues import building
            from nlu.workshop.dialogues.training import Plan
        with progress_bar() as progress:
            plan = Plan(seed=seed, passes=passes)
            built = building.build(out, more=more or (), plan=plan, progress=progress)
    typer.echo(f"learned from {built.turns} turns; of {built.apart} kept apart are read right:")
    for name, share in built.shares.items():
        typer.echo(f"  {name}: {100 * share:.1f} %")


@app.command("pages")
def pages(
    out: Annotated[Path, typer.Option(help="The model folder that it is put into.")] = modelfiles.SHIPPED,
    seed: Annotated[
        int, typer.Option(min=0, max=LARGEST_SEED, help="The same seed and questions give the same model.")
    ] = 7,
) -> None:
    """Make the part of the model that answers from a shop's pages; needs the extra `train`."""
    from nlu.workshop.training import needs_training

    with failing():
        with needs_training():
            from nlu.workshop.passages import building
            from nlu.workshop.passages.training import Plan
        with progress_bar() as progress:
            built = building.build(out, plan=Plan(seed=seed), progress=progress)
    typer.echo(f"learned from {built.questions} questions of {built.shops} shops; of shops kept apart:")
    for name, share in built.shares.items():
        typer.echo(f"  {name}: {100 * share:.1f} %")


@app.command("evaluate")
def evaluate(
    data: Annotated[
        Path | None, typer.Option(help="Messages with the columns text and intent (or label).")
    ] = None,
    model: Model = None,
    mapping: Annotated[
        Path | None, typer.Option("--map", help="Table label → intent; `-` leaves a label out.")
    ] = None,
    train: Train = None,
    test: Test = None,
    finetune: Finetune = False,
    seed: Seed = 0,
    json_file: JsonFile = None,
) -> None:
    """Accuracy, macro-F1, calibration, out-of-scope AUROC and latency on labelled messages.

    With --data the model's own intents are measured; with --train and --test any labels are learned first.
    """
    if data is not None and (train or test):
        fail("Either --data, or --train and --test.")
    if data is not None and finetune:
        fail("--finetune goes with --train and --test: with --data a model is measured as it is.")
    if data is None and mapping is not None:
        fail("--map goes with --data: with --train and --test any labels are learned as they are.")
    check_writable(json_file, data, mapping, train, test)
    folder = model or modelfiles.SHIPPED
    if data is None:
        from nlu.workshop.comparison import learn, measure

        learned, measured = _split(train, test)
        with failing(), progress_bar() as progress:
            predict = learn(learned, folder, finetune=finetune, seed=seed, progress=progress)
            report = measure(predict, measured, progress)
    else:
        report = _evaluated(data, folder, mapping)
    write_figures(json_file, asdict(report))
    print_report(report)


@app.command("compare")
def compare(
    train: Train = None,
    test: Test = None,
    finetune: Finetune = False,
    deep: Annotated[bool, typer.Option(help="The 12-layer baseline too; needs the extra `train`.")] = True,
    model: Model = None,
    work: Annotated[
        Path, typer.Option(help="Baselines and figures are kept here; a run that was cut off goes on.")
    ] = Path(".nlu-peers"),
    seed: Seed = 0,
    json_file: JsonFile = None,
) -> None:
    """The same figures for ours and for the baselines, on one split in one run."""
    from nlu.workshop import comparison

    check_writable(json_file, train, test)
    with failing(), progress_bar() as progress:
        learned, measured = _split(train, test)
        reports = comparison.compare(
            learned,
            measured,
            work,
            model or modelfiles.SHIPPED,
            deep=deep,
            finetune=finetune,
            seed=seed,
            progress=progress,
        )
    write_figures(json_file, {name: asdict(report) for name, report in reports.items()})
    print_comparison(reports)


def _evaluated(data: Path, model: Path, mapping: Path | None) -> Report:
    import nlu
    from nlu.heads import Heads
    from nlu.workshop import evaluation

    with failing():
        modelfiles.check(model)
        known = Heads.load(model / "heads.npz").intents
        rows = evaluation.read_rows(data, mapping, known, remark)
        return evaluation.evaluate(nlu.load(model), rows)


def _split(train: Path | None, test: Path | None) -> tuple[list[Labelled], list[Labelled]]:
    """Both tables of a split; what is odd about them is told, but measured as it is."""
    from nlu.workshop import labelled

    if train is None or test is None:
        fail("Both --train and --test are needed.")
    with failing():
        learned, measured = labelled.read_labelled(train), labelled.read_labelled(test)
        for odd in labelled.remarks(train, learned, measured):
            remark(odd)
    return learned, measured


@app.command("predict")
def predict(
    data: Annotated[Path, typer.Option(help="Messages with the column text.")],
    out: Annotated[Path, typer.Option(help="Tab-separated, a row a message, in order.")],
    model: Model = None,
) -> None:
    """What the model says of each message, for scoring with other tools."""
    import nlu
    from nlu.datafiles import read_lines, written_beside
    from nlu.workshop import evaluation

    check_writable(out, data)
    with failing():
        texts = [row["text"] for _, row in read_lines(data, ["text"], keep_empty=True)]
        understander = nlu.load(model)
        with progress_bar() as progress, written_beside(out) as file:
            writer = csv.DictWriter(file, evaluation.PREDICTION_COLUMNS, delimiter="\t")
            writer.writeheader()
            for row in _predicted(understander, texts, progress):
                writer.writerow(row)
    err.print(f"{len(texts)} messages read, written to {out}")


def _predicted(
    understander: Understander, texts: Sequence[str], progress: Progress
) -> Iterator[dict[str, str]]:
    """What is said of each message, in order; a few hundred are held at a time."""
    from nlu.workshop.evaluation import prediction

    for start in range(0, len(texts), READ_AT_ONCE):
        group = texts[start : start + READ_AT_ONCE]
        for text, meaning in zip(group, understander.understand(group), strict=True):
            yield prediction(text, meaning)
        progress("reading", (start + len(group)) / len(texts))
