"""What changes the keys of sign-ins, and what signs out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pellacia_service.platform_kit.revoking import Revoker
from pellacia_service.platforms import PLATFORMS
from pellacia_service.publishing.crash_points import CrashPlan
from pellacia_service.use_cases.key_rotation import KeyRotation
from pellacia_service.use_cases.sign_out import SignOut
from pellacia_service.use_cases.standing import SignIns
from pellacia_service.wiring.network import make_vault, open_clients
from pellacia_service.wiring.records import Records
from pellacia_service.wiring.renewing import make_sign_ins

LOCK_FILE = "rotation.lock"


@dataclass(frozen=True)
class Keys:
    """What can be done to stored sign-ins."""

    rotation: KeyRotation
    sign_out: SignOut
    sign_ins: SignIns


@asynccontextmanager
async def open_keys(records: Records, crash: CrashPlan | None = None) -> AsyncIterator[Keys]:
    """
    Open a line to the platforms' sign-in, and close it in the end.

    Keys that are missing are no reason to stop here: who has lost one must be able to sign out.
    """
    settings = records.settings
    async with open_clients(settings) as (http, _):

        def revoker(platform: str) -> Revoker:
            facts = PLATFORMS[platform].facts
            return Revoker(facts, *settings.client(platform), http, settings.sandbox_url)

        yield Keys(
            rotation=KeyRotation(
                database=records.database,
                vault=make_vault(settings),
                clock=records.clock,
                lock=settings.home / LOCK_FILE,
                crash=crash or CrashPlan.from_environment(),
            ),
            sign_out=SignOut(
                database=records.database,
                vault=make_vault(settings),
                revoker=revoker,
                clock=records.clock,
            ),
            sign_ins=make_sign_ins(records, CrashPlan()),
        )
