"""`liuke ask`: what the bot would answer to a question, and why; nothing is sent and nothing is kept."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.commands.common import known_customer, opened_store, run_or_exit, settings_or_exit
from bot.commands.prepare import shop_kind
from bot.conversation.texts import Texts, TextsInvalid
from bot.conversation.trace import Trace, load_trace
from bot.delivery.ports import TookTooLong
from bot.messages import Button, Incoming, IncomingKind, Reply, load_reply
from bot.settings import Settings
from bot.staff.console import why as why_words
from bot.staff.console.words import Words
from kernel.console import fail, out, working
from kernel.errors import LiukeError
from kernel.times import utc_now
from storage import NotFound
from storage.consents import MARKETING
from storage.contents import look_into
from storage.conversations import Conversations
from storage.customers import Customers
from storage.escalations import Escalation, Escalations
from storage.migrate import require_known
from storage.offers import Offers
from storage.requests import Request, Requests
from storage.schema import consent
from storage.shop import ShopKind
from storage.trial import AnyStore, trial

if TYPE_CHECKING:
    from bot.conversation.engine import Engine

CHANNEL = "console"
_LONGEST = 4_000


class NoShop(LiukeError):
    """There is nothing to answer from yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the store holds of a customer and a conversation, as far as an answer may change it."""

    requests: dict[int, Request] = field(default_factory=dict)
    codes: frozenset[str] = frozenset()
    """Of personal prices that hold now."""
    case: Escalation | None = None
    consents: tuple[bool, ...] = ()
    """What was said in this conversation about messages from the shop."""
    personal_prices: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What would be answered, and what would be kept besides."""

    reply: Reply | None
    trace: Trace | None
    before: Held
    after: Held


def ask(
    question: Annotated[str, typer.Argument(help="What a customer writes.")],
    customer: Annotated[
        str | None,
        typer.Option("--as", help="Id of the customer who asks; a stranger when left out."),
    ] = None,
    language: Annotated[
        Literal["zh", "en"],
        typer.Option(help="What the customer's messenger is set to; the words of the question go before it."),
    ] = "zh",
    why: Annotated[
        bool,
        typer.Option("--why", help="Also what the question was read as, and where each thing said stands."),
    ] = False,
) -> None:
    """Print what the bot would answer to one question of a new conversation; nothing is sent, nothing is kept.

    The program need not run: it answers from the shop in LIUKE_HOME, with its model, pages and texts as they are now.
    """
    if not 0 < len(question.strip()) <= _LONGEST:
        fail(f"A question has 1 to {_LONGEST:,} characters.")
    settings = settings_or_exit()
    try:
        with working("Reading the shop and loading the model …"):
            found = run_or_exit(settings, _asked(settings, question, customer, language))
    except (LiukeError, TextsInvalid) as error:
        fail(str(error))
    except TookTooLong:
        fail("Reading the question took too long and was ended. Put it in fewer words.")
    for line in reply_lines(found.reply):
        out.print(line, soft_wrap=True)
    words = Words(Texts.load(package="bot.staff.console"), "en")
    for line in changes(words, found.before, found.after):
        out.print(line, style="yellow", soft_wrap=True)
    if why:
        out.print("")
        lines = why_words.lines(words, found.trace) if found.trace is not None else ["There was no answer."]
        for line in lines:
            out.print(line, style="dim", soft_wrap=True)


async def _asked(settings: Settings, question: str, customer: str | None, language: str) -> Rehearsed:
    require_known((await look_into(settings.store_url)).revision)
    if await shop_kind(settings.store_url) is ShopKind.EMPTY:
        where = settings.home if settings.database_url is None else "the database of LIUKE_DATABASE_URL"
        raise NoShop(
            f"There is no shop in {where} yet. `liuke demo` makes an invented one, `liuke import` takes in yours; "
            "or set LIUKE_HOME to where it is."
        )
    async with opened_store(settings) as store, trial(store) as tried:
        if customer is not None:
            async with tried.read() as connection:
                await known_customer(connection, customer)
        return await _answered(settings, tried, question, customer, language)


