"""The main page: lists on the left, the conversation on the right."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TypeVar

from nicegui import ui

from bot.staff.case_service import CaseService, Waiting
from bot.staff.console.cards import CaseEntry, RequestCard, ShownCase, draw_alarm, draw_warning
from bot.staff.console.case_view import CaseView
from bot.staff.console.frame import Acting, Visit
from bot.staff.console.widgets import LongList, Sides
from kernel.times import utc_now
from storage import NotFound
from storage.drafts import Agreement
from storage.escalations import Escalation
from storage.requests import Request
from storage.staff import StaffMember
from storage.warnings import Alarm, ChurnWarning

_REFRESH_SECONDS = 2.0

V = TypeVar("V")

_COUNTED_DOWN = 240
"""Minutes: what is due later has a time instead."""


class QueuePage:
    """One browser's view of the queue."""

    def __init__(self, cases: CaseService, visit: Visit, chosen: int | None = None) -> None:
        """Make it; `build` draws it.

        Args:
            cases: what can be done.
            visit: who sits here.
            chosen: the conversation to open at once.
        """
        self._cases = cases
        self._visit = visit
        self._chosen = chosen

    def build(self) -> None:
        """Draw the page and keep it up to date."""
        visit = self._visit
        acting = Acting(visit, self._refresh)
        visit.draw_header("desk")
        self._sides = Sides(visit.member.id, self._chosen, moved=self._moved, kept=self._drop_ended)
        with self._sides:
            self._lists = Lists(self._cases, acting, self._choose, self._refresh)
            self._case = CaseView(self._cases, acting, leave=self._leave, ended=self._end)
        visit.keep(self._refresh, _REFRESH_SECONDS)

    async def _refresh(self) -> None:
        """Draw again what has changed; what somebody is typing stays."""
        self._lists.show_waiting(await self._lists.read(), utc_now())
        self._lists.show_alarms(await self._cases.alarms())
        self._lists.show_warnings(await self._cases.warnings(), await self._cases.risk_bands())
        self._lists.show_trials(await self._cases.agreement())
        if self._chosen is not None:
            await self._show(self._chosen)

    async def _choose(self, conversation_id: int) -> None:
        if await self._visit.use() is None:
            await self._visit.leave()
            return
        self._chosen = conversation_id
        self._sides.open(conversation_id)
        await self._show(conversation_id)

    async def _moved(self, conversation_id: int | None) -> None:
        """The reader went back, or forth again."""
        if conversation_id is None:
            self._show_nothing()
        else:
            self._chosen = conversation_id
            await self._show(conversation_id)

    async def _show(self, conversation_id: int) -> None:
        try:
            case = await self._cases.conversation(conversation_id)
        except NotFound:
            self._leave()
            return
        if self._chosen == conversation_id:
            self._case.show(case)
            self._sides.show(conversation_id)

    def _end(self) -> None:
        """This member has ended the case."""
        if self._chosen is not None:
            self._sides.drop([self._chosen])
        self._leave()

    def _leave(self) -> None:
        self._show_nothing()
        self._sides.leave()

    def _show_nothing(self) -> None:
        self._chosen = None
        self._case.show_nothing()
        self._sides.show(None)

    async def _drop_ended(self, conversation_ids: list[int]) -> None:
        """Of what this browser keeps, forget what was typed for cases that have ended meanwhile."""
        still = await self._cases.open_among(conversation_ids)
        self._sides.drop([one for one in conversation_ids if one not in still])


