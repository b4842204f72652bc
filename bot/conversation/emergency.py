"""The emergency numbers of a place, by its time zone; places that are not here have none that we know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Numbers:
    """Whom to call in a country; empty where we know no number."""

    ambulance: str = ""
    fire: str = ""
    crisis: str = ""
    """A line for whoever doesn't want to live."""


_CHINA = Numbers("120", "119", "12356")
_BRITAIN = Numbers("999", "999", "116 123")
_EUROPE = Numbers("112", "112")
_NORTH_AMERICA = Numbers("911", "911", "988")
_BY_ZONE: Mapping[str, Numbers] = {
    **dict.fromkeys(
        ("Asia/Shanghai", "Asia/Urumqi", "Asia/Chongqing", "Asia/Harbin", "Asia/Kashgar", "PRC"), _CHINA
    ),
    **dict.fromkeys(
        ("Europe/London", "Europe/Belfast", "Europe/Jersey", "Europe/Guernsey", "Europe/Isle_of_Man", "GB"),
        _BRITAIN,
    ),
    **dict.fromkeys(("Asia/Hong_Kong", "Asia/Macau", "Hongkong"), Numbers("999", "999")),
    "Asia/Taipei": Numbers("119", "119"),
    "Asia/Tokyo": Numbers("119", "119"),
    "Asia/Seoul": Numbers("119", "119"),
    "Asia/Singapore": Numbers("995", "995"),
    "Pacific/Auckland": Numbers("111", "111"),
    "Pacific/Honolulu": _NORTH_AMERICA,
    "Atlantic/Reykjavik": _EUROPE,
    "Atlantic/Canary": _EUROPE,
    "Atlantic/Madeira": _EUROPE,
    "Atlantic/Azores": _EUROPE,
    "Asia/Nicosia": _EUROPE,
}
_BY_REGION: Mapping[str, Numbers] = {
    "Europe": _EUROPE,
    "Australia": Numbers("000", "000"),
    "US": _NORTH_AMERICA,
    "Canada": _NORTH_AMERICA,
    "America/Indiana": _NORTH_AMERICA,
    "America/Kentucky": _NORTH_AMERICA,
    "America/North_Dakota": _NORTH_AMERICA,
}
_CITIES = frozenset(
    {
        "New_York", "Chicago", "Denver", "Los_Angeles", "Phoenix", "Anchorage", "Detroit", "Boise",
        "Juneau", "Sitka", "Nome", "Adak", "Yakutat", "Metlakatla", "Menominee", "Louisville",
        "Indianapolis", "Fort_Wayne", "Toronto", "Vancouver", "Edmonton", "Winnipeg", "Halifax", "St_Johns",
        "Montreal", "Regina", "Moncton", "Whitehorse", "Yellowknife", "Iqaluit", "Glace_Bay", "Goose_Bay",
        "Thunder_Bay", "Dawson", "Dawson_Creek", "Fort_Nelson", "Creston", "Swift_Current", "Cambridge_Bay",
        "Rankin_Inlet", "Resolute", "Inuvik", "Atikokan", "Blanc-Sablon", "Nipigon", "Rainy_River",
    }
)  # fmt: skip
"""Of the United States and Canada."""


def numbers_in(zone: str) -> Numbers:
    """The numbers of the place that a time zone is named after.

    Args:
        zone: such as `Europe/London`.
    """
    region, _, city = zone.partition("/")
    if region == "America" and city in _CITIES:
        return _NORTH_AMERICA
    return (
        _BY_ZONE.get(zone) or _BY_REGION.get(zone.rpartition("/")[0]) or _BY_REGION.get(region) or Numbers()
    )
