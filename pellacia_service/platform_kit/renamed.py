"""
A parameter that a platform has renamed: which of its names is taken is only known by asking.

X renamed `tweet.fields` to `post.fields` without a word (OpenAPI documents 2.166 of July and 2.167 of
August 2026, read 2026-11-22).
"""

from collections.abc import Mapping, Sequence

import httpx

from pellacia_service.errors import RefusedError
from pellacia_service.platform_kit.http import Api


async def get_renamed(
    api: Api, url: str, query: Mapping[str, str], names: Sequence[str], value: str
) -> httpx.Response:
    """
    Read with a parameter under its first name, and under the next where that one is refused.

    Raises:
        RefusedError: something else is refused, or the last name as well.
        PlatformError: as for `Api.call`.
    """
    *others, last = names
    for name in others:
        try:
            return await api.call("GET", url, params={**query, name: value})
        except RefusedError as error:
            if name not in str(error):
                raise
    return await api.call("GET", url, params={**query, last: value})
