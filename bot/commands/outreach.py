"""`liuke outreach`: start a campaign, run it now, look at whom it chose and what came of it, pause it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer

from bot.commands.common import As, AsJson, amount, pushing_up, with_member, with_store
from bot.commands.house import tell_restored
from bot.models.decisions import Decisions
from bot.models.retention import ServedRetention
from bot.outreach.planner import Planner, ensure_win_back, installation_seed
from bot.settings import Settings
from bot.shop.prices import Prices
from bot.shop.rules import Steering
from bot.staff.campaigns import ACTIVE, ENDED, PAUSED, CampaignReport, CampaignService, Share, returned
from kernel.console import out, print_json, print_table
from kernel.times import utc_now
from storage import Store
from storage.links import Reach
from storage.staff import StaffMember

app = typer.Typer(no_args_is_help=True, help="Win-back messages, and what they change.")

_LEFT_OUT = {
    "not_scored": "have no churn risk yet: liuke refit",
    "not_at_risk": "are not at high risk",
    "decided": "were decided about already",
    "erased": "were erased",
    "opted_out": "have not agreed to be written to, or said stop",
    "profiling": "said no to profiling",
    "unreachable": "have no messenger linked that can be written to",
    "complaint": "have a case open",
    "cap": "got a campaign's message in the last 14 days",
    "under_way": "are about to get another campaign's message",
    "candidate": "could be written to, but there is no product to write about",
}


@app.command()
def plan() -> None:
    """Plan the messages of every active campaign now instead of at the next tick, and say who is left out and why.

    They leave in each customer's daytime, through whichever process sends.
    """
    with_store(lambda settings, store: plan_active(settings, store, utc_now()))


async def plan_active(settings: Settings, store: Store, now: datetime) -> None:
    """Plan every active campaign, and tell what that came to."""
    # No other command needs a channel.
    from bot.channels.registry import WRITING_FIRST

    served = ServedRetention(store, settings.home)
    await served.refresh()
    seed = await store.write(installation_seed)
    decisions = Decisions(
        served,
        steering=Steering(settings.home),
        prices=Prices(settings.home, settings.time_zone),
        seed=seed,
        margin=settings.margin,
    )
    planner = Planner(store, decisions, settings.time_zone, channels=WRITING_FIRST)
    decided = await planner.run_active(now)
    for report in await CampaignService(store, clock=lambda: now).reports():
        name = report.campaign.name
        if report.campaign.state != ACTIVE:
            _tell_waiting(report)
            continue
        told = ", ".join(f"{number} {what}" for what, number in decided.get(name, {}).items())
        out.print(f"{name}: {told or 'nobody to decide for'}")
        left_out = await planner.left_out(report.campaign, now)
        print_table(
            f"Not written to by {name}",
            ("customers", "because they"),
            [(left_out[why], said) for why, said in _LEFT_OUT.items() if why in left_out],
        )


@app.command()
def show(as_json: AsJson = False) -> None:
    """Show what came of each campaign, of those written to beside those left alone."""

    async def look(_settings: Settings, store: Store) -> tuple[list[CampaignReport], Reach]:
        campaigns = await _campaigns(store)
        return await campaigns.reports(), await campaigns.reach()

    reports, reach = with_store(look)
    if as_json:
        print_json([{**_facts(report), "linked": asdict(reach)} for report in reports])
        return
    print_table(
        "Campaigns",
        ("campaign", "state", "arm", "customers", "sent", "answered", "stopped", "bought again (95 %)"),
        [
            (report.campaign.name, _state(report), name, arm.customers, arm.sent, arm.responded, arm.stopped,
             _share(returned(arm)))
            for report in reports for name, arm in report.arms.items()
        ],
    )  # fmt: skip
    for report in reports:
        _tell_lift(report)
        _tell_waiting(report)
    with_store(lambda _settings, store: tell_restored(store))
    _tell_reach(reach)
    if not reports:
        out.print("There is no campaign before there is a shop: `liuke demo`, or import yours.")


@app.command()
def contacts(
    name: Annotated[str, typer.Argument(help="Of the campaign, from `liuke outreach show`.")],
    limit: Annotated[int, typer.Option(min=1, help="How many, the latest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show whom a campaign chose last, and why."""
    found = with_store(lambda _settings, store: CampaignService(store).contacts(name, limit=limit))
    if as_json:
        print_json([asdict(one) for one in found])
        return
    print_table(
        f"Chosen by {name}",
        ("customer", "arm", "leaves", "would spend", "at stake", "because of", "message", "answered"),
        [
            (one.customer_id, one.arm, f"{one.risk:.0%}", amount(one.expected_value, one.currency),
             amount(one.at_stake, one.currency), pushing_up(one.reasons), one.dropped or one.state or "",
             f"{one.responded_at:%m-%d %H:%M}Z" if one.responded_at else "")
            for one in found
        ],
    )  # fmt: skip


