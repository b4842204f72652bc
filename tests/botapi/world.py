"""What the fake Telegram holds: chats, people's messages, files, forum topics."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.botapi.errors import bad_request, forbidden
from tests.botapi.faults import Faults
from tests.botapi.limits import Limits

Message = dict[str, Any]


@dataclass
class Topic:
    """A topic of a forum."""

    id: int
    name: str
    closed: bool = False


@dataclass
class Chat:
    """A private chat (its id is the person's) or a group (its id is negative)."""

    id: int
    facts: dict[str, Any]
    started: bool = False
    blocked: bool = False
    messages: dict[int, Message] = field(default_factory=dict)
    last_id: int = 0
    topics: dict[int, Topic] = field(default_factory=dict)
    actions: list[str] = field(default_factory=list)


@dataclass
class CallbackQuery:
    """A pressed button: what the bot answered, and how often."""

    id: str
    person: int
    data: str
    answers: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class StoredFile:
    """A file that the Bot API knows."""

    file_id: str
    kind: str
    content: bytes
    size: int


class World:
    """The state of one bot on the fake server."""

    def __init__(self, bot_id: int, username: str, *, limits: bool) -> None:
        self.me: dict[str, Any] = {
            "id": bot_id,
            "is_bot": True,
            "first_name": "Shop",
            "username": username,
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
        }
        self.as_sender = {key: self.me[key] for key in ("id", "is_bot", "first_name", "username")}
        self.chats: dict[int, Chat] = {}
        self.callbacks: dict[str, CallbackQuery] = {}
        self.files: dict[str, StoredFile] = {}
        self.profile: dict[str, Any] = {}
        self.faults = Faults()
        self.limits = Limits(on=limits)
        self.on_sent: Callable[[Chat, Message], None] | None = None
        """Called with every message that the bot sends, for measuring."""
        self._waiters: set[asyncio.Future[None]] = set()

    # --- waiting ------------------------------------------------------------------------------------------

    def changed(self) -> None:
        """Wake those who wait for a condition."""
        if self._waiters:
            for waiter in self._waiters:
                if not waiter.done():
                    waiter.set_result(None)
            self._waiters.clear()

    async def wait_for(self, condition: Callable[[], Any], within: float = 10.0) -> Any:
        """The first true value of `condition`, looked at after each change.

        Raises:
            TimeoutError: it stayed false.
        """
        async with asyncio.timeout(within):
            while not (value := condition()):
                waiter = asyncio.get_running_loop().create_future()
                self._waiters.add(waiter)
                try:
                    await waiter
                finally:
                    self._waiters.discard(waiter)
            return value

    # --- chats --------------------------------------------------------------------------------------------

    def add_chat(self, chat_id: int, facts: dict[str, Any]) -> Chat:
        """A new chat."""
        chat = self.chats[chat_id] = Chat(chat_id, {"id": chat_id, **facts})
        return chat

    def reachable(self, chat_id: int | None) -> Chat:
        """The chat to which the bot may write.

        Raises:
            ApiError: 400 or 403.
        """
        chat = self.chats.get(chat_id or 0)
        if chat is None:
            raise bad_request("chat not found")
        if chat.blocked:
            raise forbidden("bot was blocked by the user")
        if not chat.started and chat.id > 0:
            raise forbidden("bot can't initiate conversation with a user")
        return chat

    def thread(self, chat: Chat, thread_id: int | None) -> dict[str, Any]:
        """The fields that put a message into a topic.

        Raises:
            ApiError: 400, no such topic, or it is closed.
        """
        if not thread_id:
            return {}
        topic = chat.topics.get(thread_id)
        if topic is None:
            raise bad_request("message thread not found")
        if topic.closed:
            raise bad_request("TOPIC_CLOSED")
        return {"message_thread_id": thread_id, "is_topic_message": True}

    # --- messages -----------------------------------------------------------------------------------------

    def write(self, chat: Chat, sender: dict[str, Any], content: dict[str, Any]) -> Message:
        """Put a new message into a chat."""
        chat.last_id += 1
        message: Message = {
            "message_id": chat.last_id,
            "from": sender,
            "chat": chat.facts,
            "date": int(time.time()),
            **content,
        }
        chat.messages[chat.last_id] = message
        return message

    def sent(self, chat: Chat, content: dict[str, Any]) -> Message:
        """Put a message of the bot into a chat."""
        message = self.write(chat, self.as_sender, content)
        if self.on_sent is not None:
            self.on_sent(chat, message)
        self.changed()
        return message

    def find(self, chat: Chat, message_id: int | None, to: str) -> Message:
        """The message that a method is about.

        Raises:
            ApiError: 400, it isn't there.
        """
        message = chat.messages.get(message_id or 0)
        if message is None:
            raise bad_request(f"message to {to} not found")
        return message

    # --- files --------------------------------------------------------------------------------------------

    def keep_file(self, kind: str, content: bytes, size: int | None = None) -> StoredFile:
        """Keep a file and give it an id."""
        file_id = f"{kind}-{len(self.files) + 1:06d}-{self.me['id']}"
        kept = StoredFile(file_id, kind, content, len(content) if size is None else size)
        self.files[file_id] = kept
        return kept


def file_fields(kept: StoredFile) -> dict[str, Any]:
    """The fields that every kind of file has in a message."""
    return {"file_id": kept.file_id, "file_unique_id": f"u{kept.file_id}"[:32], "file_size": kept.size}


def media_content(kept: StoredFile, *, emoji: str | None = None) -> dict[str, Any]:
    """A file as the content of a message."""
    fields = file_fields(kept)
    match kept.kind:
        case "photo":
            thumb = {**fields, "file_id": f"{kept.file_id}-s", "width": 90, "height": 90}
            return {"photo": [thumb, {**fields, "width": 800, "height": 800}]}
        case "sticker":
            shape = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
            return {"sticker": {**fields, **shape, **({"emoji": emoji} if emoji else {})}}
        case "video" | "animation":
            return {kept.kind: {**fields, "width": 640, "height": 480, "duration": 3}}
        case "video_note":
            return {"video_note": {**fields, "length": 240, "duration": 3}}
        case "voice" | "audio":
            return {kept.kind: {**fields, "duration": 3, "mime_type": "audio/ogg"}}
        case _:
            return {"document": {**fields, "file_name": "file.pdf", "mime_type": "application/pdf"}}


def texts(messages: Iterable[Message]) -> list[str]:
    """Text or caption of each message."""
    return [str(message.get("text", message.get("caption", ""))) for message in messages]
