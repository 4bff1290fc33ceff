"""The sandbox as a command of its own."""

from pellacia_service.sandbox.server import serve_forever


def serve(*, port: int, seed: int, pace: float = 1.0) -> None:
    """
    Serve the six platforms on loopback until interrupted.

    Args:
        pace: how long videos are processed, as a part of what is usual in the sandbox.
    """
    serve_forever(port=port, seed=seed, pace=pace)
