"""All recommenders of the room on one split."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from threadpoolctl import threadpool_limits

from retention.evaluation.rankings import Judged, ModelRanking, judge
from retention.evaluation.splits import Mode, Split
from retention.recommenders.fitted import fit_with_notes
from retention.recommenders.registry import MODELS

Progress = Callable[[str, float], None]


@dataclass(slots=True)
class Comparison:
    """What was judged, and what could not be."""

    judged: list[Judged] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def of(self, mode: Mode) -> list[Judged]:
        """The models in one mode, best first."""
        return sorted(
            (one for one in self.judged if one.mode is mode), key=lambda one: -one.mean("ndcg").value
        )

    def find(self, model: str, mode: Mode) -> Judged | None:
        """One of them."""
        return next((one for one in self.judged if one.model == model and one.mode is mode), None)


def judge_models(
    split: Split,
    k: int,
    *,
    seed: int,
    names: Sequence[str] | None = None,
    progress: Progress = lambda step, share: None,
) -> Comparison:
    """Fit every model of the registry on the past and judge it in both modes, on one thread.

    A model whose extra is not installed is left out, and the notes say so; so do they where a model had too
    little data and something else stands in for it, or where `auto` chose popularity.
    """
    done = Comparison()
    chosen = list(names if names is not None else MODELS)
    for place, name in enumerate(chosen):
        progress(f"fitting {name}", place / len(chosen))
        start = time.perf_counter()
        try:
            with threadpool_limits(1):
                fitted = fit_with_notes(name, split.interactions, seed=seed)
        except ImportError as absent:
            extra = MODELS[name].extra
            done.notes.append(f"{name} was left out: {absent.name} is not installed (the extra {extra!r})")
            continue
        seconds = time.perf_counter() - start
        done.notes += fitted.notes
        progress(f"judging {name}", (place + 0.5) / len(chosen))
        for mode in Mode:
            done.judged.append(
                judge(name, ModelRanking(fitted.model, split), split, mode, k, seconds=seconds)
            )
    progress("recommenders judged", 1.0)
    return done
