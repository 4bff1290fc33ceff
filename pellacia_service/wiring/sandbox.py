"""The sandbox as a command of its own."""

from pellacia_service.sandbox.server import serve_forever


def serve(*, port: int, seed: int) -> None:
    """Serve the six platforms on loopback until interrupted."""
    serve_forever(port=port, seed=seed)
