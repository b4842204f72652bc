"""The model of value as a part of a saved model, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from retention import artifacts
from retention.churn.rhythm import Rhythm
from retention.errors import ModelDamaged
from retention.value.gamma_gamma import GammaGamma
from retention.value.model import ValueModel

PART = "value"


def saved(model: ValueModel) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The model as JSON-able facts and arrays; `restored` is the way back."""
    return asdict(model), {}


def restored(facts: Mapping[str, Any]) -> ValueModel:
    """The model from its saved form."""
    spend = facts["spend"]
    return ValueModel(
        **{
            **facts,
            "rhythm": Rhythm(**facts["rhythm"]),
            "spend": GammaGamma(**spend) if spend else None,
        }
    )


def in_folder(directory: Path) -> ValueModel | None:
    """That of a saved version; None for one saved without it.

    Raises:
        ModelDamaged: it can't be read.
    """
    _, parts = artifacts.read(directory, only=(PART,))
    try:
        return restored(parts[PART][0]) if PART in parts else None
    except (KeyError, ValueError, TypeError) as error:
        raise ModelDamaged(f"{directory} holds no model of value that can be read: {error!r}") from error
