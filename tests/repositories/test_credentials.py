"""Sign-ins have versions that only grow, and every use of them is written down."""

import datetime as dt

import sqlalchemy as sa

from pellacia_service.domain.credential import CredentialUse
from pellacia_service.repositories.dialect import open_store
from pellacia_service.repositories.session import Database
from tests.clocks import HeldClock
from tests.postgres import SCHEMA
from tests.repositories.given import MINUTE, NOON, a_delivery, add_post, an_account, sealed

DAY = dt.timedelta(days=1)


async def test_a_version_never_comes_again_not_even_after_a_sign_out(database: Database) -> None:
    async with database.write() as tx:
        account = await an_account(tx)
        await tx.credentials.put(account, sealed("one"), updated_at=NOON)
        await tx.credentials.remove(account)
        await tx.credentials.put(account, sealed("two"), updated_at=NOON)

    async with database.read() as tx:
        stored = await tx.credentials.stored("youtube")
    assert (stored.version, stored.mark) == (3, 3)
    assert stored.account_id == account.id


async def test_only_who_is_signed_in_counts_as_connected(database: Database) -> None:
    async with database.write() as tx:
        here, gone = await an_account(tx), await an_account(tx, "x")
        for account in (here, gone):
            await tx.credentials.put(account, sealed("one"), updated_at=NOON)
        await tx.credentials.remove(gone)

    async with database.read() as tx:
        assert await tx.accounts.connected() == [here]
        assert len(await tx.accounts.all()) == 2


async def test_a_sign_in_moved_to_another_address_belongs_to_that_addresss_account(
    database: Database, shared_place: str
) -> None:
    async with database.write() as tx:
        youtube, x = await an_account(tx), await an_account(tx, "x")
        await tx.credentials.put(youtube, sealed("one"), updated_at=NOON)

    store = open_store(shared_place, SCHEMA)
    async with store.write.begin() as connection:
        await connection.execute(sa.text("UPDATE platform_credentials SET platform = 'x'"))
    await store.close()

    async with database.read() as tx:
        [stored] = await tx.credentials.all()
    assert (stored.account_id, stored.mark) == (x.id, 0)


async def test_posts_that_still_need_a_sign_in_are_known(database: Database) -> None:
    async with database.write() as tx:
        account, other = await an_account(tx), await an_account(tx, "x")
        late, early = await add_post(tx, title="Late"), await add_post(tx, title="Early")
        await tx.deliveries.add_many(
            [
                a_delivery(late, account, due_at=NOON + 2 * MINUTE),
                a_delivery(early, account, due_at=NOON + MINUTE),
                a_delivery(late, other),
            ]
        )

    async with database.read() as tx:
        assert [one.title for one in await tx.credentials.needed_for(account)] == ["Early", "Late"]


async def test_uses_are_kept_for_ninety_days(database: Database) -> None:
    uses = [
        CredentialUse(NOON - days * DAY, "youtube", "publish", "machine/1") for days in (91, 89, 0)
    ]
    async with database.write() as tx:
        for use in uses:
            await tx.credential_uses.note(use)

    async with database.write() as tx:
        assert await tx.credential_uses.prune(now=NOON) == 1

    async with database.read() as tx:
        assert await tx.credential_uses.of("youtube") == uses[1:]
        assert await tx.credential_uses.of("x") == []


async def test_the_migration_tells_sign_ins_of_the_format_before_from_others(
    place: str, clock: HeldClock
) -> None:
    database, store = Database(place, schema=SCHEMA, clock=clock), open_store(place, SCHEMA)
    async with database, database.write() as tx:
        for platform in ("youtube", "x"):
            account = await an_account(tx, platform)
            for _ in range(4):
                await tx.credentials.put(account, sealed("one"), updated_at=NOON)
    await database.downgrade("0005")
    async with store.write.begin() as connection:
        await connection.execute(
            sa.text(
                """UPDATE platform_credentials SET credentials = '{"sealed"\\: "text"}'
                WHERE platform = 'x'"""
            )
        )
    await store.close()

    await database.upgrade()

    async with database.read() as tx:
        stored = {one.address: (one.version, one.mark) for one in await tx.credentials.all()}
    await database.close()
    assert stored == {"youtube": (4, 4), "x": (0, 0)}
