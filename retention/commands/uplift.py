"""`liuke uplift`: by how much a treatment changes what each customer does, learned from any table of an experiment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kernel.console import failing, out, print_table, working
from retention.commands import options
from retention.commands.files import check_path, print_notes, read_columns, write_table

if TYPE_CHECKING:
    from retention.pricing.uplift.fit import Fitted

app = typer.Typer(
    no_args_is_help=True, help="By how much a treatment changes what each customer does, from an experiment."
)


@app.callback()
def _group() -> None:
    """A group with one command stays a group."""


@app.command()
def score(
    data: Annotated[
        Path,
        typer.Option("--data", help="The experiment: a row a customer, .csv (also .tsv, .gz) or .parquet."),
    ],
    treatment: Annotated[
        str,
        typer.Option(
            "--treatment",
            help="The column that says who was treated: 1/0, yes/no, true/false, or two groups' names.",
        ),
    ],
    outcome: Annotated[
        str,
        typer.Option("--outcome", help="The column that says what came of it: 1/0, yes/no, or a number."),
    ],
    test: Annotated[Path, typer.Option("--test", help="The table to score; it needs neither of the two.")],
    out_file: Annotated[
        Path,
        typer.Option("--out", help="The table to write, .csv or .parquet: `uplift`, a row a row of --test."),
    ],
    control: Annotated[
        str | None,
        typer.Option(
            "--control",
            help="The group that was not treated. Without it: 0, no, a name such as `control` or `No e-mail`, else "
            "the smaller one.",
        ),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(
            "--columns",
            help="The columns to learn from, such as age,city. Without it: all but those that name rows or are known "
            "only after the outcome.",
        ),
    ] = None,
    learner: Annotated[
        str | None,
        typer.Option(
            "--learner", help="Use this learner; without it the best by cross-validation is chosen."
        ),
    ] = None,
    seed: options.Seed = 0,
) -> None:
    """Score customers by what the treatment changes: the expected outcome with it less that without."""
    check_path(out_file)
    table, _ = read_columns(data)
    new, source = read_columns(test)
    from retention.pricing.uplift.fit import fit

    only = [one.strip() for one in columns.split(",") if one.strip()] if columns else ()
    with failing(), working("learning effects"):
        fitted = fit(table, treatment, outcome, control=control, only=only, learner=learner, seed=seed)
        uplift = fitted.model.uplift(new, source.num_rows)
    print_notes(fitted.notes)
    _tell(fitted)
    write_table({"uplift": uplift}, out_file)


def _tell(fitted: Fitted) -> None:
    """How the learner was chosen, and what its order of customers is worth."""
    if fitted.trials:
        print_table(
            "Learners, on customers that they have not seen: outcomes per customer above random",
            ("learner", "Qini", "beside the first (95 %)", ""),
            [
                (
                    one.learner,
                    f"{one.qini:.4f}",
                    f"{one.ahead:+.4f} ({one.low:+.4f} to {one.high:+.4f})",
                    one.verdict,
                )
                for one in fitted.trials
            ],
        )
    out.print(f"Average effect of the treatment: {fitted.average:+.4f}. Learner: {fitted.model.learner}.")
    worth = fitted.held_out
    if worth is not None:
        out.print(
            f"On customers it has not seen: Qini {worth.qini:.4f} ({worth.qini_low:.4f} to {worth.qini_high:.4f}), "
            f"AUUC {worth.auuc:.4f} ({worth.auuc_low:.4f} to {worth.auuc_high:.4f})."
        )
