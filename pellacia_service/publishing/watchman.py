"""
What a publisher makes sure of before it takes anything on.

    the database is the one it was       else what may be out is taken into quarantine
    the clocks can be believed           else only look-ups of unknown outcomes
    somebody was here a moment ago       else what the calendar is behind with waits a minute,
                                         so that a person can pause it
"""

import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from pellacia_service.clock import Clock
from pellacia_service.domain.reach import Reach
from pellacia_service.publishing import timekeeping
from pellacia_service.publishing.high_water import HighWater, Mark
from pellacia_service.publishing.quarantine import Quarantiner, Reason, suspicion
from pellacia_service.publishing.timekeeping import SteadyClock, Trust
from pellacia_service.repositories import rewinds
from pellacia_service.repositories.rewinds import State
from pellacia_service.repositories.session import Database

BEAT = 60.0
"""Seconds between two notes that this publisher is alive, and two comparisons of the clocks."""


@dataclass
class Notices:
    """What a publisher has to say about itself, for whoever listens."""

    listener: Callable[[str], None] | None = None
    said: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        """Tell something; kept while nobody listens."""
        if self.listener is None:
            self.said.append(text)
        else:
            self.listener(text)

    def listen(self, listener: Callable[[str], None]) -> None:
        """Hear what was said so far, and everything from here on."""
        self.listener = listener
        for text in self.said:
            listener(text)
        self.said.clear()


