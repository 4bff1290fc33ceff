"""Orders at random for the queue, in a database and on paper, which must agree after each of them."""

import datetime as dt
import itertools
import uuid
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from pellacia_service.domain.account import Account
from pellacia_service.domain.calendar_wish import OnConflict, Wish
from pellacia_service.domain.delivery import INTENT, RESTING, Delivery, DeliveryError, Status, Step
from pellacia_service.errors import AccountBusyError, BadInputError, ErrorKind, LeaseLostError
from pellacia_service.publishing.invariants import BrokenInvariantError
from pellacia_service.publishing.trip import Trip
from pellacia_service.repositories.journal import JournalEntry
from pellacia_service.use_cases.queue import CLEARABLE
from tests.repositories.given import MINUTE, a_delivery, add_post, an_account
from tests.repositories.queue_ground import Ground
from tests.repositories.queue_model import QueueModel, brought_by, is_leased, twice_guarded

OWNERS = ("anna", "berta", "clara")
ACCOUNTS = (("youtube", "default"), ("youtube", "second"), ("x", "default"))
LEASE = MINUTE

NEXT = {
    Step.CHECK: (Step.OPEN, Step.FAILED, Step.MISSED),
    Step.OPEN: (Step.SEND, Step.FAILED),
    Step.SEND: (Step.WAIT, Step.LAST_PART, Step.SEND, Step.FAILED),
    Step.LAST_PART: (Step.WAIT, Step.UNSURE, Step.SEND),
    Step.WAIT: (Step.READY, Step.READY, Step.DONE, Step.SEND, Step.FAILED),
    Step.READY: (Step.PUBLISH, Step.PUBLISH, Step.OPEN),
    Step.PUBLISH: (Step.CONFIRM, Step.UNSURE, Step.READY),
    Step.CONFIRM: (Step.DONE, Step.DONE, Step.FAILED),
}
"""Where a publisher may take a delivery. What leads on stands first: it is drawn most often."""

SEEN, UNSEEN, UNCLEAR = "seen", "unseen", "unclear"
RECONCILED = {SEEN: Step.DONE, UNSEEN: Step.READY, UNCLEAR: Step.HELD}

turns = st.lists(st.sampled_from((0, 0, 0, 1, 2, 3)), min_size=1, max_size=6)
which = st.integers(0, 5)
owners = st.sampled_from(OWNERS)


