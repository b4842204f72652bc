"""Settings: environment variables that begin with `LIUKE_`, or `liuke.env`; and a home that is its owner's alone.

The home folder holds what customers said, keys and tokens.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from bot.conversation.baskets import BasketTemplate
from bot.conversation.hours import OpeningHours
from bot.http.clients import Network
from bot.http.parsing import is_picture_path
from kernel.console import remark
from retention.choices import capacity_of

_TOKEN = re.compile(r"(?<!\d)\d++:[A-Za-z0-9_-]++")
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_SECRET_LENGTH = 32
_LOOPBACK = "127.0.0.1, ::1"
ENV_FILE = "liuke.env"
"""In the home folder and where a command is run; what stands in the latter wins."""

_FOLDERS = ("console", "imports", "models", "uploads")
"""Whose files are the owner's alone, too; pictures are shown to everybody anyway."""
_DATABASE_FILES = ("", "-wal", "-shm", "-journal")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class SettingsInvalid(Exception):
    """The settings can't be used; every problem is listed with the name of its variable."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("the settings can't be used:\n" + "\n".join(f"  {line}" for line in problems))


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an address such as https://bot.example.com")
    return value.rstrip("/")


def _is_https(value: str) -> bool:
    try:
        return value.startswith("https://") and bool(urlsplit(value).hostname) and value.isprintable()
    except ValueError:
        return False


HttpUrl = Annotated[str, AfterValidator(_http_url)]


def _networks(value: str) -> tuple[Network, ...]:
    parts = (part.strip() for part in value.split(","))
    return tuple(ip_network(part, strict=False) for part in parts if part)


def _require_database(value: str) -> None:
    try:
        parsed = make_url(value)
    except (ArgumentError, ValueError):
        # Its words may repeat the password.
        raise ValueError("is no address such as postgresql://user:password@host:5432/name") from None
    if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise ValueError("must name a file, as in sqlite:///path/liuke.db")


def default_home() -> Path:
    """`~/.liuke` unless LIUKE_HOME names another place."""
    return Path(os.environ.get("LIUKE_HOME") or Path.home() / ".liuke").expanduser()


def env_files(home: Path) -> tuple[Path, Path]:
    """Where settings may be written down; what stands in the second wins."""
    return home / ENV_FILE, Path(ENV_FILE)


class Settings(BaseSettings):
    """What an installation may change. Every default works without any service."""

    model_config = SettingsConfigDict(env_prefix="LIUKE_", extra="ignore", frozen=True)

    home: Path = Field(default_factory=default_home)
    """Where data, models, pictures and overridden texts lie."""
    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=8080, ge=1, le=65535)
    public_url: HttpUrl | None = None
    """How customers' browsers reach this server; needed for links in messages, guessed from host and port."""
    trusted_proxies: str = _LOOPBACK
    """Reverse proxies whose `X-Forwarded-For` is believed: addresses or networks, separated by commas."""
    database_url: str | None = None
    """`sqlite:///…` or `postgresql://…`; without it a SQLite file below `home`."""
    redis_url: str | None = None
    telegram_token: SecretStr | None = None
    telegram_api: HttpUrl = "https://api.telegram.org"
    telegram_webhook: HttpUrl | None = None
    """Public address of this server; the product adds its path. Without it Telegram is polled."""
    telegram_rate: float = Field(default=28.0, ge=0, allow_inf_nan=False)
    """Messages a second in all; 0 lifts all pacing, for a local Bot API server."""
    shop_name_zh: str = "留客演示店"
    shop_name_en: str = "Liuke Demo Shop"
    bot_name_zh: str = Field(default="小留", min_length=1, max_length=40)
    bot_name_en: str = Field(default="Liuke", min_length=1, max_length=40)
    chat_color: str | None = None
    """`#rrggbb`; of the web chat and its button on the shop's pages."""
    chat_logo: str | None = None
    """An https address, or a path below the media folder."""
    time_zone: str = "Asia/Shanghai"
    """The shop's own, for opening hours and nightly work."""
    currency: str = Field(default="CNY", pattern=r"^[A-Z]{3}$")
    """Of imported amounts where neither the file nor the command says it."""
    margin: float | None = Field(default=None, gt=0, lt=1)
    """Share of the price above cost, of products whose cost is unknown. Without it they get no personal price."""
    risk_capacity: str = "5%"
    """Whom the staff can look after, and so how many customers are at high risk: a share of those who bought within the
    horizon, or a number, such as 40. Those with the most at stake are."""
    cart_url: str | None = None
    """A template of links that put a product into the shop's basket: `bot.conversation.baskets`."""
    opening_hours: str = "09:00-21:00"
    """When people answer, at the shop's place: `Mon-Fri 09:00-18:00, Sat 10:00-16:00`, or `always`."""
    track_url: str | None = None
    """Where parcels are followed that the shop tells no address for, with `{number}` for the tracking number."""
    web_secret: SecretStr | None = None
    """Shared with the shop's site, which signs its visitors' tokens with it; generated when absent."""
    link_hours: int = Field(default=24, ge=1, le=8784)
    """How long a link holds that connects a messenger to a customer, where nothing else is said. An hour to a year."""
    demo: bool = True
    """Fill an empty store with the demo shop at start."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("*", mode="before")
    @classmethod
    def _empty_is_absent(cls, value: object, info: ValidationInfo) -> object:
        optional = cls.model_fields[info.field_name or ""].default is None
        return None if optional and value == "" else value

    @field_validator("telegram_token")
    @classmethod
    def _token_shape(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not _TOKEN.fullmatch(value.get_secret_value()):
            raise ValueError("is not a bot token; @BotFather gives one such as 123456:ABC-DEF…")
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str | None) -> str | None:
        if value and not value.startswith(("sqlite:///", "postgresql://", "postgres://")):
            raise ValueError("must begin with sqlite:/// or postgresql://")
        if value:
            _require_database(value)
        return value and value.replace("postgres://", "postgresql://", 1)

    @field_validator("redis_url")
    @classmethod
    def _known_redis(cls, value: str | None) -> str | None:
        if value and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must begin with redis://, rediss:// or unix://")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _known_networks(cls, value: str) -> str:
        value = value.strip() or _LOOPBACK
        try:
            _networks(value)
        except ValueError as error:
            raise ValueError(
                "must be addresses or networks such as 127.0.0.1, 10.0.0.0/8, separated by commas"
            ) from error
        return value

    @field_validator("chat_color")
    @classmethod
    def _colour(cls, value: str | None) -> str | None:
        if value and not _COLOUR.fullmatch(value):
            raise ValueError("must be a colour such as #0f766e: a # and six of the characters 0-9 and a-f")
        return value and value.lower()

    @field_validator("chat_logo")
    @classmethod
    def _logo(cls, value: str | None) -> str | None:
        if value and not _is_https(value) and not is_picture_path(value):
            raise ValueError(
                "must be an address that begins with https://, or the path of a picture in the folder media of "
                "LIUKE_HOME, such as logo.png; it may be jpg, jpeg, png or webp"
            )
        return value

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("must be an IANA name such as Asia/Shanghai") from error
        return value

    @field_validator("risk_capacity")
    @classmethod
    def _is_capacity(cls, value: str) -> str:
        capacity_of(value)
        return value

    @field_validator("cart_url")
    @classmethod
    def _basket(cls, value: str | None) -> str | None:
        return BasketTemplate.parse(value).text if value else None

    @field_validator("opening_hours")
    @classmethod
    def _known_hours(cls, value: str) -> str:
        OpeningHours.parse(value, ZoneInfo("UTC"))
        return value

    @field_validator("track_url")
    @classmethod
    def _names_the_number(cls, value: str | None) -> str | None:
        if value and not (_is_https(value) and value.count("{number}") == 1):
            raise ValueError("must be an https address with {number} in it, once")
        return value

    @field_validator("web_secret")
    @classmethod
    def _hard_to_guess(cls, value: SecretStr | None) -> SecretStr | None:
        if value and len(value.get_secret_value()) < _SECRET_LENGTH:
            raise ValueError(
                f"must have at least {_SECRET_LENGTH} characters, or anybody can sign visitors in"
            )
        return value

    @field_validator("home", mode="before")
    @classmethod
    def _home_of_a_person(cls, value: object) -> object:
        return Path(value).expanduser() if isinstance(value, str) and value else value or default_home()

    # With the fields, not after them: then it is told together with what is wrong elsewhere.
    @field_validator("home")
    @classmethod
    def _home_is_a_folder(cls, value: Path) -> Path:
        if value.exists() and not value.is_dir():
            raise ValueError(f"{value} is a file, not a folder")
        return value

    @property
    def store_url(self) -> str:
        """The database's address."""
        return self.database_url or f"sqlite:///{self.home / 'liuke.db'}"

    @property
    def shared_secret(self) -> str | None:
        """`web_secret` as it is written."""
        return None if self.web_secret is None else self.web_secret.get_secret_value()

    @property
    def hours(self) -> OpeningHours:
        """When people answer."""
        return OpeningHours.parse(self.opening_hours, ZoneInfo(self.time_zone))

    @property
    def basket(self) -> BasketTemplate | None:
        """What `cart_url` makes links from."""
        return None if self.cart_url is None else BasketTemplate(self.cart_url)

    @property
    def proxies(self) -> tuple[Network, ...]:
        """The reverse proxies that are believed about who the client is."""
        return _networks(self.trusted_proxies)

    @property
    def base_url(self) -> str:
        """How a browser reaches this server."""
        if self.public_url:
            return self.public_url
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104 - compared, not bound
        return f"http://{host}:{self.port}"

    @property
    def https(self) -> bool:
        """Browsers reach this server by https alone."""
        return self.base_url.startswith("https:")

    @property
    def media(self) -> Path:
        """Pictures made or imported."""
        return self.home / "media"

    @property
    def models(self) -> Path:
        """Fitted models: `<kind>/<version>/`."""
        return self.home / "models"


