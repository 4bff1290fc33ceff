"""`python -m pellacia_service`: the command line."""

from pellacia_service.cli.program import run_program

run_program()
