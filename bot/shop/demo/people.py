"""Who the demo shop's customers are: what the shop knows of them, and what only the simulation knows."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.shop.demo.catalogue import Goods, shelves

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_TASTES = 8


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
    domestic: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """What the shop knows of a customer."""

    id: str
    name: str
    language: str
    email: str
    phone: str
    place: int
    ship_to: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
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
        Place(
            city=(item["city"][0], item["city"][1]),
            country=(item["country"][0], item["country"][1]),
            time_zone=item["time_zone"],
            offset=item["offset"],
            postcode=item["postcode"],
            roads=item["roads"],
            days=item["days"],
            domestic=item["domestic"],
        )
        for item in read_toml("places.toml")["place"]
    )


def read_toml(name: str) -> dict[str, Any]:
    """A data file beside this module."""
    return tomllib.loads((resources.files(__package__) / name).read_text(encoding="utf-8"))


def gather(count: int, days: int, goods: list[Goods], rng: np.random.Generator) -> Crowd:
    """Draw the customers' traits."""
    languages = ["zh" if zh else "en" for zh in rng.random(count) < 0.65]
    joined = np.where(rng.random(count) < 0.55, -rng.integers(1, 700, count), rng.integers(0, days, count))
    return Crowd(
        joined=joined.astype(np.int64),
        pace=np.clip(rng.lognormal(np.log(0.034), 0.75, count), 0.006, 0.4),
        liking=_liking(count, goods, rng),
        price_sense=rng.gamma(4, 0.25, count),
        patience=rng.gamma(6, 1 / 6, count) + 0.4,
        lull=rng.integers(-200, days * 2, (count, 2)),
        languages=languages,
        places=_homes(languages, rng),
    )


def faces(crowd: Crowd, rng: np.random.Generator) -> list[Face]:
    """Give everybody a name, an address and a way to be reached, none of which exists outside the demo."""
    names = read_toml("names.toml")
    count = len(crowd.languages)
    picks = rng.integers(0, 1_000_000, (count, 6)).tolist()
    return [
        _face(10_001 + number, language, int(crowd.places[number]), picks[number], names)
        for number, language in enumerate(crowd.languages)
    ]


def _face(number: int, language: str, place_number: int, pick: list[int], names: dict[str, Any]) -> Face:
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
    return Face(
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


def _liking(count: int, goods: list[Goods], rng: np.random.Generator) -> NDArray[np.float32]:
    """Some shelves matter to a customer and most don't; within a shelf, tastes and renown decide.

    Variants of a line share most of their charm, and tastes are few, so that customers who like the same things
    can be told from the log.
    """
    shelf_of = np.array([shelves().index(item.shelf) for item in goods])
    line_of = np.array([item.line for item in goods])
    weight = np.array([shelf.weight for shelf in shelves()])
    shelf_liking = rng.gamma(0.28, 1.0, (count, len(weight))) * weight + 0.004
    shelf_liking /= shelf_liking.sum(axis=1, keepdims=True)
    lines = line_of.max() + 1
    line_taste = rng.normal(0, 1, (lines, _TASTES))
    taste = line_taste[line_of] + rng.normal(0, 0.35, (len(goods), _TASTES))
    renown = rng.normal(0, 0.8, lines)[line_of] + rng.normal(0, 0.4, len(goods))
    wish = rng.normal(0, 1, (count, _TASTES)) @ taste.T * 0.45 + renown
    charm: NDArray[np.float32] = np.exp(wish).astype(np.float32)
    for shelf in range(len(weight)):
        columns = shelf_of == shelf
        inside = charm[:, columns]
        charm[:, columns] = inside / inside.sum(axis=1, keepdims=True) * shelf_liking[:, [shelf]]
    return charm


def _homes(languages: list[str], rng: np.random.Generator) -> Ints:
    found = np.zeros(len(languages), dtype=np.int64)
    spoken = np.array(languages)
    for language in ("zh", "en"):
        share = np.array([item["share"][language] for item in read_toml("places.toml")["place"]])
        here = spoken == language
        found[here] = rng.choice(len(share), int(here.sum()), p=share / share.sum())
    return found


def _choice(items: list[Any], pick: int) -> Any:
    return items[pick % len(items)]
