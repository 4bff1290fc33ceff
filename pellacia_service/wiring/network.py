"""What the ways to the platforms have in common: HTTP clients, the vault, our OAuth apps."""

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx

from pellacia_service.clock import Clock
from pellacia_service.platform_kit.facts import Facts
from pellacia_service.repositories.session import Database
from pellacia_service.settings import Settings
from pellacia_service.vault import KEY_FILE, GivenKeys, Keychain, KeyFile, KeySource, Vault

if TYPE_CHECKING:
    from pellacia_service.platform_kit.oauth import OAuth


@asynccontextmanager
async def open_clients(
    settings: Settings,
) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
    """Open two clients: one that keeps its connections, and one that never reuses any."""
    # A proxy of the environment cannot reach a sandbox on loopback.
    through_proxies = not settings.sandbox_url
    trusted = _trusted(settings)
    async with (
        httpx.AsyncClient(verify=trusted, trust_env=through_proxies) as http,
        httpx.AsyncClient(
            verify=trusted,
            trust_env=through_proxies,
            limits=httpx.Limits(max_keepalive_connections=0),
        ) as fresh,
    ):
        yield http, fresh


def _trusted(settings: Settings) -> ssl.SSLContext:
    """Return the certificates to believe. A sandbox on plain HTTP needs none; loading takes 30 ms."""
    if settings.sandbox_url.startswith("http://"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx.create_ssl_context()


async def open_vault(settings: Settings, database: Database) -> Vault:
    """
    Open the vault with the keys of the settings, of the keychain, or of the home folder.

    Raises:
        SetupError: a key that stored sign-ins need is missing; the sentence names it.
    """
    vault = make_vault(settings)
    async with database.read() as tx:
        stored = await tx.credentials.all()
    vault.check(stored)
    return vault


def make_vault(settings: Settings) -> Vault:
    """Make the vault without a look at its keys."""
    return Vault(_key_source(settings))


def _key_source(settings: Settings) -> KeySource:
    given = settings.secret_keys.get_secret_value()
    if given.strip(" ,"):
        return GivenKeys(given)
    if settings.keychain:
        return Keychain(str(settings.home))
    return KeyFile(settings.home / KEY_FILE)


def make_oauth(settings: Settings, clock: Clock) -> "Callable[[Facts], OAuth]":
    """Return what makes our OAuth app of a platform when it is asked for."""

    def make(facts: Facts) -> "OAuth":
        # Deferred: Authlib costs a quarter of a second, and most uploads renew no token.
        from pellacia_service.platform_kit.oauth import OAuth  # noqa: PLC0415

        client_id, client_secret = settings.client(facts.name)
        return OAuth(facts, client_id, client_secret, clock, settings.sandbox_url)

    return make
