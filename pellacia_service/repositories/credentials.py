"""Sealed sign-ins in the database. Nothing here can open them."""

import datetime as dt
import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, delete, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from pellacia_service.domain.account import DEFAULT_LABEL, Account, WaitingPost
from pellacia_service.domain.credential import StoredCredential
from pellacia_service.domain.delivery import RESTING
from pellacia_service.domain.json import Json
from pellacia_service.errors import NotFoundError
from pellacia_service.repositories.dialect import upsert
from pellacia_service.repositories.tables.accounts import AccountRow
from pellacia_service.repositories.tables.credentials import CredentialRow
from pellacia_service.repositories.tables.deliveries import DeliveryRow
from pellacia_service.repositories.tables.posts import PostRow

ADDRESS = sa.case(
    (col(AccountRow.label) == DEFAULT_LABEL, col(AccountRow.platform)),
    else_=col(AccountRow.platform) + ":" + col(AccountRow.label),
)
"""An account's address. A sign-in belongs to the account that its address names, not to the one that
its own row claims: a row that was moved to another address is found with the wrong account, and refused."""


class Credentials:
    """
    The sign-ins of one transaction.

    Each has a version. The highest one an account ever had stands with the account, where putting
    back an older sign-in does not reset it.
    """

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def put(
        self,
        account: Account,
        seal: Callable[[int], Mapping[str, Json]],
        *,
        updated_at: dt.datetime,
    ) -> None:
        """
        Keep a sign-in in place of the one before.

        Args:
            seal: seals it as the version that it is given.
        """
        version = await self._next_version(account.id)
        changing = {
            "credentials": dict(seal(version)),
            "account_id": account.id,
            "updated_at": updated_at,
            "version": version,
        }
        await upsert(
            self._session,
            CredentialRow,
            {"platform": account.address, **changing},
            key=["platform"],
            update=changing,
        )

    async def stored(self, address: str) -> StoredCredential:
        """
        Return an account's sealed sign-in.

        Raises:
            NotFoundError: the account has not signed in, or has signed out.
        """
        found = (await self._session.exec(_everything().where(address == ADDRESS))).first()
        if found is None:
            platform, _, label = address.partition(":")
            raise NotFoundError(
                f"{address} is not signed in. Connect it: pellacia-dist auth login {platform}"
                + (f" --label {label}" if label else "")
            )
        return _to_credential(found)

    async def all(self) -> list[StoredCredential]:
        """Return every sealed sign-in, by address."""
        found = await self._session.exec(_everything().order_by(ADDRESS))
        return [_to_credential(row) for row in found.all()]

    async def remove(self, account: Account) -> None:
        """
        Destroy a sign-in with its data key. The account, and what it published, stays known.

        The version moves on, so that not even the same row put back is believed.
        """
        await self._next_version(account.id)
        await self._session.exec(
            delete(CredentialRow).where(col(CredentialRow.platform) == account.address)
        )

    async def needed_for(self, account: Account) -> list[WaitingPost]:
        """Return the posts that still have to go out to an account, the earliest first."""
        statement = (
            select(PostRow.id, PostRow.title, DeliveryRow.due_at)
            .join(DeliveryRow, col(DeliveryRow.post_id) == col(PostRow.id))
            .where(
                col(DeliveryRow.account_id) == account.id,
                col(DeliveryRow.step).not_in([step.value for step in RESTING]),
            )
            .order_by(col(DeliveryRow.due_at), col(PostRow.id))
        )
        found = await self._session.exec(statement)
        return [WaitingPost(post_id, title or "", due_at) for post_id, title, due_at in found.all()]

    async def hold_still(self) -> None:
        """Let no other transaction seal anything until this one ends."""
        await self._session.exec(
            update(AccountRow).values(credential_version=AccountRow.credential_version)
        )

    async def _next_version(self, account_id: uuid.UUID) -> int:
        """Count one up, and keep others from sealing for this account until the transaction ends."""
        version = await self._session.scalar(
            update(AccountRow)
            .where(col(AccountRow.id) == account_id)
            .values(credential_version=AccountRow.credential_version + 1)
            .returning(col(AccountRow.credential_version))
        )
        return int(version or 0)


def _everything() -> Any:
    # The document as text: one that is no JSON any more must be told apart, not fail the reading.
    return sa.select(
        ADDRESS,
        col(AccountRow.id),
        col(AccountRow.credential_version),
        col(CredentialRow.version),
        col(CredentialRow.updated_at),
        sa.cast(col(CredentialRow.credentials), sa.Text),
    ).join(CredentialRow, col(CredentialRow.platform) == ADDRESS)


def _to_credential(row: Any) -> StoredCredential:
    address, account_id, mark, version, updated_at, document = row
    return StoredCredential(
        address=address,
        account_id=account_id,
        sealed=_document(document),
        version=version,
        mark=mark,
        updated_at=updated_at,
    )


def _document(text: str) -> Mapping[str, Json]:
    """Read the document; what is none is empty, which no vault opens."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
