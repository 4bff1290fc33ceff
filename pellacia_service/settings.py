"""Settings: environment variables that begin with PELLACIA_, then config.toml in the home folder."""

import datetime as dt
import os
import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from platformdirs import user_data_path
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from pellacia_service.errors import SettingError

APP_FOLDER = "pellacia-distribution"
QUIET_SECONDS = 125.0
"""Send deadline (5 s) + call timeout (60 s) + 60 s for the platform's own indexing."""
SANDBOX_QUIET_SECONDS = 15.0
"""The sandbox shows at once what was published; waiting longer would teach nothing."""
OUTAGE_PAUSE_SECONDS = 60.0
"""Time enough to say: pellacia-dist queue pause."""


class Settings(BaseSettings):
    """
    Everything that can be set from outside. Each field is `PELLACIA_` + its name in capitals.

    Args:
        keychain: True keeps the keys in the system's keychain instead of a file.
        watch: folders that a worker watches while it runs, separated as in PATH.
        log_level: writes log lines of this level and above to stderr.
        quiet_seconds: how long "not published" must go on being seen before it counts.
        lease_seconds: how long a delivery stays with a worker that shows no sign of life.
        attempts: how often a call that is safe to repeat is made before the delivery fails.
        stage_minutes: how long before its time a scheduled post's upload begins, at least.
        redirect_port: where a sign-in's answer arrives on platforms that want its address registered.
        outage_pause_seconds: how long overdue posts of the calendar wait when no publisher was alive
            for more than five minutes.
        limits: our own amounts for budgets of the platforms, by "platform.kind", for an app that
            was granted more or less; 0 lifts one, {"all": 0} lifts them all.
    """

    model_config = SettingsConfigDict(env_prefix="PELLACIA_", extra="ignore")

    home: Path = Field(default_factory=lambda: user_data_path(APP_FOLDER, appauthor=False))
    database_url: str = ""
    database_schema: str = "pellacia_distribution"
    secret_keys: SecretStr = SecretStr("")
    keychain: bool = False
    log_level: Literal["", "DEBUG", "INFO", "WARNING", "ERROR"] = ""
    sandbox_url: str = ""
    timezone: str = ""
    media_dir: Path | None = None
    media_roots: str = ""
    watch: str = ""
    quiet_seconds: float = 0
    lease_seconds: float = Field(default=60, gt=3)
    attempts: int = Field(default=3, ge=1)
    concurrency: int = Field(default=12, ge=1)
    stage_minutes: float = Field(default=60, ge=0)
    redirect_port: int = Field(default=8765, ge=0, le=65_535)
    outage_pause_seconds: float = Field(default=-1, ge=-1)
    limits: dict[str, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)

    youtube_client_id: str = ""
    youtube_client_secret: SecretStr = SecretStr("")
    instagram_client_id: str = ""
    instagram_client_secret: SecretStr = SecretStr("")
    tiktok_client_id: str = ""
    tiktok_client_secret: SecretStr = SecretStr("")
    x_client_id: str = ""
    x_client_secret: SecretStr = SecretStr("")
    linkedin_client_id: str = ""
    linkedin_client_secret: SecretStr = SecretStr("")
    facebook_client_id: str = ""
    facebook_client_secret: SecretStr = SecretStr("")

    @field_validator("sandbox_url")
    @classmethod
    def _no_trailing_slash(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("an address that begins with http:// or https:// is wanted")
        return value.rstrip("/")

    @field_validator("home")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @cached_property
    def database(self) -> str:
        """Where the database is, as an address."""
        return self.database_url or f"sqlite+aiosqlite:///{self.home / 'pellacia.db'}"

    @property
    def server(self) -> str:
        """The address of the database server; empty where the database is a file."""
        return "" if self.database.startswith("sqlite") else self.database

    @property
    def watch_folders(self) -> list[Path]:
        """The folders that a worker watches while it runs."""
        return [Path(one).expanduser() for one in self.watch.split(os.pathsep) if one.strip()]

    @property
    def settle(self) -> dt.timedelta:
        """How long "not published" must go on being seen before it counts."""
        usual = SANDBOX_QUIET_SECONDS if self.sandbox_url else QUIET_SECONDS
        return dt.timedelta(seconds=self.quiet_seconds or usual)

    @property
    def outage_pause(self) -> dt.timedelta:
        """How long overdue posts of the calendar wait after an outage."""
        usual = 0 if self.sandbox_url else OUTAGE_PAUSE_SECONDS
        own = self.outage_pause_seconds
        return dt.timedelta(seconds=usual if own < 0 else own)

    def client(self, platform: str) -> tuple[str, str]:
        """
        Return (client id, client secret) of a platform's OAuth app.

        The sandbox takes any; a real platform without an app of its own gets ("", "").
        """
        apps: dict[str, tuple[str, SecretStr]] = {
            "youtube": (self.youtube_client_id, self.youtube_client_secret),
            "instagram": (self.instagram_client_id, self.instagram_client_secret),
            "tiktok": (self.tiktok_client_id, self.tiktok_client_secret),
            "x": (self.x_client_id, self.x_client_secret),
            "linkedin": (self.linkedin_client_id, self.linkedin_client_secret),
            "facebook": (self.facebook_client_id, self.facebook_client_secret),
        }
        client_id, secret = apps[platform]
        if not client_id and self.sandbox_url:
            return f"sandbox-{platform}", "sandbox-secret"
        return client_id, secret.get_secret_value()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment before config.toml, which lies in the home folder that the environment names."""
        home: dict[str, Any] = {**env_settings(), **init_settings()}
        file = _config_file(str(home.get("home") or ""))
        try:
            toml = TomlConfigSettingsSource(settings_cls, toml_file=file)
        except (OSError, ValueError) as error:
            raise SettingError(f"{file} cannot be read: {error}") from error
        return init_settings, env_settings, toml


SECRETS = re.compile(r"PELLACIA_(SECRET_KEYS|DATABASE_URL|\w+_CLIENT_SECRET)", re.IGNORECASE)
"""The variables that hold secrets. A database's address may hold a password."""


def environment_for_children() -> dict[str, str]:
    """Return this process's environment without secrets, for programs that need none of them."""
    return {name: value for name, value in os.environ.items() if not SECRETS.fullmatch(name)}


def load_settings() -> Settings:
    """
    Read the settings.

    Raises:
        SettingError: a value cannot be used; the message names the setting and what is wrong with it.
    """
    try:
        return Settings()
    except ValidationError as error:
        lines = [f"{_where(one['loc'])}: {one['msg']}" for one in error.errors(include_input=False)]
        raise SettingError("A setting cannot be used. " + "; ".join(lines)) from error
    except SettingsError as error:
        raise SettingError(
            f'A setting is no JSON: {error}. Write for example {{"youtube.uploads": 500}}.'
        ) from error


def _config_file(home: str) -> Path:
    folder = Path(home).expanduser() if home else user_data_path(APP_FOLDER, appauthor=False)
    return folder / "config.toml"


def _where(place: tuple[int | str, ...]) -> str:
    """Name what was set: the variable, or else the file in which it stands."""
    name, *within = map(str, place)
    variables = {variable.upper(): value for variable, value in os.environ.items()}
    inside = "".join(f"[{part}]" for part in within)
    if f"PELLACIA_{name}".upper() in variables:
        return f"PELLACIA_{name}".upper() + inside
    return f"{name}{inside} in {_config_file(variables.get('PELLACIA_HOME', ''))}"