@app.command()
def pause(name: str, login: As = None) -> None:
    """Stop a campaign for now: nothing more is planned, and what was planned is dropped."""
    _set_state(name, PAUSED, login)


@app.command()
def resume(name: str, login: As = None) -> None:
    """Start a campaign, or let a paused one go on: it chooses anew, also whose message was dropped."""
    _set_state(name, ACTIVE, login)


@app.command()
def end(name: str, login: As = None) -> None:
    """Stop a campaign for good; what was planned is dropped."""
    _set_state(name, ENDED, login)


def _set_state(name: str, state: str, login: str | None) -> None:
    async def change(_settings: Settings, store: Store, member: StaffMember) -> int:
        return await (await _campaigns(store)).set_state(member, name, state)

    dropped = with_member(login, change)
    out.print(f"{name} is {state}.")
    if dropped:
        out.print(f"Planned messages that were dropped: {dropped}.")


async def _campaigns(store: Store) -> CampaignService:
    """The campaigns, also before the program has been started for the first time."""
    await store.write(lambda connection: ensure_win_back(connection, utc_now()))
    return CampaignService(store)


def _facts(report: CampaignReport) -> dict[str, Any]:
    arms = {
        name: {**asdict(arm), "returned_interval": returned(arm).interval}
        for name, arm in report.arms.items()
    }
    return {
        "campaign": report.campaign.name,
        "state": report.campaign.state,
        "started": report.started,
        "arms": arms,
        "lift": None if report.lift is None else asdict(report.lift),
    }


def _state(report: CampaignReport) -> str:
    return report.campaign.state if report.started else "not started"


def _tell_waiting(report: CampaignReport) -> None:
    """Why nobody is written to, and how to change that."""
    name = report.campaign.name
    if report.campaign.state == ENDED:
        out.print(f"{name} has ended: it writes to nobody.")
    elif report.campaign.state == ACTIVE and not report.arms:
        out.print(f"{name} is active and has chosen nobody yet; `liuke outreach plan` says why.")
    elif report.campaign.state == PAUSED:
        how = f"liuke outreach resume {name}"
        told = "lets it go on" if report.started else "starts it"
        out.print(
            f"{name} is {'paused' if report.started else 'not started'}: it writes to nobody. `{how}` {told}."
        )


def _tell_lift(report: CampaignReport) -> None:
    if report.lift is None:
        return
    low, high = (f"{100 * end:+.1f}" for end in (report.lift.low, report.lift.high))
    told = f"{report.campaign.name}: {100 * report.lift.value:+.1f} points bought again ({low} to {high})"
    verdict = "" if report.lift.certain else "; too few yet to tell it from none"
    out.print(f"{told} of those written to{verdict}.")


def _tell_reach(reach: Reach) -> None:
    """How many customers are linked to a messenger; the others can't be written to."""
    by_channel = ", ".join(
        f"{name} {of_all} ({of_given} of those given a link)"
        for name, (of_all, of_given) in reach.channels.items()
    )
    out.print(
        f"Linked: {reach.linked} of {_of(reach.linked, reach.customers)} customers; of those given a link "
        f"{reach.linked_of_given} of {_of(reach.linked_of_given, reach.given)}.",
        soft_wrap=True,
    )
    out.print(
        f"By channel: {by_channel}." if by_channel else "Nobody is linked: `liuke customer links FILE.csv`."
    )


def _of(part: int, whole: int) -> str:
    return f"{whole} ({part / whole:.1%})" if whole else "0"


def _share(share: Share) -> str:
    low, high = share.interval
    return f"{share.hits} ({low:.1%}–{high:.1%})"
