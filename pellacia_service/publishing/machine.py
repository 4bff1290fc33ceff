"""
The step machine: the only loop.

    CHECK ─► OPEN ─► SEND (many) ─► WAIT ─► READY ─► PUBLISH ─► CONFIRM ─► DONE
                       │  LAST_PART ──┘                 │
                       │      └──► UNSURE ◄─────────────┘   nobody knows whether it happened
                       │             └─► DONE, READY again, or HELD for a person
    any step before PUBLISH ─► FAILED, or back into the queue to wait

Every step is committed before the call that it names. A delivery found in LAST_PART or PUBLISH
belongs to a process that died there: it starts at UNSURE, never at the call.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from pellacia_service.domain.delivery import INTENT, RESTING, Delivery, DeliveryError, Step
from pellacia_service.errors import (
    AccountBusyError,
    BadInputError,
    ErrorKind,
    LoginNeededError,
    PlatformError,
    ProblemsError,
    RateLimitedError,
    SessionGoneError,
)
from pellacia_service.platform_kit.protocol import Platform
from pellacia_service.publishing import checking, misfire, publish, reconcile, sending
from pellacia_service.publishing.looking import open_again
from pellacia_service.publishing.pacing import jitter
from pellacia_service.publishing.trip import Tools, Trip, error_record

ACCOUNT_BUSY_WAIT = dt.timedelta(seconds=2)
"""Another post of the account is at its irreversible call; that lasts seconds."""

RATE_LIMIT_WAIT = dt.timedelta(minutes=1)
"""For a platform that says "too many" without saying until when."""

RENEWED_A_WHILE_AGO = dt.timedelta(minutes=5)
"""A token that is refused sooner than this is not refused for its age."""

SHORT_WAIT = dt.timedelta(seconds=2)
"""Shorter waits are sat out: giving a delivery back and claiming it again would take as long."""


class Machine:
    """Carries deliveries from step to step."""

    def __init__(self, *, tools: Tools, platforms: Mapping[str, Platform]) -> None:
        self._tools = tools
        self._platforms = platforms

    async def run(self, delivery: Delivery) -> Delivery:
        """
        Carry a claimed delivery as far as it goes now, and return it as committed.

        Raises:
            LeaseLostError: another worker owns it; it must be dropped.
        """
        trip = await self._begin(delivery)
        if trip.delivery.step in INTENT:
            await trip.move(
                Step.UNSURE, "a publisher stopped at the call that cannot be taken back"
            )
        if misfire.is_judged(trip):
            await misfire.mind(trip)
        while trip.delivery.step not in RESTING and not trip.snoozed:
            await self._advance(trip)
        return trip.delivery

    async def _begin(self, delivery: Delivery) -> Trip:
        async with self._tools.database.read() as tx:
            stored = await tx.posts.get(delivery.post_id)
            account = await tx.accounts.get(delivery.account_id)
        return Trip(
            tools=self._tools,
            platform=self._platforms[delivery.platform],
            account=account,
            post=stored.post,
            delivery=replace(delivery, not_before=None),
            queued_media=stored.media,
            queued_sha256=stored.sha256,
            owed_at=misfire.owed_at(stored.scheduled_at, delivery),
            bytes_sent=delivery.bytes_sent,
        )

    async def _advance(self, trip: Trip) -> None:
        """Do one step, and turn what went wrong into a state that says so."""
        try:
            await self._step_and_heed(trip)
        except RateLimitedError as error:
            await self._wait(trip, error)
        except AccountBusyError:
            retry_at = self._tools.clock.now() + ACCOUNT_BUSY_WAIT
            await trip.snooze(retry_at, None, "another post of this account is being published")
        except SessionGoneError as error:
            await open_again(trip, str(error))
        except LoginNeededError as error:
            await self._renew_or_stop(trip, error)
        except PlatformError as error:
            await self._stop(trip, error)
        except BadInputError as error:
            await trip.finish(Step.FAILED, str(error), refusal(error))

    async def _step_and_heed(self, trip: Trip) -> None:
        """Do one step. What its answers say of the quotas is written down when its own work is."""
        try:
            await self._step(trip)
        except PlatformError:
            await trip.heed()
            raise
        await trip.heed()

    async def _step(self, trip: Trip) -> None:
        match trip.delivery.step:
            case Step.CHECK:
                await checking.check(trip)
            case Step.OPEN:
                await sending.open_session(trip)
            case Step.SEND:
                await sending.send(trip)
            case Step.WAIT:
                await publish.wait(trip)
            case Step.READY:
                await publish.ready(trip)
            case Step.CONFIRM:
                await publish.confirm(trip)
            case Step.UNSURE:
                await reconcile.reconcile(trip)
            case step:
                raise AssertionError(f"{step} is no place to begin from")

    async def _wait(self, trip: Trip, error: RateLimitedError) -> None:
        """Wait for the platform, or for room in a budget: here a moment, in the queue for longer."""
        now = self._tools.clock.now()
        retry_at = error.retry_at or now + RATE_LIMIT_WAIT
        if retry_at - now < SHORT_WAIT:
            await self._tools.clock.sleep((retry_at - now).total_seconds())
            return
        again_at = retry_at + jitter(trip.delivery)
        await trip.snooze(again_at, error_record(error), f"told to wait: {error.code}")

    async def _renew_or_stop(self, trip: Trip, error: LoginNeededError) -> None:
        """
        Go on with a new token where the platform took the old one no more; once in a while.

        Whatever led here is repeatable: a publish that was refused is back at READY, the last bytes
        are back at SEND, and what was clear of neither stands at UNSURE.
        """
        now = self._tools.clock.now()
        if trip.renewed_at is None or now - trip.renewed_at > RENEWED_A_WHILE_AGO:
            trip.renewed_at, trip.asks_first = now, True
            try:
                if await self._tools.lines.renewed(
                    trip.account, trip.platform.facts, refused=trip.token
                ):
                    return
            except PlatformError as failure:
                error = failure if isinstance(failure, LoginNeededError) else error
        await self._stop(trip, error)

    async def _stop(self, trip: Trip, error: PlatformError) -> None:
        """Give up for now. What was uploaded stays known, so that a retry goes on from there."""
        if trip.delivery.step is Step.UNSURE:
            await reconcile.hold(trip, f"looking for it failed: {error}")
            return
        because = "must sign in again" if isinstance(error, LoginNeededError) else str(error.code)
        await trip.finish(Step.FAILED, because, error_record(error))


def refusal(error: BadInputError) -> DeliveryError:
    """Write a refusal of our own down as scripts see it."""
    code = "problems" if isinstance(error, ProblemsError) else type(error).__name__
    return DeliveryError(kind=ErrorKind.VALIDATION, code=code, message=str(error))
