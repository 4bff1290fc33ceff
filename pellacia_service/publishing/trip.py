"""
One delivery under way: its records in hand, and the only way to write them down.

Every change goes through `save`, which commits the delivery (fenced by its epoch), a line of the
journal, and the post's summary in one transaction. What is not committed did not happen.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pellacia_service.clock import Clock
from pellacia_service.domain.account import Account
from pellacia_service.domain.budget import Call
from pellacia_service.domain.delivery import Delivery, DeliveryError, Step
from pellacia_service.domain.json import Json
from pellacia_service.domain.media import Media
from pellacia_service.domain.post import Content, Post
from pellacia_service.domain.receipt import Receipt
from pellacia_service.errors import ErrorKind, PlatformError
from pellacia_service.platform_kit.http import Api
from pellacia_service.platform_kit.protocol import Platform
from pellacia_service.publishing.crash_points import CrashPlan
from pellacia_service.publishing.fingerprints import Fingerprints
from pellacia_service.publishing.high_water import HighWater
from pellacia_service.publishing.invariants import check_change, check_first_change
from pellacia_service.publishing.lines import Lines
from pellacia_service.publishing.pacing import Pacer, has_link
from pellacia_service.publishing.progress import ProgressBoard
from pellacia_service.publishing.retries import Retries
from pellacia_service.publishing.staging import Measured, note_speed
from pellacia_service.repositories.journal import JournalEntry
from pellacia_service.repositories.session import Database, Transaction


@dataclass(frozen=True)
class Tools:
    """What every step may need: the same for all deliveries of a process."""

    database: Database
    clock: Clock
    lines: Lines
    pacer: Pacer
    retries: Retries
    board: ProgressBoard
    fingerprints: Fingerprints
    settle: dt.timedelta
    crash: CrashPlan
    high_water: HighWater


@dataclass
class Trip:
    """
    One delivery on its way.

    Args:
        media: the file as it was last probed here; None until step CHECK, or after a restart
            behind the last byte, when the file is not needed any more.
        queued_media, queued_sha256: the file as it was when the post was queued, where that is known.
        owed_at: when a scheduled post was to go public; None for one that was never scheduled.
        bytes_sent: bytes handed to the network over all attempts, repeats included.
        snoozed: True when the delivery was put back into the queue to wait.
        restarts: upload sessions that ran out and were opened anew.
        voids: calls that publish and were proved not to have happened.
        used: lines whose answers have not been listened to yet.
        token: the access token of the last of them.
        renewed_at: when the sign-in was last renewed because a call was refused.
        asks_first: True where the platform is to be asked how much it holds before more is sent.
        speed: how fast the parts went that this process sent.
        claimed: the delivery as it was given to this publisher.
        committed: the delivery as it was last committed; `delivery` may be ahead of it.
    """

    tools: Tools
    platform: Platform
    account: Account
    post: Post
    delivery: Delivery
    media: Media | None = None
    queued_media: Media | None = None
    queued_sha256: str = ""
    owed_at: dt.datetime | None = None
    bytes_sent: int = 0
    snoozed: bool = False
    restarts: int = 0
    voids: int = 0
    used: list[tuple[Call, Api]] = field(default_factory=list)
    token: str = field(default="", repr=False)
    renewed_at: dt.datetime | None = None
    asks_first: bool = False
    speed: Measured = field(default_factory=Measured)
    claimed: Delivery = field(init=False)
    committed: Delivery = field(init=False)

    def __post_init__(self) -> None:
        """Begin with the delivery as it was claimed."""
        self.claimed = self.committed = self.delivery

    @property
    def content(self) -> Content:
        """What this platform gets."""
        return self.post.content_for(self.platform.facts.name)

    @property
    def receipt(self) -> Receipt:
        """The upload as the platform last confirmed it."""
        receipt = self.delivery.receipt
        if receipt is None:
            raise LookupError(f"Delivery {self.delivery.id} has no upload session yet.")
        return receipt

    @property
    def is_early(self) -> bool:
        """True while it is not yet due."""
        return self.tools.clock.now() < self.delivery.due_at

    @property
    def title(self) -> str:
        """The platform's name in a sentence."""
        return self.platform.facts.title

    async def pace(self, call: Call) -> None:
        """
        Take a call from the platform's budgets.

        Raises:
            RateLimitedError: there is no room for it now; the delivery must wait.
        """
        self.tools.crash.reached("before counting a call")
        await self.tools.pacer.take(self.account, self.platform.facts, call)
        self.tools.crash.reached("after counting a call")

    async def line(self, call: Call) -> Api:
        """Return the line to the platform for a kind of call, its token good for the next one."""
        api = await self.tools.lines.line(self.account, self.platform.facts, call)
        self.used.append((call, api))
        self.token = api.token
        return api

    async def fresh_line(self, call: Call) -> Api:
        """Return a line on a connection that nothing else has used."""
        api = await self.tools.lines.fresh_line(self.account, self.platform.facts, call)
        self.used.append((call, api))
        self.token = api.token
        return api

    async def heed(self) -> None:
        """Write down what the platform's answers ask of later calls, its own answer being safe."""
        while self.used:
            call, api = self.used.pop(0)
            self.tools.crash.reached("before heeding an answer")
            await self.tools.pacer.heard(self.account, self.platform.facts, call, api.answers)
            self.tools.crash.reached("after heeding an answer")

    async def save(
        self,
        delivery: Delivery,
        because: str,
        evidence: Mapping[str, Json] | None = None,
        *,
        reserve: Call | None = None,
    ) -> None:
        """
        Commit the delivery as it is now.

        Args:
            because: why it moved, in words; it stands in the journal.
            evidence: what the platform showed, where that is the reason.
            reserve: the kind of call that this announces; it is taken from the budgets in the
                same transaction, so that nothing refuses it any more once it is announced.

        Raises:
            RateLimitedError: there is no room for the call; nothing was written.
            LeaseLostError: another worker owns the delivery; nothing was written.
            AccountBusyError: another post of this account is being published right now.
        """
        now = self.tools.clock.now()
        entry = JournalEntry(
            delivery_id=delivery.id,
            epoch=delivery.epoch,
            at=now,
            from_step=self.delivery.step,
            to_step=delivery.step,
            reason=because,
            evidence=dict(evidence or {}),
        )
        delivery = replace(delivery, bytes_sent=self.bytes_sent, alive_at=now)
        check_change(self.committed, delivery)
        if self.committed is self.claimed:
            check_first_change(self.claimed, delivery)
        self.tools.crash.reached(f"before {delivery.step}")
        async with self.tools.database.write() as tx:
            if reserve is not None:
                await self._reserve(tx, reserve)
            await tx.deliveries.save(delivery, expected_epoch=self.delivery.epoch)
            announced = await tx.journal.append(entry)
            if delivery.status is not self.delivery.status:
                await tx.history.note(delivery)
                await tx.posts.summarize(delivery.post_id, now=now)
            if delivery.step is Step.WAIT:
                await note_speed(tx, delivery.platform, self.speed)
        self.delivery = self.committed = delivery
        self.tools.crash.reached(f"after {delivery.step}")
        if announced:
            # Before the call: a database that forgets it must not be believed.
            await self.tools.high_water.raise_to(announced, now, delivery.id)
        self.tools.board.moved(delivery.id, delivery.step)

    async def _reserve(self, tx: Transaction, call: Call) -> None:
        await self.tools.pacer.take_within(
            tx, self.account, self.platform.facts, call, with_link=has_link(self.content)
        )

    async def move(self, step: Step, because: str, receipt: Receipt | None = None) -> None:
        """Commit the next step."""
        await self.save(
            replace(self.delivery, step=step, receipt=receipt or self.delivery.receipt, error=None),
            because,
        )

    async def remember_hash(self, media: Media) -> None:
        """Keep the file's hash with the post: from now on no other content goes out under it."""
        if self.queued_sha256:
            return
        self.tools.crash.reached("before the hash")
        async with self.tools.database.write() as tx:
            await tx.posts.set_media(self.post.id, media, now=self.tools.clock.now())
        self.tools.crash.reached("after the hash")
        self.queued_sha256 = media.sha256

    async def snooze(self, until: dt.datetime, error: DeliveryError | None, because: str) -> None:
        """Put the delivery back into the queue; it goes on from here at `until`."""
        self.snoozed = True
        self.tools.crash.reached("before a snooze")
        await self.save(replace(self.delivery, not_before=until, error=error), because)
        self.tools.crash.reached("after a snooze")

    async def finish(self, step: Step, because: str, error: DeliveryError | None = None) -> None:
        """Bring the delivery to a rest."""
        now = self.tools.clock.now()
        completed_at = now if step is Step.DONE else None
        await self.save(
            replace(self.delivery, step=step, error=error, completed_at=completed_at), because
        )


def error_record(error: PlatformError, kind: ErrorKind | None = None) -> DeliveryError:
    """Write an error down as scripts see it."""
    return DeliveryError(
        kind=kind or error.kind, code=error.code, message=str(error), retry_at=error.retry_at
    )
