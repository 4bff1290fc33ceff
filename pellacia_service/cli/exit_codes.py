"""What the program's exit code says."""

from collections.abc import Sequence
from enum import IntEnum

from pellacia_service.facade import (
    BadInputError,
    Delivery,
    ErrorKind,
    LoginNeededError,
    NotConnectedError,
    NotFoundError,
    PellaciaError,
    RateLimitedError,
    SettingError,
    Status,
    Step,
)


class ExitCode(IntEnum):
    """The codes that scripts rely on."""

    OK = 0
    UNEXPECTED = 1
    REFUSED = 2
    SIGN_IN = 3
    SOME_FAILED = 4
    ALL_FAILED = 5
    NOT_FOUND = 6
    UNKNOWN_OUTCOME = 7
    LATER = 8
    INTERRUPTED = 130


OF_ERROR: tuple[tuple[type[PellaciaError], ExitCode], ...] = (
    (BadInputError, ExitCode.REFUSED),
    (SettingError, ExitCode.REFUSED),
    (NotFoundError, ExitCode.NOT_FOUND),
    (NotConnectedError, ExitCode.SIGN_IN),
    (LoginNeededError, ExitCode.SIGN_IN),
    (RateLimitedError, ExitCode.LATER),
)


def of_error(error: PellaciaError) -> ExitCode:
    """Return the code for an error that ended a command."""
    return next((code for kind, code in OF_ERROR if isinstance(error, kind)), ExitCode.UNEXPECTED)


def of_deliveries(deliveries: Sequence[Delivery]) -> ExitCode:
    """Return the code for what became of a post; what needs a person most wins."""
    failed = [one for one in deliveries if one.status in {Status.FAILED, Status.MISSED}]
    if any(one.step in {Step.HELD, Step.UNSURE} for one in deliveries):
        return ExitCode.UNKNOWN_OUTCOME
    if failed and len(failed) == len(deliveries):
        must_sign_in = all(one.error and one.error.kind is ErrorKind.AUTH for one in failed)
        return ExitCode.SIGN_IN if must_sign_in else ExitCode.ALL_FAILED
    if failed:
        return ExitCode.SOME_FAILED
    if any(one.status in {Status.PENDING, Status.PROCESSING} for one in deliveries):
        return ExitCode.LATER
    return ExitCode.OK
