"""A log of training for TensorBoard."""

from __future__ import annotations

from typing import Any

from weaklab.exceptions import MissingExtraError
from weaklab.snorkel.classification.training.loggers.log_writer import LogWriter


class TensorBoardWriter(LogWriter):
    """Writes numbers where TensorBoard reads them.

    Parameters
    ----------
    **kwargs
        As for :class:`LogWriter`.

    Attributes
    ----------
    writer : torch.utils.tensorboard.SummaryWriter
        What writes.

    Raises
    ------
    MissingExtraError
        If TensorBoard is not installed.
    """

    def __init__(self, **kwargs: Any) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise MissingExtraError(
                "Logging for TensorBoard needs it: pip install tensorboard. Or use log_writer='json'."
            ) from error
        super().__init__(**kwargs)
        self.writer: Any = SummaryWriter(self.log_dir)

    def add_scalar(self, name: str, value: float, step: float) -> None:
        """Add a number; TensorBoard's steps are whole."""
        self.writer.add_scalar(name, value, step)

    def write_config(self, config: Any, config_filename: str = "config.json") -> None:
        """Write settings to a file, and as a text for TensorBoard."""
        super().write_config(config, config_filename)
        self.writer.add_text(tag="config", text_string=str(config))

    def cleanup(self) -> None:
        """Close the files."""
        self.writer.close()
