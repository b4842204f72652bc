"""Requests that staff decide: what the customer is told, and doing what a request for erasure asks for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.ownership import case_named
from bot.conversation.texts import Texts
from bot.messages import Reply
from bot.privacy.erasure import Eraser, requester
from bot.staff.roles import ERASING, require
from storage import Conflict, NotFound, Store
from storage.audit import Audit
from storage.escalations import Escalations
from storage.outbox import Outbox
from storage.requests import Request, Requests
from storage.staff import StaffMember

ERASURE = "data_erasure"
"""The kind of a request for it."""


def decision_reply(texts: Texts, request: Request) -> Reply:
    """The message about a request that is now accepted, declined or done, in the customer's language.

    Raises:
        KeyError: the request is in none of these states.
    """
    language = "en" if request.language == "en" else "zh"
    # Once it is done there is nobody left to be told so.
    erasing = request.kind == ERASURE and request.state == "accepted"
    text_id = "decision-erasing" if erasing else f"decision-{request.state}"
    said = texts.say(language, text_id, what=_what(texts, request, language), request=request.number)
    if request.note.strip():
        said += "\n" + texts.say(language, "decision-note", note=request.note.strip())
    return Reply(text=said, language=language)


def _what(texts: Texts, request: Request, language: str) -> str:
    """The text `decision-kind-` and the kind, where there is one and the order that it names is known."""
    text_id = f"decision-kind-{request.kind}"
    variables = texts.variables[language].get(text_id)
    if variables is None or ("order" in variables and not request.order_number):
        return texts.say(language, "decision-kind-other")
    product = request.product(language)
    return texts.say(language, text_id, order=request.order_number or "", product=product)


async def conversation_of(connection: AsyncConnection, number: str) -> int | None:
    """The conversation of a case (`C-12`) or a request (`R261129-7K2MX`), by the number that the customer was told;
    None where there is none."""
    case = case_named(number)
    if case is None:
        asked = await Requests(connection).numbered(number.strip().upper())
        return None if asked is None else asked.conversation_id
    try:
        return (await Escalations(connection).get(case)).conversation_id
    except NotFound:
        return None


class ErasureNotYet(Conflict):
    """Accept the request first, and let the message about it leave: afterwards there is nobody to tell anything."""


def told_key(request_id: int, decision: str) -> str:
    """By which the outbox knows the message about a decision."""
    return f"request:{request_id}:{decision}"


async def erase_requester(
    store: Store, eraser: Eraser, member: StaffMember, asked: Request, seen_state: str, now: datetime
) -> Request:
    """Erase whoever asked for it; the request is done by that.

    Raises:
        NotAllowed: only an admin may.
        ErasureNotYet: the request isn't accepted, or the customer has not been told yet.
        storage.Conflict: somebody decided it first.
    """
    # Files are changed before the transaction in which the rest is: whoever may not is refused before that, too.
    await store.write(lambda connection: require(connection, member, ERASING))
    async with store.read() as connection:
        told = not await Outbox(connection).is_on_its_way(told_key(asked.id, "accepted"))
    if seen_state != "accepted" or not told:
        raise ErasureNotYet

    async def done(connection: AsyncConnection) -> None:
        await require(connection, member, ERASING)
        await Requests(connection).decide(
            asked.id, seen_state=seen_state, state="done", staff_id=member.id, note="", now=now
        )
        await Audit(connection).add(f"staff:{member.id}", "request_done", f"request:{asked.id}", {}, now)

    await eraser.erase(requester(asked), actor=f"staff:{member.id}", first=done)
    async with store.read() as connection:
        return await Requests(connection).get(asked.id)
