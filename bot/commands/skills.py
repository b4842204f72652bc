"""`liuke skills`: each skill's switch."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from bot.commands.common import with_store
from bot.console_output import out, print_table
from storage import Store
from storage.drafts import MODES, Agreement, Drafts, SkillSwitches

app = typer.Typer(no_args_is_help=True, help="Switch skills on, off, or to a trial that only drafts.")


@app.command("list")
def list_() -> None:
    """Show every skill, its switch, and how often staff agreed with its drafts."""
    from bot.conversation.skills import REGISTRY

    async def work(_settings: Any, store: Store) -> tuple[dict[str, str], list[Agreement]]:
        async with store.read() as connection:
            return await SkillSwitches(connection).all(), await Drafts(connection).agreement()

    modes, agreements = with_store(work)
    judged = {item.skill: f"{item.agreed} of {item.judged}" for item in agreements}
    rows = [
        (skill.name, modes.get(skill.name, "on"), judged.get(skill.name, "")) for skill in REGISTRY.skills
    ]
    print_table("Skills", ("skill", "switch", "drafts sent unchanged"), rows)


@app.command("set")
def set_(skill: str, mode: Annotated[str, typer.Argument(help=", ".join(MODES))]) -> None:
    """Switch a skill; it holds within seconds."""
    from bot.conversation.skills import REGISTRY

    if REGISTRY.get(skill) is None:
        raise typer.BadParameter(f"there is no skill {skill!r}; `liuke skills list` shows them")
    if mode not in MODES:
        raise typer.BadParameter(f"one of {', '.join(MODES)}")
    with_store(
        lambda _settings, store: store.write(lambda c: SkillSwitches(c).set(skill, mode, datetime.now(UTC)))
    )
    out.print(f"{skill} is {mode}.")
