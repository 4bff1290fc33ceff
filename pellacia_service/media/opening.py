"""
Opening a file that somebody named, which may be anything.

A named pipe, a device or a socket is never opened: reading one can wait for ever. What is wrong is
said in a sentence that names the file and what helps.
"""

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from pellacia_service.errors import BadInputError

if sys.platform == "win32":
    READ_ONLY = os.O_RDONLY | os.O_BINARY
else:
    # Without O_NONBLOCK, a pipe put in the file's place after the look would hold the opening up.
    READ_ONLY = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC

NOT_A_FILE = {
    stat.S_IFDIR: "is a folder. Name the video file inside it.",
    stat.S_IFIFO: "is a pipe, not a file. Write its content to a file first.",
    stat.S_IFSOCK: "is a socket, not a file. Name the video file itself.",
    stat.S_IFCHR: "is a device, not a file. Copy the video to a file first.",
    stat.S_IFBLK: "is a device, not a file. Copy the video to a file first.",
}

CANNOT_OPEN = {
    errno.ENOENT: "does not exist. Check the name and the folder.",
    errno.ENOTDIR: "does not exist: a part of its path is a file. Check the name and the folder.",
    errno.EACCES: "may not be read by this user. Change its permissions, or those of its folder.",
    errno.EPERM: "may not be read by this user. Change its permissions, or those of its folder.",
    errno.ELOOP: "is a symbolic link that leads back to itself. Name the video file itself.",
    errno.ENAMETOOLONG: "has a name that is too long for this computer. Give it a shorter one.",
    errno.ENXIO: "is a socket or a device, not a file. Name the video file itself.",
    errno.ESTALE: "is gone from its network drive. Connect the drive again.",
    errno.EIO: "cannot be read: its disk reports an error. Copy it from another place.",
}


def look(path: Path) -> os.stat_result:
    """
    Return what the file system knows of a regular file, without opening it.

    Raises:
        BadInputError: there is none, or it is no regular file.
    """
    try:
        found = path.stat()
    except (OSError, ValueError) as trouble:
        raise cannot_open(path, trouble) from trouble
    return _regular(path, found)


@contextmanager
def opened(path: Path) -> Iterator[FileIO]:
    """
    Open a regular file for reading, unbuffered, and close it at the end.

    Raises:
        BadInputError: it is missing, unreadable, or no regular file.
    """
    descriptor = open_descriptor(path)
    with FileIO(descriptor) as file:
        yield file


def open_descriptor(path: Path) -> int:
    """
    Open a regular file for reading. The caller closes the descriptor.

    Raises:
        BadInputError: it is missing, unreadable, or no regular file.
    """
    look(path)
    try:
        descriptor = os.open(path, READ_ONLY)
    except OSError as trouble:
        raise cannot_open(path, trouble) from trouble
    try:
        _regular(path, os.fstat(descriptor))
    except BadInputError:
        os.close(descriptor)
        raise
    return descriptor


def cannot_open(path: Path, trouble: OSError | ValueError) -> BadInputError:
    """Say in a sentence why a file cannot be opened or read."""
    number = trouble.errno if isinstance(trouble, OSError) else None
    reason = CANNOT_OPEN.get(number or 0, f"cannot be read: {trouble}.")
    return BadInputError(f"{path} {reason}")


def _regular(path: Path, found: os.stat_result) -> os.stat_result:
    """Return what was found, or refuse what is no regular file."""
    kind = stat.S_IFMT(found.st_mode)
    if kind != stat.S_IFREG:
        raise BadInputError(f"{path} {NOT_A_FILE.get(kind, 'is not a regular file.')}")
    return found
