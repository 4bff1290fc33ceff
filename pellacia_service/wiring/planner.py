"""What puts posts into the calendar."""

from pellacia_service.platforms import PLATFORMS
from pellacia_service.use_cases.posts import Posts
from pellacia_service.use_cases.schedule import Schedule
from pellacia_service.use_cases.schedule_posts import Planner
from pellacia_service.wiring.records import Records
from pellacia_service.wiring.staging import make_stage


def make_planner(records: Records, schedule: Schedule) -> Planner:
    """Put it together on open records. It sends nothing, so it needs no line to a platform."""
    posts = Posts(
        database=records.database,
        accounts=records.accounts,
        platforms=PLATFORMS,
        clock=records.clock,
        stage=make_stage(records.settings),
    )
    return Planner(database=records.database, posts=posts, schedule=schedule)
