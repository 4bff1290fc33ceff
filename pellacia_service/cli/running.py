"""Runs a command: the event loop, Ctrl-C, and what an error becomes."""

import errno
import sys
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from pellacia_service.cli import shapes
from pellacia_service.cli.exit_codes import ExitCode, of_error
from pellacia_service.cli.output import Output
from pellacia_service.facade import (
    BadInputError,
    Json,
    NotConnectedError,
    NotFoundError,
    PellaciaError,
    PlatformError,
    ProblemsError,
    SetupError,
    Status,
)

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from pellacia_service.facade import Problem

KINDS: tuple[tuple[type[Exception], str], ...] = (
    (BadInputError, "validation"),
    (NotFoundError, "validation"),
    (NotConnectedError, "auth"),
    (SetupError, "setup"),
    (OSError, "setup"),
)

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def run(
    command: Coroutine[Any, Any, int],
    output: Output,
    *,
    after_interrupt: Callable[[], Coroutine[Any, Any, None]] | None = None,
    new_loop: "Callable[[], AbstractEventLoop] | None" = None,
) -> None:
    """
    Run a command to its end and leave the program with its exit code.

    Args:
        after_interrupt: answers, and says what state things are in, after Ctrl-C.
        new_loop: makes the event loop; see `loop_for_bytes`.
    """
    # Deferred: asyncio is a quarter of what `--help` costs, and help runs no command.
    import asyncio  # noqa: PLC0415

    try:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            code = runner.run(_until_stopped(command, output))
    except (KeyboardInterrupt, asyncio.CancelledError):
        code = ExitCode.INTERRUPTED
        try:
            if after_interrupt is None:
                output.complain("Stopped.")
            else:
                asyncio.run(after_interrupt())
        except (KeyboardInterrupt, PellaciaError):
            output.complain("See where it stands: pellacia-dist queue list")
        say_stopped(output)
    except Exception as error:  # noqa: BLE001 - the outermost place: whatever it is, say it in words
        code = explain(error, output)
    sys.exit(int(code))


def loop_for_bytes() -> "AbstractEventLoop":
    """
    Make an event loop for commands that upload.

    uvloop writes to sockets without the copies of Python's own loop; commands that upload nothing
    start sooner without it.
    """
    import asyncio  # noqa: PLC0415 - see `run`

    if sys.platform == "win32":
        return asyncio.new_event_loop()
    import uvloop  # noqa: PLC0415 - for those who need it

    return uvloop.new_event_loop()


async def _until_stopped(command: Coroutine[Any, Any, int], output: Output) -> int:
    """Treat SIGTERM like Ctrl-C, so that a service manager's stop is a clean one."""
    import asyncio  # noqa: PLC0415 - see `run`
    import signal  # noqa: PLC0415

    task = asyncio.ensure_future(command)

    def stop() -> None:
        if not task.cancelling():
            output.note("Stopping …")
        task.cancel()

    if sys.platform != "win32":
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop)
    return await task


def say_stopped(output: Output) -> None:
    """Give the answer of a command that was interrupted, where it has not given one itself."""
    if output.as_json and not output.answered:
        output.document(shapes.failure("interrupted", "interrupted", "Stopped."))


def explain(error: Exception, output: Output) -> ExitCode:
    """Say what went wrong, and return the exit code for it."""
    if isinstance(error, ProblemsError):
        _explain_problems(error, output)
        return ExitCode.REFUSED
    message = _sentence(error)
    if output.as_json and not output.answered:
        output.document(_failure(error, message))
    output.complain(message)
    if output.verbose:
        import traceback  # noqa: PLC0415 - only for those who ask

        output.complain("".join(traceback.format_exception(error)))
    return of_error(error) if isinstance(error, PellaciaError) else ExitCode.UNEXPECTED


def _failure(error: Exception, message: str) -> dict[str, Json]:
    if isinstance(error, PlatformError):
        return shapes.failure(str(error.kind), error.code, message, error.retry_at)
    kind = next((kind for one, kind in KINDS if isinstance(error, one)), "unexpected")
    return shapes.failure(kind, type(error).__name__, message)


def _sentence(error: Exception) -> str:
    if isinstance(error, PellaciaError):
        return str(error)
    if isinstance(error, OSError) and (error.filename or error.errno in NO_ROOM):
        where = f" {error.filename}" if error.filename else ""
        return (
            f"Cannot use{where or ' the disk'}: {error.strerror}. "
            "Make room, or choose another folder with PELLACIA_HOME."
        )
    what = " ".join(f"{type(error).__name__}: {error}".split())
    return (
        f"Something unexpected happened ({what}). What is in the queue stays there. "
        "The details: the same command with --verbose"
    )


def _explain_problems(error: ProblemsError, output: Output) -> None:
    if output.as_json:
        output.document(shapes.checked(error.problems, Status.FAILED, str(error)))
    output.complain(str(error))
    for address, problems in error.problems.items():
        output.complain(f"✗ {address}")
        for line in problem_lines(problems):
            output.complain(line)


def problem_lines(problems: Sequence["Problem"]) -> list[str]:
    """Every problem with the way to mend it."""
    return [f"    {problem.message} {problem.fix}" for problem in problems]
