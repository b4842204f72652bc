"""All recommenders by name: fitted on a log, saved, and read back in the same way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from retention import artifacts
from retention.errors import ModelDamaged
from retention.recommenders.base import PART, Goods, ItemModel
from retention.recommenders.models.neighbours import Content, Ease, ItemKNN
from retention.recommenders.models.neural import Linear, TwoTower
from retention.recommenders.models.popular import OwnPurchases, Popularity
from retention.recommenders.models.two_stage import TwoStage
from retention.recommenders.models.users import UserKNN
from retention.report import Readiness

if TYPE_CHECKING:
    from retention.recommenders.interactions import Interactions

Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelKind:
    """One way to recommend."""

    name: str
    about: str
    """One line for people."""
    kind: type[ItemModel]
    customers: int
    """Customers with two products or more that it takes; with fewer, popularity stands in."""
    extra: str | None = None
    """The optional dependencies that fitting takes; serving takes none."""


_KINDS = (
    ModelKind(
        name="auto",
        about="ranks the candidates of several models by what customers of this shop went on to buy",
        kind=TwoStage,
        customers=0,
    ),
    ModelKind(
        name="popularity", about="what sells lately, the same for everybody", kind=Popularity, customers=0
    ),
    ModelKind(
        name="own", about="what the customer bought before, most days first", kind=OwnPurchases, customers=0
    ),
    ModelKind(
        name="user_knn", about="what customers with similar purchases bought", kind=UserKNN, customers=20
    ),
    ModelKind(name="item_knn", about="what the same customers bought as theirs", kind=ItemKNN, customers=20),
    ModelKind(name="content", about="products with similar words and category", kind=Content, customers=0),
    ModelKind(
        name="ease", about="a ridge regression of every product on all others", kind=Ease, customers=50
    ),
    ModelKind(
        name="linear",
        about="embeddings of customer and product into one linear layer, the same order for everybody",
        kind=Linear,
        customers=50,
        extra="train",
    ),
    ModelKind(
        name="two_tower",
        about="a network that multiplies what a customer touched with each product",
        kind=TwoTower,
        customers=50,
        extra="train",
    ),
)

MODELS: Mapping[str, ModelKind] = {one.name: one for one in _KINDS}
"""The recommenders, `auto` first."""


def fit_model(
    name: str,
    interactions: Interactions,
    *,
    seed: int = 0,
    progress: Progress = lambda step, share: None,
) -> ItemModel:
    """Fit one model on everything before `interactions.now`.

    Where there is too little data, popularity is fitted in its place; `readiness` of the result says so.

    Args:
        name: a key of `MODELS`.
        seed: of every random choice; the same interactions and seed give the same model.
        progress: called with the step's name and the share done, 0 to 1.

    Raises:
        KeyError: there is no such model.
        ImportError: the model's optional dependencies are not installed.
    """
    from retention.recommenders.fitting import FITS, customers_with_two

    kind = MODELS[name]
    progress(f"fitting {name}", 0.0)
    have = customers_with_two(interactions)
    enough = have >= kind.customers
    model = FITS[name if enough else "popularity"](interactions, seed)
    progress(f"fitting {name}", 1.0)
    word = Readiness(
        model=f"recommend.{name}",
        enough=enough,
        found=f"{have} customers with two products",
        needed=f"{kind.customers} customers with two products",
        fallback="" if enough else "what is popular",
    )
    return replace(model, readiness=(word, *model.readiness))  # type: ignore[type-var]


def load_model(directory: Path) -> ItemModel:
    """The model that `ItemModel.save` wrote.

    Raises:
        ModelDamaged: a file is missing, changed, or of a form that this program doesn't know.
    """
    manifest, parts = artifacts.read(directory)
    try:
        facts, arrays = parts[PART]
        goods = Goods.of(facts["products"], arrays["goods_popularity"])
        readiness = tuple(Readiness(**one) for one in manifest.readiness)
        return MODELS[facts["model"]].kind.from_parts(goods, readiness, facts["own"], arrays)
    except (KeyError, ValueError, TypeError, IndexError) as error:
        raise ModelDamaged(f"{directory} holds no recommender that can be used: {error!r}") from error
