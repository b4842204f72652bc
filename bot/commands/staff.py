"""`liuke staff`: the queue in a terminal; and `liuke skills`: each skill's switch."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Annotated, Any, TypeVar

import typer

from bot.commands.common import As, AsJson, By, amount, pushing_up, with_member, with_people, with_store
from bot.conversation.ownership import CaseFacts
from bot.conversation.texts import Texts
from bot.privacy.erasure import Eraser
from bot.settings import Settings
from bot.staff.audit_log import read_audit_log
from bot.staff.case_service import CaseService
from bot.staff.people import Change
from bot.staff.requests import ERASURE
from bot.staff.skill_toggles import SkillState, SkillToggles
from kernel.console import out, print_json, print_table
from storage import NotFound, Store
from storage.drafts import MODES
from storage.staff import ROLES, StaffMember

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="Answer customers, decide requests, manage staff.")

CaseId = Annotated[int, typer.Argument(help="The case's number, from `liuke staff list`.")]

skills = typer.Typer(no_args_is_help=True, help="Switch skills on, off, or to a trial that only drafts.")


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, help="How many of each.")] = 100,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show who waits for a person, the most pressing first, and open requests; and how many there are."""

    async def work(service: CaseService, _member: StaffMember) -> dict[str, Any]:
        shown = None if everything else limit
        waiting = await service.waiting(cases=shown, requests=shown)
        return {
            "all_cases": waiting.all_cases,
            "all_requests": waiting.all_requests,
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
                for case in waiting.cases
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
                for request in waiting.requests
            ],
        }

    found = _with_cases(None, work)
    if as_json:
        print_json(found)
        return
    print_table(
        _title("Waiting for a person", len(found["cases"]), found["all_cases"]),
        ("case", "state", "reason", "customer", "channel", "answer by"),
        [(c["id"], c["state"], c["reason"], c["customer"], c["channel"], f"{c['due_at']:%m-%d %H:%M}Z")
         for c in found["cases"]],
    )  # fmt: skip
    print_table(
        _title("Requests", len(found["requests"]), found["all_requests"]),
        ("id", "number", "kind", "state", "order"),
        [(r["id"], r["number"], r["kind"], r["state"], r["order"] or "") for r in found["requests"]],
    )  # fmt: skip


@app.command()
def warnings(as_json: AsJson = False) -> None:
    """Show customers whose risk of leaving has risen, the most expensive to lose first."""
    found = _with_cases(None, lambda service, _member: service.warnings())
    if as_json:
        print_json([asdict(one) for one in found])
        return
    print_table(
        "May be about to leave",
        ("warning", "customer", "risk", "leaves", "next purchase", "at stake", "because of"),
        [
            (one.id, one.customer_name or one.customer_id, f"{one.was} → {one.band}", f"{one.probability:.0%}",
             _due(one.lead_days), amount(one.expected_loss or None, one.currency), pushing_up(one.reasons))
            for one in found
        ],
    )  # fmt: skip


@app.command()
def seen(
    warning_id: Annotated[int, typer.Argument(help="From `liuke staff warnings`.")], login: As = None
) -> None:
    """Take a warning off the list: it has been seen to."""
    _with_cases(login, lambda service, member: service.see_to(member, warning_id))
    out.print(f"Warning {warning_id} is off the list.")


@app.command()
def show(case_id: CaseId) -> None:
    """Read a case's conversation, and where to write to somebody who has left."""
    case = _with_cases(None, lambda service, _member: service.case(case_id))
    if case.escalation is not None and case.escalation.reply_email:
        out.print(f"If they have left, write to {case.escalation.reply_email}: for this answer alone.")
    for message in case.messages:
        out.print(f"{message.at:%m-%d %H:%M} ", end="", style="dim")
        out.print(f"{message.author}: {message.text}")


@app.command()
def take(case_id: CaseId, login: As = None) -> None:
    """Become the one who answers."""
    _with_cases(login, lambda service, member: service.take(member, case_id))
    out.print(f"Case {case_id} is yours; the bot is silent there.")


@app.command()
def answer(
    case_id: CaseId, text: Annotated[str, typer.Argument(help="What to say.")], login: As = None
) -> None:
    """Write to the customer."""
    _with_cases(login, lambda service, member: service.answer(member, case_id, text))
    out.print("Sent as soon as the program that sends runs.")


@app.command()
def back(case_id: CaseId, login: As = None) -> None:
    """Let the bot answer again."""
    _with_cases(login, lambda service, member: service.give_back(member, case_id))
    out.print(f"The bot answers case {case_id} again.")


@app.command()
def close(case_id: CaseId, login: As = None) -> None:
    """End a case; the customer's next message goes to the bot."""
    _with_cases(login, lambda service, member: service.close(member, case_id))
    out.print(f"Case {case_id} is closed.")