class Lists:
    """Alarms, and below them four lists with tabs; a click on an entry opens its conversation."""

    def __init__(
        self,
        cases: CaseService,
        acting: Acting,
        choose: Callable[[int], Awaitable[None]],
        more: Callable[[], Awaitable[None]],
    ) -> None:
        self._cases = cases
        self._act = acting
        self._member, self._words, self._zone = acting.visit.member, acting.visit.words, acting.visit.zone
        words = self._words
        self._seen: dict[str, object] = {}
        with ui.column().classes("w-full md:w-96 shrink-0 gap-2 lists"):
            alarms = ui.column().classes("w-full gap-2")
            self._number = (
                ui.input(words("find-number"))
                .classes("w-full")
                .props("dense outlined clearable")
                .mark("find-number")
                .on("keydown.enter", partial(self._find, choose))
            )
            with ui.tabs().classes("w-full").props("dense no-caps align=justify") as tabs:
                self._tabs = {
                    name: ui.tab(name, label=words(name))
                    for name in ("queue", "requests", "warnings", "drafts")
                }
            with ui.tab_panels(tabs, value="queue").classes("w-full bg-transparent p-0"):
                self._panels = {"alarms": alarms}
                for name in self._tabs:
                    with ui.tab_panel(name).classes("p-1"):
                        self._panels[name] = ui.column().classes("w-full gap-2")
        with self._panels["queue"]:
            self._queue: LongList[ShownCase] = LongList(
                words, words("nobody-waits"), lambda shown: CaseEntry(shown, words, choose), more
            )
        with self._panels["requests"]:
            self._requests: LongList[Request] = LongList(
                words,
                words("no-requests"),
                lambda request: RequestCard(request, cases, acting, choose),
                more,
            )

    async def _find(self, choose: Callable[[int], Awaitable[None]]) -> None:
        """Open the conversation of the case or request whose number was typed."""
        found = await self._cases.numbered(self._number.value or "")
        if found is None:
            ui.notify(self._words("number-unknown"))
            return
        self._number.value = ""
        await choose(found)

    async def read(self) -> Waiting:
        """What these lists show of what waits."""
        return await self._cases.waiting(cases=self._queue.limit, requests=self._requests.limit)

    def show_waiting(self, waiting: Waiting, now: datetime) -> None:
        """Who waits, in the order in which they should be taken, and what is undecided, oldest first."""
        self._count("queue", waiting.all_cases)
        self._queue.show(
            {case.id: self._shown(case, waiting.names, now) for case in waiting.cases}, waiting.all_cases
        )
        self._count("requests", waiting.all_requests)
        self._requests.show({request.id: request for request in waiting.requests}, waiting.all_requests)

    def show_alarms(self, alarms: Sequence[Alarm]) -> None:
        """What looks like an attack; nothing where there is none."""
        self._redraw("alarms", alarms, lambda: self._draw_alarms(alarms))

    def show_warnings(self, warnings: Sequence[ChurnWarning], bands: Mapping[str, int]) -> None:
        """Who may be about to leave, the dearest first, and how many customers are in each band of risk."""
        self._count("warnings", len(warnings))
        self._redraw("warnings", (warnings, bands), lambda: self._draw_warnings(warnings, bands))

    def show_trials(self, agreement: Sequence[Agreement]) -> None:
        """How often drafts were good as they were."""
        self._redraw("drafts", agreement, lambda: self._draw_trials(agreement))

    def _count(self, part: str, count: int) -> None:
        label = f"{self._words(part)} {count}" if count else self._words(part)
        if self._tabs[part].props["label"] != label:
            self._tabs[part].props["label"] = label
            self._tabs[part].update()

    def _redraw(self, part: str, value: object, draw: Callable[[], None]) -> None:
        if part in self._seen and self._seen[part] == value:
            return
        self._panels[part].clear()
        with self._panels[part]:
            draw()
        # Last: what could not be drawn is tried again.
        self._seen[part] = value

    def _shown(self, case: Escalation, names: Mapping[int, str], now: datetime) -> ShownCase:
        due, overdue = self._due(case, now)
        holder = "" if case.staff_id is None else names.get(case.staff_id, "?")
        return ShownCase(case=case, holder=holder, due=due, overdue=overdue)

    def _due(self, case: Escalation, now: datetime) -> tuple[str, bool]:
        if case.first_answer_at is not None:
            return "", False
        minutes = int((case.due_at - now).total_seconds() // 60)
        if minutes < 0:
            return self._words("overdue", minutes=-minutes), True
        if minutes <= _COUNTED_DOWN:
            return self._words("due-in", minutes=minutes), False
        at = case.due_at.astimezone(self._zone)
        return self._words("due-at", time=f"{at:%m-%d %H:%M}"), False

    def _draw_alarms(self, alarms: Sequence[Alarm]) -> None:
        for alarm in alarms:
            seen = partial(self._see_to, self._cases.see_to_alarm, alarm.id)
            draw_alarm(alarm, self._words, self._zone, seen)

    def _draw_warnings(self, warnings: Sequence[ChurnWarning], bands: Mapping[str, int]) -> None:
        if everybody := sum(bands.values()):
            shares = {
                band: f"{bands.get(band, 0)} ({bands.get(band, 0) / everybody:.0%})"
                for band in ("high", "medium", "low")
            }
            ui.label(self._words("risk-bands", **shares)).classes("text-sm soft")
        if not warnings:
            ui.label(self._words("no-warnings")).classes("soft p-4")
        for warning in warnings:
            draw_warning(warning, self._words, partial(self._see_to, self._cases.see_to, warning.id))

    async def _see_to(self, note: Callable[[StaffMember, int], Awaitable[None]], number: int) -> None:
        await self._act(note(self._member, number), "seen-noted")

    def _draw_trials(self, agreement: Sequence[Agreement]) -> None:
        if not agreement:
            ui.label(self._words("no-drafts")).classes("soft p-4")
        for item in agreement:
            with ui.card().classes("w-full p-3 gap-2"):
                ui.label(self._words("agreement", skill=item.skill, agreed=item.agreed, judged=item.judged))
                ui.linear_progress(item.rate or 0.0, show_value=False)
