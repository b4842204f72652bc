"""`liuke skills`: each skill's switch."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.commands.acting import As, with_member
from bot.commands.common import with_store
from bot.console_output import out, print_table
from bot.staff.switchboard import SkillState, Switchboard
from storage import Store
from storage.drafts import MODES

app = typer.Typer(no_args_is_help=True, help="Switch skills on, off, or to a trial that only drafts.")


@app.command("list")
def list_() -> None:
    """Show every skill, its switch, and how often staff agreed with its drafts."""
    states = with_store(lambda _settings, store: _switchboard(store).skills())
    rows = [
        (state.skill.name, "always on" if state.skill.always else state.mode, _agreed(state))
        for state in states
    ]
    print_table("Skills", ("skill", "switch", "drafts sent unchanged"), rows)


@app.command("set")
def set_(skill: str, mode: Annotated[str, typer.Argument(help=", ".join(MODES))], login: As = None) -> None:
    """Switch a skill; it holds within seconds."""
    with_member(login, lambda _settings, store, member: _switchboard(store).set(member, skill, mode))
    out.print(f"{skill} is {mode}.")


def _switchboard(store: Store) -> Switchboard:
    from bot.skills import known_skills

    return Switchboard(store, known_skills())


def _agreed(state: SkillState) -> str:
    return "" if state.agreement is None else f"{state.agreement.agreed} of {state.agreement.judged}"
