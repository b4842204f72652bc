"""`liuke prices propose`, `approve`, `decline`, `undo` and `report`: list prices that follow demand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.common import As, AsJson, Language, amount, with_member, with_store
from bot.conversation.texts import Texts
from bot.settings import Settings
from bot.shop.prices import FILE, read_prices
from bot.staff.console import list_words
from bot.staff.console.words import Words
from kernel.console import failing, out, print_json, progress_bar
from kernel.times import utc_now
from storage import Store
from storage.catalogue import Catalogue, Product
from storage.price_proposals import LEFT_ALONE, StoredProposal
from storage.staff import StaffMember

if TYPE_CHECKING:
    from bot.staff.list_outcome import Outcome
    from bot.staff.list_prices import Round

Number = Annotated[int, typer.Argument(help="Of the proposal, from `liuke prices report`.")]
Limit = Annotated[int, typer.Option(min=1, help="How many to show.")]


InLanguage = Annotated[Language, typer.Option("--language", help="Of the reasons: zh or en.")]
Products = Mapping[str, Product]


def propose(login: As = None, language: InLanguage = Language.EN, as_json: AsJson = False) -> None:
    """Propose list prices from the shop's log, inside the limits in prices.toml.

    A price changes when it is approved: by `liuke prices approve`, in the console, or by the rule in prices.toml.
    """
    from bot.staff.list_prices import ListPrices

    async def work(settings: Settings, store: Store, member: StaffMember) -> tuple[Round, Products]:
        written = read_prices(settings.home / FILE)
        lists = ListPrices(store, lambda: written, time_zone=settings.time_zone)
        with progress_bar(plain=as_json) as progress:
            made = await lists.propose(member, utc_now(), progress)
        return made, await _named(store, made.proposals)

    with failing():
        made, products = with_member(login, work)
    if as_json:
        print_json(
            {
                "proposals": [asdict(one) for one in made.proposals],
                "kept": dict(made.kept),
                "refused": list(made.refused),
            }
        )
        return
    words = _words(language)
    _show(words, [one for one in made.proposals if one.state != LEFT_ALONE], products)
    alone = sum(one.state == LEFT_ALONE for one in made.proposals)
    out.print(words("list-left-alone", number=alone))
    for code, count in made.kept.items():
        out.print(list_words.kept(words, code, count))
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


def report(limit: Limit = 50, language: InLanguage = Language.EN, as_json: AsJson = False) -> None:
    """Show what was proposed and decided, and what approved prices earned beside products left alone."""
    from bot.staff.list_prices import ListPrices

    async def look(_settings: Settings, store: Store) -> tuple[list[StoredProposal], Outcome, Products]:
        service = ListPrices(store)
        stored = (await service.all())[:limit]
        return stored, await service.outcome(utc_now()), await _named(store, stored)

    stored, outcome, products = with_store(look)
    if as_json:
        effects = {name: one and asdict(one) for name, one in
                   (("effect", outcome.effect), ("substitutes", outcome.substitutes))}  # fmt: skip
        print_json(
            {
                "proposals": [asdict(one) for one in stored],
                **effects,
                "substitutes_told_by": outcome.told_by,
            }
        )
        return
    words = _words(language)
    _show(words, stored, products)
    for said in list_words.earned(words, outcome):
        out.print(said)


def _decide(login: str | None, what: str, number: int) -> StoredProposal:
    from bot.staff.list_prices import ListPrices

    async def work(_settings: Settings, store: Store, member: StaffMember) -> StoredProposal:
        service = ListPrices(store)
        deciding = {"approve": service.approve, "decline": service.decline, "undo": service.undo}
        return await deciding[what](member, number, utc_now())

    return with_member(login, work)


def _words(language: Language) -> Words:
    return Words(Texts.load(package="bot.staff.console"), language.value)


async def _named(store: Store, proposals: Iterable[StoredProposal]) -> Products:
    async with store.read() as connection:
        return await Catalogue(connection).by_ids({one.product_id for one in proposals})


def _show(words: Words, proposals: Iterable[StoredProposal], products: Products) -> None:
    for one in proposals:
        found = products.get(one.product_id)
        name = one.product_id if found is None else f"{found.name(words.language)} ({found.code})"
        out.print(f"{one.id:>4}  {name}: {list_words.change(words, one)} · {list_words.state(words, one)}")
        if one.state != LEFT_ALONE:
            out.print(f"      {list_words.gain(words, one)}")
            out.print(f"      {list_words.because(words, one)}")
