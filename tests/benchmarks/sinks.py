"""The sink that swallows uploads, compiled and started; and curl, which uploads to it."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).with_name("sink.c")


@dataclass(frozen=True)
class Sink:
    """
    A running sink.

    Args:
        certificate: the certificate it shows; None for plain HTTP.
    """

    url: str
    certificate: Path | None = None


@contextmanager
def running_sink(*, tls: bool) -> Iterator[Sink]:
    """Compile the sink with the system's C compiler and run it (needs cc; for TLS also OpenSSL)."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        certificate = _certificate(place) if tls else None
        words = [str(_compiled(place, tls=tls))]
        if certificate:
            words += [str(certificate), str(place / "key.pem")]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        try:
            port = process.stdout.readline().strip() if process.stdout else ""
            yield Sink(f"{'https' if tls else 'http'}://127.0.0.1:{port}", certificate)
        finally:
            process.terminate()
            process.wait()


def _compiled(place: Path, *, tls: bool) -> Path:
    compiler = shutil.which("cc")
    if compiler is None:
        raise SystemExit("This benchmark needs a C compiler (cc) for a sink that is fast enough.")
    program = place / "sink"
    options = ["-DTLS", "-lssl", "-lcrypto"] if tls else []
    words = [compiler, "-O2", "-pthread", str(SOURCE), "-o", str(program), *options]
    subprocess.run(words, check=True)
    return program


def _certificate(place: Path) -> Path:
    certificate = place / "cert.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(place / "key.pem"), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    return certificate


def curl(path: Path, sink: Sink) -> subprocess.Popen[str]:
    """Start `curl -T`; it prints the seconds the transfer took."""
    trust = ["--cacert", str(sink.certificate)] if sink.certificate else []
    words = ["curl", "-s", *trust, "-T", str(path), f"{sink.url}/curl", "-o", "/dev/null"]
    return subprocess.Popen([*words, "-w", "%{time_total}"], stdout=subprocess.PIPE, text=True)
