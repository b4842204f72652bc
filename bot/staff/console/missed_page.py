"""Messages that may not have been understood, alike ones together, and what they really meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from nicegui import ui

from bot.staff.asked_as import AskedAs, GroupBesidePages, NearEntry, NearestEntries
from bot.staff.case_service import CaseService
from bot.staff.console.case_log import offered
from bot.staff.console.frame import RedrawnPage, Visit, small_button
from bot.staff.missed import DAYS, Example, Missed
from bot.staff.roles import EDITING
from nlu.acts import Act
from nlu.intents import INTENTS
from nlu.pages.asked_as import LABELS

_EXAMPLES = 4
_GROUPS = 40
_ACT = "act:"
"""Before an act among what can be chosen; no intent's name has a colon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What is on the page."""

    groups: Sequence[GroupBesidePages]
    left: int
    """Groups that are not shown."""


class MissedPage(RedrawnPage[Shown]):
    """One browser's view of the groups."""

    _name = "missed"
    # They change slowly, and gathering them takes longer than other looks.
    _every = 60.0

    def __init__(
        self, missed: Missed, nearest: NearestEntries, asked_as: AskedAs, cases: CaseService, visit: Visit
    ) -> None:
        super().__init__(visit)
        self._missed, self._nearest, self._asked_as, self._cases = missed, nearest, asked_as, cases
        self._language: str | None = None

    def _draw_frame(self) -> None:
        words = self._words
        choices = {"": words("all-languages"), "zh": words("language-zh"), "en": words("language-en")}
        with ui.column().classes("w-full gap-2 page scrolling"):
            with ui.row().classes("w-full items-center justify-between"):
                ui.label(words("missed-what-for", days=DAYS)).classes("text-sm soft lead")
                ui.toggle(
                    choices, value="", on_change=lambda event: self._filter(str(event.value or ""))
                ).props("dense no-caps unelevated padding='2px 10px'")
            self._place = ui.column().classes("w-full gap-2")

    async def _read(self) -> Shown:
        groups = await self._missed.groups(language=self._language, examples=_EXAMPLES)
        shown = await self._nearest.beside(groups[:_GROUPS])
        return Shown(groups=shown, left=len(groups) - len(shown))

    async def _filter(self, language: str) -> None:
        self._language = language or None
        await self._refresh()

    def _draw(self, found: Shown) -> None:
        if not found.groups:
            ui.label(self._words("no-missed")).classes("soft p-4")
            return
        for number, one in enumerate(found.groups):
            self._draw_group(number, one)
        if found.left:
            ui.label(self._words("missed-more", left=found.left)).classes("text-sm soft")

    def _draw_group(self, number: int, one: GroupBesidePages) -> None:
        words, group = self._words, one.group
        with ui.card().classes("w-full p-3 gap-2").mark(f"group-{number}"):
            with ui.row().classes("items-baseline gap-2"):
                ui.label(words("missed-turns", count=group.size)).classes("font-medium")
                ui.label(self._question(group.asked)).classes("text-sm soft")
                if group.taught:
                    ui.label(words("missed-taught", count=group.taught)).classes("chip")
            for example in group.examples:
                self._draw_example(example)
            if one.nearest is not None:
                self._draw_nearest(number, one.nearest)
            elif one.searched and not group.asked:
                # What answers the bot's own question isn't one for the pages.
                ui.label(words("no-page-answers")).classes("text-sm soft")

    def _draw_nearest(self, number: int, near: NearEntry) -> None:
        words, chance = self._words, round(100 * near.chance)
        with ui.column().classes("w-full gap-1"):
            told = words("nearest-entry", page=near.entry.page, title=near.entry.title, chance=chance)
            ui.label(told).classes("text-sm").props("dir=auto")
            if near.lines:
                line = LABELS[near.entry.language] + " | ".join(near.lines)
                ui.label(line).classes("text-sm soft pre").props("dir=auto")
            if not near.own:
                ui.label(words("pages-not-own")).classes("text-sm soft")
            elif not near.lines:
                ui.label(words("nothing-to-add")).classes("text-sm soft")
            elif self._visit.member.role in EDITING:
                small_button(words("add-asked-as"), partial(self._add, near)).mark(f"add-{number}")

    async def _add(self, near: NearEntry) -> None:
        words = self._words
        fields: list[ui.textarea] = []

        def draw() -> None:
            field = ui.textarea(words("one-a-line"), value="\n".join(near.lines)).classes("w-full")
            fields.append(field.props("outlined dense autogrow dir=auto").mark("asked-as"))
            ui.label(words("asked-as-what-for")).classes("text-xs soft")

        async def keep() -> bool:
            lines = str(fields[-1].value or "").splitlines()
            return await self._act(
                self._asked_as.add(self._visit.member, near.entry, lines), "asked-as-added"
            )

        self._ask(words("add-asked-as"), near.entry.title, "add-these", keep, draw=draw)

    def _question(self, asked: str) -> str:
        kind, _, what = asked.partition(" ")
        return self._words.of("asked", kind or "nothing", what=what)

    def _draw_example(self, one: Example) -> None:
        words = self._words
        with ui.column().classes("w-full gap-0"):
            for said in one.before:
                self._line("customer", said)
            if one.bot:
                self._line("bot", one.bot)
            ui.label(one.say).classes("font-medium pre").props("dir=auto")
            if one.answered:
                self._line("bot", one.answered)
            with ui.row().classes("items-center gap-2"):
                at = f"{one.at.astimezone(self._visit.zone):%m-%d %H:%M}"
                told = [at, words.of("why", one.why), self._read_as(one)]
                ui.label(" · ".join(told)).classes("meta")
                link = f"/?conversation={one.conversation_id}"
                ui.link(words("subject-conversation", key=one.conversation_id), link).classes("text-xs")
                if one.meant or one.act:
                    ui.label(self._meant(one)).classes("chip")
                    small_button(words("take-back"), partial(self._take_back, one))
                small_button(words("teach"), partial(self._teach, one)).mark(f"teach-{one.message_id}")

    def _line(self, author: str, text: str) -> None:
        ui.label(self._words("missed-said", author=self._words(author), text=text)).classes(
            "text-sm soft"
        ).props("dir=auto")

    def _read_as(self, one: Example) -> str:
        best = next(iter(one.read), "")
        return self._words("read-as", intent=self._intent(best)) if best else self._words("not-read")

    def _meant(self, one: Example) -> str:
        meant = self._intent(one.meant) if one.meant else self._words.of("act", one.act)
        return self._words("corrected-to", intent=meant)

    def _intent(self, intent: str) -> str:
        return self._words.of("intent", intent) if intent in INTENTS else intent

    async def _teach(self, one: Example) -> None:
        words = self._words
        own = await self._cases.own_intents()
        answers = {f"{_ACT}{act}": words("answers", act=words.of("act", act)) for act in Act}
        options = {
            # Where nothing is open there is nothing that it could do.
            **(answers if one.asked or one.tasks or one.filed else {}),
            **{intent: self._intent(intent) for intent in offered(own, one.meant or None)},
        }
        known = f"{_ACT}{one.act}" if one.act else one.meant
        fields: list[ui.select | ui.input] = []

        def draw() -> None:
            select = ui.select(
                options, value=known if known in options else None, label=words("intent"), with_input=True
            )
            fields.append(select.classes("w-full").props("outlined dense").mark("meant"))
            name = ui.input(words("own-intent")).classes("w-full").props("outlined dense")
            fields.append(name.mark("own-intent"))
            ui.label(words("what-for")).classes("text-xs soft")

        async def keep() -> bool:
            chosen, named = (str(field.value or "").strip() for field in fields)
            return await self._act(self._keep(one, named or chosen), "corrected")

        self._ask(words("what-meant"), one.say, "keep-correction", keep, draw=draw)

    async def _keep(self, one: Example, meant: str) -> None:
        """Keep what was chosen.

        Raises:
            ValueError: nothing was, or it can't be an intent's name.
        """
        if not meant:
            raise ValueError("nothing was chosen")
        act = Act(meant.removeprefix(_ACT)) if meant.startswith(_ACT) else None
        intent = "" if act is not None else meant
        await self._missed.teach(self._visit.member, one, intent=intent, act=act)

    async def _take_back(self, one: Example) -> None:
        await self._act(self._missed.teach(self._visit.member, one), "correction-gone")
