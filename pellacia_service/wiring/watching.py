"""What takes videos from a watched folder into the queue. It talks to no platform."""

from pathlib import Path

from pellacia_service.platforms import PLATFORMS
from pellacia_service.use_cases.ingest import Ingest
from pellacia_service.use_cases.pair_check import PairCheck
from pellacia_service.use_cases.pair_time import PairTime
from pellacia_service.use_cases.posts import Posts
from pellacia_service.use_cases.schedule import Schedule
from pellacia_service.use_cases.watch import WatchFolder
from pellacia_service.watch_folder.folder import Folder
from pellacia_service.wiring.records import Records
from pellacia_service.wiring.staging import make_stage


def make_watch_folder(records: Records, folder: Path) -> WatchFolder:
    """Put together what watches one folder."""
    posts = Posts(
        database=records.database,
        accounts=records.accounts,
        platforms=PLATFORMS,
        clock=records.clock,
        stage=make_stage(records.settings),
    )
    pair_check = PairCheck(
        accounts=records.accounts,
        posts=posts,
        clock=records.clock,
        timezone=records.settings.timezone,
    )
    schedule = Schedule(
        database=records.database, clock=records.clock, timezone=records.settings.timezone
    )
    ingest = Ingest(
        database=records.database,
        posts=posts,
        pair_check=pair_check,
        pair_time=PairTime(schedule),
        clock=records.clock,
    )
    return WatchFolder(folder=Folder(folder.absolute()), ingest=ingest, clock=records.clock)
