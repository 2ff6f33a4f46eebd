"""The conditions of a benchmark, in one line."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processor() -> str:
    """The name of the processor."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def commit() -> str:
    """The commit of the checkout, and whether the package differs from it."""
    head = _git("rev-parse", "--short", "HEAD")
    return "no commit" if not head else head + (" with changes" if _git("status", "--porcelain", "weaklab") else "")


def versions(*packages: str) -> str:
    """Their installed versions."""
    return ", ".join(f"{package} {metadata.version(package)}" for package in packages)


def host() -> str:
    """Processor, cores, system and Python."""
    where = f"{processor()} ({platform.machine()}), {cores()} cores, {platform.system()}"
    return f"{where}, Python {platform.python_version()}, weaklab at {commit()}"


def load() -> str:
    """What else the machine is doing: figures taken beside other work are upper bounds."""
    return f"load average {os.getloadavg()[0]:.1f} at the start" if hasattr(os, "getloadavg") else "load not known"


def _git(*words: str) -> str:
    try:
        done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip()
