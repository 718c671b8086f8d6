"""Files and folders that are there whole or not at all: written aside, then put in place by one rename.

What is aside begins with a dot and ends in ``.part``; a killed process may leave it, and nobody reads it.
"""

from __future__ import annotations

import glob
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a name to write a file under; if the block ends without an error, it is the file at `path` from then on.

    The file is on the disk before it gets its name, and the name before this returns: a power cut loses neither. Its
    folder is made if there is none.

    Raises:
        OSError: it cannot be written; what was at `path` is still there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = _aside(path)
    try:
        yield aside
        with aside.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)
    sync_folder(path.parent)


def write_text(path: Path, text: str) -> None:
    """Write a text as UTF-8 in place of what `path` holds; see `replacing`."""
    with replacing(path) as aside:
        aside.write_text(text, encoding="utf-8")


@contextmanager
def synced(path: Path) -> Iterator[BinaryIO]:
    """Open a file of a folder that is itself aside for writing; it is on the disk when the block ends."""
    with path.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Give a folder to fill; if the block ends without an error, it is the one at `folder` from then on.

    Raises:
        OSError: it cannot be written, or there is a folder with something in it already.
    """
    with beside(folder) as aside:
        yield aside
        os.rename(aside, folder)


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Give an empty folder beside a path, which goes away at the end; what is to be kept is moved out of it.

    Raises:
        OSError: it cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = _aside(path)
    aside.mkdir()
    try:
        yield aside
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def clear_aside(path: Path) -> None:
    """Remove the folders that killed processes have left aside of a path; nobody else may be writing it."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        shutil.rmtree(left, ignore_errors=True)


def sync_folder(folder: Path) -> None:
    """Make renames in a folder durable, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _aside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
