"""Policies: sequences of transformation functions for a data point."""

from __future__ import annotations


class Policy:
    """What a policy has; one of your own has ``generate``.

    Parameters
    ----------
    n_tfs : int
        How many transformation functions there are.
    n_per_original : int
        How many copies are made of each data point.
    keep_original : bool
        Whether the data point itself stays, in front of its copies.
    """

    def __init__(self, n_tfs: int, n_per_original: int = 1, keep_original: bool = True) -> None:
        self.n, self.n_per_original, self.keep_original = n_tfs, n_per_original, keep_original

    def generate(self) -> list[int]:
        """The numbers of transformation functions for one copy, in order."""
        raise NotImplementedError

    def generate_for_example(self) -> list[list[int]]:
        """What becomes of one data point; an empty sequence is the data point itself."""
        kept: list[list[int]] = [[]] if self.keep_original else []
        return kept + [self.generate() for _ in range(self.n_per_original)]


class ApplyAllPolicy(Policy):
    """All transformation functions one after the other.

    Examples
    --------
    >>> ApplyAllPolicy(3, n_per_original=2, keep_original=False).generate_for_example()
    [[0, 1, 2], [0, 1, 2]]
    """

    def generate(self) -> list[int]:
        """All, in order."""
        return list(range(self.n))


class ApplyOnePolicy(ApplyAllPolicy):
    """The one transformation function that there is."""

    def __init__(self, n_per_original: int = 1, keep_original: bool = True) -> None:
        super().__init__(1, n_per_original, keep_original)


class ApplyEachPolicy(Policy):
    """A copy by each transformation function.

    Examples
    --------
    >>> ApplyEachPolicy(3).generate_for_example()
    [[], [0], [1], [2]]
    """

    def __init__(self, n_tfs: int, keep_original: bool = True) -> None:
        super().__init__(n_tfs, n_tfs, keep_original)

    def generate_for_example(self) -> list[list[int]]:
        """One sequence for each."""
        kept: list[list[int]] = [[]] if self.keep_original else []
        return kept + [[number] for number in range(self.n)]
