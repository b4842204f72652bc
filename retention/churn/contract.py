"""Customers under contract: a table with a column that says who left, in; the chance of leaving, out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kernel.arrays import Bools, Floats, Ints
from retention.churn import calibration, logistic, trees
from retention.churn.encoding import Column, Encoder, Texts
from retention.churn.logistic import Linear
from retention.churn.model import Arrays, parts_restored, parts_saved
from retention.churn.trees import Trees
from retention.churn.windows import treatment_note
from retention.errors import LogRefused, MissingColumn
from retention.metrics import auc, average_precision, brier, calibration_error
from retention.report import Fitted
from retention.types import Reason

Table = Mapping[str, Texts]

LEFT = frozenset(
    {"1", "yes", "y", "true", "t", "churn", "churned", "left", "leave", "leaver", "lost", "gone", "exited"}
    | {"attrited", "attrited customer", "cancelled", "canceled", "是", "流失", "已流失"}
)
STAYED = frozenset(
    {"0", "no", "n", "false", "f", "stay", "stayed", "stayer", "retained", "active", "existing", "current"}
    | {"existing customer", "not churned", "no churn", "loyal", "joined", "否", "未流失", "留存"}
)
LEAST_ROWS = 50
LEAST_OF_A_LABEL = 10
STRENGTHS = (0.03, 0.3, 3.0)
TREES, RATE = 150, 0.05
BAND_SHARES = (0.5, 0.8)
TELLTALE = 0.995
"""A column with an AUC beyond this alone was probably written down after the customer had left."""
MOST_REASONS = 6
_AS_THEY_ARE = ("label", "base_rate", "slope", "shift")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractModel:
    """A blend of a logistic regression and boosted trees over the encoded table, or a rate for everybody."""

    label: str
    base_rate: float
    encoder: Encoder
    linear: Linear | None = None
    trees: Trees | None = None
    slope: float = 1.0
    shift: float = 0.0
    bands: tuple[float, float] = (0.5, 0.8)
    """Where medium and high begin: half of the customers of the fit were at low risk, and a fifth at high."""

    @property
    def fitted(self) -> bool:
        """Whether there is more than a rate."""
        return self.linear is not None or self.trees is not None

    def log_odds(self, table: Table, rows: int) -> tuple[Floats, Floats]:
        """Calibrated log-odds, shape (rows,), and each column's part in them, (rows, encoder.columns).

        Raises:
            MissingColumn: the table lacks a column that the model was fitted on.
        """
        missing = [one.name for one in self.encoder.columns if one.name not in table]
        if missing:
            raise MissingColumn("data", missing)
        encoded = self.encoder.encode(table, rows)
        base, parts = _blend(encoded, self.linear, self.trees)
        of_column = np.zeros((rows, len(self.encoder.columns)))
        np.add.at(of_column.T, self.encoder.owners, self.slope * parts.T)
        return self.shift + self.slope * base + of_column.sum(axis=1), of_column

    def probabilities(self, table: Table, rows: int) -> Floats:
        """The chance of leaving, shape (rows,), in the order of the rows."""
        if not self.fitted:
            return np.full(rows, self.base_rate)
        return np.asarray(1 / (1 + np.exp(-self.log_odds(table, rows)[0])), np.float64)

    def reasons(self, table: Table, rows: int) -> list[tuple[Reason, ...]]:
        """The columns that push each row's risk up and down, strongest first."""
        if not self.fitted:
            return [(Reason(code="base_rate", value=round(self.base_rate, 4)),)] * rows
        _, parts = self.log_odds(table, rows)
        names = [one.name for one in self.encoder.columns]
        strongest = np.argsort(-np.abs(parts), axis=1, kind="stable")[:, :MOST_REASONS]
        return [
            tuple(Reason(code=names[place], weight=round(float(parts[row, place]), 4)) for place in places)
            for row, places in enumerate(strongest.tolist())
        ]


