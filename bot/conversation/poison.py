"""What becomes of a message that can't be handled: an apology, and a person who looks at it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation import state
from bot.conversation.codec import dump_reply
from bot.conversation.hours import ALWAYS, OpeningHours
from bot.conversation.messages import Incoming, Reply
from bot.conversation.texts import Texts
from bot.delivery.ports import Work
from storage.conversations import Conversations, NewMessage
from storage.outbox import Outbox


class Apology:
    """Called by the dispatcher when an update has failed for good."""

    def __init__(self, texts: Texts, clock: Callable[[], datetime], hours: OpeningHours = ALWAYS) -> None:
        self._texts = texts
        self._hours = hours
        self._clock = clock

    def __call__(self, incoming: Incoming) -> Work:
        """Hand the conversation to the queue and say so; nothing where there is no conversation yet."""

        async def work(connection: AsyncConnection) -> None:
            contact = await Conversations(connection).contact(incoming.channel, incoming.address)
            if contact is None:
                return
            now = self._clock()
            conversation = contact.conversation
            bot_spoke = state.speaks(conversation)
            await state.escalate(connection, conversation.id, reason="failed", now=now, hours=self._hours)
            if bot_spoke:
                await self._say_sorry(connection, conversation.id, incoming, conversation.language, now)

        return work

    async def _say_sorry(
        self,
        connection: AsyncConnection,
        conversation_id: int,
        incoming: Incoming,
        language: str,
        now: datetime,
    ) -> None:
        reply = Reply(text=self._texts.say(language, "failed"), language=language)
        message_id = await Conversations(connection).append(
            NewMessage(
                conversation_id=conversation_id,
                direction="out",
                author="bot",
                kind="text",
                text=reply.text,
                payload=dump_reply(reply),
                at=now,
            )
        )
        await Outbox(connection).put(
            channel=incoming.channel,
            address=incoming.address,
            kind="reply",
            policy="retry",
            reply=dump_reply(reply),
            now=now,
            callback_ref=incoming.callback_ref,
            message_id=message_id,
        )
