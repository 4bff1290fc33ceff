"""One plan as it was carried out, and the verdict on it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from pellacia_service.domain.delivery import RESTING, Step
from pellacia_service.drill.children import Child
from pellacia_service.drill.life import Task
from pellacia_service.drill.plans import Plan, Weather

ENDS: Mapping[Step, Collection[Weather]] = {
    Step.FAILED: {Weather.REFUSED, Weather.DEAD_TOKEN},
    Step.MISSED: {Weather.MISSED},
    Step.CANCELLED: (),
}
"""Ends without a post, and the weather in which each is right."""


@dataclass
class Case:
    """
    One plan under way.

    Args:
        struck: the points at which its publishers died, in order.
        points: what the publisher that began the delivery reached, up to its death.
        taken_up: what the publisher reached that did the rest of the work.
        recovery_seconds: from the last death to the end of the work that it left.
        post_id: the post's id, once a publisher was told that it is in the queue.
        queued_at: when that was, in seconds of the publishers' clock; None: never.
        told_at: when one of its publishers last told anything, by the same clock.
        trouble: what went wrong with a publisher itself: an error, or no end.
    """

    task: Task
    struck: list[str] = field(default_factory=list)
    points: list[str] = field(default_factory=list)
    taken_up: list[str] = field(default_factory=list)
    recovery_seconds: float = 0.0
    post_id: str = ""
    queued_at: float | None = None
    told_at: float = 0.0
    trouble: str = ""
    _struck_at: float = 0.0

    @property
    def plan(self) -> Plan:
        """The plan."""
        return self.task.plan

    def next_place(self) -> str:
        """Return where the next publisher that takes it up is to die; empty: nowhere."""
        kills, met = self.plan.kills, len(self.struck)
        # Whoever begins it meets the first one, unless all are to come when it is due.
        first = 0 if self.plan.weather is Weather.DUE else 1
        return kills[met] if first <= met < len(kills) else ""

    def began(self, child: Child) -> None:
        """Take down how the publisher that began it got on."""
        self._heard(child)
        queued = child.told("queued")
        self.post_id = queued["queued"] if queued else ""
        self.queued_at = queued["at"] + queued["ahead"] if queued else None
        self.points = [
            point for line in child.lines_behind("recovered") for point in line["points"]
        ]
        if child.told("finished") is None:
            self._strike(child)

    def killed(self, child: Child) -> None:
        """Take down the death of a publisher that took it up."""
        self._strike(child)

    def recovered(self, child: Child) -> None:
        """Take down that what was left has been done."""
        self._heard(child)
        line = child.told("recovered")
        if line is None:
            self._blame(child)
            return
        self.taken_up = line["points"]
        if self.plan.weather is Weather.DUE:
            self.points = self.taken_up
        if self.struck:
            self.recovery_seconds = line["at"] - self._struck_at

    def thawed(self, child: Child) -> None:
        """Take down how a publisher ended that was frozen."""
        if child.told("finished") is None:
            self._blame(child)

    def _heard(self, child: Child) -> None:
        self.told_at = max([self.told_at, *(one["at"] + one["ahead"] for one in child.lines)])

    def _strike(self, child: Child) -> None:
        line = child.told("struck")
        if line is None:
            self._blame(child)
            return
        self.struck.append(line["struck"])
        self._struck_at = line["at"]

    def _blame(self, child: Child) -> None:
        line = child.told("error")
        self.trouble = line["error"] if line else "a publisher neither ended nor died as planned"


@dataclass(frozen=True)
class Verdict:
    """What became of one delivery, by its record and by what the platform shows."""

    doubles: int = 0
    is_lost: bool = False
    is_held: bool = False
    what: str = ""


def judge(
    case: Case, delivery: Mapping[str, Any] | None, public: int, *, provable: bool
) -> Verdict:
    """
    Hold a delivery's record against what the platform shows.

    Args:
        delivery: its record; None where there is none.
        public: how many posts anybody can see.
        provable: True where the platform can prove that a post is not there, so that nothing needs
            to be held.
    """
    doubles = max(0, public - 1)
    step = Step(delivery["step"]) if delivery else None
    is_held = step is Step.HELD
    # What would have been late anyhow keeps its account's minimum gap, which may take hours.
    is_waiting = case.plan.weather is Weather.LATE and delivery is not None and delivery["waits"]
    what = case.trouble or ("" if is_waiting else _loss(case, step, public))
    is_lost = bool(what)
    if delivery and delivery["error"] and is_lost:
        what += f" ({delivery['error']})"
    if doubles:
        what = f"published {public} times"
    elif is_held and provable:
        what = what or "held, though the platform could have told"
    return Verdict(doubles, is_lost, is_held, what)


def _loss(case: Case, step: Step | None, public: int) -> str:
    """Say how the post was lost; empty where it was not."""
    if step is None:
        return "accepted, and not in the queue" if case.post_id else ""
    if step not in RESTING:
        return f"left at {step}"
    if step is Step.DONE and not public:
        return "recorded as published, and not there"
    if step in ENDS and public:
        return f"recorded as {step}, though it is there"
    if step in ENDS and case.plan.weather not in ENDS[step]:
        return f"ended as {step}"
    return ""
