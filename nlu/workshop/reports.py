"""The tables of figures that the commands print, and the JSON files they write."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from kernel.console import fail, failing, out, print_table
from nlu.datafiles import written_beside

if TYPE_CHECKING:
    from nlu.workshop.evaluation import Report
    from nlu.workshop.teaching import TeachingResult


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
        with failing(), written_beside(path) as file:
            file.write(json.dumps(figures, ensure_ascii=False, indent=2) + "\n")


def print_report(report: Report) -> None:
    """One model's figures."""
    low, high = report.interval
    rows = {
        "messages": str(report.rows),
        "accuracy": _share(report.accuracy, f"{low:.1%} to {high:.1%}"),
        "macro-F1": _share(report.macro_f1),
        "calibration error": _number(report.calibration_error),
    }
    optional = {
        "understood, within the scope": _share(report.answered),
        "out of scope, AUROC": _number(report.out_of_scope_auroc),
        "out of scope, recall": _share(report.out_of_scope_recall),
        "sentiment accuracy": _share(report.sentiment_accuracy),
        "several wishes, every further one named": _share(report.further_named),
        "a further wish named that is not there": _share(report.further_false),
    }
    rows |= {name: value for name, value in optional.items() if value != "-"}
    rows |= {f"accuracy, {style}": f"{share:.1%}" for style, share in report.by_style.items()}
    rows["median, p95, p99"] = "{:.2f}, {:.2f}, {:.2f} ms".format(*report.milliseconds)
    print_table("", ("figure", "value"), list(rows.items()))
    _print_confused(report.confused)


def print_comparison(reports: Mapping[str, Report]) -> None:
    """Several models' figures, a line each."""
    columns = ("model", "accuracy (95 %)", "macro-F1", "ECE", "OOS AUROC", "OOS recall", "median, p95 ms")
    rows = [
        (
            name,
            _share(report.accuracy, "{:.1%}-{:.1%}".format(*report.interval)),
            _share(report.macro_f1),
            _number(report.calibration_error),
            _number(report.out_of_scope_auroc, absent=""),
            _share(report.out_of_scope_recall, absent=""),
            "{:.2f}, {:.2f}".format(*report.milliseconds[:2]),
        )
        for name, report in reports.items()
    ]
    print_table("", columns, rows)


def print_teaching(result: TeachingResult, base: str) -> None:
    """What came of teaching the model that `base` names."""
    low, high = result.interval
    by = " by heads on the encoder as it was" if result.finetuned else ""
    rows = {
        "taught from": base,
        "messages": f"{result.messages}, of earlier lessons {result.messages_before}",
        "new intents": ", ".join(result.new_intents) or "none",
        "intents that no message names any more": ", ".join(result.lost_intents),
        f"accuracy, cross-validated{by}": f"{result.accuracy:.1%} ({low:.1%} to {high:.1%})",
        "built-in intents, before and after": f"{result.built_in_before:.1%}, {result.built_in_after:.1%}",
    }
    print_table("", ("figure", "value"), [row for row in rows.items() if row[1]])
    for line in _about_accuracy(result):
        out.print(line)
    _print_confused(result.confused)
    if result.suspects:
        out.print("These may be labelled wrongly:")
    for suspect in result.suspects:
        likelier = f"{suspect.likelier} ({suspect.probability:.0%})"
        out.print(
            f"  {suspect.file}, line {suspect.line}: {suspect.text} is {suspect.label}, perhaps {likelier}"
        )


def _about_accuracy(result: TeachingResult) -> Iterator[str]:
    """What must be known to read it rightly."""
    if result.finetuned:
        yield (
            "The cross-validated accuracy, the confused pairs and the doubtful examples are those of heads on the "
            "encoder as it was; the built-in intents' second figure is that of the model with its trained encoder."
        )
    if result.seen_before:
        yield "An earlier lesson has trained the encoder on some of these messages: the accuracy flatters."


def _print_confused(pairs: tuple[tuple[str, str, int], ...]) -> None:
    for label, said, count in pairs[:10]:
        out.print(f"{count} × {label} read as {said}")


def _share(value: float | None, interval: str = "", absent: str = "-") -> str:
    """A share, perhaps with its interval; a dash where there was nothing to count."""
    if value is None:
        return absent
    return f"{value:.1%} ({interval})" if interval else f"{value:.1%}"


def _number(value: float | None, absent: str = "-") -> str:
    return absent if value is None else f"{value:.3f}"
