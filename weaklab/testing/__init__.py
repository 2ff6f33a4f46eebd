"""Laws that any label model, and any refiner, must keep, for weaklab's own and for yours.

::

    from weaklab.testing import check_label_model

    def test_my_model_keeps_the_laws():
        check_label_model(MyModel())

Each law is a function of an unfitted model, with a name and a sentence; it raises ``AssertionError`` where it is
broken. A model states the laws that it cannot keep in ``law_exemptions``, each with its reason. It need not descend
from :class:`weaklab.label_models.BaseLabelModel`: ``docs/your-own-label-model.md`` says what is asked of it, with an
example of either kind and all laws. :func:`check_refiner` does the same for refiners: descendants of
:class:`weaklab.refine.Refiner`, or anything with its ``fit_transform`` and ``>>``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sklearn.base import clone

from weaklab.exceptions import ParameterError, did_you_mean
from weaklab.testing.laws import LAWS, Law
from weaklab.testing.refiner_laws import REFINER_LAWS

__all__ = ["LAWS", "REFINER_LAWS", "Law", "check_label_model", "check_refiner", "laws_for", "refiner_laws_for"]


def check_label_model(model: Any) -> None:
    """Check that a label model keeps every law that it is not exempt from.

    Parameters
    ----------
    model : label model
        Unfitted, an estimator as scikit-learn's ``clone`` takes it, with a parameter ``classes``; it is cloned, never
        changed. Its ``law_exemptions``, a dict from law to reason, is honoured.

    Raises
    ------
    AssertionError
        At the first law that is broken; the message names the law and says its sentence.
    ParameterError
        If the model is exempt from a law that does not exist.

    Examples
    --------
    >>> from weaklab import MajorityVote
    >>> check_label_model(MajorityVote())
    """
    _check(model, laws_for(model))


def check_refiner(refiner: Any) -> None:
    """Check that a refiner keeps every law that it is not exempt from.

    Parameters
    ----------
    refiner : refiner
        An estimator as scikit-learn's ``clone`` takes it; it is cloned, never changed. It is tried on three classes.
        Its ``law_exemptions``, a dict from law to reason, is honoured.

    Raises
    ------
    AssertionError
        At the first law that is broken; the message names the law and says its sentence.
    ParameterError
        If the refiner is exempt from a law that does not exist, or without a reason.

    Examples
    --------
    >>> from weaklab.refine import MetricRefiner, ordinal_metric
    >>> check_refiner(MetricRefiner(ordinal_metric(3)))
    """
    _check(refiner, refiner_laws_for(refiner))


def laws_for(model: Any) -> Iterator[tuple[str, Law]]:
    """The laws that a model must keep, as (name, function); for ``pytest.mark.parametrize``.

    Parameters
    ----------
    model : label model
        Its ``law_exemptions`` are left out.

    Yields
    ------
    name : str
    law : callable
        Takes an unfitted model.

    Raises
    ------
    ParameterError
        If the model is exempt from a law that does not exist, or without a reason.
    """
    return _not_exempt(model, LAWS)


def refiner_laws_for(refiner: Any) -> Iterator[tuple[str, Law]]:
    """The laws that a refiner must keep, as (name, function); see :func:`laws_for`."""
    return _not_exempt(refiner, REFINER_LAWS)


def _check(one: Any, laws: Iterator[tuple[str, Law]]) -> None:
    for name, law in laws:
        try:
            law(clone(one))
        except Exception as error:
            sentence = (law.__doc__ or "").strip()
            hint = ""
            if isinstance(error, AttributeError):
                hint = f" If it is not meant to have that, say why: law_exemptions = {{{name!r}: ...}}."
            raise AssertionError(f"{type(one).__name__} breaks the law {name!r}: {sentence} ({error}){hint}") from error


def _not_exempt(one: Any, laws: tuple[Law, ...]) -> Iterator[tuple[str, Law]]:
    exemptions = getattr(one, "law_exemptions", {})
    known = {law.__name__ for law in laws}
    for name, reason in exemptions.items():
        if name not in known:
            raise ParameterError(f"law_exemptions: there is no law {name!r}.{did_you_mean(name, known)}")
        if not isinstance(reason, str) or not reason.strip():
            raise ParameterError(f"law_exemptions: the exemption from {name!r} needs a reason.")
    for law in laws:
        if law.__name__ not in exemptions:
            yield law.__name__, law
