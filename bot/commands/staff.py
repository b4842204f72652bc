"""`liuke staff`: the queue in a terminal."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import typer

from bot.commands.acting import As, with_member
from bot.commands.common import with_store
from bot.console_output import out, print_json, print_table
from bot.conversation.case import CaseFacts
from bot.conversation.texts import Texts
from bot.conversation.wording import money
from bot.settings import Settings
from bot.staff.accounts import StaffAccounts
from bot.staff.decisions import DecisionTexts
from bot.staff.desk import Desk
from bot.staff.trail import Trail
from storage import NotFound, Store
from storage.staff import ROLES, Staff, StaffMember
from storage.warnings import ChurnWarning

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="Answer customers, decide requests, manage staff.")

CaseId = Annotated[int, typer.Argument(help="The case's number, from `liuke staff list`.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document, for programs.")]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Show who waits for a person, the most pressing first, and open requests."""

    async def work(desk: Desk, _member: StaffMember) -> dict[str, Any]:
        return {
            "cases": [
                {
                    "id": case.id,
                    "state": case.state,
                    "reason": case.reason,
                    "priority": case.priority,
                    "customer": case.customer_name or case.account_name,
                    "channel": case.channel,
                    "due_at": case.due_at,
                    "staff_id": case.staff_id,
                    "about": asdict(CaseFacts.read(case.summary)),
                }
                for case in await desk.queue()
            ],
            "requests": [
                {
                    "id": request.id,
                    "number": request.number,
                    "kind": request.kind,
                    "state": request.state,
                    "order": request.order_number,
                    "created_at": request.created_at,
                    "details": dict(request.details),
                }
                for request in await desk.requests()
            ],
        }

    found = _at_desk(None, work)
    if as_json:
        print_json(found)
        return
    print_table(
        "Waiting for a person", ("case", "state", "reason", "customer", "channel", "answer by"),
        [(c["id"], c["state"], c["reason"], c["customer"], c["channel"], f"{c['due_at']:%m-%d %H:%M}Z")
         for c in found["cases"]],
    )  # fmt: skip
    print_table(
        "Requests", ("id", "number", "kind", "state", "order"),
        [(r["id"], r["number"], r["kind"], r["state"], r["order"] or "") for r in found["requests"]],
    )  # fmt: skip


@app.command()
def warnings(as_json: AsJson = False) -> None:
    """Show customers whose risk of leaving has risen, the most expensive to lose first."""

    async def work(desk: Desk, _member: StaffMember) -> list[ChurnWarning]:
        return await desk.warnings()

    found = _at_desk(None, work)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    print_table(
        "May be about to leave",
        ("warning", "customer", "risk", "leaves", "next purchase", "at stake", "because of"),
        [
            (one.id, one.customer_name or one.customer_id, f"{one.was} → {one.band}", f"{one.probability:.0%}",
             _due(one.lead_days), _at_stake(one), ", ".join(_pushing(one)))
            for one in found
        ],
    )  # fmt: skip


@app.command()
def seen(
    warning_id: Annotated[int, typer.Argument(help="From `liuke staff warnings`.")], login: As = None
) -> None:
    """Take a warning off the list: it has been seen to."""
    _at_desk(login, lambda desk, member: desk.see_to(member, warning_id))
    out.print(f"Warning {warning_id} is off the list.")


@app.command()
def show(case_id: CaseId) -> None:
    """Read a case's conversation."""

    async def work(desk: Desk, _member: StaffMember) -> None:
        case = await desk.case(case_id)
        for message in case.messages:
            out.print(f"[dim]{message.at:%m-%d %H:%M}[/dim] {message.author}: ", end="")
            out.print(message.text, markup=False, highlight=False)

    _at_desk(None, work)


@app.command()
def take(case_id: CaseId, login: As = None) -> None:
    """Become the one who answers."""
    _at_desk(login, lambda desk, member: desk.take(member, case_id))
    out.print(f"Case {case_id} is yours; the bot is silent there.")


@app.command()
def answer(
    case_id: CaseId, text: Annotated[str, typer.Argument(help="What to say.")], login: As = None
) -> None:
    """Write to the customer."""
    _at_desk(login, lambda desk, member: desk.answer(member, case_id, text))
    out.print("Sent as soon as the program that sends runs.")


