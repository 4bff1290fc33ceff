"""
One lane of the drill: a sandbox, a home, a database, and the publishers that live and die there.

A publisher first takes up what the one before it left and then begins the next delivery, so that
every process that is started also dies with work under way. What a lane wants next (a publisher, or
the end of one) is yielded; whoever drives it sends the child back (`drive.py`).
"""

import re
from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from dataclasses import dataclass

from pellacia_service.drill.cases import Case, judge
from pellacia_service.drill.children import Child, thaw
from pellacia_service.drill.life import DUE_IN, WATCH, Life, Place, Task
from pellacia_service.drill.plans import SCHEDULED
from pellacia_service.drill.score import Score
from pellacia_service.drill.weather import fault_of
from pellacia_service.drill.witness import Witness

Wanted = Life | Child
Course = Generator[Wanted, Child, None]


@dataclass(frozen=True)
class Lane:
    """
    Where plans are carried out, one after the other.

    Args:
        provers: the platforms that can prove that a post is not there.
        done: told of every case that is over.
    """

    place: Place
    witness: Witness
    provers: Collection[str]
    done: Callable[[Case], None]
    score: Score

    @property
    def database(self) -> str:
        """The kind of the lane's database, in a word for people."""
        return re.split(r"\W", self.place.settings.database)[0]

    def course(self, batches: Iterable[Sequence[Task]]) -> Course:
        """Carry out batch after batch."""
        for tasks in batches:
            yield from self._batch(tasks)

    def _batch(self, tasks: Sequence[Task]) -> Course:
        """Carry out some plans on accounts of their own, then see what the platforms show."""
        self.witness.forget()
        yield Life(connect=tuple(tasks))
        cases = [Case(task) for task in tasks]
        before: Case | None = None
        clears = False
        for case in cases:
            if case.plan.frozen or case.plan.weather in SCHEDULED:
                yield from self._take_up(before)
                alone = self._freeze if case.plan.frozen else self._schedule
                yield from alone(case, clears=clears)
                before = None
            else:
                yield from self._begin(case, before, clears=clears)
                before = case
            clears = fault_of(case.plan.platform, case.plan.weather) is not None
        yield from self._take_up(before)
        last = yield Life(report=tuple(case.post_id for case in cases if case.post_id))
        self._judge(cases, last)

    def _begin(self, case: Case, before: Case | None, *, clears: bool) -> Course:
        """Begin a delivery, in the first publisher that survives what the one before left."""
        while True:
            place = before.next_place() if before else ""
            child = yield Life(recover=place, begin=case.task, clears=clears)
            if before is None or self._is_taken_up(before, child):
                break
        case.began(child)
        self.score.kills += child.was_killed

    def _take_up(self, before: Case | None, *, until: float = 0) -> Course:
        """Do what the last publisher left, in as many publishers as the plan has deaths left."""
        while before is not None:
            child = yield Life(recover=before.next_place(), until=until)
            if self._is_taken_up(before, child):
                return

    def _is_taken_up(self, before: Case, child: Child) -> bool:
        if child.told("recovered") is None and child.told("struck") is not None:
            before.killed(child)
            self.score.kills += child.was_killed
            return False
        before.recovered(child)
        return True

    def _schedule(self, case: Case, *, clears: bool) -> Course:
        """Upload it ahead of its time, see that nobody can see it yet, then let its time come."""
        child = yield Life(begin=case.task, clears=clears)
        case.began(child)
        self.score.kills += child.was_killed
        if case.struck:
            yield from self._take_up(case)
        if case.queued_at is None:
            return
        due = case.queued_at + DUE_IN[case.plan.weather].total_seconds()
        # On a slow machine its time may have come by the publishers' own clock.
        is_early = case.told_at < due - WATCH
        if is_early and self.witness.public_posts()[case.plan.platform, case.task.label]:
            case.trouble = "published before its time"
        yield from self._take_up(case, until=due - WATCH)

    def _freeze(self, case: Case, *, clears: bool) -> Course:
        """Freeze the publisher until its lease is over and another has done its work."""
        frozen = yield Life(begin=case.task, clears=clears)
        case.began(frozen)
        if frozen.status is None:
            other = yield Life()
            thaw(frozen)
            # Frozen in the midst of a transaction it kept a database file to itself, so that the
            # other one could do nothing but say so: somebody comes again when it is over.
            case.thawed((yield frozen))
            case.recovered(other if other.told("recovered") else (yield Life()))
            self.score.freezes += 1

    def _judge(self, cases: Sequence[Case], last: Child) -> None:
        report = last.told("deliveries")
        told = report["deliveries"] if report else []
        deliveries = {(one["platform"], one["label"]): one for one in told}
        public = self.witness.public_posts()
        for case in cases:
            key = case.plan.platform, case.task.label
            provable = case.plan.platform in self.provers
            verdict = judge(case, deliveries.get(key), public[key], provable=provable)
            self.score.count(case, verdict, kind=self.database, provable=provable)
            self.done(case)
