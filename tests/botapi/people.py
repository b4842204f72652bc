"""People who use the bot, as a test plays them."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any

from tests.botapi.entities import commands_in
from tests.botapi.world import CallbackQuery, Chat, Message, media_content

if TYPE_CHECKING:
    from tests.botapi.server import FakeBotApi


class Person:
    """A user of Telegram. Each thing they do puts an update before the bot and returns at once."""

    def __init__(
        self, api: FakeBotApi, person_id: int, first_name: str, language: str | None, **facts: Any
    ) -> None:
        self._api = api
        self.id = person_id
        self.facts: dict[str, Any] = {"id": person_id, "is_bot": False, "first_name": first_name, **facts}
        if language is not None:
            self.facts["language_code"] = language
        shared = {
            key: value for key, value in self.facts.items() if key not in ("id", "is_bot", "language_code")
        }
        self.chat: Chat = api.world.add_chat(person_id, {"type": "private", **shared})
        self.queries: list[CallbackQuery] = []
        self._seen = 0

    # --- doing --------------------------------------------------------------------------------------------

    def says(self, text: str, *, group: Chat | None = None, topic: int | None = None, **more: Any) -> Message:
        """Write a text, here or in a group."""
        content = {"text": text, **more}
        if entities := commands_in(text):
            content["entities"] = entities
        if topic is not None:
            content |= {"message_thread_id": topic, "is_topic_message": True}
        return self._writes(content, group)

    def starts(self, payload: str = "") -> Message:
        """Press Start, perhaps after a deep link."""
        return self.says(f"/start {payload}".rstrip())

    def sends(self, content: dict[str, Any], group: Chat | None = None) -> Message:
        """Write anything at all, given as fields of a message."""
        return self._writes(content, group)

    def sends_photo(self, caption: str = "", album: str | None = None) -> Message:
        """Send a picture."""
        content = media_content(self._api.world.keep_file("photo", b"\xff\xd8picture"))
        content |= {"caption": caption} if caption else {}
        return self._writes(content | ({"media_group_id": album} if album else {}))

    def sends_album(self, count: int = 3, caption: str = "") -> list[Message]:
        """Send several pictures at once: each is an update of its own."""
        album = str(time.time_ns())
        return [self.sends_photo(caption if i == 0 else "", album) for i in range(count)]

    def sends_sticker(self, emoji: str | None = "😀") -> Message:
        """Send a sticker."""
        return self._writes(media_content(self._api.world.keep_file("sticker", b"RIFF"), emoji=emoji))

    def sends_file(self, kind: str = "document", caption: str = "") -> Message:
        """Send a document, voice, audio, video, video_note or animation."""
        content = media_content(self._api.world.keep_file(kind, b"file"))
        return self._writes(content | ({"caption": caption} if caption else {}))

    def sends_location(self, latitude: float = 31.2, longitude: float = 121.5) -> Message:
        """Share a place."""
        return self._writes({"location": {"latitude": latitude, "longitude": longitude}})

    def sends_contact(self, phone: str = "+8613800138000") -> Message:
        """Share a telephone number."""
        contact = {"phone_number": phone, "first_name": self.facts["first_name"], "user_id": self.id}
        return self._writes({"contact": contact})

    def edits(self, message: Message, text: str) -> Message:
        """Change a message that was written before."""
        message["caption" if "text" not in message else "text"] = text
        message["edit_date"] = int(time.time())
        self._api.updates.add("edited_message", message, message["chat"]["id"])
        return message

    def presses(self, button: str, message: Message | None = None) -> CallbackQuery:
        """Press a button, named by its label or its data, on a message or on the latest that has it.

        Raises:
            LookupError: there is no such button.
        """
        candidates = [message] if message is not None else list(reversed(self.chat.messages.values()))
        for candidate in candidates:
            for shown in buttons_of(candidate):
                if button in (shown["text"], shown.get("callback_data")) and "callback_data" in shown:
                    return self.forges(shown["callback_data"], candidate)
        raise LookupError(f"no button {button!r}")

    def forges(self, data: str, message: Message) -> CallbackQuery:
        """Send any callback data at all, as a made-up client could."""
        query = CallbackQuery(secrets.token_hex(9), self.id, data)
        self._api.world.callbacks[query.id] = query
        self.queries.append(query)
        self._seen = self.chat.last_id
        content = {"id": query.id, "from": self.facts, "chat_instance": "1", "data": data}
        self._api.updates.add("callback_query", {**content, "message": message}, message["chat"]["id"])
        return query

    def blocks(self) -> None:
        """Block the bot."""
        self.chat.blocked = True
        self._membership("member", "kicked")

    def unblocks(self) -> None:
        """Let the bot write again."""
        self.chat.blocked = False
        self._membership("kicked", "member")

    # --- seeing -------------------------------------------------------------------------------------------

    @property
    def answers(self) -> list[Message]:
        """What the bot has written since the last thing this person did."""
        return [
            m for m in self.chat.messages.values() if m["message_id"] > self._seen and m["from"]["is_bot"]
        ]

    async def hears(self, count: int = 1, within: float = 10.0) -> list[Message]:
        """Wait until the bot has written `count` messages since the last thing this person did."""
        await self._api.world.wait_for(lambda: len(self.answers) >= count, within)
        return self.answers

    async def asks(self, text: str, within: float = 10.0) -> Message:
        """Write a text and wait for the first answer."""
        self.says(text)
        return (await self.hears(1, within))[0]

    # --- inside -------------------------------------------------------------------------------------------

    def _writes(self, content: dict[str, Any], group: Chat | None = None) -> Message:
        chat = group or self.chat
        chat.started = True
        message = self._api.world.write(chat, self.facts, content)
        if group is None:
            self._seen = message["message_id"]
        self._api.updates.add("message", message, chat.id)
        self._api.world.changed()
        return message

    def _membership(self, before: str, after: str) -> None:
        def member(status: str) -> dict[str, Any]:
            until = {"until_date": 0} if status == "kicked" else {}
            return {"user": self._api.world.as_sender, "status": status, **until}

        content = {
            "chat": self.chat.facts,
            "from": self.facts,
            "date": int(time.time()),
            "old_chat_member": member(before),
            "new_chat_member": member(after),
        }
        self._api.updates.add("my_chat_member", content, self.id)


def buttons_of(message: Message) -> list[dict[str, Any]]:
    """The inline buttons below a message."""
    return [b for row in message.get("reply_markup", {}).get("inline_keyboard", []) for b in row]
