"""The command line as a process of its own: a quick start, and a quick end."""

import gc
import os
import sys
from typing import NoReturn

INTERRUPTED = 130
STOPPED = (
    '{"error": {"kind": "interrupted", "code": "interrupted", "message": "Stopped.", '
    '"retry_at": null}}\n'
)


def run_program() -> NoReturn:
    """Run the command line and leave the process with its exit code."""
    # Importing makes some 120,000 objects and no garbage: looking for it costs a twentieth of a start.
    gc.set_threshold(150_000, 20, 20)
    # Pydantic would look through every installed package for plug-ins; we have none.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        from pellacia_service.cli.main import main  # noqa: PLC0415 - after the two lines above

        main()
    except SystemExit as ended:
        leave(ended.code)
    except KeyboardInterrupt:
        # Before any command was begun, and before anything that writes JSON was there.
        if "--json" in sys.argv:
            sys.stdout.write(STOPPED)
        leave(INTERRUPTED)
    leave(0)


def leave(code: object) -> NoReturn:
    """
    End the process without taking the interpreter apart, which takes longer than most commands.

    By now everything that was opened is closed: each by whoever opened it.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:  # closed by whoever started us: `>&-`
                stream.flush()
        except (OSError, ValueError):
            continue  # nobody reads it any more
    os._exit(code if isinstance(code, int) else int(code is not None))