def load_settings() -> Settings:
    """Settings from the environment, then `liuke.env` here, then `liuke.env` in the home folder.

    Raises:
        SettingsInvalid: with every problem at once.
    """
    try:
        return Settings(_env_file=env_files(default_home()))  # type: ignore[call-arg]
    except ValidationError as error:
        raise SettingsInvalid([_problem(dict(detail)) for detail in error.errors()]) from None
    except (UnicodeDecodeError, OSError) as error:
        raise SettingsInvalid([f"{ENV_FILE} can't be read: {type(error).__name__}"]) from None


def _problem(detail: dict[str, object]) -> str:
    location = detail.get("loc")
    name = "_".join(str(part) for part in location).upper() if isinstance(location, tuple) else ""
    message = str(detail.get("msg", "")).removeprefix("Value error, ")
    if not name:
        return message
    return f"LIUKE_{name.removeprefix('LIUKE_')}: {message}"


def keep_private(settings: Settings) -> None:
    """Let nobody else read what this process makes from now on, and mend what is there already.

    Says so where something had to be mended, and where it can't be: Windows and some mounts keep no permissions,
    and a folder may be somebody else's.
    """
    os.umask(_OTHERS)
    found = [path for path in _private(settings) if _is_open(path)]
    for path in found:
        with suppress(OSError):
            path.chmod(stat.S_IMODE(path.lstat().st_mode) & ~_OTHERS)
    still = [path for path in found if _is_open(path)]
    if mended := len(found) - len(still):
        what = "a file or folder" if mended == 1 else f"{mended} files and folders"
        remark(f"Others on this machine could read {what} of {settings.home}: it is yours alone now.")
    if still:
        more = f" and {len(still) - 1} more" if still[1:] else ""
        remark(
            f"Others on this machine may read {still[0]}{more}, and its permissions can't be "
            "changed: it belongs to another user, or is on a file system without permissions. "
            "Put LIUKE_HOME where only you can read."
        )


def _private(settings: Settings) -> Iterator[Path]:
    """The home folder and those things in it that may hold customers or secrets, as far as they are there."""
    if _is_of_its_own(settings.home):
        yield settings.home
    yield from env_files(settings.home)
    database = make_url(settings.store_url)
    if database.get_backend_name() == "sqlite" and database.database:
        yield from (Path(database.database + ending) for ending in _DATABASE_FILES)
    for name in _FOLDERS:
        top = settings.home / name
        yield top
        for folder, folders, files in os.walk(top):
            yield from (Path(folder, each) for each in (*folders, *files))


def _is_of_its_own(home: Path) -> bool:
    """Not a folder that is there for other things as well, such as /tmp or somebody's whole home."""
    with suppress(OSError, RuntimeError):
        shared = home.stat().st_mode & stat.S_ISVTX or home.resolve() in (Path("/"), Path.home())
        return not shared
    return False


def _is_open(path: Path) -> bool:
    try:
        mode = path.lstat().st_mode
    except OSError:
        return False
    return bool(mode & _OTHERS) and not stat.S_ISLNK(mode)
