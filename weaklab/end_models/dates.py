"""A column of dates and times: where they stand in the day, the week and the year, and the trend."""

from __future__ import annotations

import datetime
import re
from typing import Any

import numpy as np
import pandas as pd

from weaklab.end_models.encoders import Block, centre, spread, standardised, wrong_value
from weaklab.typing import Floats

_DAY = 86_400.0  # seconds
_MONTH = re.compile(r"\d{4}-\d{2}")


class DateColumn:
    """A column of dates: the time itself, standardised, and its place in the day, the week and the year.

    Each cycle is two features, the sine and the cosine of an angle, so that the last hour of a day stands beside the
    first one of the next. A cycle in which the dates at fit do not differ is left out: plain dates have no hour. Dates
    with a time zone are read as the clock on the wall shows them, texts as ISO 8601 writes dates, the year first.

    Parameters
    ----------
    name : object
        The column's name, for errors.

    Attributes
    ----------
    cycles_ : tuple of str
        Which of "day", "week" and "year" have features.
    first_, last_ : Timestamp
        The range at fit; NaT where all are missing.
    missing_ : float in [0, 1]
        The share of missing dates at fit; above 0 there is a column of 0 and 1 for them. The other features of a
        missing date are 0.

    Examples
    --------
    >>> column = DateColumn("sent")
    >>> column.fit_transform(pd.Series(pd.to_datetime(["2024-01-01 06:00", "2024-01-01 18:00"]))).round(2)
    array([[-1.,  1.,  0.],
           [ 1., -1., -0.]], dtype=float32)
    >>> column.detail
    'trend and place in the day, 2024-01-01 to 2024-01-01'
    """

    def __init__(self, name: Any) -> None:
        self.name = name

    @property
    def n_columns(self) -> int:
        """1 for the trend, 2 for each cycle, and 1 where dates are missing."""
        return 1 + 2 * len(self.cycles_) + bool(self.missing_)

    @property
    def detail(self) -> str:
        """What was learnt, in words."""
        if pd.isna(self.first_):
            return "all missing"
        cycles = f" and place in the {', '.join(self.cycles_)}" if self.cycles_ else ""
        missing = f", {self.missing_:.1%} missing" if self.missing_ else ""
        return f"trend{cycles}, {self.first_.date()} to {self.last_.date()}{missing}"

    def fit_transform(self, column: pd.Series) -> Block:
        """Learn from a column, and encode it."""
        dates = self._dates(column)
        known = dates.dropna()
        seconds = _seconds(known)
        self.first_, self.last_ = known.min(), known.max()
        self.missing_ = float(dates.isna().mean())
        self.mean_ = float(centre(seconds[:, None])[0]) if len(known) else 0.0
        self.std_ = float(spread(seconds[:, None])[0]) if len(known) else np.inf
        self.cycles_ = tuple(name for name, step in _steps(known).items() if len(step) and np.ptp(step) > 0)
        return self._encode(dates)

    def transform(self, column: pd.Series) -> Block:
        """Encode a column, (n, n_columns)."""
        return self._encode(self._dates(column))

    def _encode(self, dates: pd.Series) -> Block:
        missing = dates.isna().to_numpy()
        filled = dates.fillna(self.first_ if not pd.isna(self.first_) else pd.Timestamp(0))
        turns = _turns(filled)
        columns = [standardised(_seconds(filled), self.mean_, self.std_)]
        for cycle in self.cycles_:
            columns += [np.sin(2 * np.pi * turns[cycle]), np.cos(2 * np.pi * turns[cycle])]
        block = np.column_stack(columns)  # (n, 1 + 2 cycles)
        block[missing] = 0
        return np.column_stack([block, missing] if self.missing_ else [block]).astype(np.float32)

    def _dates(self, column: pd.Series) -> pd.Series:
        """The column as datetime64 without time zone."""
        if not pd.api.types.is_datetime64_any_dtype(column.dtype):
            if pd.api.types.is_numeric_dtype(column.dtype):
                wrong = column.notna().to_numpy()
                if wrong.any():
                    raise wrong_value(column, wrong, self.name, "dates (numbers would have no unit)")
                column = pd.Series(pd.NaT, index=column.index, dtype="datetime64[us]")
            given = column
            column = pd.Series([_date(value) for value in given], index=given.index, dtype="datetime64[us]")
            wrong = (column.isna() & given.notna()).to_numpy()
            if wrong.any():
                expected = (
                    "dates (datetime, or texts as ISO 8601 writes them, such as 2024-05-31; of another form, give "
                    'pd.to_datetime(column, format="%d/%m/%Y"))'
                )
                raise wrong_value(given, wrong, self.name, expected)
        return column.dt.tz_localize(None) if column.dt.tz is not None else column


def _date(value: Any) -> Any:
    """A date as the clock on the wall shows it; NaT where it is none."""
    if isinstance(value, (int, float, bool, np.number)):
        return pd.NaT  # a number has no unit
    try:
        if isinstance(value, str):  # pandas would guess, text by text, which number is the month
            text = value.strip()
            value = datetime.datetime.fromisoformat(f"{text}-01" if _MONTH.fullmatch(text) else text)
        stamp = pd.Timestamp(value)
    except (TypeError, ValueError):
        return pd.NaT
    return stamp if stamp is pd.NaT or stamp.tz is None else stamp.tz_localize(None)


def _seconds(dates: pd.Series) -> Floats:
    """Seconds since 1970 by the wall clock."""
    return np.asarray(dates.to_numpy().astype("datetime64[s]").astype(np.int64), dtype=np.float64)


def _steps(dates: pd.Series) -> dict[str, Floats]:
    """Where in each cycle the dates are: seconds of the day, days of the week from Monday, days of the year."""
    return {
        "day": _seconds(dates) % _DAY,
        "week": dates.dt.day_of_week.to_numpy(dtype=np.float64),
        "year": dates.dt.day_of_year.to_numpy(dtype=np.float64) - 1,
    }


def _turns(dates: pd.Series) -> dict[str, Floats]:
    """How much of the day, the week and the year is over, in [0, 1)."""
    steps = _steps(dates)
    day = steps["day"] / _DAY
    length = np.where(dates.dt.is_leap_year.to_numpy(dtype=bool), 366, 365)
    return {"day": day, "week": (steps["week"] + day) / 7, "year": (steps["year"] + day) / length}
