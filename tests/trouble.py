"""
Making trouble in the sandbox, and seeing what it holds.

`verify=False`: plain HTTP on loopback, and making a TLS context for each call costs 50 ms.
"""

from collections.abc import Mapping
from typing import Any

import httpx

from pellacia_service.sandbox.server import RunningSandbox


def make_trouble(
    sandbox: RunningSandbox,
    do: Mapping[str, object],
    *,
    path: str,
    method: str | None = None,
    platform: str | None = None,
    times: int = 1,
    skip: int = 0,
) -> None:
    """Ask the sandbox for a fault."""
    fault = {
        "platform": platform,
        "method": method,
        "path": path,
        "times": times,
        "skip": skip,
        "do": dict(do),
    }
    given = {key: value for key, value in fault.items() if value is not None}
    httpx.post(f"{sandbox.url}/_sandbox/faults", json=given, verify=False).raise_for_status()


def posts_in(sandbox: RunningSandbox, platform: str | None = None) -> list[dict[str, Any]]:
    """Everything that exists on the platforms, or on one."""
    posts: list[dict[str, Any]] = httpx.get(f"{sandbox.url}/_sandbox/posts", verify=False).json()
    return [post for post in posts if platform in (None, post["platform"])]


def requests_in(sandbox: RunningSandbox, platform: str | None = None) -> list[dict[str, Any]]:
    """Every call that was received, or those of one platform."""
    calls: list[dict[str, Any]] = httpx.get(f"{sandbox.url}/_sandbox/requests", verify=False).json()
    return [call for call in calls if platform in (None, call["platform"])]
