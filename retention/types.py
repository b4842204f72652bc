"""The values and the port of the retention room: tables in, decisions out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol, runtime_checkable

from retention.steps import StepModel

CustomerId = str
ProductId = str


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in minor units (fen, cents) of one currency."""

    minor: int
    currency: str
    """ISO 4217, upper case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why something was decided, as a code with its numbers; the bot turns it into words.

    Codes of recommendations: `bought_together`, `viewed_together`, `buy_again`, `popular`, `similar_content`,
    `similar_customers`, `new_product`, `matches_words`, `pinned`. Of offers: `list_price`, `loyalty`,
    `win_back`, `bought_before`, `overstock`, `live_step`, `price_ending`, `capped_by_margin`, `capped_by_budget`,
    `capped_by_policy`, `cooldown`, `existing_offer`, `no_discount`, `too_small`, `too_many_offers`, `no_budget`,
    `no_cost`, `complaint_open`, `opted_out`, `prices_off`, `profiling_refused`, `little_history`, `chance_to_buy`,
    `chance_without`, `more_margin`, `paid_anyway`, `explored`. Of risk: the feature's name.
    """

    code: str
    product: ProductId | None = None
    """The product the reason speaks of, such as the one bought before."""
    value: float | None = None
    """The number behind it, in the unit the code implies."""
    weight: float = 0.0
    """How much it moved the result; signed for risk (above 0 pushes the risk up)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductState:
    """What the shop holds about a product right now."""

    product: ProductId
    list_price: Money
    """What everybody pays: in a sale, the sale price."""
    cost: Money
    """At most the list price where it is unknown."""
    stock: int
    category: str
    cost_known: bool = True
    """Without a cost no price can be checked against a margin, so there is no discount."""
    group: str = ""
    """Shared by the variants of a product, of which a list shows one; empty where there are none."""
    active: bool = True
    created_at: datetime | None = None
    """Since when the shop has it; the newest lead before anything was fitted."""


class EventKind(StrEnum):
    """The kinds of events in a shop's history."""

    VIEW = "view"
    SEARCH = "search"
    CART = "cart"
    PURCHASE = "purchase"
    RETURN = "return"
    RATING = "rating"
    MESSAGE = "message"
    COMPLAINT = "complaint"
    CONTACT = "contact"
    """A campaign message sent to the customer."""
    RESPONSE = "response"
    """The customer answered, clicked or used the code of a campaign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One row of a customer's recent history."""

    kind: EventKind
    at: datetime
    """Aware, UTC."""
    product: ProductId | None = None
    quantity: int = 1
    amount_minor: int | None = None
    """Price paid for the whole row, minor units."""
    text: str | None = None
    """The words of a search."""
    value: float | None = None
    """The stars of a rating (1 to 5); the sentiment of a message (-1 to 1)."""


