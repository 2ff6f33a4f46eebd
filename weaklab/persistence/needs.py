"""What a file needs from outside: the user's own code, given by the caller or imported from modules they trust."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any, Literal

from weaklab.exceptions import PersistenceError, PersistenceWarning, did_you_mean, reason_of, warn_caller
from weaklab.persistence.sources import difference, same, sections_of

OnMismatch = Literal["raise", "warn", "ignore"]


def find_needed(
    needed: Any,
    lfs: Mapping[str, Any],
    parts: Mapping[str, Any],
    trust: Iterable[str],
    on_mismatch: OnMismatch,
) -> dict[str, Any]:
    """What a file needs, by its keys there.

    Parameters
    ----------
    needed : dict
        What the file says of it.
    lfs : mapping of name to labeling function
        The caller's.
    parts : mapping of key to object
        The caller's.
    trust : iterable of str
        Modules that the rest may be imported from.
    on_mismatch : {"raise", "warn", "ignore"}
        What to do where code is not as it was saved.

    Returns
    -------
    dict

    Raises
    ------
    PersistenceError
        If something is missing, all of which is listed; or code has changed, with the differences.
    """
    if not isinstance(needed, dict) or not all(_is_told(each) for each in needed.values()):
        raise PersistenceError("the file is damaged: it does not tell what it needs.")
    trust = frozenset(trust)
    found, missing, changed = {}, [], []
    for key, told in needed.items():
        given = lfs if told["sort"] == "lf" else parts
        if told["key"] in given:
            found[key] = given[told["key"]]
        elif _is_trusted(told["module"], trust):
            found[key] = _imported(told)
        else:
            missing.append(_line(told, lfs if told["sort"] == "lf" else parts))
            continue
        saved, present = [(name, text) for name, text in told["source"]], sections_of(found[key])
        if saved and present and not same(saved, present):
            changed.append(f"{_name(told)} is not as it was saved:\n{difference(saved, present)}")
    if missing:
        raise PersistenceError(
            "code is needed that is not in the file:\n" + "\n".join(missing) + "\nFiles hold no code that runs. Give "
            "labeling functions in lfs=[...] and other objects in parts={key: object}, or list in trust=[...] the "
            "modules to import them from."
        )
    if changed and on_mismatch != "ignore":
        text = "\n".join(changed)
        if on_mismatch == "raise":
            raise PersistenceError(f'{text}\nTo load it with the present code, say on_mismatch="warn".')
        warn_caller(text, PersistenceWarning)
    return found


def _is_told(told: Any) -> bool:
    return (
        isinstance(told, dict)
        and told.get("sort") in ("lf", "part")
        and isinstance(told.get("key"), str)
        and isinstance(told.get("what"), str)
        and all(told.get(name) is None or isinstance(told[name], str) for name in ("module", "name"))
        and isinstance(told.get("source"), list)
        and all(
            isinstance(section, list) and len(section) == 2 and all(isinstance(text, str) for text in section)
            for section in told["source"]
        )
    )


def _is_trusted(module: str | None, trust: frozenset[str]) -> bool:
    return module is not None and any(module == name or module.startswith(f"{name}.") for name in trust)


def _imported(told: dict[str, Any]) -> Any:
    """Something by module and name; only what that module itself defines, as it may hold other modules."""
    home, name = told["module"], told["name"]
    try:
        item: Any = import_module(home)
    except Exception as error:  # a module may raise anything
        raise PersistenceError(
            f"{home!r}, which {_name(told)} is in, cannot be imported: {reason_of(error)}"
        ) from error
    for part in (name or "").split("."):
        item = getattr(item, part, None)
        if isinstance(item, ModuleType):
            break
    if item is None or isinstance(item, ModuleType) or getattr(item, "__module__", None) != home:
        raise PersistenceError(f"the module {home!r} defines no {name!r:.80}; it was there when it was saved.")
    return item


def _name(told: dict[str, Any]) -> str:
    return f"labeling function {told['key']!r}" if told["sort"] == "lf" else f"{told['key']!r} ({told['what']})"


def _line(told: dict[str, Any], given: Mapping[str, Any]) -> str:
    hint = did_you_mean(told["key"], given) if given else ""
    if told["sort"] == "lf":
        return f"  lfs=[...]: {told['key']!r}, {told['what']}{f'.{hint}' if hint else ''}"
    return f"  parts={{{told['key']!r}: ...}}, {told['what']}{f'.{hint}' if hint else ''}"
