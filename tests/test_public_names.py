"""The names that the packages and the documentation give to programs can be imported from where they always were."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("bot", "kernel", "nlu", "retention", "storage")
PROMISED = {
    "nlu": """
        CatalogueEntry DataRefused DecidingWord DialogueContext Entity EntityKind IntentScore ModelDamaged NluError
        PageIndex PagesRefused Passage Sentiment Understander Understanding load load_pages redact
    """,
    "nlu.normalise": "folded",
    "retention": """
        Core CustomerId Event EventKind FitReport HistoryError LiveOffer MissingColumn ModelDamaged Money Offer
        OfferContext PricePolicy Problem ProductId ProductState Readiness Reason RecommendContext Recommendation
        RetentionCore RetentionError Risk RiskBand RiskContext ShopRules Warned WrongType crossings fit forget listed
        load review score_customers settled unfitted
    """,
    "retention.churn.warning": "crossings settled Warned",
    "retention.history": "History",
    "retention.types": """
        CustomerId Event EventKind LiveOffer Money Offer OfferContext PricePolicy ProductId ProductState Reason
        RecommendContext Recommendation RetentionCore Risk RiskBand RiskContext ShopRules
    """,
    "storage": "Conflict NotFound StorageError Store StoreClosed StoreNewer StoreUnavailable migrate",
    "storage.columns": "UtcMicros",
}
_NAMED = re.compile(rf"`((?:{'|'.join(PACKAGES)})(?:\.\w+)+)(?<!\.csv)`")


@pytest.mark.parametrize("module", PROMISED)
def test_what_programs_import_stays_where_it_was(module: str) -> None:
    found = importlib.import_module(module)
    assert not [name for name in PROMISED[module].split() if not hasattr(found, name)]


def _pages() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "nlu").rglob("*.md")])


def test_what_the_pages_name_is_there() -> None:
    absent = []
    for page in _pages():
        if page.name != "CHANGELOG.md":  # it also speaks of what was
            absent += [
                f"{page.name}: {name}"
                for name in _NAMED.findall(page.read_text("utf-8"))
                if not _is_there(name)
            ]
    assert not absent


def _is_there(name: str) -> bool:
    """Whether it is a module, or something in one, or a file's name such as `bot.py` would be."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            found = getattr(found, part, None)
        return found is not None
    return False
