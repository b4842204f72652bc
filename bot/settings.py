"""Settings: environment variables that begin with `LIUKE_`, or a file `liuke.env` with the same names."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.conversation.hours import OpeningHours

_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]+")
_SECRET_LENGTH = 32


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


HttpUrl = Annotated[str, AfterValidator(_http_url)]


def default_home() -> Path:
    """`~/.liuke` unless LIUKE_HOME names another place."""
    return Path(os.environ.get("LIUKE_HOME") or Path.home() / ".liuke").expanduser()


class Settings(BaseSettings):
    """What an installation may change. Every default works without any service."""

    model_config = SettingsConfigDict(env_prefix="LIUKE_", extra="ignore", frozen=True)

    home: Path = Field(default_factory=default_home)
    """Where data, models, pictures and overridden texts lie."""
    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=8080, ge=1, le=65535)
    public_url: HttpUrl | None = None
    """How customers' browsers reach this server; needed for links in messages, guessed from host and port."""
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
    time_zone: str = "Asia/Shanghai"
    """The shop's own, for opening hours and nightly work."""
    opening_hours: str = "09:00-21:00"
    """When people answer, at the shop's place: `Mon-Fri 09:00-18:00, Sat 10:00-16:00`, or `always`."""
    web_secret: SecretStr | None = None
    """Shared with the shop's site, which signs its visitors' tokens with it; generated when absent."""
    demo: bool = True
    """Fill an empty store with the demo shop at start."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("telegram_token")
    @classmethod
    def _token_shape(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value():
            return None
        if not _TOKEN.fullmatch(value.get_secret_value()):
            raise ValueError("is not a bot token; @BotFather gives one such as 123456:ABC-DEF…")
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str | None) -> str | None:
        if value and not value.startswith(("sqlite:///", "postgresql://", "postgres://")):
            raise ValueError("must begin with sqlite:/// or postgresql://")
        return value.replace("postgres://", "postgresql://", 1) if value else None

    @field_validator("redis_url")
    @classmethod
    def _known_redis(cls, value: str | None) -> str | None:
        if value and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must begin with redis://, rediss:// or unix://")
        return value or None

    @field_validator("telegram_webhook", "public_url", mode="before")
    @classmethod
    def _empty_is_absent(cls, value: object) -> object:
        return value or None

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("must be an IANA name such as Asia/Shanghai") from error
        return value

    @field_validator("opening_hours")
    @classmethod
    def _known_hours(cls, value: str) -> str:
        OpeningHours.parse(value, ZoneInfo("UTC"))
        return value

    @field_validator("web_secret")
    @classmethod
    def _hard_to_guess(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value():
            return None
        if len(value.get_secret_value()) < _SECRET_LENGTH:
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
    def hours(self) -> OpeningHours:
        """When people answer."""
        return OpeningHours.parse(self.opening_hours, ZoneInfo(self.time_zone))

    @property
    def base_url(self) -> str:
        """How a browser reaches this server."""
        if self.public_url:
            return self.public_url
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104 - compared, not bound
        return f"http://{host}:{self.port}"

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
    files = (default_home() / "liuke.env", Path("liuke.env"))
    try:
        return Settings(_env_file=files)  # type: ignore[call-arg]
    except ValidationError as error:
        raise SettingsInvalid([_problem(dict(detail)) for detail in error.errors()]) from None
    except (UnicodeDecodeError, OSError) as error:
        raise SettingsInvalid([f"liuke.env can't be read: {type(error).__name__}"]) from None


def _problem(detail: dict[str, object]) -> str:
    location = detail.get("loc")
    name = "_".join(str(part) for part in location).upper() if isinstance(location, tuple) else ""
    message = str(detail.get("msg", "")).removeprefix("Value error, ")
    if not name:
        return message
    return f"LIUKE_{name.removeprefix('LIUKE_')}: {message}"