async def _answered(
    settings: Settings, tried: AnyStore, question: str, customer: str | None, language: str
) -> Rehearsed:
    # What takes long to import is imported when something is on the screen already.
    from bot.app import Answering
    from bot.conversation.engine import Engine
    from bot.outreach.planner import installation_seed

    seed = await tried.write(installation_seed)
    answering = await Answering.start(settings, tried, seed)
    try:
        now = utc_now()
        incoming = Incoming(
            channel=CHANNEL,
            address=f"ask-{secrets.token_hex(8)}",
            update_id="1",
            kind=IncomingKind.TEXT,
            at=now,
            text=question.strip(),
            language=language,
            signed_in_as=customer,
        )
        return await rehearse(Engine(tried, answering.services), tried, incoming, now)
    finally:
        await answering.understanding.close()


async def rehearse(engine: Engine, tried: AnyStore, incoming: Incoming, now: datetime) -> Rehearsed:
    """Answer one message in a trial of a store, and look what was kept of it there."""
    async with tried.read() as connection:
        before = await _held(connection, incoming, now)
    await tried.write(await engine.handle(incoming))
    async with tried.read() as connection:
        contact = await Conversations(connection).contact(incoming.channel, incoming.address)
        if contact is None:
            raise NotFound("the conversation was not kept")
        history = await Conversations(connection).history(contact.conversation.id, limit=1)
        answer = next((one for one in history if one.direction == "out"), None)
        return Rehearsed(
            reply=None if answer is None else load_reply(dict(answer.payload)),
            trace=None if answer is None else load_trace(answer.trace),
            before=before,
            after=await _held(connection, incoming, now),
        )


async def _held(connection: AsyncConnection, incoming: Incoming, now: datetime) -> Held:
    customer_id = incoming.signed_in_as
    contact = await Conversations(connection).contact(incoming.channel, incoming.address)
    made = [] if customer_id is None else await Requests(connection).of_customer(customer_id, limit=500)
    if contact is not None:
        made += await Requests(connection).of_conversation(contact.conversation.id)
    live = [] if customer_id is None else await Offers(connection).live(customer_id, now)
    known = None if customer_id is None else await Customers(connection).get(customer_id)
    case, said = None, tuple[bool, ...]()
    if contact is not None:
        case = await Escalations(connection).open_of(contact.conversation.id)
        rows = select(consent.c.granted).where(
            consent.c.account_id == contact.conversation.account_id, consent.c.purpose == MARKETING
        )
        said = tuple(await connection.scalars(rows.order_by(consent.c.id)))
    return Held(
        requests={one.id: one for one in made},
        codes=frozenset(one.code for one in live),
        case=case,
        consents=said,
        personal_prices=known is None or known.personal_prices,
    )


def changes(words: Words, before: Held, after: Held) -> Iterator[str]:
    """What a real message would have done besides being answered."""
    for number, one in after.requests.items():
        kind, order = words.of("kind", one.kind), f", order {one.order_number}" if one.order_number else ""
        known = before.requests.get(number)
        if known is None:
            yield f"Not filed, and its number is not kept: request {one.number} ({kind}{order})."
        elif known != one:
            yield f"Not changed: request {one.number} ({kind}{order})."
    for code in sorted(after.codes - before.codes):
        yield f"Not kept: the personal price with code {code}, which no till takes."
    if after.case is not None:
        yield f"Not handed to staff: a case with the reason “{words.of('reason', after.case.reason)}”."
    if after.consents != before.consents:
        agreed = "yes" if after.consents[-1] else "no"
        yield f"Not noted: their {agreed} to messages from the shop."
    if after.personal_prices != before.personal_prices:
        yield f"Not switched: their personal prices {'on' if after.personal_prices else 'off'}."


def reply_lines(reply: Reply | None) -> Iterator[str]:
    """An answer as a terminal shows it: the text, each card, the labels of buttons."""
    if reply is None:
        yield "(The bot says nothing to this.)"
        return
    if reply.text:
        yield reply.text
    for card in reply.cards:
        yield f"  ▪ {card.title}"
        yield from (f"    {line}" for line in card.text.splitlines())
        yield from _labels(card.buttons, "    ")
    for row in reply.buttons:
        yield from _labels(row, "  ")


def _labels(buttons: tuple[Button, ...], indent: str) -> Iterator[str]:
    if buttons:
        yield indent + " ".join(
            f"[{one.label}]({one.url})" if one.url else f"[{one.label}]" for one in buttons
        )
