"""The archive: a zip of one JSON text and of arrays as ``.npy``, written in one go, and read with distrust."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from weaklab.exceptions import PersistenceError, reason_of

#: What the JSON of an archive says that it is.
FORMAT = "weaklab"
#: The version of the format that is written; all from 1 to it are read.
VERSION = 1

_MANIFEST = "manifest.json"
#: Kinds of numpy's dtypes that are numbers, truth values, texts or times, and so no pointers.
_KINDS = frozenset("biufcUSMm")
_ARRAY = re.compile(r"arrays/(0|[1-9][0-9]{0,8})\.npy", re.ASCII)
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same bytes whenever they are written
_READ_AT_ONCE = 2**20


def write_archive(path: str | os.PathLike[str], content: Mapping[str, Any], arrays: Sequence[np.ndarray]) -> Path:
    """Write an archive; the file is there as a whole, or as it was before.

    Parameters
    ----------
    path : str or PathLike
        The file; one that is there is replaced.
    content : mapping
        What the manifest holds beside format and version.
    arrays : sequence of ndarray
        Of numbers, truth values, texts or times.

    Returns
    -------
    Path

    Raises
    ------
    PersistenceError
        If the file cannot be written.
    """
    path = Path(path)
    members = [_to_npy(array) for array in arrays]
    digests = [hashlib.sha256(member).hexdigest() for member in members]
    manifest = {"format": FORMAT, "version": VERSION, **content, "sha256": digests}
    text = json.dumps(manifest, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode()
    part = path.with_name(f".{path.name[:100]}.{uuid4().hex}.part")  # beside it, as a file system renames at once
    try:
        with open(part, "xb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                archive.writestr(zipfile.ZipInfo(_MANIFEST, _EPOCH), text)
                for at, member in enumerate(members):
                    archive.writestr(zipfile.ZipInfo(f"arrays/{at}.npy", _EPOCH), member)
            file.flush()
            os.fsync(file.fileno())
        if path.is_file():
            part.chmod(path.stat().st_mode & 0o777)
        part.replace(path)
    except OSError as error:
        raise PersistenceError(f"{str(path)!r} cannot be written: {reason_of(error)}") from error
    finally:
        part.unlink(missing_ok=True)
    return path


def read_archive(path: str | os.PathLike[str]) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Read an archive, and trust nothing in it.

    Members are neither compressed nor of any other name than is expected, so that what is read is no more than the
    file holds; nothing is unpacked to the disk, and no pickle is read.

    Parameters
    ----------
    path : str or PathLike
        The file.

    Returns
    -------
    manifest : dict
        The JSON.
    arrays : list of ndarray
        Each can be written to.

    Raises
    ------
    PersistenceError
        If there is no such file, it is no archive of ours, of a later version, or not as it was written.
    """
    try:
        with open(path, "rb") as file, zipfile.ZipFile(file) as archive:
            return _read(archive, os.fstat(file.fileno()).st_size)
    except PersistenceError as error:
        raise PersistenceError(f"{os.fspath(path)!r} cannot be loaded: {error}") from error
    except OSError as error:
        raise PersistenceError(f"{os.fspath(path)!r} cannot be read: {reason_of(error)}") from error
    # What zipfile, json and numpy raise of broken bytes is of many kinds.
    except (zipfile.BadZipFile, ValueError, KeyError, NotImplementedError, RuntimeError, EOFError) as error:
        raise PersistenceError(
            f"{os.fspath(path)!r} is no file that weaklab saved, or is damaged: {reason_of(error)}"
        ) from error


def _read(archive: zipfile.ZipFile, size: int) -> tuple[dict[str, Any], list[np.ndarray]]:
    infos = archive.infolist()
    names = [info.filename for info in infos]
    if len(set(names)) < len(names):
        raise PersistenceError("a member is there twice.")
    if _MANIFEST not in names:
        raise PersistenceError(f"it has no {_MANIFEST}, so that it is no file that weaklab saved.")
    for info in infos:
        if info.filename != _MANIFEST and not _ARRAY.fullmatch(info.filename):
            raise PersistenceError(f"its member {info.filename!r:.80} is none that weaklab writes.")
        if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size or info.flag_bits & 1:
            raise PersistenceError(f"its member {info.filename!r} is compressed or encrypted, as weaklab writes none.")
    if sum(info.file_size for info in infos) > size:
        raise PersistenceError("its members are of more bytes than the file.")
    manifest = _manifest(_bytes_of(archive, _MANIFEST))
    digests = manifest.get("sha256")
    if not isinstance(digests, list) or len(digests) != len(names) - 1:
        raise PersistenceError(f"it has {len(names) - 1} arrays, and its manifest tells of others.")
    return manifest, [_array(archive, at, digest) for at, digest in enumerate(digests)]


def _bytes_of(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as member:
        return member.read()  # zipfile checks the CRC


def _manifest(text: bytes) -> dict[str, Any]:
    try:
        manifest = json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_no_constant)
    except RecursionError as error:
        raise PersistenceError("its JSON is nested too deeply.") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise PersistenceError("its manifest is none of weaklab.")
    version = manifest.get("version")
    if type(version) is not int or version < 1:
        raise PersistenceError(f"version {version!r:.40} is none.")
    if version > VERSION:
        raise PersistenceError(
            f"it is of version {version} of the format, and this weaklab reads up to {VERSION}: "
            f"it was saved by weaklab {str(manifest.get('weaklab'))[:20]}; upgrade to that or a later one."
        )
    return manifest


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) < len(pairs):
        raise PersistenceError("a key of its JSON is there twice.")
    return out


def _no_constant(name: str) -> Any:
    raise PersistenceError(f"its JSON holds {name}.")


def _to_npy(array: np.ndarray) -> bytes:
    if array.dtype.kind not in _KINDS:
        raise PersistenceError(f"an array of {array.dtype} cannot be saved.")
    if not (array.flags.c_contiguous or array.flags.f_contiguous):
        array = array.copy(order="C")
    out = BytesIO()
    np.lib.format.write_array(out, array, allow_pickle=False)
    return out.getvalue()


def _array(archive: zipfile.ZipFile, at: int, digest: Any) -> np.ndarray:
    name = f"arrays/{at}.npy"
    data = _bytes_of(archive, name)
    if hashlib.sha256(data).hexdigest() != digest:
        raise PersistenceError(f"its member {name!r} is not what was saved: the SHA-256 differs.")
    file = BytesIO(data)
    version = np.lib.format.read_magic(file)
    read_header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in read_header:
        raise PersistenceError(f"its member {name!r} is .npy of version {version}.")
    shape, fortran, dtype = read_header[version](file)
    if dtype.hasobject or dtype.kind not in _KINDS or dtype.subdtype is not None:
        raise PersistenceError(f"its member {name!r} holds {dtype}, and only numbers, texts and times are read.")
    if any(type(length) is not int or length < 0 for length in shape):
        raise PersistenceError(f"its member {name!r} has shape {shape}.")
    count = math.prod(shape)
    if count * dtype.itemsize != len(data) - file.tell():  # before any memory is asked for
        raise PersistenceError(f"its member {name!r} says shape {shape!r:.80}, and holds {len(data):,} bytes.")
    flat = np.frombuffer(data, dtype=dtype, count=count, offset=file.tell()) if count and dtype.itemsize else None
    if flat is None:
        return np.zeros(shape, dtype=dtype, order="F" if fortran else "C")
    return flat.reshape(shape, order="F" if fortran else "C").copy(order="K")