class Watchman:
    """
    Stands before the claims of one publisher.

    Args:
        clock: the publisher's; it never runs backwards.
        machine: the machine's own clock, for the comparison with the server's.
        has_server: the database is on a server, which has a clock and a timeline.
        outage_pause: how long the calendar's backlog waits after an outage.
        at_start: what else is to be done before the first claim; says what it did.
    """

    def __init__(
        self,
        *,
        database: Database,
        high_water: HighWater,
        clock: SteadyClock,
        machine: Clock,
        has_server: bool,
        outage_pause: dt.timedelta,
        notices: Notices,
        at_start: Callable[[], Awaitable[Sequence[str]]],
    ) -> None:
        self._database = database
        self._high_water = high_water
        self._clock = clock
        self._machine = machine
        self._has_server = has_server
        self._outage_pause = outage_pause
        self._notices = notices
        self._at_start = at_start
        self._mark: Mark | None = None
        self._started = False
        self._server_id: str | None = None
        self._beat_at: float | None = None
        self._trust = Trust.FINE
        self._paused_until: dt.datetime | None = None

    @property
    def is_awaited(self) -> bool:
        """Tell whether it wants to be asked even where there is nothing to claim."""
        return self._beat_at is None or self._clock.monotonic() - self._beat_at >= BEAT

    async def before_claims(self, *, publishes_the_calendar: bool) -> Reach:
        """
        Say what may be taken on now.

        Args:
            publishes_the_calendar: False for a publisher that serves one post only.

        Raises:
            SetupError: the database cannot be reached, or the mark beside it cannot be written.
        """
        if not self._started:
            await self._start()
        asked = self._machine.now()
        state = await rewinds.state_of(self._database, server_id=self._server_id)
        await self._distrust(state)
        await self._mind_the_leaps(publishes_the_calendar=publishes_the_calendar)
        if self.is_awaited:
            self._compare(state, asked, self._machine.now())
            await self._beat(publishes_the_calendar=publishes_the_calendar)
        return self._reach()

    async def _start(self) -> None:
        """Find the mark of this database, and the hour."""
        if self._has_server:
            self._server_id = await rewinds.server_id_of(self._database)
        name = await rewinds.identity_of(self._database) or await rewinds.christen(self._database)
        self._mark = self._high_water.attach(name)
        highest = await rewinds.highest_time(self._database)
        if highest is not None:
            self._clock.not_before(highest)
        for text in await self._at_start():
            self._notices.say(text)
        self._started = True

    async def _distrust(self, state: State) -> None:
        """Take into quarantine what may be out, where the database was put back."""
        reason = suspicion(self._mark, state)
        if reason is not None:
            await self._quarantine(reason, state)
        if state.server is not None:
            self._high_water.server = state.server.identity

    async def _quarantine(self, reason: Reason, state: State) -> None:
        now = self._clock.now()
        until = self._mark.at if self._mark else now
        if state.restored:
            until = max(until, state.restored) if self._mark else state.restored
        elif self._mark and self._mark.number <= state.number:
            # Another server took over: others may have published until a moment ago.
            until = now
        judge = Quarantiner(reason, until).judge_all
        done = await rewinds.quarantine(self._database, judge, why=reason.why, now=now)
        server = state.server.identity if state.server else ""
        self._high_water.server = server
        await self._high_water.lower_to(state.number, now)
        self._mark = Mark(state.number, now, server)
        self._notices.say(done.text)

    def _compare(self, state: State, before: dt.datetime, after: dt.datetime) -> None:
        """Compare this machine's clock with the server's; say so once when they part."""
        if state.server is None:
            return
        difference = timekeeping.skew(before, state.server.now, after)
        trust = timekeeping.judge(difference)
        if trust is not self._trust and trust is not Trust.FINE:
            self._notices.say(_skew_words(difference, trust))
        self._trust = trust

    async def _mind_the_leaps(self, *, publishes_the_calendar: bool) -> None:
        self._clock.now()
        back, forward = self._clock.set_back(), self._clock.set_forward()
        if back:
            self._notices.say(
                f"This machine's clock is {_span(back)} behind the latest time that was seen here. "
                "It goes on from that time, at half speed, until the clock has caught up. "
                "Set the clock right."
            )
        if forward:
            self._notices.say(
                f"This machine's clock leapt forward by {_span(forward)}: it slept, or was set. "
                "What became due meanwhile is treated as late."
            )
            if publishes_the_calendar:
                await self._pause()

    async def _beat(self, *, publishes_the_calendar: bool) -> None:
        """Note that this publisher is alive, and how far the database has come."""
        now = self._clock.now()
        number, before = await rewinds.note_life(
            self._database, now, publishes_the_calendar=publishes_the_calendar
        )
        await self._high_water.raise_to(number, now)
        self._mark = Mark(number, now, self._high_water.server)
        first = self._beat_at is None
        self._beat_at = self._clock.monotonic()
        if first and publishes_the_calendar:
            if timekeeping.is_outage(before, now):
                await self._pause()
            else:
                self._paused_until = await rewinds.paused_until(self._database)

    async def _pause(self) -> None:
        """After an outage: give a person the time to stop what the calendar is behind with."""
        now = self._clock.now()
        if not self._outage_pause or not await rewinds.is_behind(self._database, now):
            return
        self._paused_until = now + self._outage_pause
        await rewinds.pause_until(self._database, self._paused_until)
        self._notices.say(
            "Nothing has published for a while, and posts of the calendar are overdue. They wait "
            f"{_span(self._outage_pause)}, in case you want to stop them: pellacia-dist queue pause. "
            "What may have been published already is looked up meanwhile."
        )

    def _reach(self) -> Reach:
        if self._trust is Trust.REFUSE:
            return Reach.LOOK_UPS
        if self._paused_until is not None and self._clock.now() < self._paused_until:
            return Reach.ORDERED
        return Reach.ANYTHING


def _skew_words(difference: dt.timedelta, trust: Trust) -> str:
    where = "behind" if difference > dt.timedelta() else "ahead of"
    said = f"This machine's clock is {_span(abs(difference))} {where} the database server's."
    if trust is Trust.WARN:
        return f"{said} Set it right: from 30 s on nothing is published here."
    return (
        f"{said} Nothing new is published from here until it is set right; what may have been "
        "published already is looked up."
    )


def _span(length: dt.timedelta) -> str:
    seconds = int(length.total_seconds())
    hours, minutes = seconds // 3600, seconds % 3600 // 60
    if seconds < 120:
        return f"{seconds} s"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
