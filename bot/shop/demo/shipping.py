"""How parcels travel: which carrier, how long, and how long it was promised to take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.shop.demo.people import Bools, Floats, Ints, places, read_toml

_DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """Who brings parcels."""

    name: tuple[str, str]
    """Chinese, English."""
    code: str
    domestic: bool
    late: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipments:
    """One entry an order; times in seconds from the start of the window."""

    carrier: Ints
    packed: Ints
    shipped: Ints
    promised: Ints
    delivered: Ints


def carriers() -> list[Carrier]:
    """The carriers in the order of their file."""
    return [
        Carrier(
            name=(item["name"][0], item["name"][1]),
            code=item["code"],
            domestic=item["domestic"],
            late=item["late"],
        )
        for item in read_toml("places.toml")["carrier"]
    ]


class Shipping:
    """Sends orders on their way."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        shares = np.array([item["share"] for item in read_toml("places.toml")["carrier"]])
        domestic = np.array([carrier.domestic for carrier in carriers()])
        self._choice = {home: _cumulative(shares * (domestic == home)) for home in (True, False)}
        self._late = np.array([carrier.late for carrier in carriers()])
        self._days: Floats = np.array([place.days for place in places()])
        self._domestic: Bools = np.array([place.domestic for place in places()])
        self.utc_offsets: Ints = np.array([place.offset for place in places()], dtype=np.int64)

    def ship(self, placed: Ints, place: Ints, bustle: float) -> Shipments:
        """Send orders; the busier the day, the more come late."""
        count = len(placed)
        home = self._domestic[place]
        draw = self._rng.random(count)
        carrier = np.where(
            home, np.searchsorted(self._choice[True], draw), np.searchsorted(self._choice[False], draw)
        )
        packed = placed + _seconds(self._rng.uniform(0.05, 0.7, count))
        shipped = packed + _seconds(self._rng.uniform(0.1, 0.7, count))
        usual = self._days[place]
        travel = usual * np.clip(self._rng.normal(0.85, 0.12, count), 0.5, 1.2)
        crowded = np.clip(bustle - 1.3, 0, 2) * 0.12
        late = self._rng.random(count) < self._late[carrier] + crowded
        travel = np.where(late, usual + self._rng.gamma(2.0, 1.3, count) + 0.8, travel)
        promised = placed + _seconds(np.ceil(usual + 1.2))
        # The end of the promised day, not the hour at which it was ordered.
        promised = -(-promised // _DAY) * _DAY
        delivered = shipped + _seconds(travel)
        return Shipments(
            carrier=carrier.astype(np.int64),
            packed=packed,
            shipped=shipped,
            promised=promised,
            delivered=delivered,
        )


def _seconds(days: Floats) -> Ints:
    return (days * _DAY).astype(np.int64)


def _cumulative(weights: Floats) -> Floats:
    share: Floats = np.cumsum(weights) / weights.sum()
    return share
