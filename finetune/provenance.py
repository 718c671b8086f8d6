"""Where a result comes from: commit, machine, data and code, kept with every figure and every adapter."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_PACKAGES = ("retrieval.", "chat.", "finetune.")
_LIBRARIES = ("numpy", "scipy", "torch", "transformers", "peft", "sentence-transformers")


def commit() -> str:
    """Return the git commit of the code, with ``+changes`` if files differ from it, "" outside a repository."""
    head = _git("rev-parse", "HEAD")
    return f"{head}+changes" if head and _git("status", "--porcelain", "--untracked-files=no") else head


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(_ROOT), *arguments], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def command(module: str, arguments: Sequence[str]) -> str:
    """Return what was run as one would write it, without where this machine keeps its files."""
    written = (os.path.relpath(part) if os.path.isabs(part) else part for part in arguments)
    return shlex.join(["python", "-m", module, *written])


def now() -> str:
    """Return the time, e.g. ``2026-11-22T18:04:05+00:00``."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def hardware() -> dict[str, str | int]:
    """Return processor, cores that may be used, memory, and the GPU if torch is loaded and has one."""
    found: dict[str, str | int] = {"processor": _processor(), "cores": len(os.sched_getaffinity(0))}
    found["memory"] = f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        found["gpu"] = torch.cuda.get_device_name()
    return found


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8", errors="replace").splitlines() if info.is_file() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that figures depend on."""
    installed = {d.name for d in importlib.metadata.distributions()}
    libraries = {name: importlib.metadata.version(name) for name in _LIBRARIES if name in installed}
    return {"python": platform.python_version(), **libraries}


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, or of a folder's files with their names."""
    if path.is_dir():
        parts = [f"{p.relative_to(path)} {file_digest(p)}" for p in sorted(path.rglob("*")) if p.is_file()]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def file_digests(paths: Iterable[Path]) -> dict[str, str]:
    """Return the digest of each file by its path as it was given."""
    return {str(path): file_digest(path) for path in paths}


def sources_digest(names: Iterable[str]) -> str:
    """Return a digest of Python files and folders of them, by their names below the project's folder."""
    found = (
        path for name in names for path in ([_ROOT / name] if name.endswith(".py") else (_ROOT / name).rglob("*.py"))
    )
    parts = [f"{path.relative_to(_ROOT)} {file_digest(path)}" for path in sorted(found)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def code_digest(without: Iterable[str] = ()) -> str:
    """Return a digest of all our modules that are loaded, but those named in `without`."""
    left_out = frozenset(without)
    ours = sorted(name for name in sys.modules if name.startswith(_PACKAGES) and name not in left_out)
    files = ((name, getattr(sys.modules[name], "__file__", None)) for name in ours)
    parts = [f"{name} {file_digest(Path(file))}" for name, file in files if file]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