def fit(table: Table, label: str, *, customer: str | None = None, seed: int = 0) -> Fitted[ContractModel]:
    """Fit on a table whose rows are customers.

    Args:
        table: column name to values as text, None where missing.
        label: the column that says who left: yes/no, 1/0, true/false, churned/stayed and the like.
        customer: a column that only names the row.

    Raises:
        MissingColumn: there is no such label or customer column.
        LogRefused: the label's values are not of two kinds that can be told apart.
    """
    missing = [one for one in (label, customer) if one is not None and one not in table]
    if missing:
        raise MissingColumn("data", missing)
    outcome, known = read_label(table[label], label)
    notes = [] if known.all() else [f"{int((~known).sum())} rows without a {label} are left out of the fit"]
    used = {
        name: [one for one, kept in zip(values, known.tolist(), strict=True) if kept]
        for name, values in table.items()
        if name not in (label, customer)
    }
    left = outcome[known]
    encoder, said = Encoder.of(used)
    notes += said
    rate = float((left.sum() + 1) / (len(left) + 2))
    plain = ContractModel(label=label, base_rate=rate, encoder=encoder)
    if len(left) < LEAST_ROWS or min(left.sum(), (~left).sum()) < LEAST_OF_A_LABEL or not encoder.columns:
        notes.append(
            f"{len(left)} rows with a label, {int(left.sum())} of whom left; {LEAST_ROWS} with "
            f"{LEAST_OF_A_LABEL} of each needed: everybody has the rate {rate:.2f}"
        )
        return Fitted(model=plain, metrics={"churn_base_rate": rate}, notes=tuple(notes))
    return _fit(plain, used, left, notes, seed)


def fit_untreated(
    table: Table, label: str, treatment: str, *, customer: str | None = None, seed: int = 0
) -> Fitted[ContractModel]:
    """A model of those whom no campaign has reached: a risk is what happens if nothing is done.

    Args:
        treatment: the column that says who was treated: yes/no, 1/0, true/false.

    Raises:
        MissingColumn: as `fit`, or there is no such column.
        LogRefused: as `fit`, also of the treatment's values.

    Source: Radcliffe, "Using control groups to target on predicted lift", 2007.
    """
    if treatment not in table:
        raise MissingColumn("data", [treatment])
    reached, known = read_label(table[treatment], treatment)
    kept = (~reached & known).tolist()
    rest = {
        name: [one for one, stays in zip(values, kept, strict=True) if stays]
        for name, values in table.items()
        if name != treatment
    }
    fitted = fit(rest, label, customer=customer, seed=seed)
    return replace(fitted, notes=(treatment_note(len(kept) - sum(kept), len(kept)), *fitted.notes))


def read_label(values: Texts, name: str) -> tuple[Bools, Bools]:
    """Who left, and for whom it is known; shape (rows,) both.

    Raises:
        LogRefused: there are values that mean neither.
    """
    texts = [_plain(one) for one in values]
    strange = sorted({one for one in texts if one and one not in LEFT and one not in STAYED})
    if strange:
        shown = ", ".join(repr(one) for one in strange[:5])
        raise LogRefused(
            f"the label {name!r} has the values {shown}: write yes/no, 1/0 or true/false for left/stayed"
        )
    return np.array([one in LEFT for one in texts], bool), np.array([one != "" for one in texts], bool)


def _plain(value: str | None) -> str:
    text = (value or "").strip().casefold().rstrip(".")
    text = text.removesuffix(".0")
    return "" if text in ("nan", "null", "none", "na", "n/a") else text


