"""How updates reach the bot: kept until confirmed, fetched by long polling or pushed to a webhook.

A webhook gets at most one update of a chat at a time, in order, again and again with a growing pause until it
answers 2xx; updates of different chats travel side by side.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import aiohttp
import orjson

from tests.botapi.errors import ApiError, bad_request

ALL_KINDS = frozenset(
    {
        "message",
        "edited_message",
        "channel_post",
        "edited_channel_post",
        "callback_query",
        "inline_query",
        "my_chat_member",
        "chat_member",
        "message_reaction",
        "message_reaction_count",
        "poll",
        "poll_answer",
        "chat_join_request",
    }
)
DEFAULT_KINDS = ALL_KINDS - {"chat_member", "message_reaction", "message_reaction_count"}


@dataclass
class Webhook:
    """Where updates are pushed to."""

    url: str
    secret: str = ""
    max_connections: int = 40
    last_error: str = ""
    last_error_at: int = 0
    attempts: int = 0


@dataclass
class Updates:
    """The updates of one bot that it has not yet confirmed."""

    perform: Callable[[str, dict[str, Any]], Any]
    """Carries out a method that the bot put into its answer to a webhook call."""
    changed: Callable[[], None]
    """Called when an update was confirmed."""
    first_id: int = 100_000
    back_off: tuple[float, float] = (0.05, 1.0)
    """First and longest pause before an update is pushed again, in seconds."""
    answer_within: float = 60.0
    pending: dict[int, bytes] = field(default_factory=dict)
    """Each as JSON, as it was when it happened."""
    kinds: frozenset[str] = DEFAULT_KINDS
    webhook: Webhook | None = None
    on_push: Callable[[int], None] | None = None
    """Called with the chat id just before an update is pushed, for measuring."""
    confirmed: int = 0
    _places: dict[int, int] = field(default_factory=dict)
    _queues: dict[int, deque[int]] = field(default_factory=dict)
    _poller: asyncio.Future[str] | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _session: aiohttp.ClientSession | None = None
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(40))

    # --- from people --------------------------------------------------------------------------------------

    def add(self, kind: str, content: dict[str, Any], chat_id: int) -> int | None:
        """Tell the bot about something; None if it asked not to be told of this kind."""
        if kind not in self.kinds:
            return None
        self.first_id += 1
        self.repeat({"update_id": self.first_id, kind: content}, chat_id)
        return self.first_id

    def repeat(self, update: dict[str, Any], chat_id: int) -> None:
        """Deliver an update as it is; for one that was confirmed before, as happens after a lost answer."""
        update_id = update["update_id"]
        self.pending[update_id] = _dumped(update)
        self._places[update_id] = chat_id
        if self.webhook is not None:
            self._queue(update_id, chat_id)
        elif self._poller is not None and not self._poller.done():
            self._poller.set_result("updates")

    # --- polling ------------------------------------------------------------------------------------------

    async def fetch(self, offset: int, limit: int, seconds: float) -> list[orjson.Fragment]:
        """getUpdates: confirm what is below the offset, then return or wait for what is left."""
        if self.webhook is not None:
            raise ApiError(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        if self._poller is not None and not self._poller.done():
            self._poller.set_result("other")
        self._confirm_below(offset)
        if not self.pending and seconds > 0:
            self._poller = asyncio.get_running_loop().create_future()
            try:
                async with asyncio.timeout(seconds):
                    why = await self._poller
            except TimeoutError:
                return []
            if why == "other":
                raise ApiError(
                    409,
                    "Conflict: terminated by other getUpdates request; "
                    "make sure that only one bot instance is running",
                )
        return [orjson.Fragment(update) for update in islice(self.pending.values(), limit)]

    def _confirm_below(self, offset: int) -> None:
        if offset < 0:
            offset = ([0, *self.pending])[offset] if len(self.pending) >= -offset else 0
        for update_id in [known for known in self.pending if known < offset]:
            self._forget(update_id)

    def _forget(self, update_id: int) -> None:
        if self.pending.pop(update_id, None) is not None:
            self._places.pop(update_id, None)
            self.confirmed += 1
            self.changed()

    # --- webhook ------------------------------------------------------------------------------------------

    def set_webhook(self, webhook: Webhook | None, *, drop: bool) -> None:
        """Start or stop pushing."""
        if self._poller is not None and not self._poller.done():
            self._poller.set_result("other")
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()
        self._queues.clear()
        if drop:
            self.pending.clear()
            self._places.clear()
        self.webhook = webhook
        if webhook is not None:
            self._slots = asyncio.Semaphore(webhook.max_connections)
            for update_id in self.pending:
                self._queue(update_id, self._places[update_id])

    def _queue(self, update_id: int, chat_id: int) -> None:
        queue = self._queues.get(chat_id)
        if queue is not None:
            queue.append(update_id)
            return
        self._queues[chat_id] = deque([update_id])
        task = asyncio.create_task(self._push_chat(chat_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _push_chat(self, chat_id: int) -> None:
        queue = self._queues[chat_id]
        pause = self.back_off[0]
        while queue:
            async with self._slots:
                delivered = await self._push(queue[0], chat_id)
            if delivered:
                self._forget(queue.popleft())
                pause = self.back_off[0]
            else:
                await asyncio.sleep(pause)
                pause = min(pause * 2, self.back_off[1])
        del self._queues[chat_id]

    async def _push(self, update_id: int, chat_id: int) -> bool:
        webhook, body = self.webhook, self.pending.get(update_id)
        if webhook is None or body is None:
            return True
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        headers = {"Content-Type": "application/json"}
        if webhook.secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = webhook.secret
        if self.on_push is not None:
            self.on_push(chat_id)
        webhook.attempts += 1
        try:
            async with self._session.post(
                webhook.url, data=body, headers=headers, timeout=aiohttp.ClientTimeout(self.answer_within)
            ) as response:
                answer = await response.read()
                if 200 <= response.status < 300:
                    self._reply(answer)
                    return True
                webhook.last_error = f"Wrong response from the webhook: {response.status} {response.reason}"
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            webhook.last_error = f"Connection failed: {type(error).__name__}"
        webhook.last_error_at = int(time.time())
        return False

    def _reply(self, answer: bytes) -> None:
        if not answer.startswith(b"{"):
            return
        try:
            call = orjson.loads(answer)
        except ValueError:
            return
        if isinstance(method := call.pop("method", None), str):
            self.perform(method, call)

    async def close(self) -> None:
        """Stop pushing."""
        self.set_webhook(None, drop=False)
        if self._session is not None:
            await self._session.close()


def wanted_kinds(value: Any, before: frozenset[str]) -> frozenset[str]:
    """What `allowed_updates` asks for: not given leaves it as it was, an empty list means the default."""
    if value is None:
        return before
    if not isinstance(value, list):
        raise bad_request("can't parse allowed_updates")
    return frozenset(map(str, value)) & ALL_KINDS or DEFAULT_KINDS


def _dumped(update: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(update)
    except TypeError:
        # Half of a surrogate pair, which JSON can carry as an escape and UTF-8 can not.
        return json.dumps(update).encode()
