"""Stop writing to me, write to me again, and the switch for personal prices."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.turn import Answer, Skill, Turn, row
from storage.customers import Consents, Customers

MARKETING = "marketing"


async def _marketing(turn: Turn) -> Answer:
    granted = turn.intent in ("opt_in", "on", "subscribe")

    async def record(connection: AsyncConnection) -> None:
        await Consents(connection).record(
            MARKETING,
            granted,
            source=f"conversation:{turn.incoming.channel}",
            now=turn.now,
            customer_id=turn.customer_id,
            account_id=turn.contact.conversation.account_id,
        )

    undo = turn.button("button-opt-out", "news:off") if granted else turn.button("button-opt-in", "news:on")
    return Answer(
        text=turn.say("opted-in" if granted else "opted-out"),
        buttons=row(undo),
        memory=turn.memory.settled(),
        effects=(record,),
    )


async def _personal_prices(turn: Turn) -> Answer:
    customer_id = turn.customer_id
    if customer_id is None:
        return Answer(text=turn.say("personal-prices-unlinked"))
    if turn.intent not in ("on", "off"):
        on = turn.contact.personal_prices
        button = (
            turn.button("button-prices-off", "prices:off")
            if on
            else turn.button("button-prices-on", "prices:on")
        )
        return Answer(
            text=turn.say("personal-prices-are-on" if on else "personal-prices-are-off"), buttons=row(button)
        )
    wanted = turn.intent == "on"

    async def switch(connection: AsyncConnection) -> None:
        await Customers(connection).set_personal_prices(customer_id, wanted)

    button = (
        turn.button("button-prices-off", "prices:off")
        if wanted
        else turn.button("button-prices-on", "prices:on")
    )
    return Answer(
        text=turn.say("personal-prices-on" if wanted else "personal-prices-off"),
        buttons=row(button),
        memory=turn.memory.settled(),
        effects=(switch,),
    )


NEWS = Skill(
    name="consent",
    answer=_marketing,
    intents=("opt_out", "opt_in"),
    actions=("news",),
    commands=("stop", "subscribe"),
    always=True,
)
PERSONAL_PRICES = Skill(
    name="personal_prices",
    answer=_personal_prices,
    actions=("prices",),
    commands=("prices",),
    always=True,
)
