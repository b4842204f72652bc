"""A reply to Telegram: part after part, each in the best form that the server takes."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from aiogram.exceptions import AiogramError, TelegramNotFound, TelegramRetryAfter
from aiogram.methods import AnswerCallbackQuery, SendChatAction, SendMessage, SendPhoto
from aiogram.types import BufferedInputFile, LinkPreviewOptions

from bot.channels.kind import FindPicture
from bot.channels.telegram import NAME
from bot.channels.telegram.api import BotApi, Failure, describe, failure_of
from bot.channels.telegram.parts import Part, parts_of
from bot.delivery.faults import faults
from bot.messages import Delivery, DeliveryStatus, Outgoing
from kernel.times import utc_now
from storage import Store
from storage.settings import MediaReferences

log = logging.getLogger(__name__)

_NO_PREVIEW: Final = LinkPreviewOptions(is_disabled=True)
_MEND_SECONDS: Final = 60.0
_ACTION_SECONDS: Final = 5
_REMEMBERED: Final = 1_000
_GONE: Final = ("chat not found", "user not found", "peer_id_invalid", "chat_id_invalid", "chat_id is empty")
# An address that is none is this side's mistake, and no other attempt mends it.
_CHAT_ID: Final = re.compile(r"-?\d+", re.ASCII)
_BLOCKED: Final = ("blocked by the user", "user is deactivated")

_LARGEST_UPLOAD = 10 * 1024 * 1024


@dataclass(eq=False)
class _Stopped(Exception):
    """A part could not be sent."""

    status: DeliveryStatus
    reason: str
    retry_after: float | None = None
    blocked: bool = False


class TelegramSender:
    """Sends replies of one bot."""

    def __init__(self, api: BotApi, pictures: Pictures) -> None:
        self._api = api
        self._pictures = pictures
        # A server that answers a picture with silence or an error of its own may do so again: the next
        # attempt at the same message goes without.
        self._without_picture: OrderedDict[int, None] = OrderedDict()

    async def deliver(self, message: Outgoing) -> Delivery:
        """Try once to send every part that has not arrived yet; as `Channel.deliver`."""
        if not _CHAT_ID.fullmatch(message.address):
            return Delivery(status=DeliveryStatus.REFUSED, reason="no_chat")
        async with asyncio.TaskGroup() as together:
            if message.callback_ref and not message.parts_sent:
                together.create_task(self._acknowledge(message.callback_ref))
            return await self._send_parts(message)

    async def _send_parts(self, message: Outgoing) -> Delivery:
        arrived = list(message.parts_sent)
        try:
            for part in parts_of(message)[len(arrived) :]:
                arrived.append(await self._send(int(message.address), part, message.outbox_id))
        except _Stopped as stopped:
            return Delivery(
                status=stopped.status,
                message_refs=tuple(arrived),
                retry_after=stopped.retry_after,
                reason=stopped.reason,
                blocked=stopped.blocked,
            )
        return Delivery(status=DeliveryStatus.SENT, message_refs=tuple(arrived))

    async def working(self, address: str) -> None:
        """Show "typing…" for a few seconds; whatever goes wrong is of no account."""
        if not _CHAT_ID.fullmatch(address):
            return
        try:
            await self._api.call(SendChatAction(chat_id=int(address), action="typing"), _ACTION_SECONDS)
        except AiogramError as error:
            log.debug("no chat action: %s", type(error).__name__)

    async def _acknowledge(self, callback_ref: str) -> None:
        """Stop the waiting sign on a pressed button. Too late or not at all is no reason not to answer."""
        try:
            await self._api.call(AnswerCallbackQuery(callback_query_id=callback_ref), _ACTION_SECONDS)
        except AiogramError as error:
            log.debug("a pressed button was not acknowledged: %s", type(error).__name__)

    async def _send(self, chat_id: int, part: Part, outbox_id: int) -> str:
        """Send one part in the best form that is taken; its message id.

        Raises:
            _Stopped: it did not arrive, or nobody knows.
        """
        if part.picture is not None and outbox_id not in self._without_picture:
            sent = await self._send_picture(chat_id, part.picture, part.caption(), outbox_id)
            if sent is not None:
                return sent
        return await self._send_words(chat_id, part.words())

    async def _send_picture(self, chat_id: int, picture: str, part: Part, outbox_id: int) -> str | None:
        """Send a part with its picture; None where the server does not take it."""
        found = None
        # Nothing was sent yet, and the words can still go.
        with faults.told(log.warning, "a picture could not be looked up"):
            found = await self._pictures.find(picture)
        if found is None:
            return None
        if found.reference is not None:
            sent = await self._try_picture(chat_id, found.reference, part, outbox_id)
            if sent is not None:
                return _message_id(sent)
        content = await self._pictures.upload(found)
        if content is None:
            return None
        sent = await self._try_picture(chat_id, content, part, outbox_id)
        if sent is None:
            return None
        await self._pictures.remember(found, sent)
        return _message_id(sent)

    async def _try_picture(self, chat_id: int, photo: Any, part: Part, outbox_id: int) -> Any | None:
        method = SendPhoto(
            chat_id=chat_id,
            photo=photo,
            caption=part.text,
            caption_entities=part.entities(),
            reply_markup=part.markup(),
        )
        try:
            return await self._api.call(method) or {}
        except AiogramError as error:
            if failure_of(error) is Failure.UNKNOWN:
                self._without_picture[outbox_id] = None
                if len(self._without_picture) > _REMEMBERED:
                    self._without_picture.popitem(last=False)
            stopped = _stopped(error)
            if stopped is not None:
                raise stopped from None
            log.info("a picture was refused, sent as text: %s", describe(error))
            return None

    async def _send_words(self, chat_id: int, part: Part) -> str:
        full = SendMessage(
            chat_id=chat_id,
            text=part.text,
            entities=part.entities(),
            reply_markup=part.markup(),
            link_preview_options=_NO_PREVIEW,
        )
        try:
            return _message_id(await self._api.call(full))
        except AiogramError as error:
            stopped = _stopped(error)
            if stopped is not None:
                raise stopped from None
            log.info("a message was refused, sent as plain text: %s", describe(error))
        try:
            return _message_id(await self._api.call(SendMessage(chat_id=chat_id, text=part.text)))
        except AiogramError as error:
            if isinstance(error, TelegramNotFound):
                # A malformed token or a wrong address of the server: to be mended, the message is good.
                raise _Stopped(DeliveryStatus.RETRY, "not_found", _MEND_SECONDS) from None
            raise _stopped(error) or _Stopped(DeliveryStatus.REFUSED, describe(error)) from None


def _stopped(error: AiogramError) -> _Stopped | None:
    """What an error means for a message; None where another form of it may be taken."""
    match failure_of(error):
        case Failure.NOT_DONE:
            wait = float(error.retry_after) if isinstance(error, TelegramRetryAfter) else None
            return _Stopped(DeliveryStatus.RETRY, "too_many" if wait else "unreachable", wait)
        case Failure.TOKEN:
            return _Stopped(DeliveryStatus.RETRY, "token_refused", _MEND_SECONDS)
        case Failure.FORBIDDEN:
            blocked = any(words in str(error) for words in _BLOCKED)
            return _Stopped(DeliveryStatus.REFUSED, "blocked" if blocked else "forbidden", blocked=blocked)
        case Failure.UNKNOWN:
            return _Stopped(DeliveryStatus.UNKNOWN, type(error).__name__)
        case Failure.REFUSED if any(words in str(error).lower() for words in _GONE):
            return _Stopped(DeliveryStatus.REFUSED, "chat_gone")
        case _:
            return None


def _message_id(message: Any) -> str:
    """The id of a sent message; "?" where the server did not tell, for it counts as a part all the same."""
    found = message.get("message_id") if isinstance(message, dict) else None
    return "?" if found is None else str(found)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that Telegram may be given."""

    key: str
    """Names the picture and, for a file, its version, so that one that was replaced is uploaded again."""
    source: Path | str
    """A file or an address."""
    reference: str | None
    """What Telegram calls it; None before its first upload."""


