"""What connects accounts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pellacia_service.platforms import PLATFORMS
from pellacia_service.use_cases.sign_in import SignIn
from pellacia_service.wiring.network import make_oauth, open_clients, open_vault
from pellacia_service.wiring.records import Records


@asynccontextmanager
async def open_sign_in(records: Records) -> AsyncIterator[SignIn]:
    """Open a line to the sign-in pages, and close it in the end."""
    settings = records.settings
    async with open_clients(settings) as (http, _):
        yield SignIn(
            database=records.database,
            vault=await open_vault(settings, records.database),
            platforms=PLATFORMS,
            oauth=make_oauth(settings, records.clock),
            http=http,
            clock=records.clock,
            sandbox_url=settings.sandbox_url,
            redirect_port=settings.redirect_port,
        )
