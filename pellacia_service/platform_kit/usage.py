"""
Reads what a platform's headers say of the calls that are left.

Meta gives percentages, of the app (X-App-Usage) and of a business or account
(X-Business-Use-Case-Usage), and the minutes until a spent one is open again; X counts the calls
left in a window and names its end. Source: Graph API rate limiting page; X rate limits page, both
read 2026-11-22. The other platforms send nothing of the kind.
"""

import datetime as dt
import email.utils
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pellacia_service.domain.budget import RESERVE, Scope
from pellacia_service.domain.json import Json

SLOW_PERCENT, ONLY_NEEDED_PERCENT, SPENT_PERCENT = 75, 90, 100
"""From here on: half as many calls; only those that publish and look; none."""

UNNAMED_WAIT = dt.timedelta(hours=1)
"""The window of Meta's own count, for a spent budget whose end is not named."""

LONGEST_WAIT = dt.timedelta(hours=24)

APP_USAGE, BUSINESS_USAGE = "X-App-Usage", "X-Business-Use-Case-Usage"

PERCENTAGES = ("call_count", "total_time", "total_cputime")


@dataclass(frozen=True)
class Usage:
    """
    How much of a budget is used.

    Args:
        percent: the highest of the percentages given.
        regained_in: how long until a spent budget is open again.
    """

    scope: Scope
    percent: float
    regained_in: dt.timedelta

    @property
    def is_spent(self) -> bool:
        """True where any further call would be refused, and would make the wait longer."""
        return self.percent >= SPENT_PERCENT


def usage(headers: Mapping[str, str]) -> list[Usage]:
    """Return what Meta's headers say; nothing where there are none, as on light traffic."""
    app = _parsed(headers.get(APP_USAGE, ""))
    business = _parsed(headers.get(BUSINESS_USAGE, ""))
    found = [_usage(Scope.APP, app)] if isinstance(app, dict) else []
    return [*found, *(_usage(Scope.ACCOUNT, entry) for entry in _entries(business))]


def regained_at(headers: Mapping[str, str], *, now: dt.datetime) -> dt.datetime | None:
    """Return when the last of the spent budgets is open again; None where none is."""
    waits = [one.regained_in for one in usage(headers) if one.is_spent]
    return now + max(waits) if waits else None


def window_reset(
    headers: Mapping[str, str], windows: tuple[tuple[str, str], ...], *, now: dt.datetime
) -> dt.datetime | None:
    """
    Return when the last of the used-up windows opens again; None where no header says so.

    The platform's clock is the one that counts: its Date header tells how far ours is from it.

    Args:
        windows: (remaining, reset) headers, reset in seconds since 1970.
    """
    resets = [
        float(headers.get(reset, ""))
        for remaining, reset in windows
        if headers.get(remaining) == "0" and headers.get(reset, "").isdecimal()
    ]
    if not resets:
        return None
    wait = dt.timedelta(seconds=min(max(resets) - _their_time(headers, now), 1e6))
    return now + min(max(wait, dt.timedelta(seconds=1)), LONGEST_WAIT)


def window_pace(
    headers: Mapping[str, str], windows: tuple[tuple[str, str], ...], *, now: dt.datetime
) -> dt.datetime | None:
    """
    Return when the next call makes sense, once little is left of a window; None where enough is.

    What is left is spread evenly until the window ends, so that the last look is not used up in the
    first minute. Little is one part in `RESERVE` of the window, as it says itself.

    Args:
        windows: as for `window_reset`.
    """
    waits = [
        (float(headers[reset]) - _their_time(headers, now)) / (int(headers[remaining]) + 1)
        for remaining, reset in windows
        if headers.get(reset, "").isdecimal() and _is_scarce(headers, remaining)
    ]
    wait = max(waits, default=0.0)
    return now + min(dt.timedelta(seconds=min(wait, 1e6)), LONGEST_WAIT) if wait > 0 else None


def _is_scarce(headers: Mapping[str, str], remaining: str) -> bool:
    left = headers.get(remaining, "")
    most = headers.get(remaining.replace("remaining", "limit"), "")
    return left.isdecimal() and most.isdecimal() and 0 < int(left) <= int(most) // RESERVE


def _their_time(headers: Mapping[str, str], now: dt.datetime) -> float:
    try:
        return email.utils.parsedate_to_datetime(headers.get("Date", "")).timestamp()
    except (ValueError, TypeError):
        return now.timestamp()


def _entries(business: Json) -> Iterator[Mapping[str, Json]]:
    """Yield the entries of {"<id>": [{…}, …], …}."""
    for entries in business.values() if isinstance(business, dict) else ():
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict):
                yield entry


def _usage(scope: Scope, entry: Mapping[str, Json]) -> Usage:
    percent = max(_number(entry.get(name)) for name in PERCENTAGES)
    minutes = _number(entry.get("estimated_time_to_regain_access"))
    if minutes <= 0:
        return Usage(scope, percent, UNNAMED_WAIT)
    return Usage(scope, percent, min(dt.timedelta(minutes=min(minutes, 1e6)), LONGEST_WAIT))


def _number(value: Json) -> float:
    try:
        number = float(value) if isinstance(value, int | float | str) else 0.0
    except ValueError:
        return 0.0
    return number if math.isfinite(number) else 0.0


def _parsed(header: str) -> Json:
    try:
        parsed: Json = json.loads(header)
    except ValueError:
        return None
    return parsed
