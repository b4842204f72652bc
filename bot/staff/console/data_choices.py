"""What somebody says of files that are to be imported: where they are from, and how they are to be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nicegui import ui

from bot.shop.importing.fields import ATTRIBUTE, OPTION, PLACE
from bot.shop.importing.recognition import Columns
from bot.staff.console.widgets import heading, table
from bot.staff.console.words import Words
from bot.staff.imports import SOURCES, Choice

_TYPED = ("currency", "time_zone", "date_format", "statuses")
_LANGUAGES = {"zh": "中文", "en": "English"}


class Choices:
    """Fields to say it with; each change is told at once."""

    def __init__(self, words: Words, choice: Choice, one_file: bool, choose: Callable[..., None]) -> None:
        """Make it; nothing is drawn yet.

        Args:
            words: in the reader's language.
            choice: as it is so far.
            one_file: rows of a kind come in a single file.
            choose: told of a change, by the names of `Choice`'s fields.
        """
        self._words = words
        self._choice = choice
        self._one_file = one_file
        self._choose = choose
        self._statuses: ui.input | None = None

    def draw(self, *, demo: bool) -> None:
        """Everything but the columns."""
        words = self._words
        with ui.element().classes("choices w-full"):
            self._select(
                "source",
                {one: words.of("source", one) for one in SOURCES},
                hint=None if self._choice.source else words("data-not-recognised"),
            )
            for name in _TYPED:
                field = self._input(name)
                if name == "statuses":
                    self._statuses = field
            self._select("language", _LANGUAGES)
        self._show_statuses(self._choice.source)
        if demo:
            ui.label(words("data-demo")).classes("over text-sm w-full")
            ui.checkbox(
                words("data-replace-demo"),
                value=self._choice.replace_demo,
                on_change=lambda event: self._choose(replace_demo=bool(event.value)),
            )

    def draw_columns(self, columns: Columns) -> None:
        """Which column is taken for what."""
        words = self._words
        taken = {column: field for field, column in columns.taken.items()}
        now = dict(columns.taken)
        with ui.card().classes("w-full gap-2"):
            heading(words("data-columns"))
            ui.label(words("data-columns-what")).classes("text-sm soft")
            with table((words("data-column"), words("data-taken-for"))) as body:
                for column in columns.header:
                    with body, ui.element("tr"):
                        with ui.element("td"):
                            ui.label(column)
                        with ui.element("td"):
                            self._draw_column(column, taken.get(column, ""), columns, now)

    def _draw_column(self, column: str, field: str, columns: Columns, now: dict[str, str]) -> None:
        words = self._words
        options = {"": words("data-not-used")}
        # With the name by which a refusal speaks of it.
        options |= {name: f"{words.of('field', name, name=name)} · {name}" for name in columns.fields}
        if self._choice.source == "products":
            for beginning, what in (
                (OPTION, "data-option"),
                (ATTRIBUTE, "data-attribute"),
                (PLACE, "data-place"),
            ):
                options[field if field.startswith(beginning) else f"{beginning}{column}"] = words(what)

        def change(event: Any) -> None:
            for name in [name for name, of in now.items() if of == column]:
                del now[name]
            if event.value:
                now[event.value] = column
            self._choose(columns=dict(now))

        chosen = ui.select(options, value=field if field in options else "", on_change=change)
        chosen.classes("w-full").props("outlined dense options-dense")
        chosen.props["aria-label"] = words("data-column-taken", column=column)

    def _select(self, name: str, options: Mapping[str, str], hint: str | None = None) -> None:
        value = str(getattr(self._choice, name))

        def change(event: Any) -> None:
            # Columns that were said of one kind of rows mean nothing for another.
            self._choose(**{name: event.value}, **({"columns": {}} if name == "source" else {}))
            if name == "source":
                self._show_statuses(event.value)
                field.props(remove="hint")

        field = ui.select(
            dict(options), value=value if value in options else None, label=self._words(f"data-{name}"),
            on_change=change,
        )  # fmt: skip
        field.classes("w-full").props("outlined dense")
        if hint:
            field.props["hint"] = hint

    def _input(self, name: str) -> ui.input:
        words = self._words
        field = ui.input(
            words(f"data-{name}"),
            value=str(getattr(self._choice, name)),
            on_change=lambda event: self._choose(**{name: event.value or ""}),
        )
        field.classes("w-full").props("outlined dense maxlength=300")
        field.props["hint"] = words(f"data-{name}-hint")
        return field

    def _show_statuses(self, source: str) -> None:
        """The exports of other systems have statuses that are known."""
        if self._statuses is not None:
            self._statuses.visible = source == "orders"
