"""What the shop itself wants of its recommendations: `recommendations.toml` in `LIUKE_HOME`."""

from __future__ import annotations

import logging
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from retention.types import NEW_PRODUCTS, ShopRules

FILE = "recommendations.toml"

log = logging.getLogger(__name__)

Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Most = Annotated[int, Field(strict=True, ge=0)]


class RulesInvalid(Exception):
    """The rules can't be used; every problem is listed with its key."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(f"{FILE} can't be used:\n" + "\n".join(f"  {line}" for line in problems))


class WrittenRules(BaseModel):
    """The rules as the shop wrote them, with its own codes and categories."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pin: tuple[Code, ...] = ()
    """Codes of products that come first, in this order."""
    bury: tuple[Code, ...] = ()
    """Codes of products that come when nothing else is left."""
    at_most: Mapping[Code, Most] = Field(default_factory=dict)
    """Category to the most of its products in one list."""
    new_products: Annotated[float, Field(strict=True, ge=0.0, le=0.5)] = NEW_PRODUCTS
    """The chance that the last place of a list goes to a product that is new to the shop."""

    # With the field, not after all of them: then it is told together with what is wrong elsewhere.
    @field_validator("bury")
    @classmethod
    def _not_pinned(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        pinned = {code.casefold() for code in info.data.get("pin", ())}
        both = [code for code in value if code.casefold() in pinned]
        if both:
            raise ValueError(f"{', '.join(both)} can't be pinned and buried")
        return value


class Listed(NamedTuple):
    """A product on sale, as far as rules speak of it."""

    code: str
    product: str
    category: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """The rules for the products on sale."""

    rules: ShopRules
    unknown: tuple[str, ...]
    """What the rules speak of and isn't on sale, as `pin: CODE`."""


def read_rules(path: Path) -> WrittenRules:
    """The rules in a file; none where it isn't there.

    Raises:
        RulesInvalid: with every problem at once.
    """
    try:
        # Editors on Windows put a mark before the first key.
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return WrittenRules()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RulesInvalid([str(error)]) from None
    try:
        return WrittenRules.model_validate(values)
    except ValidationError as error:
        raise RulesInvalid([_problem(dict(detail)) for detail in error.errors()]) from None


def resolve(written: WrittenRules, products: Iterable[Listed]) -> Resolved:
    """The rules with the ids of the products on sale. Letters' case doesn't matter; a code that several products
    have means all of them."""
    by_code: dict[str, list[str]] = {}
    by_name: dict[str, set[str]] = {}
    for one in products:
        by_code.setdefault(one.code.casefold(), []).append(one.product)
        by_name.setdefault(one.category.casefold(), set()).add(one.category)
    rules = ShopRules(
        pinned=tuple(_found(written.pin, by_code)),
        buried=frozenset(_found(written.bury, by_code)),
        category_caps={
            category: most
            for name, most in written.at_most.items()
            for category in by_name.get(name.casefold(), ())
        },
        new_products=written.new_products,
    )
    unknown = (
        *(f"pin: {code}" for code in written.pin if code.casefold() not in by_code),
        *(f"bury: {code}" for code in written.bury if code.casefold() not in by_code),
        *(f"at_most: {name}" for name in written.at_most if name.casefold() not in by_name),
    )
    return Resolved(rules, unknown)


class Steering:
    """The rules in force: read at the start, and again when the file has changed."""

    def __init__(self, home: Path) -> None:
        self._path = home / FILE
        self._written = WrittenRules()
        self._told: frozenset[str] = frozenset()
        self._seen = self._stamp()
        self._read()

    def rules(self, products: Iterable[Listed]) -> ShopRules:
        """The rules for the products on sale; what isn't among them is ignored, and said once."""
        if (stamp := self._stamp()) != self._seen:
            self._seen = stamp
            self._read()
        if self._written == WrittenRules():
            return ShopRules()
        resolved = resolve(self._written, products)
        if fresh := [one for one in resolved.unknown if one not in self._told]:
            log.warning("%s names what is not on sale, which is ignored: %s", FILE, "; ".join(fresh))
            self._told = self._told.union(fresh)
        return resolved.rules

    def _read(self) -> None:
        """Take the file's rules; a broken one is reported, and the rules in use stay."""
        try:
            written = read_rules(self._path)
        except RulesInvalid as invalid:
            log.error("%s\nThe rules in use stay.", invalid)
            return
        if written != self._written:
            log.info(
                "%s: %d pinned, %d buried, %d categories capped",
                FILE,
                len(written.pin),
                len(written.bury),
                len(written.at_most),
            )
        self._written, self._told = written, frozenset()

    def _stamp(self) -> tuple[int, ...]:
        """Other than before when the file is another, or may be read now."""
        try:
            facts = self._path.stat()
        except OSError as error:
            return (error.errno or 0,)
        return facts.st_mtime_ns, facts.st_ctime_ns, facts.st_size, facts.st_ino


def _found(codes: Iterable[str], by_code: Mapping[str, list[str]]) -> Iterable[str]:
    return (product for code in codes for product in by_code.get(code.casefold(), ()))


def _problem(detail: dict[str, Any]) -> str:
    key = ".".join(str(part) for part in detail["loc"] if part != "[key]")
    if detail["type"] == "extra_forbidden":
        return f"{key}: is no rule; there are {', '.join(WrittenRules.model_fields)}"
    # What Python calls a tuple is a list to whoever writes TOML.
    return f"{key}: {detail['msg'].removeprefix('Value error, ').replace('tuple', 'list')}"