@app.command()
def back(case_id: CaseId, login: As = None) -> None:
    """Let the bot answer again."""
    _at_desk(login, lambda desk, member: desk.give_back(member, case_id))
    out.print(f"The bot answers case {case_id} again.")


@app.command()
def close(case_id: CaseId, login: As = None) -> None:
    """End a case; the customer's next message goes to the bot."""
    _at_desk(login, lambda desk, member: desk.close(member, case_id))
    out.print(f"Case {case_id} is closed.")


@app.command()
def decide(
    request_id: Annotated[int, typer.Argument(help="The request's id, from `liuke staff list`.")],
    decision: Annotated[str, typer.Argument(help="accepted, declined or done")],
    note: Annotated[str, typer.Option(help="A sentence for the customer.")] = "",
    login: As = None,
) -> None:
    """Accept, decline or finish a request; the customer is told."""

    async def work(desk: Desk, member: StaffMember) -> None:
        found = [r for r in await desk.requests() if r.id == request_id]
        if not found:
            raise NotFound(f"there is no open request {request_id}")
        await desk.decide(member, request_id, seen_state=found[0].state, decision=decision, note=note)

    _at_desk(login, work)
    out.print(f"Request {request_id} is {decision}; the customer is told.")


@app.command()
def audit(
    people: Annotated[
        bool, typer.Option("--people", help="Leave out what the bot decided by itself.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many, the latest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show who did what."""
    page = with_store(lambda _settings, store: Trail(store).page(people_only=people, size=limit))
    if as_json:
        print_json([asdict(entry) for entry in page.entries])
        return
    print_table(
        "Who did what", ("when", "who", "what", "to what", "details"),
        [(f"{entry.at:%Y-%m-%d %H:%M}Z",
          entry.actor if entry.staff_id is None else page.names.get(entry.staff_id, entry.actor),
          entry.action, entry.subject,
          ", ".join(f"{key} {value}" for key, value in entry.details.items()))
         for entry in page.entries],
    )  # fmt: skip


@app.command()
def members() -> None:
    """Show who may sign in."""

    async def work(_settings: Any, store: Store) -> list[StaffMember]:
        async with store.read() as connection:
            return await Staff(connection).all()

    print_table(
        "Staff",
        ("login", "name", "role", "active"),
        [(m.login, m.name, m.role, "yes" if m.active else "no") for m in with_store(work)],
    )


@app.command()
def add(
    login: str,
    name: Annotated[str, typer.Option(help="What customers see.")] = "",
    role: Annotated[str, typer.Option(help=", ".join(ROLES))] = "agent",
    language: Annotated[str, typer.Option(help="zh or en")] = "zh",
) -> None:
    """Add a member of staff; the password is shown once."""
    if role not in ROLES:
        raise typer.BadParameter(f"one of {', '.join(ROLES)}", param_hint="--role")
    password = secrets.token_urlsafe(9)
    with_store(
        lambda _settings, store: StaffAccounts(store).add(
            login, name or login, role, password, language, datetime.now(UTC)
        )
    )
    out.print(f"{login} can sign in with the password {password}", markup=False, highlight=False)


@app.command()
def password(login: str) -> None:
    """Give a member a new password, shown once."""
    new = secrets.token_urlsafe(9)
    with_store(lambda _settings, store: StaffAccounts(store).set_password(login, new))
    out.print(f"{login}'s new password is {new}", markup=False, highlight=False)


def _due(days: float | None) -> str:
    if days is None:
        return ""
    return f"in {days:.0f} days" if days >= 0 else f"overdue {-days:.0f} days"


def _at_stake(warning: ChurnWarning) -> str:
    if not warning.expected_loss or not warning.currency:
        return ""
    return money(warning.expected_loss, warning.currency)


def _pushing(warning: ChurnWarning) -> list[str]:
    """The features that push the risk up, strongest first."""
    return [one["code"] for one in warning.reasons if one.get("weight", 0) > 0][:3]


def _at_desk(login: str | None, work: Callable[[Desk, StaffMember], Awaitable[T]]) -> T:
    async def run(settings: Settings, store: Store, member: StaffMember) -> T:
        texts = Texts.load(settings.home / "texts")
        return await work(Desk(store, decided=DecisionTexts(texts)), member)

    return with_member(login, run)
