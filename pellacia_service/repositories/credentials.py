"""Sealed sign-ins in the database. Nothing here can open them."""

import datetime as dt
from dataclasses import dataclass

from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from pellacia_service.domain.account import Account
from pellacia_service.errors import NotFoundError
from pellacia_service.repositories.dialect import upsert
from pellacia_service.repositories.tables import CredentialRow


@dataclass(frozen=True)
class StoredCredential:
    """
    What is kept of one account's sign-in.

    Args:
        address: "youtube", or "youtube:label" beside the default.
        sealed: text that only the vault opens.
        version: grows with every change.
    """

    address: str
    sealed: str
    version: int
    updated_at: dt.datetime


class Credentials:
    """The sign-ins of one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def put(self, account: Account, sealed: str, *, updated_at: dt.datetime) -> None:
        """Keep a sign-in in place of the one before."""
        changing = {
            "credentials": {"sealed": sealed},
            "account_id": account.id,
            "updated_at": updated_at,
        }
        await upsert(
            self._session,
            CredentialRow,
            {"platform": account.address, "version": 1, **changing},
            key=["platform"],
            update={**changing, "version": col(CredentialRow.version) + 1},
        )

    async def get(self, address: str) -> str:
        """
        Return an account's sealed sign-in.

        Raises:
            NotFoundError: the account has not signed in, or has signed out.
        """
        return (await self.stored(address)).sealed

    async def stored(self, address: str) -> StoredCredential:
        """
        Return an account's sealed sign-in with its version and age.

        Raises:
            NotFoundError: the account has not signed in, or has signed out.
        """
        row = await self._session.get(CredentialRow, address, populate_existing=True)
        if row is None:
            platform, _, label = address.partition(":")
            raise NotFoundError(
                f"{address} is not signed in. Connect it: pellacia-dist auth login {platform}"
                + (f" --label {label}" if label else "")
            )
        return _to_credential(row)

    async def all(self) -> list[StoredCredential]:
        """Return every sealed sign-in, by address."""
        found = await self._session.exec(
            select(CredentialRow).order_by(col(CredentialRow.platform))
        )
        return [_to_credential(row) for row in found.all()]

    async def remove(self, address: str) -> None:
        """Forget a sign-in. The account itself, and what it published, stays known."""
        await self._session.exec(
            delete(CredentialRow).where(col(CredentialRow.platform) == address)
        )


def _to_credential(row: CredentialRow) -> StoredCredential:
    return StoredCredential(
        address=row.platform,
        sealed=row.credentials["sealed"],
        version=row.version,
        updated_at=row.updated_at,
    )
