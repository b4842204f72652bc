"""`liuke outreach`: run a campaign now, look at whom it chose and what came of it, pause it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from bot.commands.acting import As, with_member
from bot.commands.common import settings_or_exit, with_store
from bot.console_output import out, print_json, print_table
from bot.conversation.wording import money
from bot.outreach.lift import Share
from bot.outreach.office import ACTIVE, ENDED, PAUSED, CampaignReport, Office, returned
from storage.responses import Contacted

app = typer.Typer(no_args_is_help=True, help="Win-back messages, and what they change.")

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document, for programs.")]
_MOST_REASONS = 3


@app.command()
def plan() -> None:
    """Plan the messages of every active campaign now instead of at the next tick.

    They leave in each customer's daytime, through whichever process sends.
    """
    from bot.planning import plan_now

    counts = asyncio.run(plan_now(settings_or_exit(), datetime.now(UTC)))
    for name, decided in counts.items():
        told = ", ".join(f"{number} {what}" for what, number in decided.items()) or "nobody to decide for"
        out.print(f"{name}: {told}")


@app.command()
def show(as_json: AsJson = False) -> None:
    """Show what came of each campaign, of those written to beside those left alone."""
    reports = with_store(lambda _settings, store: Office(store).reports())
    if as_json:
        print_json([_facts(report) for report in reports])
        return
    print_table(
        "Campaigns",
        ("campaign", "state", "arm", "customers", "sent", "answered", "stopped", "bought again (95 %)"),
        [
            (report.campaign.name, report.campaign.state, name, arm.customers, arm.sent, arm.responded,
             arm.stopped, _share(returned(arm)))
            for report in reports for name, arm in report.arms.items()
        ],
    )  # fmt: skip
    for report in reports:
        _tell_lift(report)


@app.command()
def contacts(
    name: Annotated[str, typer.Argument(help="Of the campaign, from `liuke outreach show`.")],
    limit: Annotated[int, typer.Option(min=1, help="How many, the latest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show whom a campaign chose last, and why."""
    found = with_store(lambda _settings, store: Office(store).contacts(name, limit=limit))
    if as_json:
        print_json([asdict(one) for one in found])
        return
    print_table(
        f"Chosen by {name}",
        ("customer", "arm", "leaves", "would spend", "at stake", "because of", "message", "answered"),
        [
            (one.customer_id, one.arm, f"{one.risk:.0%}", _amount(one.expected_value, one.currency),
             _amount(one.at_stake, one.currency), ", ".join(_pushing(one)), one.dropped or one.state or "",
             f"{one.responded_at:%m-%d %H:%M}Z" if one.responded_at else "")
            for one in found
        ],
    )  # fmt: skip


@app.command()
def pause(name: str, login: As = None) -> None:
    """Stop a campaign for now: nothing more is planned, and what is planned is dropped."""
    _set_state(name, PAUSED, login)


@app.command()
def resume(name: str, login: As = None) -> None:
    """Let a paused campaign go on."""
    _set_state(name, ACTIVE, login)


@app.command()
def end(name: str, login: As = None) -> None:
    """Stop a campaign for good."""
    _set_state(name, ENDED, login)


def _set_state(name: str, state: str, login: str | None) -> None:
    with_member(login, lambda _settings, store, member: Office(store).set_state(member, name, state))
    out.print(f"{name} is {state}.")


def _facts(report: CampaignReport) -> dict[str, Any]:
    arms = {
        name: {**asdict(arm), "returned_interval": returned(arm).interval}
        for name, arm in report.arms.items()
    }
    return {
        "campaign": report.campaign.name,
        "state": report.campaign.state,
        "arms": arms,
        "lift": None if report.lift is None else asdict(report.lift),
    }


def _tell_lift(report: CampaignReport) -> None:
    if report.lift is None:
        return
    low, high = (f"{100 * end:+.1f}" for end in (report.lift.low, report.lift.high))
    told = f"{report.campaign.name}: {100 * report.lift.value:+.1f} points bought again ({low} to {high})"
    verdict = "" if report.lift.certain else "; too few yet to tell it from none"
    out.print(f"{told} of those written to{verdict}.", highlight=False)


def _share(share: Share) -> str:
    low, high = share.interval
    return f"{share.hits} ({low:.1%}–{high:.1%})"


def _amount(minor: int | None, currency: str | None) -> str:
    return "" if minor is None or currency is None else money(minor, currency)


def _pushing(one: Contacted) -> list[str]:
    """The features that push the risk up, strongest first."""
    reasons: list[Mapping[str, Any]] = [reason for reason in one.reasons if reason.get("weight", 0) > 0]
    return [str(reason["code"]) for reason in reasons[:_MOST_REASONS]]
