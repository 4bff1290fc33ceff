"""What a publisher may take on at some hour."""

import enum


class Reach(enum.Enum):
    """Each allows what the one after it allows, and more."""

    ANYTHING = enum.auto()

    ORDERED = enum.auto()
    """What a person ordered just now, and look-ups; not what the calendar is behind with."""

    LOOK_UPS = enum.auto()
    """Only finding out what became of calls that were made."""
