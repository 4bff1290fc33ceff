"""Runs a command: the event loop, Ctrl-C, and what an error becomes."""

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from pellacia_service.cli import shapes
from pellacia_service.cli.exit_codes import ExitCode, of_error
from pellacia_service.cli.output import Output
from pellacia_service.facade import PellaciaError, ProblemsError, Status


def run(
    command: Coroutine[Any, Any, int],
    output: Output,
    *,
    after_interrupt: Callable[[], Coroutine[Any, Any, None]] | None = None,
) -> None:
    """
    Run a command to its end and leave the program with its exit code.

    Args:
        after_interrupt: says what state things are in after Ctrl-C.
    """
    try:
        code = asyncio.run(_until_terminated(command))
    except (KeyboardInterrupt, asyncio.CancelledError):
        if after_interrupt is not None:
            asyncio.run(after_interrupt())
        code = ExitCode.INTERRUPTED
    except PellaciaError as error:
        code = explain(error, output)
    sys.exit(int(code))


async def _until_terminated(command: Coroutine[Any, Any, int]) -> int:
    """Treat SIGTERM like Ctrl-C, so that a service manager's stop is a clean one."""
    task = asyncio.ensure_future(command)
    loop = asyncio.get_running_loop()
    if sys.platform != "win32":
        loop.add_signal_handler(signal.SIGTERM, task.cancel)
    return await task


def explain(error: PellaciaError, output: Output) -> ExitCode:
    """Say what went wrong, and return the exit code for it."""
    code = of_error(error)
    if isinstance(error, ProblemsError):
        if output.as_json:
            output.document(shapes.checked(error.problems, Status.FAILED, str(error)))
        complain_about(error, output)
        return code
    if output.as_json:
        kind = {ExitCode.SIGN_IN: "auth", ExitCode.REFUSED: "validation"}.get(code, "platform")
        output.document(shapes.failure(error, kind))
    output.complain(str(error))
    return code


def complain_about(error: ProblemsError, output: Output) -> None:
    """Print every problem with the way to mend it."""
    output.complain(str(error))
    for address, problems in error.problems.items():
        for problem in problems:
            output.complain(f"  {address}: {problem.message} {problem.fix}")
