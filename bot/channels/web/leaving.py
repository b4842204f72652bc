"""Who may leave before a person has answered: they are asked for an e-mail, for that answer alone."""

from __future__ import annotations

import re
import unicodedata

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.web.browser import Browsers
from bot.conversation.texts import LANGUAGES, Texts
from storage import Store
from storage.escalations import Escalation, Escalations

_LONGEST = 200
_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}+@([A-Za-z0-9][A-Za-z0-9-]{0,62}+\.){1,8}[A-Za-z][A-Za-z0-9-]{1,62}+"
)
_ON_THE_FORM = ("ask", "consent", "label", "keep", "decline", "change", "wrong")


class Leaving:
    """Shows the form in a visitor's windows while a stranger's case waits for its first answer."""

    def __init__(self, channel: str, store: Store, texts: Texts, browsers: Browsers) -> None:
        self._channel, self._store, self._texts, self._browsers = channel, store, texts, browsers
        self._form = {
            language: {name: texts.say(language, f"email-{name}") for name in _ON_THE_FORM}
            for language in LANGUAGES
        }

    async def offer(self, visitor: str) -> None:
        """Show the form to a visitor, or take it away, as their case stands now.

        Raises:
            storage.StorageError, sqlalchemy.exc.SQLAlchemyError: the store can't be read.
        """
        async with self._store.read() as connection:
            case = await self._case(connection, visitor)
        wanted = case is not None and case.reply_email is None
        words = {"words": self._form} if wanted else {}
        for browser in self._browsers.of(visitor):
            if browser.asked != wanted:
                browser.asked = wanted
                await browser.send({"type": "email", "wanted": wanted, **words})

    async def keep(self, visitor: str, email: str, language: str) -> str | None:
        """Keep an address with the visitor's case, in place of an earlier one, and return what to say of it.

        None where nobody waits for a first answer any more, or where it is known by now who they are.
        """
        language = language if language in LANGUAGES else "en"
        read = " ".join(self._form[language][name] for name in ("ask", "consent"))

        async def work(connection: AsyncConnection) -> bool:
            case = await self._case(connection, visitor)
            return case is not None and await Escalations(connection).keep_email(case.id, email, read)

        kept = await self._store.write(work)
        return self._texts.say(language, "email-kept", email=email) if kept else None

    async def _case(self, connection: AsyncConnection, visitor: str) -> Escalation | None:
        case = await Escalations(connection).unanswered_at(self._channel, visitor)
        return case if case is not None and case.customer_id is None else None


def email_of(said: object) -> str | None:
    """An e-mail address as it was typed, also on a Chinese keyboard; None for anything else."""
    if not isinstance(said, str) or len(said) > _LONGEST:
        return None
    email = unicodedata.normalize("NFKC", said).replace("。", ".").strip()
    return email if len(email) <= _LONGEST and _EMAIL.fullmatch(email) else None
