"""
The program's entry: the app when there is a terminal and no argument, else the command line.

The only file that knows both faces; it imports neither before it knows which.
"""

import sys


def main() -> None:
    """Open the app or run a command."""
    if len(sys.argv) == 1 and sys.stdin.isatty() and sys.stdout.isatty():
        from pellacia_tui.app import PellaciaApp  # noqa: PLC0415 - a command needs no Textual

        PellaciaApp().run()
        return
    from pellacia_service.cli.program import run_program  # noqa: PLC0415 - the app needs no Typer

    run_program()


if __name__ == "__main__":
    main()
