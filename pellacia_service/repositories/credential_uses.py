"""The audit of sign-ins: every use is added, old ones are forgotten. It never holds a token."""

import datetime as dt

from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from pellacia_service.domain.credential import CredentialUse
from pellacia_service.repositories.tables.credential_uses import CredentialUseRow

KEEP = dt.timedelta(days=90)
"""How long a use stays written down."""


class CredentialUses:
    """The audit in one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def note(self, use: CredentialUse) -> None:
        """Add a use."""
        self._session.add(
            CredentialUseRow(
                at=use.at,
                account=use.account,
                purpose=use.purpose,
                process=use.process,
                outcome=use.outcome,
            )
        )
        await self._session.flush()

    async def of(self, address: str) -> list[CredentialUse]:
        """Return the uses of one account's sign-in, oldest first."""
        found = await self._session.exec(
            select(CredentialUseRow)
            .where(col(CredentialUseRow.account) == address)
            .order_by(col(CredentialUseRow.id))
        )
        return [
            CredentialUse(
                at=row.at,
                account=row.account,
                purpose=row.purpose,
                process=row.process,
                outcome=row.outcome,
            )
            for row in found.all()
        ]

    async def prune(self, *, now: dt.datetime) -> int:
        """Forget what is older than `KEEP`, and return how many uses that were."""
        gone = await self._session.exec(
            delete(CredentialUseRow).where(col(CredentialUseRow.at) < now - KEEP)
        )
        return int(gone.rowcount)
