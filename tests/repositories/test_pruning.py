"""What nobody will ask for again is thrown away; what is on its way keeps everything."""

import datetime as dt
import uuid

from pellacia_service.domain.budget import OPENS, Budget, Rolling, to_ms
from pellacia_service.domain.delivery import Step
from pellacia_service.repositories.budgets import BudgetKey
from pellacia_service.repositories.journal import JournalEntry
from pellacia_service.repositories.session import Database
from pellacia_service.use_cases.pruning import JOURNAL_LIVES, Pruning
from tests.clocks import HeldClock
from tests.repositories.given import a_delivery, add_post, an_account

DAY = dt.timedelta(days=1)
INITS = Budget("inits", 6, Rolling(60), OPENS)
KEY = BudgetKey("tiktok", "", "inits")


def a_line(delivery_id: uuid.UUID, at: dt.datetime) -> JournalEntry:
    return JournalEntry(delivery_id, 1, at, Step.CHECK, Step.OPEN, "well checked")


async def test_pruning_keeps_the_journal_of_every_delivery_that_is_there_and_young_lines(
    database: Database, clock: HeldClock
) -> None:
    long_ago = clock.now() - JOURNAL_LIVES - DAY
    gone, cleared_lately = uuid.uuid4(), uuid.uuid4()
    async with database.write() as tx:
        delivery = a_delivery(await add_post(tx), await an_account(tx))
        await tx.deliveries.add_many([delivery])
        await tx.journal.append(a_line(delivery.id, long_ago))
        await tx.journal.append(a_line(gone, long_ago))
        await tx.journal.append(a_line(cleared_lately, clock.now() - DAY))

    pruned = await Pruning(database=database, clock=clock, plan={}).prune()

    async with database.read() as tx:
        kept = [len(await tx.journal.of(one)) for one in (delivery.id, gone, cleared_lately)]
    assert (pruned, kept) == (1, [1, 0, 1])


async def test_pruning_forgets_uses_whose_window_is_long_over_and_no_others(
    database: Database, clock: HeldClock
) -> None:
    pruning = Pruning(database=database, clock=clock, plan={"tiktok": [INITS]})
    async with database.write() as tx:
        await tx.budgets.take(KEY, INITS, units=4, allowance=6, now_ms=to_ms(clock.now()))

    assert await pruning.prune() == 0
    clock.advance(3 * DAY.total_seconds())
    assert await pruning.prune() == 1
