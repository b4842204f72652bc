"""An evaluation as a folder: tables in Markdown, JSON and CSV, and pictures. It appears whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from retention.errors import RetentionError
from retention.evaluation.churn import ChurnComparison
from retention.evaluation.figures import figures
from retention.evaluation.page import page
from retention.evaluation.recommenders import Comparison
from retention.evaluation.segments import Segmentation
from retention.evaluation.splits import Split
from retention.evaluation.tables import write_tables
from retention.evaluation.value import JudgedValue
from retention.rates import Cell, Curve, Rate
from retention.report import Problem

PAGE, DATA = "report.md", "report.json"


@dataclass(slots=True, kw_only=True)
class Evaluation:
    """Everything that was found out about one log."""

    log: str
    rows: int
    start: datetime
    end: datetime
    seed: int
    problems: Sequence[Problem] = ()
    notes: list[str] = field(default_factory=list)
    split: Split | None = None
    recommendation: Comparison | None = None
    churn: ChurnComparison | None = None
    value: Sequence[JudgedValue] = ()
    segments: Segmentation | None = None
    rates: Sequence[Rate] = ()
    cohorts: Sequence[Cell] = ()
    survival: Sequence[Curve] = ()
    silence: int = 90
    k: int = 10


class FolderTaken(RetentionError):
    """The folder holds something that is not an evaluation."""


def check_folder(out: Path) -> None:
    """Refuse a folder that holds something else than an earlier report.

    Raises:
        FolderTaken: it does.
    """
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / DATA).is_file())):
        raise FolderTaken(f"{out} holds something that is not a report: name a new folder")


def write(evaluation: Evaluation, out: Path, form: str = "png") -> list[Path]:
    """Write the report; an earlier one in the same folder is replaced when the new one is whole.

    Args:
        form: of the pictures, `png` or `svg`.

    Raises:
        FolderTaken: the folder holds something else.
    """
    from retention.evaluation import pictures

    check_folder(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = out.with_name(f".{out.name}.{os.getpid()}.part")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    try:
        drawn = pictures.draw_all(evaluation, draft, form)
        written = write_tables(evaluation, draft)
        (draft / PAGE).write_text(page(evaluation, drawn, written), "utf-8")
        (draft / DATA).write_text(
            json.dumps(figures(evaluation), ensure_ascii=False, indent=1, allow_nan=False) + "\n", "utf-8"
        )
        if out.exists():
            shutil.rmtree(out)
        draft.rename(out)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return sorted(out.iterdir())
