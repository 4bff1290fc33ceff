"""What the drill counts."""

from dataclasses import dataclass, field, replace

from pellacia_service.domain.json import Json
from pellacia_service.drill.cases import Case, Verdict
from pellacia_service.drill.enumeration import name_of

Point = tuple[str, str]
"""A platform, and the name of a crash point."""


@dataclass(frozen=True)
class Failure:
    """A plan that ended as none may, with what is needed to see it again."""

    plan: str
    database: str
    what: str


@dataclass
class Score:
    """
    The sums so far.

    Args:
        kills: publishers that died of a real SIGKILL with work under way.
        freezes: publishers that were stopped until another had finished their work.
        doubles: posts beyond the first of a delivery, counted on the platforms.
        lost: accepted posts that ended neither published nor held, or not as their record says.
        held: deliveries that wait for a person, by platform.
        held_needlessly: those of them on platforms that could have told.
        slowest_recovery: seconds from a death to the end of the work it left.
        reached: every crash point that a publisher passed or died at.
        points: each platform with each point on its ways, where a publisher is to die.
        hit: those of them, and others, at which one did die.
        is_to_hit_all: the drill is long enough for all of them.
        seconds: what the whole drill took.
    """

    plans: int = 0
    kills: int = 0
    freezes: int = 0
    doubles: int = 0
    lost: int = 0
    held: dict[str, int] = field(default_factory=dict)
    held_needlessly: int = 0
    slowest_recovery: float = 0.0
    slowest_plan: str = ""
    seconds: float = 0.0
    failures: list[Failure] = field(default_factory=list)
    reached: set[str] = field(default_factory=set)
    points: set[Point] = field(default_factory=set)
    hit: set[Point] = field(default_factory=set)
    is_to_hit_all: bool = False

    @property
    def is_clean(self) -> bool:
        """True where nothing was published twice, lost, held without need, or left untried."""
        return not self.failures and not (self.is_to_hit_all and self.missed)

    @property
    def missed(self) -> list[Point]:
        """The points at which nobody died."""
        return sorted(self.points - self.hit)

    def count(self, case: Case, verdict: Verdict, *, kind: str, provable: bool) -> None:
        """Add one case."""
        plan = case.plan
        self.plans += 1
        self.doubles += verdict.doubles
        self.lost += verdict.is_lost
        self.reached.update(case.struck, case.points, case.taken_up)
        if not plan.frozen:
            self.hit.update((plan.platform, name_of(place)) for place in case.struck)
        if verdict.is_held:
            self.held[plan.platform] = self.held.get(plan.platform, 0) + 1
            self.held_needlessly += provable
        if case.recovery_seconds > self.slowest_recovery and not plan.frozen:
            self.slowest_recovery, self.slowest_plan = case.recovery_seconds, str(plan)
        if verdict.what:
            # As it was carried out: a place that was only counted has a name by now.
            met = replace(plan, kills=tuple(case.struck)) if case.struck else plan
            self.failures.append(Failure(str(met), kind, verdict.what))

    def as_json(self) -> dict[str, Json]:
        """Return the sums as scripts read them."""
        return {
            "clean": self.is_clean,
            "seconds": round(self.seconds, 1),
            "plans": self.plans,
            "kills": self.kills,
            "freezes": self.freezes,
            "doubles": self.doubles,
            "lost": self.lost,
            "held": sum(self.held.values()),
            "held_by_platform": dict(self.held),
            "held_needlessly": self.held_needlessly,
            "slowest_recovery_seconds": round(self.slowest_recovery, 3),
            "slowest_plan": self.slowest_plan,
            "points": [*sorted(self.reached)],
            "points_hit": len(self.points & self.hit),
            "points_to_hit": len(self.points),
            "points_missed": [f"{platform}: {name}" for platform, name in self.missed],
            "failures": [
                {"plan": one.plan, "database": one.database, "what": one.what}
                for one in self.failures
            ],
        }
