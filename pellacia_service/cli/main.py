"""The command line: what holds for all commands."""

import sys
from collections.abc import Iterator, Sequence
from typing import Annotated

import typer
from typer.core import TyperGroup, TyperOption
from typer.main import get_group

from pellacia_service.cli import shapes, words
from pellacia_service.cli.commands import COMMANDS
from pellacia_service.cli.exit_codes import ExitCode
from pellacia_service.cli.output import Output
from pellacia_service.cli.running import explain, say_stopped
from pellacia_service.facade import __version__

PROGRAM = "pellacia-dist"


def command_line(named: str | None) -> TyperGroup:
    """
    Build the command that was named; where none was, the help's lines of all of them.

    A user who asks for the queue's state, or for help, does not wait for the other ten.
    """
    app = _program()
    if named is not None and named in COMMANDS:
        COMMANDS[named].add(app)
    else:
        for name, command in COMMANDS.items():
            app.command(name, help=command.summary)(_stand_in)
    return get_group(app)


def whole_command_line() -> TyperGroup:
    """Build all commands, for whoever wants to read them."""
    app = _program()
    for command in COMMANDS.values():
        command.add(app)
    return get_group(app)


def _program() -> typer.Typer:
    app = typer.Typer(
        name=PROGRAM,
        help="Publish videos on YouTube, Instagram, TikTok, X, LinkedIn and Facebook: "
        "never twice, never lost.",
        epilog="New here? `pellacia-dist demo` publishes a sample on all six, without any account.",
        add_completion=False,
        # Its rich help doubles the time to the first word.
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(options)
    return app


def _stand_in() -> None:
    """Stand in the help for a command that was not named."""


def _print_version(context: typer.Context, wanted: bool) -> None:
    if not wanted:
        return
    output: Output = context.obj
    if output.as_json:
        output.document({"version": __version__})
    output.line(f"{PROGRAM} {__version__}")
    raise typer.Exit


def options(
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document on stdout, all else on stderr.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say only what went wrong.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Show the details of what went wrong.")
    ] = False,
    no_color: Annotated[
        bool, typer.Option("--no-color", help="No colours; so does NO_COLOR=1.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Show the global options in the help; `words.split` has read them wherever they stood."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    group = command_line(next((word for word in given if not word.startswith("-")), None))
    flags, rest = words.split(given, {"-h", "--help", *_flags(group)})
    output = Output(
        as_json="--json" in flags,
        quiet="--quiet" in flags,
        verbose="--verbose" in flags,
        color="--no-color" not in flags,
    )
    sys.exit(int(_run(group, rest if given else ["--help"], output)))


def _run(group: TyperGroup, rest: list[str], output: Output) -> int:
    try:
        words.refuse_what_is_no_text(rest)
        ended = group.main(args=rest, prog_name=PROGRAM, obj=output, standalone_mode=False)
    except typer.TyperException as error:
        return _refuse(error, _path(group, rest), output)
    except (KeyboardInterrupt, typer.Abort):
        say_stopped(output)
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the outermost place: whatever it is, say it in words
        return explain(error, output)
    if ended == ExitCode.INTERRUPTED:  # how Typer says that Ctrl-C came before a command ran
        say_stopped(output)
    return ended if isinstance(ended, int) else ExitCode.OK


def _refuse(error: typer.TyperException, path: list[str], output: Output) -> ExitCode:
    """Say what is wrong with the words themselves, and where to read more."""
    # The checks behind the options are pydantic's, and begin their sentences in its own way.
    message = error.format_message().replace("Value error, ", "")
    message = message if message.endswith((".", ")")) else f"{message}."
    if output.as_json:
        output.document(shapes.failure("validation", "usage", message))
    output.complain(f"{message}\nSee: {' '.join([PROGRAM, *path, '--help'])}")
    return ExitCode.REFUSED


def _path(group: TyperGroup, rest: list[str]) -> list[str]:
    """Return the words that name commands."""
    if not rest or rest[0] not in group.commands:
        return []
    command = group.commands[rest[0]]
    return [rest[0], *(_path(command, rest[1:]) if isinstance(command, TyperGroup) else [])]


def _flags(group: TyperGroup) -> Iterator[str]:
    """Yield every option that takes no value, of all commands."""
    for command in (group, *group.commands.values()):
        for parameter in command.params:
            if isinstance(parameter, TyperOption) and parameter.is_flag:
                yield from parameter.opts
        if isinstance(command, TyperGroup) and command is not group:
            yield from _flags(command)
