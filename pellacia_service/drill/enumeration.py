"""
Which plans a drill carries out: first every point once, then pairs and fours.

Nothing is listed by hand. An undisturbed delivery shows the points it passes; each of them is a
place to die at once (`singles`). How many points the next publisher passes on what was left says
where a second death can come (`doubles`); further deaths are drawn by lot (`fours`).
"""

import random
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pellacia_service.domain.names import PLATFORM_NAMES
from pellacia_service.drill.cases import Case
from pellacia_service.drill.plans import Plan, Weather
from pellacia_service.drill.weather import REFUSALS

WHERE: Mapping[Weather, Collection[str]] = {
    Weather.FAIR: PLATFORM_NAMES,
    Weather.LOST: PLATFORM_NAMES,
    Weather.REFUSED: REFUSALS,
    Weather.BUSY: PLATFORM_NAMES,
    # Its refresh token outlives its use: a renewal that is cut short costs nobody a sign-in.
    Weather.OLD_TOKEN: ("youtube",),
    Weather.DEAD_TOKEN: ("youtube",),
    Weather.NO_RENEWAL: ("youtube",),
    Weather.LATE: ("instagram",),
    Weather.MISSED: ("tiktok",),
    Weather.STAGED: PLATFORM_NAMES,
    Weather.DUE: PLATFORM_NAMES,
}
"""The platforms on which each weather can be had."""

LOCKED = ("before a claim",)
"""Points inside a transaction. Whoever is frozen there holds the database up until it is ended."""

DEEPEST = 12
"""The last point at which a drawn death may come; most publishers that take up pass about as many."""


@dataclass
class Known:
    """
    What the drill has learnt about the ways of deliveries.

    Args:
        walks: the points that an undisturbed delivery passes, by platform and weather.
        left: for a single death, how many points were passed by whoever took up what it left.
    """

    walks: dict[tuple[str, Weather], Sequence[str]] = field(default_factory=dict)
    left: dict[Plan, int] = field(default_factory=dict)

    def learn(self, case: Case) -> None:
        """Take in a case that is over."""
        plan = case.plan
        if not plan.kills:
            self.walks[plan.platform, plan.weather] = case.points
        elif len(plan.kills) == 1 and not plan.frozen:
            self.left[plan] = max(len(case.taken_up), self.left.get(plan, 0))


def walks(platforms: Iterable[str]) -> list[Plan]:
    """Return the plans in which nobody dies: each platform in each weather."""
    return [
        Plan(platform, weather=weather)
        for platform in platforms
        for weather in Weather
        if platform in WHERE[weather]
    ]


def singles(known: Known, *, frozen: bool = False) -> list[Plan]:
    """Return a death, or a freezing, at every point of every walk."""
    return [
        Plan(platform, (place,), weather, frozen)
        for (platform, weather), points in known.walks.items()
        if weather is Weather.FAIR or not frozen
        for place in places(points)
        if not frozen or place not in LOCKED
    ]


def places(points: Iterable[str]) -> Iterator[str]:
    """Name each point of a walk so that it is met again: by its name, and how often it came before."""
    seen: Counter[str] = Counter()
    for point in points:
        seen[point] += 1
        yield point if seen[point] == 1 else f"{point}#{seen[point]}"


def doubles(left: Mapping[Plan, int]) -> list[Plan]:
    """Return every second death after every first one."""
    return [
        Plan(first.platform, (*first.kills, f"#{number}"), first.weather)
        for first, points in left.items()
        for number in range(1, points + 1)
    ]


def fours(known: Known, dice: random.Random) -> Iterator[Plan]:
    """Draw plans of four deaths, without end."""
    ways = list(known.walks.items())
    while True:
        (platform, weather), points = dice.choice(ways)
        first = dice.choice(list(places(points)))
        further = (f"#{dice.randint(1, DEEPEST)}" for _ in range(3))
        yield Plan(platform, (first, *further), weather)


def mixed(pairs: Sequence[Plan], drawn: Iterator[Plan]) -> Iterator[Plan]:
    """Alternate pairs with fours, so that a short drill has of both; then fours without end."""
    for pair in pairs:
        yield pair
        yield next(drawn)
    yield from drawn


def every_point_first(plans: Sequence[Plan]) -> tuple[list[Plan], int]:
    """
    Order single deaths so that a short drill has seen each platform die at each of its points.

    Returns:
        the plans, and how many at their beginning it takes for that.
    """
    first: dict[tuple[str, str], Plan] = {}
    for plan in plans:
        first.setdefault((plan.platform, name_of(plan.kills[0])), plan)
    chosen = set(first.values())
    return [*first.values(), *(plan for plan in plans if plan not in chosen)], len(first)


def name_of(place: str) -> str:
    """Return the point that a place counts."""
    return place.partition("#")[0]
