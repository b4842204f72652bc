"""Parts of pages: lists that are never drawn anew, the two sides of the main page, the box to answer in.

In a list entries come, go and move, and what changed in one is drawn there: the reader keeps the place in the list,
the focus, and what is typed into an entry.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from nicegui import ui

from bot.staff.console.words import Words

V = TypeVar("V")
V_contra = TypeVar("V_contra", contravariant=True)


Send = Callable[[int, str, str], Awaitable[str | None]]
"""Send to a case, under a sending's id, these words; why that could not be done, or None."""


_PAGE = 100
"""Entries that are shown at first, and that come with each "show more"."""


class Entry(Protocol[V_contra]):
    """One entry's elements."""

    @property
    def root(self) -> ui.element:
        """What holds them all."""

    def show(self, value: V_contra) -> None:
        """Draw how it stands now."""


class KeyedList(Generic[V]):
    """The entries in one place, each known by its key."""

    def __init__(self, place: ui.element, make: Callable[[V], Entry[V]]) -> None:
        """Wire it up.

        Args:
            place: holds the entries and nothing else.
            make: makes an entry's elements; `show` then fills them.
        """
        self._place = place
        self._make = make
        self._entries: dict[Hashable, Entry[V]] = {}
        self._seen: dict[Hashable, V] = {}

    def show(self, values: Mapping[Hashable, V]) -> None:
        """Show these, in this order."""
        for key in [key for key in self._entries if key not in values]:
            self._seen.pop(key, None)
            self._entries.pop(key).root.delete()
        for index, (key, value) in enumerate(values.items()):
            if key not in self._entries:
                with self._place:
                    self._entries[key] = self._make(value)
            entry = self._entries[key]
            if key not in self._seen or self._seen[key] != value:
                entry.show(value)
                # Last: what could not be drawn is tried again.
                self._seen[key] = value
            if self._place.default_slot.children[index] is not entry.root:
                entry.root.move(target_index=index)


class LongList(Generic[V]):
    """The first entries and, when asked for, more; or a word that there are none."""

    def __init__(
        self, words: Words, none: str, make: Callable[[V], Entry[V]], more: Callable[[], Awaitable[None]]
    ) -> None:
        self._words = words
        self._reload = more
        self.limit = _PAGE
        """How many to show."""
        self._none = ui.label(none).classes("soft p-4")
        self._none.visible = False
        self._entries = KeyedList(ui.column().classes("w-full gap-2"), make)
        self._more = ui.button(on_click=self._show_more).props("flat no-caps").classes("w-full")
        self._more.visible = False

    def show(self, values: Mapping[Hashable, V], there: int) -> None:
        """Show these of the `there` that there are."""
        left = there - len(values)
        self._entries.show(values)
        self._none.visible = not values
        self._more.visible = left > 0
        self._more.text = self._words("show-more", more=min(left, _PAGE), left=left)

    async def _show_more(self) -> None:
        self.limit += _PAGE
        await self._reload()


class Sides(ui.element, component="sides.js"):
    """Holds both sides; a narrow screen shows the lists, or the conversation once one is chosen."""

    def __init__(
        self,
        member_id: int,
        chosen: int | None,
        *,
        moved: Callable[[int | None], Awaitable[None]],
        kept: Callable[[list[int]], Awaitable[None]],
    ) -> None:
        """Draw it.

        Args:
            member_id: who sits here.
            chosen: the conversation in the address, or none.
            moved: told of the conversation in the address when the reader has gone back or forth.
            kept: told once of the conversations for which the browser keeps drafts of this member.
        """
        super().__init__()
        self.classes("page")
        self._props["member"] = member_id
        self._props["chosen"] = chosen
        self.on("moved", lambda event: moved(event.args))
        self.on("kept", lambda event: kept(event.args))

    def show(self, conversation_id: int | None) -> None:
        """Show the side on which this conversation is, or the lists for None; the address stays as it is."""
        if self._props["chosen"] != conversation_id:
            self._props["chosen"] = conversation_id
            self.update()

    def open(self, conversation_id: int) -> None:
        """Write a conversation into the address."""
        self.run_method("opened", conversation_id)

    def leave(self) -> None:
        """Take it out again."""
        self.run_method("left")

    def drop(self, conversation_ids: Collection[int]) -> None:
        """Forget what was typed for these."""
        self.run_method("drop", list(conversation_ids))


class Part:
    """A place that is drawn anew when what it shows has changed, so that nothing else loses the focus by it."""

    def __init__(self, draw: Callable[..., None]) -> None:
        self._place = ui.column().classes("w-full gap-3")
        self._draw = draw
        self._seen: tuple[Any, ...] | None = None

    def show(self, *values: Any) -> None:
        if values == self._seen:
            return
        self._place.clear()
        with self._place:
            self._draw(*values)
        # Last: what could not be drawn is tried again.
        self._seen = values


class AnswerBox(ui.element, component="answer_box.js"):
    """One for each conversation that is open on the page."""

    def __init__(
        self,
        words: Words,
        member_id: int,
        conversation_id: int,
        send: Send,
        after: Callable[[], Awaitable[None]],
    ) -> None:
        """Draw it; `show` says whether it can be written in.

        Args:
            words: in the member's language.
            member_id: who writes.
            conversation_id: to whom.
            send: sends.
            after: shows how things stand after each sending.
        """
        super().__init__()
        self._send = send
        self._after = after
        self._failed = words("not-sent", reason=words("store-away"))
        self._props["member"] = member_id
        self._props["conversation"] = conversation_id
        self._props["words"] = {
            "hint": words("answer-hint"),
            "send": words("send"),
            "unsent": words("unsent"),
            "sending": words("sending"),
            "offline": words("offline"),
        }
        self.on("send", self._on_send)

    def show(self, case_id: int | None, *, writable: bool, why: str) -> None:
        """Let it be written in, or say why not; without a case what was typed is kept no longer."""
        self._props["case-id"] = case_id
        self._props["writable"] = writable
        self._props["why"] = why
        self.update()

    async def _on_send(self, event: Any) -> None:
        sending = str(event.args["id"])
        why: str | None = self._failed
        # Whatever happens, the browser learns what became of it.
        try:
            why = await self._send(int(event.args["case"]), sending, str(event.args["text"]))
        finally:
            if why is None:
                self.run_method("sent", sending)
            else:
                self.run_method("refused", sending, why)
        await self._after()


def heading(said: str) -> None:
    """Of a part of the page."""
    ui.label(said).classes("font-semibold").props("role=heading aria-level=2")


def table(heads: Sequence[str], *, number: bool = False) -> ui.element:
    """A table without rows yet; the rows go into what is returned.

    Args:
        heads: the columns' names.
        number: the last column has numbers.
    """
    with ui.element("table").classes("data-table"):
        with ui.element("thead"), ui.element("tr"):
            for place, name in enumerate(heads):
                with ui.element("th").props("scope=col") as head:
                    ui.label(name)
                if number and place == len(heads) - 1:
                    head.classes("number")
        return ui.element("tbody")


def cell(said: str, *, number: bool = False) -> None:
    """Of a row of a table."""
    with ui.element("td").classes("number" if number else ""):
        ui.label(said)