NEW_PRODUCTS = 0.10
"""Chance of a place for a new product where the shop says nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopRules:
    """What the shop itself wants of every list; whatever a rule says, what can't be sold is not shown."""

    pinned: Sequence[ProductId] = ()
    """Shown first, in this order."""
    buried: frozenset[ProductId] = frozenset()
    """Shown only when nothing else is left."""
    category_caps: Mapping[str, int] = field(default_factory=dict)
    """Category to the most of its products in one list, even if the list gets shorter."""
    new_products: float = NEW_PRODUCTS
    """The chance that the last place of a list goes to a product that is new to the shop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecommendContext:
    """What a recommendation may draw on besides the fitted model."""

    now: datetime
    events: Sequence[Event] = ()
    """The customer's events, oldest first; the model needs no refit to use them."""
    stock: Mapping[ProductId, ProductState] = field(default_factory=dict)
    """Products that may be shown; what is absent, inactive or out of stock is not recommended."""
    words: Sequence[str] = ()
    """Words of the customer's message, for those without history."""
    category: str | None = None
    exclude: frozenset[ProductId] = frozenset()
    allow_repeats: bool = False
    rules: ShopRules = field(default_factory=ShopRules)
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """A product for a customer, and why."""

    product: ProductId
    position: int
    """0 is the first place."""
    score: float
    policy: str
    """Which rule or model placed it, with its version, such as `item_knn/20261124T020000`."""
    probability: float
    """The chance with which the policy put this product at this place (1 when it is deterministic)."""
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveOffer:
    """An offer already made and still valid."""

    product: ProductId
    price: Money
    code: str
    valid_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveStep:
    """A discount that customers of a tier hold for a product now; those of a better tier may ask for it."""

    tier: int
    price: Money
    list_price: Money
    """What everybody paid when it was given."""
    valid_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PricePolicy:
    """The shop's published rules for personal prices. Its defaults are the policy `rules/1`.

    Steps and shares off are in basis points; `retention.pricing.policy` reads what an owner writes.
    """

    enabled: bool = True
    loyalty: tuple[tuple[int, int], ...] = ((2, 300), (5, 500), (10, 800))
    """(purchase days kept in the last year, off), rising in both: the highest one reached is the customer's tier."""
    bought_before: int = 200
    """Off a product that the customer has bought and kept."""
    overstock: tuple[tuple[float, int], ...] = ((180.0, 300), (365.0, 600))
    """(days the stock will last at the present rate of sale, off), rising in both; for everybody."""
    win_back_from: float = 0.5
    """The churn probability from which a win-back message offers something."""
    win_back_least: int = 500
    win_back_most: int = 1_500
    """Off in a win-back message, growing evenly with the risk from `win_back_from` to 1."""
    margin_floor: float = 0.10
    """Smallest share of the price that must remain above cost: (price - cost) / price."""
    margin_floors: tuple[tuple[str, float], ...] = ()
    """(category, its own margin floor)."""
    max_discount: float = 0.20
    """Largest share taken off the list price."""
    least_share: int = 100
    """A smaller share off is no offer."""
    least_amount: int = 50
    """A smaller amount off, minor units, is no offer."""
    least_amounts: tuple[tuple[str, int], ...] = ()
    """(currency, its own least amount)."""
    learn: bool = False
    """The step of each tier is learned from what offers bring, between nothing and `max_discount`."""
    endings: tuple[str, ...] = ()
    """The last digits that a personal price may have, such as `.90` or `9`; the price is lowered to one of them
    where the guardrails allow it."""
    most_live: int | None = None
    """Personal prices that a customer may hold at once."""
    most_made: int | None = None
    """Personal prices that a customer may get within `most_made_days`."""
    most_made_days: int = 30
    validity_hours: int = 72
    cooldown_hours: int = 24
    """After an offer for a product has expired, no better one for so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferContext:
    """What a personal price may draw on. It holds no device, place or willingness-to-pay proxy by design."""

    now: datetime
    product: ProductState
    events: Sequence[Event] = ()
    """The customer's events, oldest first."""
    live_offers: Sequence[LiveOffer] = ()
    policy: PricePolicy = field(default_factory=PricePolicy)
    live_steps: Sequence[LiveStep] = ()
    """What other customers hold for this product."""
    offers_made: int = 0
    """To this customer within the policy's `most_made_days`."""
    offers_live: int = 0
    """Held by this customer, for whatever product."""
    budget_left: Money | None = None
    """The least that is left of the budgets this offer would draw on; None: there is no limit."""
    budget_set: bool = True
    """False: the shop has said nothing of what it may give away, so it gives nothing."""
    reason: Literal["asked", "recommended", "win_back"] = "asked"
    complaint_open: bool = False
    opted_out: bool = False
    """The customer switched personal prices off."""
    profiling_refused: bool = False
    """The customer does not want decisions made from what they did."""
    risk: float | None = None
    """The last known churn probability, for win-back."""
    steps: StepModel | None = None
    """What the shop has learned of its offers; without it the published steps decide."""
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligible:
    """A price that could have been chosen, within the law, and the chance with which it was."""

    price: Money
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A price for one customer and one product; never above the list price, never below the margin floor."""

    customer: CustomerId
    product: ProductId
    price: Money
    list_price: Money
    """As in `ProductState`."""
    floor: Money
    valid_until: datetime
    personal: bool
    """True when the price is below the list price for this customer; then the bot must say so."""
    policy: str
    probability: float
    """The chance with which the policy chose this price."""
    reasons: tuple[Reason, ...]
    """Every rule and number that shaped the price, in the order they were applied."""
    tier: int = 0
    """The customer's, by the policy's loyalty steps; 0 is below the first of them."""
    eligible: tuple[Eligible, ...] = ()
    """What could have been chosen; empty where the policy left no choice."""

    @property
    def discount(self) -> float:
        """Share taken off the list price, 0 to 1."""
        return 1 - self.price.minor / self.list_price.minor if self.list_price.minor else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskContext:
    """What a churn score may draw on besides the fitted model."""

    now: datetime
    events: Sequence[Event] = ()
    horizon_days: int | None = None
    """None: the horizon the model was fitted for."""


class RiskBand(StrEnum):
    """Bands of risk, from the shop's own distribution: high is whom the staff can look after."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @classmethod
    def of(cls, probability: float, edges: tuple[float, float]) -> RiskBand:
        """The band of a probability; `edges` are those at which medium and high begin."""
        medium, high = edges
        if probability >= high:
            return cls.HIGH
        return cls.MEDIUM if probability >= medium else cls.LOW


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """How likely a customer is not to buy within the horizon."""

    customer: CustomerId
    probability: float
    band: RiskBand
    horizon_days: int
    policy: str
    reasons: tuple[Reason, ...]
    """Features that push it up (weight above 0) and down, strongest first."""
    expected_loss: Money | None = None
    """What they used to spend in so many days, times the chance that they won't."""
    due_days: float | None = None
    """Days until the next purchase is due by their own gaps; below 0: for so long overdue. None: never bought."""
    at_stake: float = 0.0
    """The expected loss times the chance that there is something to lose: minor units, or days with a purchase where
    the shop's history holds no money. It orders whom to look after."""


@runtime_checkable
class RetentionCore(Protocol):
    """The decisions of retention. Implementations are safe to call from several threads; about 1 ms."""

    def recommend(
        self, customer: CustomerId | None, n: int, context: RecommendContext
    ) -> list[Recommendation]:
        """At most `n` products, best first. Works for unknown customers and before anything was fitted."""
        ...

    def offer(self, customer: CustomerId, product: ProductId, context: OfferContext) -> Offer:
        """The price for this customer now; the list price when no rule gives a discount."""
        ...

    def risk(self, customer: CustomerId, context: RiskContext) -> Risk:
        """The customer's churn risk as of `context.now`."""
        ...
