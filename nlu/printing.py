"""How the commands of this room speak: progress, tables of figures, and errors that say what to do."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from nlu.datafiles import written_beside
from nlu.errors import NluError

if TYPE_CHECKING:
    from collections.abc import Callable

    from nlu.evaluation import Report
    from nlu.teaching.shop import Lesson

# Labels, styles and texts are people's own: `[/vip]` or `:heart:` in them is no markup.
console = Console(stderr=True, markup=False, emoji=False, highlight=False)
out = Console(markup=False, emoji=False, highlight=False)


class told:  # noqa: N801 - reads as a phrase where it is used
    """What goes wrong within is told in its own words, and ends the command."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, NluError):
            fail(str(error))
        if isinstance(error, OSError):
            fail(f"{error.filename or 'A file'} can't be read or written: {error.strerror or error}")


def fail(message: str) -> NoReturn:
    """End the command with an error."""
    console.print(message, style="red")
    raise typer.Exit(1)


@contextmanager
def progress_bar() -> Iterator[Callable[[str, float], None]]:
    """A function that shows what is being done and which share of it is finished; a line a step without a terminal."""
    if not console.is_terminal:
        said: set[str] = set()

        def line(what: str, _share: float) -> None:
            if what not in said:
                said.add(what)
                console.print(f"  {what}")

        yield line
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda what, share: bar.update(task, description=what, completed=share)


def check_writable(path: Path | None, *read: Path | None) -> None:
    """End the command, before any work, where a file that was named can't be written, or is one that is `read`."""
    if path is None:
        return
    if path.is_dir():
        fail(f"{path} is a folder; name a file.")
    if not path.parent.is_dir():
        fail(f"{path} can't be written: there is no folder {path.parent}.")
    if not os.access(path.parent, os.W_OK):
        fail(f"{path} can't be written: the folder {path.parent} doesn't allow it.")
    for one in read:
        if one is not None and path.is_file() and one.exists() and path.samefile(one):
            fail(f"{path} can't be written: it is what is read, and would be lost. Name another file.")


def write_figures(path: Path | None, figures: Mapping[str, object]) -> None:
    """Keep figures as JSON, where a file was named."""
    if path is not None:
        with told(), written_beside(path) as file:
            file.write(json.dumps(figures, ensure_ascii=False, indent=2) + "\n")


def remark(what: str) -> None:
    """Tell something odd that nothing is refused for."""
    console.print(what, style="yellow")


def print_report(report: Report) -> None:
    """One model's figures."""
    low, high = report.interval
    table = Table("figure", "value")
    table.add_row("messages", str(report.rows))
    table.add_row("accuracy", _share(report.accuracy, f"{low:.1%} to {high:.1%}"))
    table.add_row("macro-F1", _share(report.macro_f1))
    table.add_row("calibration error", _number(report.calibration_error))
    if report.answered is not None:
        table.add_row("understood, within the scope", f"{report.answered:.1%}")
    if report.out_of_scope_auroc is not None:
        table.add_row("out of scope, AUROC", f"{report.out_of_scope_auroc:.3f}")
    if report.out_of_scope_recall is not None:
        table.add_row("out of scope, recall", f"{report.out_of_scope_recall:.1%}")
    if report.sentiment_accuracy is not None:
        table.add_row("sentiment accuracy", f"{report.sentiment_accuracy:.1%}")
    if report.further_named is not None:
        table.add_row("several wishes, every further one named", f"{report.further_named:.1%}")
    if report.further_false is not None:
        table.add_row("a further wish named that is not there", f"{report.further_false:.1%}")
    for style, share in report.by_style.items():
        table.add_row(f"accuracy, {style}", f"{share:.1%}")
    table.add_row("median, p95, p99", "{:.2f}, {:.2f}, {:.2f} ms".format(*report.milliseconds))
    out.print(table)
    for label, said, count in report.confused[:10]:
        out.print(f"{count} × {label} read as {said}")


def print_comparison(reports: Mapping[str, Report]) -> None:
    """Several models' figures, a line each."""
    table = Table("model", "accuracy (95 %)", "macro-F1", "ECE", "OOS AUROC", "OOS recall", "median, p95 ms")
    for name, report in reports.items():
        low, high = report.interval
        table.add_row(
            name,
            _share(report.accuracy, f"{low:.1%}-{high:.1%}"),
            _share(report.macro_f1),
            _number(report.calibration_error),
            "" if report.out_of_scope_auroc is None else f"{report.out_of_scope_auroc:.3f}",
            "" if report.out_of_scope_recall is None else f"{report.out_of_scope_recall:.1%}",
            "{:.2f}, {:.2f}".format(*report.milliseconds[:2]),
        )
    out.print(table)


def _share(value: float | None, interval: str = "") -> str:
    """A share, perhaps with its interval; a dash where there was nothing to count."""
    if value is None:
        return "-"
    return f"{value:.1%} ({interval})" if interval else f"{value:.1%}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def print_lesson(lesson: Lesson, base: str) -> None:
    """What came of teaching the model that `base` names."""
    low, high = lesson.interval
    table = Table("figure", "value")
    table.add_row("taught from", base)
    table.add_row("messages", f"{lesson.messages}, of earlier lessons {lesson.messages_before}")
    table.add_row("new intents", ", ".join(lesson.new_intents) or "none")
    if lesson.lost_intents:
        table.add_row("intents that no message names any more", ", ".join(lesson.lost_intents))
    judged = " by heads on the encoder as it was" if lesson.finetuned else ""
    table.add_row(f"accuracy, cross-validated{judged}", f"{lesson.accuracy:.1%} ({low:.1%} to {high:.1%})")
    table.add_row(
        "built-in intents, before and after", f"{lesson.built_in_before:.1%}, {lesson.built_in_after:.1%}"
    )
    out.print(table)
    for line in _about_accuracy(lesson):
        out.print(line)
    for label, said, count in lesson.confused[:10]:
        out.print(f"{count} × {label} read as {said}")
    if lesson.suspects:
        out.print("These may be labelled wrongly:")
    for suspect in lesson.suspects:
        likelier = f"{suspect.likelier} ({suspect.probability:.0%})"
        out.print(
            f"  {suspect.file}, line {suspect.line}: {suspect.text} is {suspect.label}, perhaps {likelier}"
        )


def _about_accuracy(lesson: Lesson) -> Iterator[str]:
    """What must be known to read it rightly."""
    if lesson.finetuned:
        yield (
            "The cross-validated accuracy, the confused pairs and the doubtful examples are those of heads on the "
            "encoder as it was; the built-in intents' second figure is that of the model with its trained encoder."
        )
    if lesson.seen_before:
        yield "An earlier lesson has trained the encoder on some of these messages: the accuracy flatters."


def as_values(report: Report) -> dict[str, object]:
    """The figures for JSON."""
    return asdict(report)
