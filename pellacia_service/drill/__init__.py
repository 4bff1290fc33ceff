"""The drill: kills real publishers on purpose, and counts what the platforms saw of it."""
