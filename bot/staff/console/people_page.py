"""Who works here: an admin adds members, changes their roles and keeps them out; everybody else looks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from nicegui import ui

from bot.staff.console.frame import RedrawnPage, Visit, plain_button, small_button
from bot.staff.people import LANGUAGES, Change, People
from bot.staff.roles import MANAGING
from storage.staff import ROLES, StaffMember

_LANGUAGE_NAMES = {"zh": "中文", "en": "English"}


class PeoplePage(RedrawnPage[Sequence[StaffMember]]):
    """One browser's view of the staff."""

    _name = "people"

    def __init__(self, people: People, visit: Visit) -> None:
        super().__init__(visit)
        self._people = people
        self._manages = visit.member.role in MANAGING

    def _draw_frame(self) -> None:
        words = self._words
        with ui.column().classes("w-full gap-3 page scrolling"):
            with ui.row().classes("w-full items-center justify-between gap-3"):
                ui.label(words("people-what-for" if self._manages else "people-look")).classes(
                    "text-sm soft lead"
                )
                if self._manages:
                    plain_button(words("add-member"), self._ask_whom_to_add)
            self._place = ui.card().classes("w-full p-0 gap-0 log")

    async def _read(self) -> Sequence[StaffMember]:
        return await self._people.everybody()

    def _draw(self, found: Sequence[StaffMember]) -> None:
        for member in found:
            self._draw_member(member)

    def _draw_member(self, member: StaffMember) -> None:
        words = self._words
        with ui.element().classes("member-row").mark(f"member-{member.login}"):
            with ui.column().classes("gap-0 min-w-0"):
                ui.label(member.name).classes("font-medium leading-tight truncate w-full")
                ui.label(member.login).classes("text-xs soft truncate w-full")
            with ui.row().classes("gap-2 items-center no-wrap"):
                ui.label(words.of("role", member.role)).classes("chip")
                if not member.active:
                    ui.label(words("inactive")).classes("chip urgent")
                if member.id == self._visit.member.id:
                    ui.label(words("you")).classes("chip warm")
            with ui.row().classes("gap-2 acts"):
                # Who changed their own access would be sent away before they had read a new password.
                if self._manages and member.id != self._visit.member.id:
                    self._draw_actions(member)

    def _draw_actions(self, member: StaffMember) -> None:
        if not member.active:
            small_button(self._words("activate"), partial(self._activate, member))
            return
        small_button(self._words("change-role"), lambda: self._ask_role(member))
        small_button(self._words("new-password"), lambda: self._ask_about_password(member))
        small_button(self._words("deactivate"), lambda: self._ask_to_deactivate(member), color="negative")

    async def _activate(self, member: StaffMember) -> None:
        await self._act(self._people.activate(self._visit.member, member.login), "activated")

    def _ask_to_deactivate(self, member: StaffMember) -> None:
        words = self._words

        async def deactivate() -> bool:
            change = partial(self._people.deactivate, self._visit.member, member.login)
            return await self._change(change, "deactivated")

        self._ask(
            words("sure-deactivate", name=member.name),
            words("sure-deactivate-what"),
            "do-deactivate",
            deactivate,
            color="negative",
        )

    def _ask_role(self, member: StaffMember) -> None:
        words, chosen = self._words, [member.role]

        def draw() -> None:
            self._role_choice(member.role, lambda role: chosen.__setitem__(0, role))

        async def change() -> bool:
            change = partial(self._people.set_role, self._visit.member, member.login, chosen[0])
            return await self._change(change, "role-changed")

        self._ask(
            words("role-of", name=member.name), words("sure-role-what"), "do-change-role", change, draw=draw
        )

    def _ask_about_password(self, member: StaffMember) -> None:
        words = self._words

        async def make() -> bool:
            return await self._shown_once(
                partial(self._people.give_password, self._visit.member, member.login),
                member.name,
                member.login,
            )

        self._ask(
            words("sure-password", name=member.name), words("sure-password-what"), "do-new-password", make
        )

    def _ask_whom_to_add(self) -> None:
        words = self._words
        given = {"login": "", "name": "", "role": "agent", "language": words.language}

        def draw() -> None:
            ui.input(words("login"), on_change=lambda event: given.update(login=event.value or "")).classes(
                "w-full"
            ).props("outlined dense autofocus autocomplete=off maxlength=60")
            ui.input(
                words("member-name"), on_change=lambda event: given.update(name=event.value or "")
            ).classes("w-full").props("outlined dense autocomplete=off maxlength=100")
            self._role_choice("agent", lambda role: given.update(role=role))
            ui.select(
                {language: _LANGUAGE_NAMES[language] for language in LANGUAGES},
                value=given["language"],
                label=words("language"),
                on_change=lambda event: given.update(language=event.value),
            ).classes("w-full").props("outlined dense")

        async def add() -> bool:
            login, name = given["login"].strip(), given["name"].strip()
            work = partial(
                self._people.add, self._visit.member, login, name, given["role"], given["language"]
            )
            return await self._shown_once(work, name or login, login)

        self._ask(words("whom-to-add"), words("add-what"), "do-add", add, draw=draw)

    def _role_choice(self, role: str, choose: Callable[[str], object]) -> None:
        words = self._words
        ui.select(
            {one: f"{words.of('role', one)} · {words.of('may', one)}" for one in ROLES},
            value=role,
            label=words("role"),
            on_change=lambda event: choose(event.value),
        ).classes("w-full").props("outlined dense")

    async def _change(self, work: Callable[[], Awaitable[Change]], said: str) -> bool:
        """Change a member, and say how many of their cases came back to the queue by it."""
        released = 0

        async def change() -> None:
            nonlocal released
            released = (await work()).released

        done = await self._act(change(), None)
        if done:
            ui.notify(self._words(said, cases=released), type="positive", position="top")
        return done

    async def _shown_once(self, work: Callable[[], Awaitable[str]], name: str, login: str) -> bool:
        """Do what makes a password, and show it: nobody can look it up later."""
        words, password = self._words, ""

        async def make() -> None:
            nonlocal password
            password = await work()

        if not await self._act(make(), None):
            return False
        with self._dialogs, ui.dialog().props("persistent") as dialog, ui.card().classes("w-96 gap-3"):
            ui.label(words("password-of", name=name)).classes("font-semibold")
            ui.label(words("password-once", login=login)).classes("text-sm soft")
            ui.label(password).classes("password w-full").mark("password")
            with ui.row().classes("w-full justify-end"):
                plain_button(words("password-kept"), dialog.close)
        dialog.on("hide", dialog.delete)
        dialog.open()
        return True
