"""The command line: read words, call the door, print."""
