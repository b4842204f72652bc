"""An evaluation as a folder: tables in Markdown, JSON and CSV, and charts. It appears whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from retention.errors import RetentionError
from retention.workshop.evaluation import Evaluation
from retention.workshop.page import page
from retention.workshop.tables import figures, write_tables

PAGE, DATA = "report.md", "report.json"


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
        form: of the charts, `png` or `svg`.

    Raises:
        FolderTaken: the folder holds something else.
    """
    from retention.workshop import charts  # imports matplotlib

    check_folder(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = out.with_name(f".{out.name}.{os.getpid()}.part")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    try:
        drawn = charts.draw_all(evaluation, draft, form)
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
