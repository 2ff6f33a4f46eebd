"""What tests of kept votes share."""

import numpy as np
import pandas as pd
import pytest

from weaklab.apply import apply


@pytest.fixture
def assert_run_again():
    """A check: reused while nothing changes; run again after a change, which changes votes."""

    def run(lfs, frame, cache, **options):
        return apply(lfs, frame, cache=cache, progress=False, **options)

    def check(before, after, frame, cache, frame_after=None, **options):
        first = run(before, frame, cache, **options)
        assert "reused" not in first.attrs
        again = run(before, frame, cache, **options)
        assert again.attrs["reused"] == tuple(first.columns)
        pd.testing.assert_frame_equal(first, again)
        after = after() if callable(after) and not hasattr(after, "pre") else after
        changed_frame = frame if frame_after is None else frame_after
        fresh = run(after, changed_frame, cache, **options)
        assert "reused" not in fresh.attrs
        pd.testing.assert_frame_equal(fresh, run(after, changed_frame, False, **options))
        assert not np.array_equal(fresh.to_numpy(), first.to_numpy()), "a change that no vote shows tests nothing"
        assert run(after, changed_frame, cache, **options).attrs["reused"] == tuple(fresh.columns)

    return check
