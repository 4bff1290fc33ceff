"""How early scheduled posts are uploaded."""

import datetime as dt

from pellacia_service.platforms import PLATFORMS
from pellacia_service.publishing.staging import Stage
from pellacia_service.settings import Settings


def make_stage(settings: Settings) -> Stage:
    """Put the settings and what the platforms allow together."""
    facts = {name: platform.facts for name, platform in PLATFORMS.items()}
    return Stage(dt.timedelta(minutes=settings.stage_minutes), facts)