class Pictures:
    """Finds what `sendPhoto` is given for a picture, and remembers what it was called afterwards."""

    def __init__(self, store: Store, find_picture: FindPicture, bot_id: int) -> None:
        """Wire it up.

        Args:
            store: keeps the references.
            find_picture: finds the file of a picture that has no address.
            bot_id: a reference is good for one bot alone.
        """
        self._store = store
        self._find = find_picture
        self._channel = f"{NAME}:{bot_id}"
        self._known: dict[str, str] = {}

    async def find(self, picture: str) -> Picture | None:
        """The picture of a card; None where there is no such file."""
        source = await self._source(picture)
        if source is None:
            return None
        key = picture if isinstance(source, str) else f"{picture}@{_version(source)}"
        if key not in self._known:
            async with self._store.read() as connection:
                kept = await MediaReferences(connection).get(key, self._channel)
            if kept is not None:
                self._known[key] = kept
        return Picture(key, source, self._known.get(key))

    async def upload(self, picture: Picture) -> BufferedInputFile | str | None:
        """The picture itself or its address; None where Telegram would not take the file."""
        if isinstance(picture.source, str):
            return picture.source
        content = await asyncio.to_thread(_read, picture.source)
        return None if content is None else BufferedInputFile(content, picture.source.name)

    async def remember(self, picture: Picture, message: Any) -> None:
        """Keep what Telegram calls a picture, as the answer to `sendPhoto` tells."""
        reference = _file_id(message)
        if reference is None:
            return
        self._known[picture.key] = reference
        # The picture has arrived; what is not kept is uploaded again next time.
        with faults.told(log.warning, "could not keep the reference of a picture"):
            await self._store.write(
                lambda connection: MediaReferences(connection).put(
                    picture.key, self._channel, reference, utc_now()
                )
            )

    async def _source(self, picture: str) -> Path | str | None:
        if picture.startswith(("http://", "https://")):
            return picture
        path = PurePosixPath(picture)
        # A catalogue is imported: its paths must not lead out of the folder of pictures.
        return None if path.is_absolute() or ".." in path.parts else await self._find(picture)


def _version(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if 0 < path.stat().st_size <= _LARGEST_UPLOAD else None
    except OSError:
        return None


def _file_id(message: Any) -> str | None:
    try:
        found = message["photo"][-1]["file_id"]
    except (TypeError, LookupError):
        return None
    return found if isinstance(found, str) else None
