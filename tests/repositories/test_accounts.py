"""Accounts and their sealed sign-ins."""

import uuid
from dataclasses import replace

import pytest

from pellacia_service.domain.account import Account
from pellacia_service.errors import NotFoundError
from pellacia_service.repositories.session import Database
from tests.repositories.given import MINUTE, NOON, an_account, sealed

SECOND = Account(
    id=uuid.uuid4(),
    platform="youtube",
    label="second",
    name="Nina's other channel",
    ids={"channel_id": "UC2"},
)


async def test_an_account_comes_back_as_it_was_connected(database: Database) -> None:
    async with database.write() as tx:
        await tx.accounts.add_or_update(SECOND, now=NOON)

    async with database.read() as tx:
        assert await tx.accounts.get(SECOND.id) == SECOND
        assert await tx.accounts.find("youtube", "second") == SECOND


async def test_an_account_that_is_connected_again_keeps_its_id(database: Database) -> None:
    renamed = replace(SECOND, id=uuid.uuid4(), name="A new name", ids={"channel_id": "UC3"})
    async with database.write() as tx:
        await tx.accounts.add_or_update(SECOND, now=NOON)

    async with database.write() as tx:
        stored = await tx.accounts.add_or_update(renamed, now=NOON + MINUTE)

    assert stored == replace(renamed, id=SECOND.id)


async def test_accounts_are_listed_in_the_order_they_were_connected(database: Database) -> None:
    async with database.write() as tx:
        first = await an_account(tx, "youtube")
        await tx.accounts.add_or_update(SECOND, now=NOON + MINUTE)
        last = Account(id=uuid.uuid4(), platform="tiktok")
        await tx.accounts.add_or_update(last, now=NOON + 2 * MINUTE)

    async with database.read() as tx:
        assert await tx.accounts.all() == [first, SECOND, last]
        assert await tx.accounts.all("youtube") == [first, SECOND]


async def test_an_account_that_is_not_there_is_an_error_that_says_which_are(
    database: Database,
) -> None:
    async with database.write() as tx:
        await tx.accounts.add_or_update(SECOND, now=NOON)

    with pytest.raises(NotFoundError, match="youtube:second"):
        async with database.read() as tx:
            await tx.accounts.find("youtube")


async def test_connecting_again_does_not_end_a_pause(database: Database) -> None:
    async with database.write() as tx:
        await tx.accounts.add_or_update(SECOND, now=NOON)
        await tx.accounts.pause("youtube")
        await tx.accounts.add_or_update(SECOND, now=NOON)

    async with database.read() as tx:
        assert await tx.accounts.paused() == [SECOND]


async def test_a_newer_sign_in_takes_the_place_of_the_older(database: Database) -> None:
    async with database.write() as tx:
        account = await tx.accounts.add_or_update(SECOND, now=NOON)
        await tx.credentials.put(account, sealed("sealed once"), updated_at=NOON)

    async with database.write() as tx:
        await tx.credentials.put(account, sealed("sealed twice"), updated_at=NOON + MINUTE)

    async with database.read() as tx:
        stored = await tx.credentials.stored("youtube:second")
    assert stored.sealed == {"v": 2, "for": 2, "said": "sealed twice"}
    assert (stored.version, stored.mark) == (2, 2)
    assert stored.updated_at == NOON + MINUTE


async def test_who_has_signed_out_is_told_how_to_sign_in(database: Database) -> None:
    async with database.write() as tx:
        account = await tx.accounts.add_or_update(SECOND, now=NOON)
        await tx.credentials.put(account, sealed("sealed"), updated_at=NOON)
        await tx.credentials.remove(account)

    with pytest.raises(NotFoundError, match="auth login youtube --label second"):
        async with database.read() as tx:
            await tx.credentials.stored("youtube:second")
