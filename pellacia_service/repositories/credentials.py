"""Sealed sign-ins in the database. Nothing here can open them."""

import datetime as dt
import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, delete, func, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from pellacia_service.domain.account import DEFAULT_LABEL, Account, WaitingPost
from pellacia_service.domain.credential import Ending, Outlook, StoredCredential
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
        outlook: Outlook | None = None,
    ) -> None:
        """
        Keep a sign-in in place of the one before.

        Args:
            seal: seals it as the version that it is given.
            outlook: how long the tokens last, where they are new ones: from then on nobody is
                renewing the ones before, and nothing was refused. None: the same in another seal.
        """
        version = await self._next_version(account.id)
        changing = {
            "credentials": dict(seal(version)),
            "account_id": account.id,
            "updated_at": updated_at,
            "version": version,
            **(_foreseen(outlook) if outlook else {}),
        }
        await upsert(
            self._session,
            CredentialRow,
            {"platform": account.address, **changing},
            key=["platform"],
            update=changing,
        )

    async def lock(self, account_id: uuid.UUID) -> None:
        """Let no other transaction renew or seal this account's sign-in until this one ends."""
        await self._session.exec(
            update(AccountRow)
            .where(col(AccountRow.id) == account_id)
            .values(credential_version=AccountRow.credential_version)
        )

    async def begin_refresh(
        self, stored: StoredCredential, *, by: str, now: dt.datetime, lease: dt.timedelta
    ) -> bool:
        """
        Become the only one who renews a sign-in.

        Returns:
            False where somebody else is at it, and is within the lease; or the sign-in has changed.
        """
        await self.lock(stored.account_id)
        since = col(CredentialRow.refreshing_since)
        # A beginning in the future is that of a machine whose clock was wrong.
        is_free = sa.or_(
            col(CredentialRow.refreshing_by) == "", since < now - lease, since > now + lease
        )
        got = await self._session.exec(
            update(CredentialRow)
            .where(
                col(CredentialRow.platform) == stored.address,
                col(CredentialRow.version) == stored.version,
                is_free,
            )
            .values(refreshing_by=by, refreshing_since=now)
        )
        return bool(got.rowcount)

    async def end_refresh(self, address: str, *, by: str, refused: str = "") -> None:
        """
        Let others renew again, where it was `by` who did.

        Args:
            refused: why the platform renews it no more.
        """
        await self._session.exec(
            update(CredentialRow)
            .where(col(CredentialRow.platform) == address, col(CredentialRow.refreshing_by) == by)
            .values(
                refreshing_by="",
                refreshing_since=None,
                **({"refused": refused} if refused else {}),
            )
        )

    async def foresee(self, stored: StoredCredential, outlook: Outlook) -> None:
        """Write down how long a sign-in lasts, unless it has changed since it was read."""
        await self._session.exec(
            update(CredentialRow)
            .where(
                col(CredentialRow.platform) == stored.address,
                col(CredentialRow.version) == stored.version,
            )
            .values(
                expires_at=outlook.expires_at,
                reconnect_by=outlook.reconnect_by,
                reconnect_why=outlook.why,
            )
        )

    async def endings(self) -> dict[uuid.UUID, Ending]:
        """Return the sign-ins that have an end that can be foreseen, or have ended, by account."""
        found = await self._session.exec(
            _everything().where(
                sa.or_(
                    col(CredentialRow.reconnect_by).is_not(None), col(CredentialRow.refused) != ""
                )
            )
        )
        stored = [_to_credential(row) for row in found.all()]
        return {one.account_id: Ending(one.address, one.outlook, one.refused) for one in stored}

    async def endangered(self) -> int:
        """Count the deliveries that are to come and find their account's sign-in ended."""
        statement = (
            select(func.count())
            .select_from(DeliveryRow)
            .join(AccountRow, col(AccountRow.id) == col(DeliveryRow.account_id))
            .join(CredentialRow, col(CredentialRow.platform) == ADDRESS)
            .where(
                col(DeliveryRow.step).not_in([step.value for step in RESTING]),
                sa.or_(
                    col(DeliveryRow.due_at) > col(CredentialRow.reconnect_by),
                    col(CredentialRow.refused) != "",
                ),
            )
        )
        return int((await self._session.exec(statement)).one())

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
        col(CredentialRow.expires_at),
        col(CredentialRow.reconnect_by),
        col(CredentialRow.reconnect_why),
        col(CredentialRow.refused),
        col(CredentialRow.refreshing_by),
    ).join(CredentialRow, col(CredentialRow.platform) == ADDRESS)


def _to_credential(row: Any) -> StoredCredential:
    address, account_id, mark, version, updated_at, document, *more = row
    expires_at, reconnect_by, why, refused, refreshing_by = more
    return StoredCredential(
        address=address,
        account_id=account_id,
        sealed=_document(document),
        version=version,
        mark=mark,
        updated_at=updated_at,
        outlook=Outlook(expires_at, reconnect_by, why),
        refused=refused,
        refreshing_by=refreshing_by,
    )


def _foreseen(outlook: Outlook) -> dict[str, Any]:
    return {
        "expires_at": outlook.expires_at,
        "reconnect_by": outlook.reconnect_by,
        "reconnect_why": outlook.why,
        "refused": "",
        "refreshing_by": "",
        "refreshing_since": None,
    }


def _document(text: str) -> Mapping[str, Json]:
    """Read the document; what is none is empty, which no vault opens."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
