"""`liuke`: the command line."""

from __future__ import annotations

import typer

from bot.commands import (
    ask,
    asked_as,
    chat,
    codes,
    customer,
    doctor,
    house,
    importing,
    missed,
    models,
    offers,
    outreach,
    prices,
    run,
    shop,
    staff,
    understanding,
)
from retention import commands as retention_commands
from retention.commands import uplift

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="留客 Liuke: a customer-service bot that keeps customers.",
)
app.command("run")(run.run)
app.command("serve")(run.serve)
app.command("work")(run.work)
app.command("demo")(shop.demo)
app.command("import")(importing.import_)
app.command("chat")(chat.chat)
app.command("ask")(ask.ask)
app.command("api-key")(shop.api_key)
app.command("refit")(models.refit)
app.command("rules")(shop.rules)
app.command("doctor")(doctor.doctor)
app.command("backup")(house.backup)
app.command("restore")(house.restore)
app.command("copy")(house.copy)
app.add_typer(models.app, name="models")
app.add_typer(customer.app, name="customer")
app.add_typer(codes.app, name="codes")
app.add_typer(offers.app, name="offers")
app.add_typer(staff.app, name="staff")
app.add_typer(staff.skills, name="skills")
app.add_typer(outreach.app, name="outreach")
app.add_typer(prices.app, name="prices")
understanding.app.command("missed")(missed.missed)
understanding.app.command("asked-as")(asked_as.asked_as)
app.add_typer(understanding.app, name="nlu")
app.add_typer(retention_commands.app, name="retention", context_settings={"obj": models.shop_history})
app.add_typer(uplift.app, name="uplift")


def main() -> None:
    """Entry point of the `liuke` command."""
    app()


if __name__ == "__main__":
    main()