@app.command()
def decide(
    request_id: Annotated[int, typer.Argument(help="The request's id, from `liuke staff list`.")],
    decision: Annotated[str, typer.Argument(help="accepted, declined or done")],
    note: Annotated[str, typer.Option(help="A sentence for the customer.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before somebody is erased.")] = False,
    login: As = None,
) -> None:
    """Accept, decline or finish a request; the customer is told.

    To finish a request for erasure, once it is accepted, erases whoever made it, for good.
    """

    async def work(service: CaseService, member: StaffMember) -> None:
        found = [r for r in (await service.waiting()).requests if r.id == request_id]
        if not found:
            raise NotFound(f"there is no open request {request_id}")
        if found[0].kind == ERASURE and decision == "done" and not yes:
            typer.confirm(f"Erase whoever made request {found[0].number} for good?", abort=True)
        await service.decide(member, request_id, seen_state=found[0].state, decision=decision, note=note)

    _with_cases(login, work)
    out.print(f"Request {request_id} is {decision}.")


@app.command()
def audit(
    people: Annotated[
        bool, typer.Option("--people", help="Leave out what the bot decided by itself.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many, the latest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show who did what."""
    page = with_store(lambda _settings, store: read_audit_log(store, people_only=people, size=limit))
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
    found = with_people(None, lambda people, _by: people.everybody())
    print_table(
        "Staff",
        ("login", "name", "role", "active"),
        [(m.login, m.name, m.role, "yes" if m.active else "no") for m in found],
    )


@app.command()
def add(
    login: str,
    name: Annotated[str, typer.Option(help="What customers see.")] = "",
    role: Annotated[str, typer.Option(help=", ".join(ROLES))] = "agent",
    language: Annotated[str, typer.Option(help="zh or en")] = "zh",
    by: By = None,
) -> None:
    """Add a member of staff; the password is shown once."""
    password = with_people(by, lambda people, who: people.add(who, login, name, role, language))
    out.print(f"{login} can sign in with the password {password}")


@app.command()
def password(login: str, by: By = None) -> None:
    """Give a member a new password, shown once; they are signed out everywhere."""
    new = with_people(by, lambda people, who: people.give_password(who, login))
    out.print(f"{login}'s new password is {new}")


@app.command()
def role(login: str, role: Annotated[str, typer.Argument(help=", ".join(ROLES))], by: By = None) -> None:
    """Give a member another role; they are signed out everywhere."""
    change = with_people(by, lambda people, who: people.set_role(who, login, role))
    if not change.changed:
        out.print(f"{login} has the role {role} already.")
        return
    out.print(f"{login}'s role is {role} now, not {change.member.role}.{_back(change)}")


@app.command()
def deactivate(login: str, by: By = None) -> None:
    """Keep a member out, at once and everywhere; their cases go back to the queue."""
    change = with_people(by, lambda people, who: people.deactivate(who, login))
    if not change.changed:
        out.print(f"{login} is deactivated already.")
        return
    out.print(f"{login} is signed out everywhere and can't sign in any more.{_back(change)}")


@app.command()
def activate(login: str, by: By = None) -> None:
    """Let a deactivated member sign in again, with the password that they had."""
    change = with_people(by, lambda people, who: people.activate(who, login))
    out.print(f"{login} can sign in again." if change.changed else f"{login} can sign in already.")


def _back(change: Change) -> str:
    """How many cases went back to the queue."""
    if not change.released:
        return ""
    count = "One case is" if change.released == 1 else f"{change.released} cases are"
    return f" {count} back in the queue."


def _title(name: str, shown: int, there: int) -> str:
    return f"{name}: {there}" if shown == there else f"{name}: {shown} of {there}; --all shows the others"


def _due(days: float | None) -> str:
    if days is None:
        return ""
    return f"in {days:.0f} days" if days >= 0 else f"overdue {-days:.0f} days"


def _with_cases(login: str | None, work: Callable[[CaseService, StaffMember], Awaitable[T]]) -> T:
    async def run(settings: Settings, store: Store, member: StaffMember) -> T:
        texts = Texts.load(settings.home / "texts")
        return await work(CaseService(store, texts=texts, eraser=Eraser(store, settings.home)), member)

    return with_member(login, run)


@skills.command("list")
def list_skills() -> None:
    """Show every skill, its switch, and how often staff agreed with its drafts."""
    states = with_store(lambda _settings, store: _toggles(store).skills())
    rows = [
        (state.skill.name, "always on" if state.skill.always else state.mode, _agreed(state))
        for state in states
    ]
    print_table("Skills", ("skill", "switch", "drafts sent unchanged"), rows)


@skills.command("set")
def set_skill(
    skill: str, mode: Annotated[str, typer.Argument(help=", ".join(MODES))], login: As = None
) -> None:
    """Switch a skill; it holds within seconds."""
    with_member(login, lambda _settings, store, member: _toggles(store).set(member, skill, mode))
    out.print(f"{skill} is {mode}.")


def _toggles(store: Store) -> SkillToggles:
    from bot.conversation.registry import REGISTRY

    return SkillToggles(store, REGISTRY.skills)


def _agreed(state: SkillState) -> str:
    return "" if state.agreement is None else f"{state.agreement.agreed} of {state.agreement.judged}"
