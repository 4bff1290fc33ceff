"""What is typed: global options anywhere, help, and words that cannot be read."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from typer.core import TyperArgument, TyperGroup, TyperOption

from pellacia_service import __version__
from pellacia_service.cli.commands import COMMANDS as SUMMARIES
from pellacia_service.cli.main import whole_command_line
from pellacia_service.cli.words import split
from tests.front_ends.command import CommandLine

if TYPE_CHECKING:
    from typer._click.core import Command


def commands(group: TyperGroup, path: str = "") -> "Iterator[tuple[str, Command]]":
    """Every command with the words that call it."""
    yield path, group
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from commands(command, f"{path} {name}".strip())
        else:
            yield f"{path} {name}".strip(), command


COMMANDS = dict(commands(whole_command_line()))


def test_without_a_word_it_shows_the_help(empty: CommandLine) -> None:
    ended = empty.run()

    assert ended.code == 0
    assert "Usage: pellacia-dist" in ended.out
    assert ended.err == ""


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_help_that_needs_no_home(command: str, empty: CommandLine) -> None:
    ended = empty(*command.split(), "--help")

    assert ended.code == 0
    assert "Usage: pellacia-dist" in ended.out
    assert not empty.home.exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_says_what_it_is_for(command: str) -> None:
    silent = [
        parameter.name
        for parameter in COMMANDS[command].params
        if isinstance(parameter, TyperArgument | TyperOption) and not parameter.help
    ]

    assert silent == []


def test_the_version_is_one_line(empty: CommandLine) -> None:
    assert empty("--version").out == f"pellacia-dist {__version__}\n"


def test_the_version_is_a_document_too(empty: CommandLine) -> None:
    assert empty("--version", "--json").document == {"version": __version__}


@pytest.mark.parametrize("words", [["--json", "queue", "status"], ["queue", "--json", "status"]])
def test_a_global_option_may_stand_anywhere(words: list[str], empty: CommandLine) -> None:
    assert empty(*words).document["total"] == 0


def test_a_global_option_that_is_a_value_stays_a_value() -> None:
    words = ["upload", "--title", "--json", "--dry-run", "--quiet"]

    flags, rest = split(words, {"--dry-run"})

    assert flags == {"--quiet"}
    assert rest == ["upload", "--title", "--json", "--dry-run"]


def test_behind_two_dashes_nothing_is_an_option() -> None:
    assert split(["auth", "--", "--json"], set()) == (frozenset(), ["auth", "--", "--json"])


def test_quiet_says_nothing_when_all_is_well(empty: CommandLine) -> None:
    ended = empty("queue", "status", "--quiet")

    assert (ended.code, ended.out, ended.err) == (0, "", "")


def test_quiet_still_says_what_went_wrong(empty: CommandLine) -> None:
    assert "is no id" in empty("--quiet", "queue", "show", "--id", "x").err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Missing command."),
        (["bogus"], "No such command 'bogus'."),
        (["queue"], "Missing command."),
        (["upload"], "Missing option '--file'."),
        (["upload", "--fil", "x"], "No such option: --fil (Possible options: --file"),
        (["upload", "--file"], "Option '--file' requires an argument."),
        (["queue", "show", "--id", "1", "2"], "Got unexpected extra argument(s) (2)"),
        (["worker", "--concurrency", "0"], "greater than or equal to 1."),
        (["sandbox", "--port", "70000"], "less than or equal to 65535."),
        (["queue", "list", "--status", "odd"], "Invalid value for '--status': 'odd' is not one of"),
    ],
)
def test_words_that_cannot_be_read_are_answered_with_2_and_a_document(
    words: list[str], said: str, empty: CommandLine
) -> None:
    ended = empty("--json", *words)

    assert ended.code == 2
    assert said in ended.message
    assert ended.document["error"]["kind"] == "validation"
    assert ended.err.startswith(ended.message)
    assert "See: pellacia-dist" in ended.err


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (["upload", "--file", "x.mp4", "--title", b"bad\xff"], "--title"),
        (["upload", "--file", "x.mp4", b"--description=bad\xff"], "--description"),
        (["upload", "--file", b"bad\xff.mp4"], "--file"),
        (["queue", "show", "--id", b"\xff"], "--id"),
        ([b"\xff"], "The command line"),
    ],
)
def test_bytes_that_are_not_utf8_are_refused_by_the_name_of_the_option(
    words: list[str | bytes], field: str, empty: CommandLine
) -> None:
    typed = [
        word if isinstance(word, str) else word.decode(errors="surrogateescape") for word in words
    ]

    ended = empty(*typed, "--json")

    assert ended.code == 2
    assert ended.message.startswith(f"{field} holds bytes that are no UTF-8 text")


def test_bytes_that_are_not_utf8_are_refused_in_a_real_command_line(empty: CommandLine) -> None:
    ended = empty.run("upload", "--file", "x.mp4", "--title", b"bad\xff")

    assert ended.code == 2
    assert ended.err.startswith(
        "--title holds bytes that are no UTF-8 text: 'bad\N{REPLACEMENT CHARACTER}'"
    )


@pytest.mark.parametrize("name", SUMMARIES)
def test_the_help_says_of_a_command_what_the_command_says_of_itself(name: str) -> None:
    command = whole_command_line().commands[name]

    assert command.get_short_help_str(500) == SUMMARIES[name].summary
