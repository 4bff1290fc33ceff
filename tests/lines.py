"""A signed-in line to one platform of the sandbox, and the promises carried out one after the other."""

import asyncio
import uuid
from collections.abc import Callable
from pathlib import Path

import httpx

from pellacia_service.clock import SystemClock
from pellacia_service.domain.account import Account
from pellacia_service.domain.media import Media
from pellacia_service.domain.post import Content
from pellacia_service.domain.receipt import Receipt
from pellacia_service.domain.sighting import Seen, Sighting
from pellacia_service.media import stream
from pellacia_service.platform_kit.facts import Facts
from pellacia_service.platform_kit.http import Api
from pellacia_service.platform_kit.protocol import Part, Platform

ApiFor = Callable[..., Api]

PAGE_TOKEN_PLATFORMS = frozenset({"facebook", "instagram"})
"""Graph publishes with the Page's own token."""


def api_on(url: str, facts: Facts, *, label: str, http: httpx.AsyncClient) -> Api:
    """Sign an account of the sandbox in and return its line."""
    given = httpx.post(
        f"{url}/_sandbox/accounts", json={"platform": facts.name, "label": label}, verify=False
    ).json()
    ids: dict[str, str] = given["ids"]
    on_page = facts.name in PAGE_TOKEN_PLATFORMS
    return Api(
        http=http,
        facts=facts,
        account=Account(
            id=uuid.uuid4(), platform=facts.name, label=label, name=given["account"], ids=ids
        ),
        token=ids["page_access_token"] if on_page else given["access_token"],
        clock=SystemClock(),
        sandbox_url=url,
    )


def next_part(path: Path, receipt: Receipt) -> Part:
    """The part that the receipt asks for."""
    return Part(
        start=receipt.confirmed,
        size=receipt.part_size,
        total=receipt.total,
        stream=stream(path, receipt.confirmed, receipt.part_size),
    )


async def send_all(platform: Platform, api: Api, receipt: Receipt, path: Path) -> Receipt:
    """Send every part, and the closing one."""
    while receipt.wants_more:
        receipt = await platform.send(api, receipt, next_part(path, receipt))
    return receipt


async def look_until(platform: Platform, api: Api, receipt: Receipt, *wanted: Seen) -> Sighting:
    """Look until one of the wanted things is seen."""
    for _ in range(100):
        sighting = await platform.look(api, receipt)
        if sighting.seen in wanted:
            return sighting
        receipt = sighting.receipt
        await asyncio.sleep(0.05)
    raise AssertionError(f"{wanted} was never seen, last: {sighting}")


async def upload(platform: Platform, api: Api, content: Content, media: Media) -> Receipt:
    """Open, send everything, and return the receipt before the word to publish."""
    receipt = await platform.open(api, content, media)
    return await send_all(platform, api, receipt, media.path)
