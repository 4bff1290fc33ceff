"""Pellacia Distribution: publishes videos on six platforms, never twice, never lost."""

__version__ = "0.1.0"
