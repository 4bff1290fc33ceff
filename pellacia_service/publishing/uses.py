"""What is written down of a use of a sign-in."""

import datetime as dt
import os
import platform

from pellacia_service.domain.account import Account
from pellacia_service.domain.credential import CredentialUse, Purpose


def use_of(
    account: Account, purpose: Purpose, at: dt.datetime, outcome: str = "done"
) -> CredentialUse:
    """Describe a use by this process."""
    process = f"{platform.node()}/{os.getpid()}"
    return CredentialUse(at, account.address, purpose.value, process, outcome)
