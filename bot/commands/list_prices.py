"""`liuke prices propose`, `approve`, `decline`, `undo` and `report`: list prices that follow demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.common import As, AsJson, amount, with_member, with_store
from bot.settings import Settings
from kernel.console import failing, out, print_json, print_table, progress_bar
from kernel.times import utc_now
from storage import Store
from storage.price_proposals import NewProposal, StoredProposal
from storage.staff import StaffMember

if TYPE_CHECKING:
    from bot.staff.list_prices import Outcome, Round
    from retention.pricing.effect import Effect

Number = Annotated[int, typer.Argument(help="Of the proposal, from `liuke prices report`.")]
Limit = Annotated[int, typer.Option(min=1, help="How many to show.")]


def propose(
    floor: Annotated[int | None, typer.Option(min=1, help="No price below it, in minor units.")] = None,
    ceiling: Annotated[int | None, typer.Option(min=1, help="No price above it, in minor units.")] = None,
    step: Annotated[float, typer.Option(help="Per cent that a price may change by at once.")] = 5.0,
    margin: Annotated[float, typer.Option(help="Per cent of the price that is left above the cost.")] = 5.0,
    ending: Annotated[
        list[int] | None, typer.Option(help="What the last two digits may be; several times for several.")
    ] = None,
    horizon: Annotated[int, typer.Option(min=1, help="Days over which the margin is expected.")] = 28,
    lead_days: Annotated[int, typer.Option(min=0, help="Days until more can be there.")] = 14,
    login: As = None,
    as_json: AsJson = False,
) -> None:
    """Propose list prices from what was sold; nothing changes before `liuke prices approve`."""
    from bot.staff.list_prices import ListPrices
    from retention.pricing.list_price import PriceLimits

    with failing():
        limits = PriceLimits(
            floor=floor,
            ceiling=ceiling,
            step=round(step * 100),
            margin_floor=round(margin * 100),
            endings=tuple(ending or ()),
            horizon_days=horizon,
        )

    async def work(
        _settings: Settings, store: Store, member: StaffMember
    ) -> tuple[Round, list[StoredProposal]]:
        with progress_bar(plain=as_json) as progress:
            made = await ListPrices(store).propose(member, limits, utc_now(), progress, lead_days)
        return made, await ListPrices(store).all()

    with failing():
        made, stored = with_member(login, work)
    new = stored[: len(made.proposals)]
    if as_json:
        print_json(
            {"proposals": [asdict(one) for one in new], "kept": made.kept, "refused": list(made.refused)}
        )
        return
    _show("Proposed", [one for one in new if one.state == "proposed"])
    alone = sum(one.state == "left_alone" for one in new)
    out.print(f"Left alone, to compare with: {alone}. Best as they are: {made.kept}.")
    for said in made.refused[:5]:
        out.print(said)
    if len(made.refused) > 5:
        out.print(f"… and {len(made.refused) - 5} more of which nothing can be told.")


def approve(number: Number, login: As = None) -> None:
    """Make a proposed price the list price; `liuke prices undo` takes it back."""
    done = _decide(login, "approve", number)
    out.print(f"{done.product_id} costs {amount(done.new_price, done.currency)} from now on.")


def decline(number: Number, login: As = None) -> None:
    """Leave the price as it is."""
    done = _decide(login, "decline", number)
    out.print(f"{done.product_id} stays at {amount(done.old_price, done.currency)}.")


def undo(number: Number, login: As = None) -> None:
    """Bring the list price back to what it was before it was approved."""
    done = _decide(login, "undo", number)
    out.print(f"{done.product_id} costs {amount(done.old_price, done.currency)} again.")


def report(limit: Limit = 50, as_json: AsJson = False) -> None:
    """Show what was proposed and decided, and what approved prices earned beside products left alone."""
    from bot.staff.list_prices import ListPrices

    async def look(_settings: Settings, store: Store) -> tuple[list[StoredProposal], Outcome]:
        service = ListPrices(store)
        return await service.all(), await service.outcome(utc_now())

    stored, outcome = with_store(look)
    if as_json:
        effects = {name: one and asdict(one) for name, one in
                   (("effect", outcome.effect), ("substitutes", outcome.substitutes))}  # fmt: skip
        print_json({"proposals": [asdict(one) for one in stored[:limit]], **effects})
        return
    _show("List prices", stored[:limit])
    _tell("Margin of changed products beside those left alone", outcome.effect)
    _tell("Margin of other products of the same categories beside the rest", outcome.substitutes)


def _decide(login: str | None, what: str, number: int) -> StoredProposal:
    from bot.staff.list_prices import ListPrices

    async def work(_settings: Settings, store: Store, member: StaffMember) -> StoredProposal:
        service = ListPrices(store)
        deciding = {"approve": service.approve, "decline": service.decline, "undo": service.undo}
        return await deciding[what](member, number, utc_now())

    return with_member(login, work)


def _show(title: str, proposals: Sequence[StoredProposal]) -> None:
    print_table(
        title,
        ("number", "product", "price", "proposed", "margin more", "90 %", "state", "because of"),
        [
            (one.id, one.product_id, amount(one.old_price, one.currency), amount(one.new_price, one.currency),
             amount(round(one.gain), one.currency), _range(one), one.state, _reasons(one))
            for one in proposals
        ],
        unbroken=1,
    )  # fmt: skip


def _range(one: NewProposal) -> str:
    return f"{amount(round(one.low), one.currency)} … {amount(round(one.high), one.currency)}"


def _reasons(one: NewProposal) -> str:
    return ", ".join(_reason(dict(reason)) for reason in one.reasons)


def _reason(reason: dict[str, Any]) -> str:
    value = reason.get("value")
    return str(reason["code"]) if value is None else f"{reason['code']} {value:.4g}"


def _tell(what: str, effect: Effect | None) -> None:
    if effect is None:
        out.print(f"{what}: too few products, or less than a week, to tell.")
        return
    verdict = "" if effect.certain else "; too little yet to tell it from none"
    out.print(
        f"{what}: {effect.value:+.1%} a day ({effect.low:+.1%} to {effect.high:+.1%}, 95 %), "
        f"{effect.changed} products beside {effect.compared}{verdict}."
    )
