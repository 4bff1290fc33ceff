"""What renews sign-ins."""

from pellacia_service.platforms import PLATFORMS
from pellacia_service.publishing.crash_points import CrashPlan
from pellacia_service.publishing.refreshing import Renewer
from pellacia_service.use_cases.standing import SignIns
from pellacia_service.vault import Vault
from pellacia_service.wiring.network import make_oauth, make_vault
from pellacia_service.wiring.records import Records


def make_renewer(records: Records, vault: Vault, crash: CrashPlan) -> Renewer:
    """Make what renews sign-ins that this vault opens."""
    return Renewer(
        database=records.database,
        vault=vault,
        oauth=make_oauth(records.settings, records.clock),
        clock=records.clock,
        crash=crash,
    )


def make_sign_ins(records: Records, crash: CrashPlan) -> SignIns:
    """Make what knows how every sign-in stands. Keys that are missing are told of, not refused."""
    vault = make_vault(records.settings)
    return SignIns(
        database=records.database,
        vault=vault,
        renewer=make_renewer(records, vault, crash),
        facts={name: platform.facts for name, platform in PLATFORMS.items()},
        clock=records.clock,
    )
