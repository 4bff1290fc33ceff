"""
Every error the program raises on purpose.

    PellaciaError                     says what happened, to which thing, and what helps
    ├── BadInputError                 the request itself is wrong; nothing was sent
    │   └── ProblemsError             a post breaks rules; carries every problem at once
    ├── NotFoundError                 no such post, account or delivery
    ├── NotConnectedError             no account of that platform has signed in
    ├── SetupError                    the home folder, database or settings cannot be used
    │   ├── NewerSchemaError          the database belongs to a newer version
    │   └── SettingError              a setting has a value that cannot be used
    ├── LeaseLostError                another worker owns this delivery now: drop it at once
    ├── AccountBusyError              another post of this account is at its irreversible call
    └── PlatformError                 a platform, or the way to it, said no
        ├── TransientError            may well work in a moment
        ├── RateLimitedError          will work after `retry_at`
        ├── LoginNeededError          the account must sign in again
        ├── RefusedError              will never work as it is
        ├── SessionGoneError          the upload session is over; a new one must be opened
        └── UnknownOutcomeError       nobody can tell whether it happened

`PlatformError.not_done` is True only where the answer proves that the call had no effect.
"""

import datetime as dt
import enum
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pellacia_service.domain.problem import Problem


class ErrorKind(enum.StrEnum):
    """The six kinds that scripts may branch on."""

    NETWORK = "network"
    AUTH = "auth"
    RATE_LIMIT = "rate_limit"
    VALIDATION = "validation"
    PLATFORM = "platform"
    UNKNOWN_OUTCOME = "unknown_outcome"


class PellaciaError(Exception):
    """The root. Its text is a sentence for a person."""


class BadInputError(PellaciaError):
    """What was asked for cannot be done as it was asked."""


class ProblemsError(BadInputError):
    """A post breaks rules. Carries all of them, per platform."""

    def __init__(self, message: str, problems: "dict[str, Sequence[Problem]]") -> None:
        super().__init__(message)
        self.problems = problems


class NotFoundError(PellaciaError):
    """The thing that was named does not exist. The text names what there is."""


class NotConnectedError(PellaciaError):
    """No account of a platform that was named has signed in."""


class SetupError(PellaciaError):
    """The program cannot work in the place it was given."""


class NewerSchemaError(SetupError):
    """The database was made by a newer version of this program."""


class SettingError(SetupError):
    """A setting has a value that cannot be used. The text names the setting."""


class LeaseLostError(PellaciaError):
    """Another worker has taken this delivery over. Nothing more may be done for it here."""


class AccountBusyError(PellaciaError):
    """Another post of this account is being published, or its outcome is unknown. Wait."""


class PlatformError(PellaciaError):
    """
    A platform, or the way to it, did not do what was asked.

    Args:
        message: what happened, to what, and what helps.
        code: the platform's own word for it, or the HTTP status, or the network's.
        retry_at: when it makes sense to try again; None where nobody knows.
        not_done: True where the answer proves the call had no effect.
    """

    kind = ErrorKind.PLATFORM

    def __init__(
        self,
        message: str,
        *,
        platform: str,
        code: str = "",
        retry_at: dt.datetime | None = None,
        not_done: bool = False,
    ) -> None:
        super().__init__(message)
        self.platform = platform
        self.code = code
        self.retry_at = retry_at
        self.not_done = not_done


class TransientError(PlatformError):
    """A hiccup of the platform or of the network."""

    kind = ErrorKind.NETWORK


class RateLimitedError(PlatformError):
    """Too many calls, or the day's quota is used up."""

    kind = ErrorKind.RATE_LIMIT


class LoginNeededError(PlatformError):
    """The account's sign-in is no longer good for this."""

    kind = ErrorKind.AUTH


class RefusedError(PlatformError):
    """The platform will not take this post, now or later."""

    kind = ErrorKind.VALIDATION


class SessionGoneError(PlatformError):
    """The upload session has ended. Before the intent to publish, opening another is harmless."""


class UnknownOutcomeError(PlatformError):
    """The call may or may not have happened."""

    kind = ErrorKind.UNKNOWN_OUTCOME