class QueueMachine(RuleBasedStateMachine):
    """
    Orders at random.

    Args:
        ground: the database, which is left without rows.
    """

    def __init__(self, ground: Ground) -> None:
        super().__init__()
        self.ground = ground
        self.model = QueueModel()
        # Claims go by the id where the time is the same: a run that is repeated must be the same.
        self.numbers = itertools.count(1)
        self.hands: list[tuple[str, Trip]] = []
        """What publishers believe to have, the ones that lost it included."""
        self.stored: dict[uuid.UUID, Delivery] = {}
        self.lines: dict[uuid.UUID, list[int]] = {}
        """Numbers of the lines of the journal, as they were last read."""
        self.touched: set[uuid.UUID] = set()
        self.cleared: Status | None = None

    def teardown(self) -> None:
        self.ground.wipe()

    @initialize()
    def connect_accounts(self) -> None:
        async def connect() -> list[Account]:
            async with self.ground.database.write() as tx:
                return [await an_account(tx, platform, label) for platform, label in ACCOUNTS]

        self.accounts = self.ground.run(connect())
        # So that little has to happen before something can go wrong: publishers died at the call.
        self.enqueue({0, 2}, Step.PUBLISH, 0)
        self.enqueue({0, 1, 2}, Step.READY, 0)
        self.enqueue({0, 1, 2}, Step.CHECK, 0)
        self.stored = dict(self.model.rows)

    # What a person does

    @rule(
        to=st.sets(st.sampled_from(range(len(ACCOUNTS))), min_size=1),
        begun=st.sampled_from((Step.CHECK, Step.CHECK, Step.READY)),
        minutes=st.sampled_from((0, 0, 0, 2)),
    )
    def enqueue(self, to: set[int], begun: Step, minutes: int) -> None:
        async def add() -> list[Delivery]:
            now = self.now
            async with self.ground.database.write() as tx:
                post = await add_post(tx)
                due = now + minutes * MINUTE
                queued = [
                    a_delivery(
                        post,
                        self.accounts[n],
                        id=uuid.UUID(int=next(self.numbers)),
                        created_at=now,
                        due_at=due,
                        step=begun,
                    )
                    for n in sorted(to)
                ]
                await tx.deliveries.add_many(queued)
                await tx.posts.summarize(post.id, now=now)
            return queued

        self.model.add(self.ground.run(add()))

    @precondition(lambda self: self.model.rows)
    @rule(which=which, minutes=st.integers(1, 5))
    def move(self, which: int, minutes: int) -> None:
        post_id = self.chosen_post(which)
        at = self.now + minutes * MINUTE
        wish = Wish(at.isoformat(), "UTC", OnConflict.ALLOW)
        self.order(self.ground.schedule.move(post_id, wish), done=self.model.move(post_id, at))

    @precondition(lambda self: self.model.rows)
    @rule(which=which)
    def cancel(self, which: int) -> None:
        post_id = self.chosen_post(which)
        self.order(self.ground.schedule.cancel(post_id), done=self.model.cancel(post_id))

    @precondition(lambda self: self.model.rows)
    @rule(which=which)
    def retry(self, which: int) -> None:
        post_id = self.chosen_post(which)
        self.order(self.ground.queue.retry(post_id), done=self.model.retry(post_id, self.now))

    @precondition(lambda self: self.at_step(Step.HELD))
    @rule(which=which, url=st.sampled_from(("https://x.com/1", None)))
    def resolve(self, which: int, url: str | None) -> None:
        held = [one.post_id for one in self.model.rows.values() if one.step is Step.HELD]
        post_id = held[which % len(held)]
        self.touched |= {one.id for one in self.model.of_post(post_id)}
        done = self.model.resolve(post_id, self.now, published_at=url)
        self.order(self.ground.queue.resolve(post_id, published_at=url), done=done)

    @rule(platform=st.sampled_from(("youtube", "x")), is_paused=st.booleans())
    def pause_or_resume(self, platform: str, is_paused: bool) -> None:
        queue = self.ground.queue
        self.ground.run(queue.pause(platform) if is_paused else queue.resume(platform))
        (self.model.paused.add if is_paused else self.model.paused.discard)(platform)

    @precondition(lambda self: self.at_step(Step.DONE, Step.FAILED, Step.CANCELLED))
    @rule(status=st.sampled_from(CLEARABLE))
    def clear(self, status: Status) -> None:
        cleared = self.ground.run(self.ground.queue.clear(status))
        assert cleared == self.model.clear(status)
        self.cleared = status

    # What publishers do

    @rule(owner=owners, limit=st.integers(1, 3))
    def claim(self, owner: str, limit: int) -> None:
        now, until = self.now, self.now + LEASE

        async def claim() -> Sequence[Delivery]:
            async with self.ground.database.write() as tx:
                return await tx.deliveries.claim(owner, now=now, lease_until=until, limit=limit)

        claimed = self.ground.run(claim())
        for one in claimed:
            before = self.model.rows[one.id]
            assert not is_leased(before, now), "taken from somebody who still had it"
            assert self.model.may_be_claimed(before, now)
        assert list(claimed) == self.model.claim(owner, now=now, until=until, limit=limit)
        self.hands += [(owner, self.ground.run(self.ground.trip(one))) for one in claimed]

    @rule(owner=owners)
    def renew(self, owner: str) -> None:
        now, until = self.now, self.now + 2 * LEASE

        async def renew() -> frozenset[uuid.UUID]:
            async with self.ground.database.write() as tx:
                return await tx.deliveries.renew(owner, now=now, until=until)

        assert self.ground.run(renew()) == self.model.renew(owner, now=now, until=until)

    @rule(seconds=st.sampled_from((1, 30, 59, 60, 61, 300, -5)))
    def time_passes(self, seconds: int) -> None:
        self.ground.clock.advance(seconds)

    @rule(owner=owners, which=which, turns=turns)
    def work(self, owner: str, which: int, turns: list[int]) -> None:
        """Carry a delivery some steps on, and take new ones first where there is none in hand."""
        if not any(name == owner for name, _ in self.hands):
            self.claim(owner, 3)
        own = [hand for hand in self.hands if hand[0] == owner]
        for turn in turns if own else ():
            hand = own[which % len(own)]
            here = hand[1].delivery.step
            if self.is_inherited(hand[1]):
                self.write(hand, Step.UNSURE)
            elif here in NEXT:
                self.write(hand, NEXT[here][turn % len(NEXT[here])])
            if hand not in self.hands:
                return

    @rule(owner=owners)
    def everybody_freezes_and_another_takes_over(self, owner: str) -> None:
        self.ground.clock.advance(2 * LEASE.total_seconds())
        self.claim(owner, 3)

    @precondition(lambda self: self.overtaken())
    @rule(which=which)
    def who_was_overtaken_writes_nothing(self, which: int) -> None:
        overtaken = self.overtaken()
        hand = overtaken[which % len(overtaken)]
        step = hand[1].delivery.step
        # From the intent only an outcome leads on, and for whoever was overtaken that is a doubt.
        self.write(hand, Step.UNSURE if step in INTENT else step)
        assert hand not in self.hands

    @precondition(lambda self: self.in_hand(Step.UNSURE))
    @rule(which=which, found=st.sampled_from((SEEN, UNSEEN, UNCLEAR)))
    def reconcile(self, which: int, found: str) -> None:
        hand = self.a_hand(which, Step.UNSURE)
        known = hand[1].delivery
        seen = {"at": self.now.isoformat(), "seen": found, "look": len(known.evidence)}
        self.write(hand, RECONCILED[found], evidence=(*known.evidence, seen))

    @precondition(lambda self: self.in_hand(Step.UNSURE))
    @rule(which=which, step=st.sampled_from((Step.DONE, Step.READY, Step.FAILED)))
    def doubt_never_ends_without_evidence(self, which: int, step: Step) -> None:
        self.must_break(self.a_hand(which, Step.UNSURE)[1], step)

    @precondition(lambda self: any(self.is_inherited(trip) for _, trip in self.hands))
    @rule(step=st.sampled_from((Step.READY, Step.CONFIRM, Step.WAIT, Step.SEND)))
    def an_inherited_intent_is_never_passed_over(self, step: Step) -> None:
        inherited = [trip for _, trip in self.hands if self.is_inherited(trip)]
        self.must_break(inherited[0], step)

    @precondition(lambda self: self.hands)
    @rule(which=which, minutes=st.integers(1, 3))
    def snooze(self, which: int, minutes: int) -> None:
        hand = self.a_hand(which)
        if not self.is_inherited(hand[1]) and hand[1].delivery.step not in (*RESTING, *INTENT):
            error = DeliveryError(ErrorKind.RATE_LIMIT, "blocked", "It waits.")
            until = self.now + minutes * MINUTE
            self.write(hand, hand[1].delivery.step, not_before=until, error=error)

    @precondition(lambda self: self.hands)
    @rule(which=which)
    def let_go(self, which: int) -> None:
        hand = self.a_hand(which)

        async def release() -> None:
            async with self.ground.database.write() as tx:
                await tx.deliveries.release(hand[1].delivery)

        self.ground.run(release())
        self.model.release(hand[1].delivery)
        self.hands.remove(hand)

    @rule(owner=owners, is_known=st.booleans(), is_gone=st.booleans())
    def owner_dies(self, owner: str, is_known: bool, is_gone: bool) -> None:
        """One that was only frozen comes back, and believes to have still what was given away."""

        async def release() -> None:
            async with self.ground.database.write() as tx:
                await tx.deliveries.release_owner(owner)

        if is_known:
            self.ground.run(release())
            self.model.release_owner(owner)
        if is_gone:
            self.hands = [hand for hand in self.hands if hand[0] != owner]

    # What must be true after each of them

    @invariant()
    def the_database_holds_what_the_model_holds(self) -> None:
        seen = self.ground.run(self.ground.look(self.touched & set(self.model.rows)))
        self.check_promises(seen.rows)
        assert seen.rows == self.model.rows
        assert seen.paused == self.model.paused
        statuses = {post_id: self.model.status(post_id) for post_id in self.model.posts()}
        assert seen.statuses == statuses
        self.check_journal(seen.journal)
        self.stored, self.cleared, self.touched = seen.rows, None, set()

    def check_journal(self, journal: dict[uuid.UUID, list[JournalEntry]]) -> None:
        """Its lines are never changed, and a new one has a higher number than all that there are."""
        # Only those of deliveries that are still there: SQLite may give the number of the very last
        # line again when that has been cleared away with its delivery.
        self.lines = {one: ids for one, ids in self.lines.items() if one in self.model.rows}
        highest = max((number for ids in self.lines.values() for number in ids), default=0)
        for delivery_id, written in journal.items():
            told = [(line.epoch, line.from_step, line.to_step) for line in written]
            assert told == self.model.journal[delivery_id]
            known, ids = self.lines.get(delivery_id, []), [line.id for line in written]
            assert ids[: len(known)] == known
            assert all(number > highest for number in ids[len(known) :])
            self.lines[delivery_id] = ids

    def check_promises(self, stored: dict[uuid.UUID, Delivery]) -> None:
        for before in self.stored.values():
            after = stored.get(before.id)
            if after is None:
                assert before.status == self.cleared, "a row has vanished"
            else:
                assert after.epoch >= before.epoch
        assert not twice_guarded(stored.values())
        for one in stored.values():
            current = {owner for owner, trip in self.hands if self.may_write(trip, one)}
            assert len(current) <= 1, "two publishers could write"

    # How it is done

    @property
    def now(self) -> dt.datetime:
        return self.ground.clock.now()

    def write(self, hand: tuple[str, Trip], step: Step, **changes: Any) -> None:
        """Have a publisher write; what it may not write must be refused, and change nothing."""
        _, trip = hand
        before, now = trip.delivery, self.now
        changed = replace(before, **{**brought_by(step, before, now), **changes, "step": step})
        refusal = self.model.refusal(before, step)
        try:
            self.ground.run(trip.save(changed, "so"))
        except (LeaseLostError, AccountBusyError) as error:
            assert type(error) is refusal, f"{refusal} was expected"
            if refusal is LeaseLostError:
                self.hands.remove(hand)
            return
        assert refusal is None, "a write with an old epoch, or beside another intent, succeeded"
        self.model.save(changed, before=before.step, now=now)
        self.touched.add(before.id)

    def must_break(self, trip: Trip, step: Step) -> None:
        """A publisher that would write this must end instead."""
        with pytest.raises(BrokenInvariantError):
            self.ground.run(trip.save(replace(trip.delivery, step=step), "a mistake"))

    def order(self, order: Coroutine[Any, Any, object], *, done: bool) -> None:
        """Give a person's order. One that cannot be carried out must be refused, and change nothing."""
        try:
            self.ground.run(order)
        except BadInputError:
            assert not done
            return
        assert done

    def chosen_post(self, which: int) -> uuid.UUID:
        posts = self.model.posts()
        chosen = posts[which % len(posts)]
        self.touched |= {one.id for one in self.model.of_post(chosen)}
        return chosen

    def a_hand(self, which: int, *steps: Step) -> tuple[str, Trip]:
        hands = [hand for hand in self.hands if not steps or hand[1].delivery.step in steps]
        return hands[which % len(hands)]

    def overtaken(self) -> list[tuple[str, Trip]]:
        """Return what is in the hands of publishers who do not know yet that they lost it."""
        rows = self.model.rows
        return [
            hand
            for hand in self.hands
            if hand[1].delivery.id not in rows
            or rows[hand[1].delivery.id].epoch != hand[1].delivery.epoch
        ]

    def in_hand(self, step: Step) -> bool:
        return any(trip.delivery.step is step for _, trip in self.hands)

    def at_step(self, *steps: Step) -> bool:
        return any(one.step in steps for one in self.model.rows.values())

    def is_inherited(self, trip: Trip) -> bool:
        """Tell whether somebody else died at the intent, and nothing was written since."""
        return trip.claimed.step in INTENT and trip.committed is trip.claimed

    def may_write(self, trip: Trip, row: Delivery) -> bool:
        return trip.delivery.id == row.id and trip.delivery.epoch == row.epoch
