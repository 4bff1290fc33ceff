"""What kind of work a publisher has room for."""

import enum


class Work(enum.Enum):
    """Uploads may take hours; a call that publishes, or a look, must not wait for one to end."""

    CALLS = enum.auto()
    """The file is there: one call, or looking for what became of one."""

    UPLOADS = enum.auto()
    """Everything before that, also what is uploaded ahead of its time."""

    OWED_UPLOADS = enum.auto()
    """Uploads of what is to be public by now."""
