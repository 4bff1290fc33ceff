"""`python -m pellacia_service`: the command line."""

from pellacia_service.cli.main import main

main()
