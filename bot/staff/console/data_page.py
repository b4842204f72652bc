"""The shop's data: files are dropped, looked at and imported, by admins; everybody sees what was imported when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from nicegui import ui

from bot.staff.console.data_choices import Choices
from bot.staff.console.data_files import FILES
from bot.staff.console.data_report import draw_earlier, draw_report, draw_trouble
from bot.staff.console.frame import RedrawnPage, Visit, plain_button
from bot.staff.console.widgets import Part
from bot.staff.imports import Choice, Imports, Stage, Standing
from bot.staff.roles import IMPORTING
from bot.staff.uploads import MAX_BYTES, MAX_FILES, Upload
from storage.shop import ImportRun

_REFUSALS = (
    "data-too-large", "data-running", "data-not-sent", "data-no-session", "data-proxy", "not-allowed",
)  # fmt: skip
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class DataView:
    """What the page shows."""

    standing: Standing
    share: float
    demo: bool
    earlier: Sequence[ImportRun]


class DropFiles(ui.element, component="drop_files.js"):
    """Where files are dropped or chosen."""

    def __init__(self, words: dict[str, str], sent: Callable[[], object]) -> None:
        """Draw it.

        Args:
            words: what it says.
            sent: told when files have been sent, or refused.
        """
        super().__init__()
        self.classes("w-full")
        # Relative, so that it holds behind a proxy, too.
        self._props.update({"words": words, "address": FILES.removeprefix("/"), "room": MAX_BYTES})
        self.on("sent", sent, args=[])

    def enable(self, enabled: bool) -> None:
        """Let files come, or not while an import runs."""
        if self._props.get("disable", False) is enabled:
            self._props["disable"] = not enabled
            self.update()


class DataPage(RedrawnPage[DataView]):
    """One browser's view of the import of this process."""

    _name = "data"
    _every = 1.0

    def __init__(self, imports: Imports, visit: Visit) -> None:
        super().__init__(visit)
        self._imports = imports
        self._may = visit.member.role in IMPORTING
        self._demo: bool | None = None
        self._standing: Standing | None = None
        self._choice = Choice()
        """As it stands on this page; what was tried is the standing's."""
        self._drawn = 0
        """How often what is chosen had to be drawn anew."""
        self._import: ui.button | None = None

    def _draw_frame(self) -> None:
        words = self._words
        with ui.column().classes("w-full gap-3 scrolling page no-wrap").style("flex-direction: column"):
            ui.label(words("data-what-for" if self._may else "data-look")).classes("text-sm soft lead")
            if self._may:
                self._drop = DropFiles(self._drop_words(), self._act.refresh)
                self._files = Part(self._draw_files)
                self._draw_progress()
                self._result = Part(self._draw_result)
            self._earlier = Part(partial(draw_earlier, words, self._visit.zone))

    def _draw_progress(self) -> None:
        with ui.card().classes("w-full gap-2") as self._going:
            self._going_label = ui.label().classes("text-sm").props("role=status")
            self._bar = ui.linear_progress(0.0, show_value=False).props("rounded size=10px")
            self._bar.props["aria-label"] = self._words("data-progress")
        self._going.visible = False

    def _drop_words(self) -> dict[str, str]:
        words = self._words
        said = {
            "drop": words("data-drop"),
            "choose": words("data-choose"),
            "sending": words("data-sending"),
            "limit": words("data-limit", size=MAX_BYTES // _MIB, files=MAX_FILES),
        }
        return said | {text_id: words(text_id) for text_id in _REFUSALS}

    async def _read(self) -> DataView:
        standing = await self._imports.look(self._visit.member) if self._may else Standing()
        known = self._standing
        # To find out is work for the database: only when it may have changed.
        if self._may and (
            known is None or known.stage is not standing.stage or known.files != standing.files
        ):
            self._demo = await self._imports.is_demo()
        return DataView(
            standing=standing,
            share=self._imports.share,
            demo=bool(self._demo),
            earlier=tuple(await self._imports.earlier()),
        )

    async def _refresh(self) -> None:
        found = await self._read()
        if self._may:
            self._follow(found.standing)
            self._show(found)
        self._earlier.show(found.earlier)

    def _follow(self, standing: Standing) -> None:
        """Take over what others have chosen, or what new files are; what is typed here stays otherwise."""
        before, self._standing = self._standing, standing
        if before is not None and before.files != standing.files:
            said = standing.choice
            self._choice = replace(self._choice, source=said.source, columns=said.columns)
            if not standing.files:
                self._choice = said
        elif before is None or (before.choice != standing.choice != self._choice):
            self._choice = standing.choice
            self._drawn += 1

    def _show(self, found: DataView) -> None:
        standing = found.standing
        self._drop.enable(not standing.running)
        self._files.show(standing.files, found.demo, self._drawn)
        self._going.visible = standing.running
        if standing.running:
            self._bar.value = round(found.share, 3)
            # A file of few rows is one step.
            self._bar.props(**({"add": "indeterminate"} if not found.share else {"remove": "indeterminate"}))
            percent = int(100 * found.share)
            self._going_label.text = self._words(
                "data-checking" if standing.stage is Stage.CHECKING else "data-importing", percent=percent
            )
        self._result.show(None if standing.running else standing)

    def _draw_files(self, files: Sequence[Upload], demo: bool, _drawn: int) -> None:
        if not files:
            return
        words = self._words
        with ui.card().classes("w-full gap-3"):
            for one in files:
                self._draw_file(one)
            Choices(words, self._choice, len(files) == 1, self._choose).draw(demo=demo)
            with ui.row().classes("w-full gap-2"):
                plain_button(words("data-preview"), self._preview)
                ui.button(words("data-start-over"), on_click=self._start_over).props("no-caps flat")

    def _draw_file(self, one: Upload) -> None:
        size = f"{one.size / _MIB:.1f} MB" if one.size >= _MIB else f"{max(1, one.size // 1024)} KB"
        with ui.row().classes("w-full items-center no-wrap gap-2 file-row"):
            ui.label(one.name).classes("font-medium min-w-0 break-anywhere")
            ui.label(size).classes("text-xs soft whitespace-nowrap")
            remove = ui.button(icon="close", on_click=partial(self._remove, one)).props(
                "flat round dense size=sm"
            )
            remove.props["aria-label"] = self._words("data-remove", name=one.name)

    def _choose(self, **changed: Any) -> None:
        """Something is to be read otherwise than it was tried."""
        self._choice = replace(self._choice, **changed)
        if self._standing is not None and self._import is not None:
            tried = self._choice == self._standing.choice
            self._import.set_enabled(tried)
            self._changed.visible = not tried

    def _draw_result(self, standing: Standing | None) -> None:
        self._import = None
        if standing is None:
            return
        words = self._words
        draw_trouble(words, standing)
        if standing.columns is not None and standing.stage is not Stage.IMPORTED:
            Choices(words, standing.choice, True, self._choose).draw_columns(standing.columns)
        if standing.report is not None:
            draw_report(words, standing, standing.report)
        if standing.stage is Stage.CHECKED:
            with ui.row().classes("w-full gap-3 items-center"):
                self._import = plain_button(words("data-import"), self._run).mark("import")
                self._changed = ui.label(words("data-changed")).classes("text-sm").props("role=status")
                self._changed.visible = False
        elif standing.stage is Stage.IMPORTED:
            plain_button(words("data-another"), self._start_over)

    async def _preview(self) -> None:
        await self._act(self._imports.preview(self._visit.member, self._choice, self._words.language), None)

    async def _run(self) -> None:
        await self._act(self._imports.run(self._visit.member, self._words.language), None)

    async def _start_over(self) -> None:
        await self._act(self._imports.start_over(self._visit.member), None)

    async def _remove(self, one: Upload) -> None:
        await self._act(self._imports.remove(self._visit.member, one.number), None)
