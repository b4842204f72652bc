"""Model folders that are sealed and yet can't read a message."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from nlu.modelfiles import write_manifest


def narrow_heads(folder: Path) -> None:
    """Heads that fit together, for vectors of one number less than the encoder makes."""
    arrays = _stored(folder)
    for name in ("intent_weight", "sentiment_weight", "urgent_weight", "offensive_weight"):
        arrays[name] = arrays[name][:, :-1]
    for name in ("whitening", "mean"):
        arrays[name] = arrays[name][:-1]
    _keep(folder, arrays)


def one_intent(folder: Path) -> None:
    """Heads that fit together and know a single intent."""
    arrays = {n: values for n, values in _stored(folder).items() if not n.startswith("spelling")}
    for name in ("intents", "intent_weight", "intent_bias", "centres"):
        arrays[name] = arrays[name][:1]
    _keep(folder, arrays)


def _stored(folder: Path) -> dict[str, npt.NDArray[np.generic]]:
    with np.load(folder / "heads.npz") as stored:
        return dict(stored)


def _keep(folder: Path, arrays: dict[str, npt.NDArray[np.generic]]) -> None:
    np.savez(folder / "heads.npz", allow_pickle=False, **arrays)
    write_manifest(folder, {})
