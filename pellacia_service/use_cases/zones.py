"""Which zone is meant where none is named, and by which version of the zone rules it is read."""

import zoneinfo
from pathlib import Path

from pellacia_service.domain.calendar import zone_named
from pellacia_service.errors import SetupError


def default_zone(setting: str) -> str:
    """
    Return the zone of the settings, else the machine's own, as an IANA name.

    Raises:
        SetupError: the machine's zone has no IANA name.
        BadInputError: the settings name a zone that does not exist.
    """
    if setting:
        return zone_named(setting).key
    # Deferred: it reads the machine's files, and most commands ask for no zone.
    import tzlocal  # noqa: PLC0415

    try:
        return zone_named(tzlocal.get_localzone_name() or "UTC").key
    except (ValueError, KeyError, OSError) as error:
        raise SetupError(
            f"This machine's time zone has no name that is known: {error}. "
            "Name one: PELLACIA_TIMEZONE=Europe/Berlin"
        ) from error


def rules_version() -> str:
    """
    Return the version of the zone rules in use, such as "2026b".

    Python reads the machine's own rules where there are any, and only else the tzdata package. A
    machine whose rules do not tell their version is "system".
    """
    for folder in map(Path, zoneinfo.TZPATH):
        if (folder / "UTC").is_file():
            return _version_in(folder) or "system"
    import tzdata  # noqa: PLC0415 - only where the machine has no rules of its own

    return str(tzdata.IANA_VERSION)


def _version_in(folder: Path) -> str:
    for name in ("+VERSION", "tzdata.zi"):
        try:
            with (folder / name).open(encoding="ascii") as file:
                return file.readline().removeprefix("# version").strip()
        except (OSError, UnicodeDecodeError):
            continue
    return ""
