"""What an import came to, or would come to, and what was imported before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from zoneinfo import ZoneInfo

from nicegui import ui

from bot.shop.importing.running import Report
from bot.shop.importing.saying import in_language
from bot.staff.console.data_files import REJECTS
from bot.staff.console.widgets import cell, heading, table
from bot.staff.console.words import Words
from bot.staff.imports import Stage, Standing
from storage.shop import ImportRun

_REASONS_SHOWN = 20
_ADVICE = ("columns", "date-format", "currency", "statuses", "replace-demo", "time-zone")
"""Options of the command that a sentence may name, each with a field of this page."""


def draw_trouble(words: Words, standing: Standing) -> None:
    """Why the files can't be taken so."""
    if standing.failed:
        ui.label(words("data-failed")).classes("over w-full").props("role=alert")
    if not standing.refused:
        return
    with ui.column().classes("over w-full gap-1").props("role=alert"):
        ui.label(words("data-refused")).classes("font-semibold")
        ui.label(in_language(standing.refused, words.language)).classes("break-anywhere")
        _draw_advice(words, [standing.refused])


def _draw_advice(words: Words, reasons: Iterable[str]) -> None:
    """Where on this page the options are that reasons speak of."""
    said = "\n".join(reasons)
    for option in _ADVICE:
        if f"--{option}" in said:
            here = words(
                f"data-{option.replace('-', '_')}" if option != "replace-demo" else "data-replace-demo"
            )
            ui.label(words("data-option-here", option=f"--{option}", field=here)).classes("text-sm")


def draw_report(words: Words, standing: Standing, report: Report) -> None:
    """Of a trial, or of an import."""
    done = standing.stage is Stage.IMPORTED
    with ui.card().classes("w-full gap-3"):
        heading(words("data-report" if done else "data-would"))
        ui.label(
            words(
                "data-counts" if done else "data-would-counts",
                rows=report.rows, taken=report.taken, rejected=report.rejected,
            )
        ).props("role=status")  # fmt: skip
        if report.ignored:
            ui.label(words("data-ignored", rows=report.ignored)).classes("text-sm")
        written = {words.of("written", what): count for what, count in report.written.items() if count}
        if written:
            _counts(words("data-new" if done else "data-would-new"), written, words("data-number"))
        elif report.taken:
            ui.label(words("data-nothing-new"))
        _counts(words("data-left-out"), _said(words, report.left_out), words("data-rows"))
        _draw_rejected(words, standing, report)
        _counts(words("data-notes"), _said(words, report.notes), words("data-rows"))
        if done and written:
            ui.label(words("data-refit")).classes("text-sm soft")


def _draw_rejected(words: Words, standing: Standing, report: Report) -> None:
    if not report.rejected:
        return
    shown = dict(list(report.reasons.items())[:_REASONS_SHOWN])
    _counts(words("data-rejected"), _said(words, shown), words("data-rows"))
    _draw_advice(words, shown)
    ui.label(words("data-examples")).classes("font-medium")
    with table((words("data-file"), words("data-row"), words("data-reason"))) as body:
        for name, row, reason in report.examples:
            with body, ui.element("tr"):
                cell(name)
                cell(str(row))
                cell(in_language(reason, words.language))
    for number, rejects in enumerate(standing.rejects):
        ui.link(words("data-rejects", name=rejects.name), f"{REJECTS}/{number}").props("download").classes(
            "break-anywhere"
        )


def draw_earlier(words: Words, zone: ZoneInfo, runs: Sequence[ImportRun]) -> None:
    """What was imported when, newest first."""
    heading(words("data-earlier"))
    if not runs:
        ui.label(words("data-none-earlier")).classes("soft")
        return
    with ui.card().classes("w-full p-0 gap-0 log"):
        for run in runs:
            with ui.element().classes("log-row import-row"):
                ui.label(f"{run.started_at.astimezone(zone):%Y-%m-%d %H:%M}").classes("log-time")
                ui.label(words.of("source", run.kind)).classes("log-who")
                with ui.column().classes("gap-0 min-w-0"):
                    ui.label(run.source).classes("break-anywhere")
                    ui.label(_summary(words, run.counts)).classes("text-sm soft")


def _summary(words: Words, counts: Mapping[str, int]) -> str:
    said = [words("data-run", rows=counts.get("rows", 0), rejected=counts.get("rejected", 0))]
    said += [
        words("data-run-new", what=words.of("written", what), number=number)
        for what, number in counts.items()
        if number and what not in ("rows", "rejected")
    ]
    return " · ".join(said)


def _said(words: Words, counts: Mapping[str, int]) -> dict[str, int]:
    """What the import says, in the reader's language."""
    return {in_language(what, words.language): count for what, count in counts.items()}


def _counts(title: str, counts: Mapping[str, int], what: str) -> None:
    if not counts:
        return
    with table((title, what), number=True) as body:
        for name, count in counts.items():
            with body, ui.element("tr"):
                cell(name)
                cell(f"{count:,}", number=True)
