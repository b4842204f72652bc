"""Who the demo shop's customers are: what the shop knows of them, and what only the simulation knows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.shop.demo.catalogue import DemoProduct, categories, read_toml
from kernel.arrays import Bools, Floats, Ints

_TASTES = 8

# Sunday evenings are for shopping, Tuesdays are not. Monday first.
_WEEK = np.array([0.92, 0.84, 0.88, 0.92, 1.02, 1.22, 1.20])
# January to December: quiet around the Spring Festival, the sales of June and November, gifts in December.
_YEAR = np.array([0.92, 0.74, 0.98, 1.00, 1.02, 1.14, 0.92, 0.92, 1.02, 1.04, 1.34, 1.10])
_SALES = {(6, 18): 2.1, (11, 11): 2.4, (12, 12): 1.5}
_DEAREST = 1.35
# The margin a shop keeps at the least, so that a price is never below cost.
_CHEAPEST = 1.28


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A city with customers in it."""

    city: tuple[str, str]
    country: tuple[str, str]
    time_zone: str
    offset: int
    """Hours ahead of UTC, close enough to tell day from night."""
    postcode: str
    roads: dict[str, list[str]]
    days: float
    """A parcel takes so long when nothing goes wrong."""
    domestic: bool
    share: dict[str, float]
    """Of the customers who speak a language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoCustomer:
    """What the shop knows of a customer."""

    id: str
    name: str
    language: str
    email: str
    phone: str
    place: int
    ship_to: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """All customers; arrays have one entry a customer. None of this but the join day is ever stored."""

    joined: Ints
    """Day of the window on which the customer came; below 0: before it."""
    pace: Floats
    """Visits a day."""
    liking: NDArray[np.float32]
    """(customers, products): how likely a visit turns to the product; rows sum to 1."""
    price_sense: Floats
    """How much a higher price matters."""
    patience: Floats
    """How much trouble it takes until the customer thinks of leaving."""
    lull: Ints
    """(customers, 2): days on which a quiet spell of four weeks begins that means nothing."""
    languages: list[str]
    places: Ints


@cache
def places() -> tuple[Place, ...]:
    """The cities in the order of their file."""
    return tuple(
        Place(**{**item, "city": tuple(item["city"]), "country": tuple(item["country"])})
        for item in read_toml("places.toml")["place"]
    )


def draw_traits(count: int, days: int, catalogue: list[DemoProduct], rng: np.random.Generator) -> Traits:
    """Draw the customers' traits."""
    languages = ["zh" if zh else "en" for zh in rng.random(count) < 0.65]
    joined = np.where(rng.random(count) < 0.55, -rng.integers(1, 700, count), rng.integers(0, days, count))
    return Traits(
        joined=joined.astype(np.int64),
        pace=np.clip(rng.lognormal(np.log(0.034), 0.75, count), 0.006, 0.4),
        liking=_liking(count, catalogue, rng),
        price_sense=rng.gamma(4, 0.25, count),
        patience=rng.gamma(6, 1 / 6, count) + 0.4,
        lull=rng.integers(-200, days * 2, (count, 2)),
        languages=languages,
        places=_homes(languages, rng),
    )


def demo_customers(traits: Traits, rng: np.random.Generator) -> list[DemoCustomer]:
    """Give everybody a name, an address and a way to be reached, none of which exists outside the demo."""
    names = read_toml("names.toml")
    count = len(traits.languages)
    picks = rng.integers(0, 1_000_000, (count, 6)).tolist()
    return [
        _face(10_001 + number, language, int(traits.places[number]), picks[number], names)
        for number, language in enumerate(traits.languages)
    ]


def _face(
    number: int, language: str, place_number: int, pick: list[int], names: dict[str, Any]
) -> DemoCustomer:
    place = places()[place_number]
    if language == "zh":
        surname, given = _choice(names["surnames"], pick[0]), _choice(names["given"], pick[1])
        name = surname[0] + given[0]
        # No Chinese number begins so.
        phone = f"1000{pick[2] % 10_000_000:07}"
        mailbox = f"{given[1]}.{surname[1]}"
    else:
        first, last = _choice(names["first"], pick[0]), _choice(names["last"], pick[1])
        name = f"{first} {last}"
        phone = f"+1555{pick[2] % 10_000_000:07}"
        mailbox = f"{first}.{last}".lower()
    side = 0 if language == "zh" else 1
    road = _choice(place.roads[language], pick[3])
    house = 1 + pick[4] % 180
    digits = f"{pick[5] % 100:02}"
    return DemoCustomer(
        id=f"C{number}",
        name=name,
        language=language,
        email=f"{mailbox}.{number}@example.com",
        phone=phone,
        place=place_number,
        ship_to={
            "recipient": name,
            "phone": phone,
            "country": place.country[side],
            "city": place.city[side],
            "line": f"{road}{house}号" if language == "zh" else f"{house} {road}",
            "postcode": place.postcode.replace("##", digits),
        },
    )


