"""
The table of commands, in the order of the help.

Each is imported when it is added: the imports of all of them take as long as a short command.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import typer


@dataclass(frozen=True)
class Command:
    """
    One command, or group of commands.

    Args:
        add: imports it and adds it to the command line.
        summary: its line in the help, which imports none of them.
    """

    add: Callable[[typer.Typer], None]
    summary: str


def _demo(app: typer.Typer) -> None:
    from pellacia_service.cli.demo import demo

    app.command()(demo)


def _upload(app: typer.Typer) -> None:
    from pellacia_service.cli.upload import upload

    app.command()(upload)


def _schedule(app: typer.Typer) -> None:
    from pellacia_service.cli import schedule

    app.add_typer(schedule.app, name="schedule")


def _queue(app: typer.Typer) -> None:
    from pellacia_service.cli import queue

    app.add_typer(queue.app, name="queue")


def _worker(app: typer.Typer) -> None:
    from pellacia_service.cli.worker import worker

    app.command()(worker)


def _limits(app: typer.Typer) -> None:
    from pellacia_service.cli.limits import limits

    app.command()(limits)


def _watch(app: typer.Typer) -> None:
    from pellacia_service.cli.watch import watch

    app.command()(watch)


def _auth(app: typer.Typer) -> None:
    from pellacia_service.cli import auth

    app.add_typer(auth.app, name="auth")


def _sandbox(app: typer.Typer) -> None:
    from pellacia_service.cli.demo import sandbox

    app.command()(sandbox)


def _drill(app: typer.Typer) -> None:
    from pellacia_service.cli.drill import drill

    app.command()(drill)


def _db(app: typer.Typer) -> None:
    from pellacia_service.cli import db

    app.add_typer(db.app, name="db")


COMMANDS: Mapping[str, Command] = {
    "demo": Command(_demo, "Publish a sample video on all six platforms of a sandbox."),
    "upload": Command(_upload, "Publish a video on one or more platforms now."),
    "schedule": Command(_schedule, "Publish later, and see and change what is planned."),
    "queue": Command(_queue, "What is on its way, what went wrong, and what to do about it."),
    "worker": Command(_worker, "Publish what is due until stopped."),
    "limits": Command(
        _limits, "Show what is left of each platform's limits, and when it comes back."
    ),
    "watch": Command(
        _watch, "Take finished videos with their metadata (clip.mp4 and clip.json) into the queue."
    ),
    "auth": Command(_auth, "Connect accounts, and see which are connected."),
    "sandbox": Command(_sandbox, "Serve a six-platform sandbox until interrupted."),
    "drill": Command(
        _drill, "Kill real publishers at every step on the way to six platforms of the sandbox."
    ),
    "db": Command(_db, "The database's schema: up, down, where it stands."),
}
