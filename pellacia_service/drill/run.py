"""The whole drill: phase after phase, each built on what the one before has shown."""

import gc
import itertools
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pellacia_service.domain.names import PLATFORM_NAMES
from pellacia_service.drill.children import Nursery, open_nursery
from pellacia_service.drill.drive import drive
from pellacia_service.drill.enumeration import (
    Known,
    doubles,
    every_point_first,
    fours,
    mixed,
    name_of,
    singles,
    walks,
)
from pellacia_service.drill.grounds import open_grounds
from pellacia_service.drill.lanes import Lane
from pellacia_service.drill.life import Task
from pellacia_service.drill.plans import Plan, read_plan
from pellacia_service.drill.score import Score
from pellacia_service.errors import SetupError
from pellacia_service.wiring.press import provers

LANES = 4
"""Publishers at once. More than processors, because each waits for its sandbox now and then."""

BATCH = 32
"""Plans between two looks at what the platforms show."""

DEATHS_OF_A_PLAN = 3
"""Between pairs and fours."""

FREEZES_PER_KILL = 0.04
SINGLES_PER_KILL = 0.5
"""What part of a short drill they are; a long one has room for all there are."""


@dataclass(frozen=True)
class DrillOrder:
    """
    What is asked of a drill.

    Args:
        platforms: where deliveries go.
        kills: how many publishers are to die, at least.
        seed: draws the same plans again.
        servers: addresses of database servers; a file is always drilled as well.
        plan: carry out this one only, once on each database; see `plans.py`. Empty: all there are.
    """

    platforms: tuple[str, ...] = PLATFORM_NAMES
    kills: int = 500
    seed: int = 0
    servers: tuple[str, ...] = ()
    plan: str = ""


def run_drill(order: DrillOrder, tick: Callable[[Score], None]) -> Score:
    """
    Carry out a drill. It forks: call it from a plain process, outside of any event loop.

    Args:
        tick: called with the sums so far, several times a second.

    Raises:
        SetupError: this machine cannot fork, or the sandbox or a database cannot be used.
        BadInputError: the plan cannot be read.
    """
    if order.plan:
        read_plan(order.plan)
    if not hasattr(os, "fork"):
        raise SetupError("The drill forks publishers, which this operating system cannot do.")
    began = time.monotonic()
    score, known = Score(), Known()
    count = 1 + len(order.servers) if order.plan else max(LANES, 1 + len(order.servers))
    with open_grounds(count, order.servers, order.seed) as grounds, open_nursery() as nursery:
        # What is there now will be there in all children: collecting it would only copy it.
        gc.freeze()
        lanes = [Lane(place, witness, provers(), known.learn, score) for place, witness in grounds]
        Drill(order, lanes, nursery, score, lambda: tick(score)).carry_out(known)
    score.seconds = time.monotonic() - began
    return score


class Drill:
    """The phases, and who gets which plans."""

    def __init__(
        self,
        order: DrillOrder,
        lanes: Sequence[Lane],
        nursery: Nursery,
        score: Score,
        tick: Callable[[], None],
    ) -> None:
        self._order = order
        self._lanes = lanes
        self._nursery = nursery
        self._score = score
        self._tick = tick
        self._dice = random.Random(order.seed)  # noqa: S311 - repeatable, protects nothing
        self._labels = itertools.count(1)

    def carry_out(self, known: Known) -> None:
        """Carry out everything that was ordered."""
        if self._order.plan:
            self._on_each_database([read_plan(self._order.plan)], room=len(self._lanes))
            return
        self._shared(iter(walks(self._order.platforms)), size=2)
        frozen = self._shuffled(singles(known, frozen=True))
        self._on_each_database(frozen, self._room(FREEZES_PER_KILL))
        deaths, covering = every_point_first(self._shuffled(singles(known)))
        self._score.points = {(one.platform, name_of(one.kills[0])) for one in deaths}
        self._score.is_to_hit_all = self._room(SINGLES_PER_KILL) >= covering
        self._on_each_database(deaths, self._room(SINGLES_PER_KILL))
        self._shared(mixed(self._shuffled(doubles(known.left)), fours(known, self._dice)), BATCH)

    def _room(self, per_kill: float) -> int:
        """Return how many such plans a drill of this length has room for, on all databases."""
        return round(self._order.kills * per_kill)

    def _shuffled(self, plans: Sequence[Plan]) -> list[Plan]:
        return self._dice.sample(plans, len(plans))

    def _shared(self, plans: Iterator[Plan], size: int) -> None:
        """Carry out each plan once, on whichever lane is free."""
        self._phase([self._batches(plans, size) for _ in self._lanes])

    def _on_each_database(self, plans: Sequence[Plan], room: int) -> None:
        """
        Carry out each plan once on each kind of database, as far as there is room.

        Each kind begins with other plans, so that a short drill sees as many as it can.
        """
        databases = list(dict.fromkeys(lane.database for lane in self._lanes))
        each = -(-room // len(databases))
        queues = {
            database: iter(_beginning_at(plans, number, len(databases))[:each])
            for number, database in enumerate(databases)
        }
        lanes_per_queue = len(self._lanes) // len(queues)
        size = max(1, min(BATCH, min(each, len(plans)) // max(1, lanes_per_queue)))
        self._phase([self._batches(queues[lane.database], size) for lane in self._lanes])

    def _phase(self, batches: Sequence[Iterator[list[Task]]]) -> None:
        courses = zip(self._lanes, batches, strict=True)
        drive([(lane, lane.course(own)) for lane, own in courses], self._nursery, self._tick)

    def _batches(self, plans: Iterator[Plan], size: int) -> Iterator[list[Task]]:
        """Hand out plans until there are none, or enough publishers have died."""
        while self._order.plan or self._score.kills < self._order.kills:
            # Not more than is left to do, or the last batches would run far beyond the order.
            left = self._order.kills - self._score.kills
            fitting = max(2, left // (len(self._lanes) * DEATHS_OF_A_PLAN))
            chosen = list(itertools.islice(plans, min(size, fitting)))
            if not chosen:
                return
            yield [Task(f"d{next(self._labels)}", plan) for plan in chosen]


def _beginning_at(plans: Sequence[Plan], number: int, step: int) -> list[Plan]:
    """Order plans so that every `step`-th comes first, counted from `number`, and then the others."""
    return [plan for turn in range(step) for plan in plans[(number + turn) % step :: step]]
