"""Customers under contract: a table with a column that says who left, in; the chance of leaving, out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kernel.arrays import Bools, Floats, Ints
from retention.churn import calibration, logistic, trees, tuning
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
SHARES = (0.25, 0.5, 0.75, 1.0)
"""Of the regression beside the trees, where it has any."""
BAND_SHARES = (0.5, 0.8)
TELLTALE = 0.995
"""A column with an AUC beyond this alone was probably written down after the customer had left."""
MOST_REASONS = 6
_AS_THEY_ARE = ("label", "base_rate", "slope", "shift", "linear_share", "native")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractModel:
    """Boosted trees, a logistic regression or a blend of both, or a rate for everybody."""

    label: str
    base_rate: float
    encoder: Encoder
    linear: Linear | None = None
    trees: Trees | None = None
    linear_share: float = 0.5
    """Of the regression in the blend, where there are both."""
    native: bool = False
    """Whether the trees take the table's columns as they are, or, as in models of earlier releases, encoded."""
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
        of_column = np.zeros((rows, len(self.encoder.columns)))
        encoded = self.encoder.encode(table, rows)
        share = self.linear_share if self.linear and self.trees else 1.0
        base = 0.0
        if self.linear:
            base += share * self.linear.intercept
            np.add.at(of_column.T, self.encoder.owners, share * self.linear.parts(encoded).T)
            share = 1 - share
        if self.trees:
            base += share * self.trees.centre
            if self.native:
                of_column += share * self.trees.explain(self.encoder.native(table, rows))
            else:
                np.add.at(of_column.T, self.encoder.owners, share * self.trees.explain(encoded).T)
        of_column *= self.slope
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
    rows, native = plain.encoder.encode(used, len(left)), plain.encoder.native(used, len(left))
    notes += _telltales(plain.encoder, rows, left)
    folds = _folds(left, seed)
    linear = logistic.fit(rows, left, folds, strengths=STRENGTHS)
    choice = tuning.choose(native, left, folds, kinds=plain.encoder.kinds, seed=seed)
    boosted = None
    if choice is not None:
        boosted = trees.fit(native, left, seed=seed, setting=choice.setting, kinds=plain.encoder.kinds)
    if linear is None:
        notes.append("the logistic regression did not converge; the blend goes without it")
    if choice is None or boosted is None:
        notes.append(f"{trees.lacking(left, tuning.LEAST)}; the blend goes without it")
    if linear is None and boosted is None:
        notes.append(f"nothing could be fitted: everybody has the rate {plain.base_rate:.2f}")
        return Fitted(model=plain, metrics={"churn_base_rate": plain.base_rate}, notes=tuple(notes))
    if choice is None or boosted is None:
        share, unseen = 1.0, _unseen(rows, left, folds)
    else:
        of_linear = _unseen(rows, left, folds) if linear is not None else None
        share = _linear_share(of_linear, choice.unseen, left)
        unseen = choice.unseen if of_linear is None else share * of_linear + (1 - share) * choice.unseen
        notes.append(_chosen(choice.setting, share))
    slope, shift = calibration.platt(unseen, left)
    model = replace(
        plain,
        linear=linear if share > 0 else None,
        trees=boosted if share < 1 else None,
        linear_share=share,
        native=True,
        slope=slope,
        shift=shift,
    )
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


def _unseen(rows: Floats, left: Bools, folds: Ints) -> Floats:
    """Log-odds of every row by regressions that have not seen it."""
    found = np.zeros(len(left))
    for fold in range(logistic.FOLDS):
        mine = folds == fold
        linear = logistic.fit(rows[~mine], left[~mine], folds[~mine], strengths=STRENGTHS)
        found[mine] = linear.predict(rows[mine]) if linear else calibration.logit(float(left[~mine].mean()))
    return found


def _linear_share(of_linear: Floats | None, of_trees: Floats, left: Bools) -> float:
    """The regression's share in the blend: none, unless one lowers the log loss of rows that neither has seen by more
    than a standard error of the paired difference."""
    if of_linear is None:
        return 0.0
    alone = logistic.losses_of(left, of_trees)
    gains = {one: alone - logistic.losses_of(left, one * of_linear + (1 - one) * of_trees) for one in SHARES}
    share = max(gains, key=lambda one: float(gains[one].mean()))
    gain = gains[share]
    return share if gain.mean() > gain.std() / np.sqrt(len(gain)) else 0.0


def _chosen(setting: trees.Setting, share: float) -> str:
    if share == 1:
        return "by cross-validation the logistic regression alone does best"
    beside = f"beside them the logistic regression for {share:.0%} of the score" if share else "no regression"
    return f"by cross-validation: {setting.trees} trees of depth {setting.depth}, {beside}"


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
        **{name: facts[name] for name in _AS_THEY_ARE if name in facts},
        encoder=Encoder(columns=tuple(columns)),
        linear=linear,
        trees=boosted,
        bands=(facts["bands"][0], facts["bands"][1]),
    )