def _liking(count: int, catalogue: list[DemoProduct], rng: np.random.Generator) -> NDArray[np.float32]:
    """Some categories matter to a customer and most don't; within a category, tastes and renown decide.

    Variants of a line share most of their charm, and tastes are few, so that customers who like the same things
    can be told from the log.
    """
    category_of = np.array([categories().index(item.category) for item in catalogue])
    line_of = np.array([item.line for item in catalogue])
    weight = np.array([category.weight for category in categories()])
    category_liking = rng.gamma(0.28, 1.0, (count, len(weight))) * weight + 0.004
    category_liking /= category_liking.sum(axis=1, keepdims=True)
    lines = line_of.max() + 1
    line_taste = rng.normal(0, 1, (lines, _TASTES))
    taste = line_taste[line_of] + rng.normal(0, 0.35, (len(catalogue), _TASTES))
    renown = rng.normal(0, 0.8, lines)[line_of] + rng.normal(0, 0.4, len(catalogue))
    wish = rng.normal(0, 1, (count, _TASTES)) @ taste.T * 0.45 + renown
    charm: NDArray[np.float32] = np.exp(wish).astype(np.float32)
    for category in range(len(weight)):
        columns = category_of == category
        inside = charm[:, columns]
        charm[:, columns] = inside / inside.sum(axis=1, keepdims=True) * category_liking[:, [category]]
    return charm


def _homes(languages: list[str], rng: np.random.Generator) -> Ints:
    found = np.zeros(len(languages), dtype=np.int64)
    spoken = np.array(languages)
    for language in ("zh", "en"):
        share = np.array([place.share[language] for place in places()])
        here = spoken == language
        found[here] = rng.choice(len(share), int(here.sum()), p=share / share.sum())
    return found


def _choice(items: list[Any], pick: int) -> Any:
    return items[pick % len(items)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """The shop's side of the window. Arrays are (days, products) or one entry a product; money in fen."""

    activity: Floats
    """(days,): how much is going on, 1 on an average day."""
    season: Floats
    """(days, products): what time of year does to a product."""
    price: Ints
    in_stock: Bools
    launched: Ints
    """Day from which the product is sold; 0: before the window."""
    stock: Ints
    """Now."""
    restock_in: Ints
    """Days from now; -1: there is stock, or nobody knows."""


def open_market(catalogue: list[DemoProduct], first_day: date, days: int, rng: np.random.Generator) -> Market:
    """Draw prices, stock-outs and launches."""
    dates = [first_day + timedelta(days=number) for number in range(days)]
    launched = _launches(catalogue, days, rng)
    in_stock = _availability(len(catalogue), days, rng) & (np.arange(days)[:, None] >= launched)
    out_now = ~in_stock[-1]
    stock = np.where(out_now, 0, np.clip(rng.lognormal(4.2, 1.1, len(catalogue)), 1, 2_500).astype(np.int64))
    announced = out_now & (rng.random(len(catalogue)) < 0.7)
    return Market(
        activity=_activity(dates),
        season=_season(catalogue, dates),
        price=_prices(catalogue, dates, rng),
        in_stock=in_stock,
        launched=launched,
        stock=stock,
        restock_in=np.where(announced, rng.integers(2, 21, len(catalogue)), -1),
    )


def _activity(dates: list[date]) -> Floats:
    return np.array(
        [_WEEK[d.weekday()] * _YEAR[d.month - 1] * _SALES.get((d.month, d.day), 1.0) for d in dates]
    )


def _season(catalogue: list[DemoProduct], dates: list[date]) -> Floats:
    by_month = np.array(
        [[1.5 if month in item.category.peak else 1.0 for item in catalogue] for month in range(1, 13)]
    )
    return by_month[[d.month - 1 for d in dates]]


def _launches(catalogue: list[DemoProduct], days: int, rng: np.random.Generator) -> Ints:
    """A few lines are new: some within the year, some within the last weeks."""
    lines = np.array([item.line for item in catalogue])
    when = np.zeros(lines.max() + 1, dtype=np.int64)
    new = rng.permutation(len(when))[:18]
    when[new[:12]] = rng.integers(30, days - 60, 12)
    when[new[12:]] = rng.integers(days - 45, days - 5, 6)
    launched: Ints = when[lines]
    return launched


def _availability(count: int, days: int, rng: np.random.Generator) -> Bools:
    filled = np.ones((days, count), dtype=bool)
    for product in range(count):
        for _ in range(rng.poisson(1.5)):
            start = int(rng.integers(0, days - 25))
            filled[start : start + int(rng.integers(3, 22)), product] = False
    for product in rng.permutation(count)[: round(count * 0.06)]:
        filled[-int(rng.integers(2, 15)) :, product] = False
    return filled


def _prices(catalogue: list[DemoProduct], dates: list[date], rng: np.random.Generator) -> Ints:
    """Prices stand for months and move on Mondays, up a little more often than down."""
    mondays = [number for number, day in enumerate(dates) if day.weekday() == 0 and number > 0]
    prices = np.empty((len(dates), len(catalogue)), dtype=np.int64)
    for column, item in enumerate(catalogue):
        price = item.price
        prices[:, column] = price
        for start in sorted(rng.choice(mondays, size=rng.poisson(1.7), replace=False).tolist()):
            up = rng.random() < 0.58
            factor = 1 + rng.uniform(0.04, 0.16) if up else 1 - rng.uniform(0.03, 0.12)
            wanted = min(max(price * factor, item.cost * _CHEAPEST), item.price * _DEAREST)
            price = _round_price(wanted)
            prices[start:, column] = price
    return prices


def _round_price(fen: float) -> int:
    if fen >= 5_000:
        return round(fen / 100) * 100
    return round(fen / 100) * 100 - 10
