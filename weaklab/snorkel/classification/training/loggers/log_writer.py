"""A log of training as JSON."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from weaklab.snorkel.utils.config_utils import plain


class LogWriterConfig(NamedTuple):
    """The folder of all logs, and the name of this one (by default the date and the time)."""

    log_dir: str = "logs"
    run_name: str | None = None


class LogWriter:
    """Collects numbers by name and step, and writes them to ``log.json`` at the end.

    Parameters
    ----------
    **kwargs
        ``log_dir``, the folder of all logs; ``run_name``, the folder of this one within it, by default date and time.

    Attributes
    ----------
    log_dir : str
        The folder of this log.
    run_log : dict of str to list of [step, value]
        What was added.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> writer = LogWriter(log_dir=mkdtemp(), run_name="demo")
    >>> writer.add_scalar("loss", 0.5, step=10)
    >>> writer.cleanup()
    >>> (Path(writer.log_dir) / "log.json").read_text()
    '{"loss": [[10, 0.5]]}'
    """

    def __init__(self, **kwargs: Any) -> None:
        self.config = LogWriterConfig(**kwargs)
        self.run_name = self.config.run_name or datetime.now().strftime("%Y_%m_%d/%H_%M_%S/")
        folder = Path(self.config.log_dir) / self.run_name
        folder.mkdir(parents=True, exist_ok=True)
        self.log_dir = str(folder)
        self.run_log: defaultdict[str, list[list[float]]] = defaultdict(list)

    def add_scalar(self, name: str, value: float, step: float) -> None:
        """Add a number.

        Parameters
        ----------
        name : str
            What it is.
        value : float
            How much.
        step : float
            When.
        """
        self.run_log[name].append([step, float(value)])

    def write_config(self, config: Any, config_filename: str = "config.json") -> None:
        """Write settings to a file, those within settings by their names too.

        Parameters
        ----------
        config : named tuple
            The settings.
        config_filename : str
            The file's name.
        """
        self.write_json(plain(config), config_filename)

    def write_log(self, log_filename: str) -> None:
        """Write all numbers so far to a file.

        Parameters
        ----------
        log_filename : str
            The file's name.
        """
        self.write_json(self.run_log, log_filename)

    def write_text(self, text: str, filename: str) -> None:
        """Write a text to a file.

        Parameters
        ----------
        text : str
            The text.
        filename : str
            The file's name.
        """
        (Path(self.log_dir) / filename).write_text(text, encoding="utf-8")

    def write_json(self, dict_to_write: Mapping[str, Any], filename: str) -> None:
        """Write what JSON can hold to a file.

        Parameters
        ----------
        dict_to_write : mapping
            What to write.
        filename : str
            The file's name.
        """
        self.write_text(json.dumps(dict_to_write), filename)

    def cleanup(self) -> None:
        """Write ``log.json``."""
        self.write_log("log.json")
