"""Accounts in the database."""

import datetime as dt
import uuid

from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from pellacia_service.domain.account import DEFAULT_LABEL, Account
from pellacia_service.errors import NotFoundError
from pellacia_service.repositories import hints
from pellacia_service.repositories.dialect import upsert
from pellacia_service.repositories.tables.accounts import AccountRow
from pellacia_service.repositories.tables.credentials import CredentialRow


class Accounts:
    """The accounts of one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add_or_update(self, account: Account, *, now: dt.datetime) -> Account:
        """
        Keep an account under its platform and label.

        Returns:
            The account as stored: one that was connected before keeps its id.
        """
        changing = {"name": account.name, "ids": dict(account.ids)}
        await upsert(
            self._session,
            AccountRow,
            {
                "id": account.id,
                "platform": account.platform,
                "label": account.label,
                "paused": False,
                "created_at": now,
                **changing,
            },
            key=["platform", "label"],
            update=changing,
        )
        return await self.find(account.platform, account.label)

    async def get(self, account_id: uuid.UUID) -> Account:
        """
        Return one account.

        Raises:
            NotFoundError: there is no such account.
        """
        row = await self._session.get(AccountRow, account_id)
        if row is None:
            raise NotFoundError(
                f"There is no account {account_id}. See which there are: pellacia-dist auth status"
            )
        return _to_account(row)

    async def find(self, platform: str, label: str = DEFAULT_LABEL) -> Account:
        """
        Return the account of a platform with this label.

        Raises:
            NotFoundError: there is none; the message names those there are.
        """
        found = await self._session.exec(
            select(AccountRow)
            .where(col(AccountRow.platform) == platform, col(AccountRow.label) == label)
            .execution_options(populate_existing=True)
        )
        row = found.first()
        if row is None:
            known = ", ".join(account.address for account in await self.all()) or "none yet"
            raise NotFoundError(
                f"No account {platform}:{label} is connected. Connected: {known}. "
                f"Connect it: pellacia-dist auth login {platform} --label {label}"
            )
        return _to_account(row)

    async def all(self, platform: str | None = None) -> list[Account]:
        """Return the accounts, of one platform or of all, in the order they were connected."""
        statement = select(AccountRow).order_by(col(AccountRow.created_at), col(AccountRow.id))
        if platform is not None:
            statement = statement.where(col(AccountRow.platform) == platform)
        return [_to_account(row) for row in (await self._session.exec(statement)).all()]

    async def connected(self) -> list[Account]:
        """Return the accounts that are signed in, in the order they were connected."""
        statement = (
            select(AccountRow)
            .where(col(AccountRow.id).in_(select(CredentialRow.account_id)))
            .order_by(col(AccountRow.created_at), col(AccountRow.id))
        )
        return [_to_account(row) for row in (await self._session.exec(statement)).all()]

    async def pause(self, platform: str | None = None) -> None:
        """Publish nothing more on a platform, or anywhere, until `resume`."""
        await self._set_paused(platform, True)

    async def resume(self, platform: str | None = None) -> None:
        """Publish again."""
        await self._set_paused(platform, False)
        await hints.tell(self._session)

    async def paused(self) -> list[Account]:
        """Return the accounts that are paused."""
        statement = select(AccountRow).where(col(AccountRow.paused))
        return [_to_account(row) for row in (await self._session.exec(statement)).all()]

    async def _set_paused(self, platform: str | None, paused: bool) -> None:
        statement = update(AccountRow).values(paused=paused)
        if platform is not None:
            statement = statement.where(col(AccountRow.platform) == platform)
        await self._session.exec(statement)


def _to_account(row: AccountRow) -> Account:
    return Account(id=row.id, platform=row.platform, label=row.label, name=row.name, ids=row.ids)