def _fit(
    plain: ContractModel, used: Table, left: Bools, notes: list[str], seed: int
) -> Fitted[ContractModel]:
    rows = plain.encoder.encode(used, len(left))
    notes += _telltales(plain.encoder, rows, left)
    folds = _folds(left, seed)
    linear, boosted = _parts(rows, left, folds, seed)
    if linear is None:
        notes.append("the logistic regression did not converge; the blend goes without it")
    if boosted is None:
        notes.append(f"{trees.lacking(left)}; the blend goes without it")
    if linear is None and boosted is None:
        notes.append(f"nothing could be fitted: everybody has the rate {plain.base_rate:.2f}")
        return Fitted(model=plain, metrics={"churn_base_rate": plain.base_rate}, notes=tuple(notes))
    unseen = _unseen(rows, left, folds, seed)
    slope, shift = calibration.platt(unseen, left)
    model = replace(plain, linear=linear, trees=boosted, slope=slope, shift=shift)
    chance = 1 / (1 + np.exp(-(slope * unseen + shift)))
    medium, high = np.quantile(chance, BAND_SHARES)
    metrics = {
        "churn_customers": float(len(left)),
        "churn_share": float(left.mean()),
        "churn_auc": auc(left, unseen),
        "churn_average_precision": average_precision(left, unseen),
        "churn_brier": brier(left, chance),
        "churn_calibration_error": calibration_error(left, chance),
    }
    bands = (float(medium), float(max(high, medium)))
    return Fitted(model=replace(model, bands=bands), metrics=metrics, notes=tuple(notes))


def _parts(
    rows: Floats, left: Bools, folds: Ints, seed: int, strengths: Sequence[float] = STRENGTHS
) -> tuple[Linear | None, Trees | None]:
    linear = logistic.fit(rows, left, folds, strengths=strengths)
    return linear, trees.fit(rows, left, seed=seed, trees=TREES, rate=RATE)


def _blend(rows: Floats, linear: Linear | None, boosted: Trees | None) -> tuple[float, Floats]:
    """The mean of the parts' log-odds: that of the usual row, and each column's part beside it."""
    found: list[tuple[float, Floats]] = []
    if linear is not None:
        found.append((linear.intercept, linear.parts(rows)))
    if boosted is not None:
        found.append((boosted.centre, boosted.explain(rows)))
    base = sum(one for one, _ in found) / len(found)
    parts: Floats = np.sum([one for _, one in found], axis=0) / len(found)
    return base, parts


def _unseen(rows: Floats, left: Bools, folds: Ints, seed: int) -> Floats:
    """Log-odds of every row by models that have not seen it."""
    found = np.zeros(len(left))
    for fold in range(logistic.FOLDS):
        mine = folds == fold
        linear, boosted = _parts(rows[~mine], left[~mine], folds[~mine], seed)
        if linear is None and boosted is None:
            found[mine] = calibration.logit(float(left[~mine].mean()))
            continue
        base, parts = _blend(rows[mine], linear, boosted)
        found[mine] = base + parts.sum(axis=1)
    return found


def _folds(left: Bools, seed: int) -> Ints:
    """Folds with the same share of leavers in each."""
    order = np.random.default_rng(seed).permutation(len(left))
    order = order[np.argsort(left[order], kind="stable")]
    folds = np.empty(len(left), np.int64)
    folds[order] = np.arange(len(left)) % logistic.FOLDS
    return folds


def _telltales(encoder: Encoder, rows: Floats, left: Bools) -> list[str]:
    notes = []
    for place, column in enumerate(encoder.columns):
        own = rows[:, encoder.owners == place]
        alone = max((abs(auc(left, own[:, one]) - 0.5) for one in range(own.shape[1])), default=0.0) + 0.5
        if alone > TELLTALE:
            notes.append(
                f"the column {column.name!r} tells who left by itself: is it known before they leave?"
            )
    return notes


def saved(model: ContractModel) -> tuple[dict[str, Any], Arrays]:
    """The model as JSON-able facts and arrays; `restored` is the way back."""
    facts, arrays = parts_saved(model.linear, model.trees)
    whole = {name: getattr(model, name) for name in _AS_THEY_ARE}
    columns = [asdict(one) for one in model.encoder.columns]
    return {**facts, **whole, "columns": columns, "bands": list(model.bands)}, arrays


def restored(facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> ContractModel:
    """The model from its saved form."""
    linear, boosted = parts_restored(facts, arrays)
    columns = (
        Column(**{**one, "knots": tuple(one["knots"]), "levels": tuple(one["levels"])})
        for one in facts["columns"]
    )
    return ContractModel(
        **{name: facts[name] for name in _AS_THEY_ARE},
        encoder=Encoder(columns=tuple(columns)),
        linear=linear,
        trees=boosted,
        bands=(facts["bands"][0], facts["bands"][1]),
    )
