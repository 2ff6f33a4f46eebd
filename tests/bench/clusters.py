"""What a row costs on Dask and on Spark: core-seconds, bytes and memory, stage by stage.

``python tests/bench/clusters.py [--rows N] [--engines dask spark]`` generates texts, and runs three stages over Parquet
files: votes of 20 labeling functions that are data, the fit of LabelModel, soft labels. Printed are, per million rows,
the processor time of all processes of the engine together (workers, drivers, Java's too), and bytes of what each stage
writes; and the largest resident memory of a worker. A first pass over few rows warms imports and kernels up. Processor
time depends less than elapsed time on what else the machine does.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ["POLARS_MAX_THREADS"] = "1"  # before polars is imported, here and in the workers
os.environ["OMP_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
import pandas as pd
import psutil
from host import host, load, versions

import weaklab as wl

LFS = 20
WORDS = [f"word{i:03d}" for i in range(400)]
LF_LIST = [
    wl.keyword_lf([WORDS[at], WORDS[at + 20]], column="text", label=at % 2, name=f"has_{WORDS[at]}")
    for at in range(LFS)
]
FILES = 16


def texts(rows: int, seed: int = 0) -> pd.DataFrame:
    """Texts of 12 words, each of which belongs to one of 20 labeling functions in one of ten cases."""
    rng = np.random.default_rng(seed)
    spam = rng.integers(2, size=rows)
    at = rng.integers(len(WORDS), size=(rows, 12))
    told = rng.random((rows, 12)) < 0.02
    at = np.where(told, 2 * rng.integers(LFS, size=(rows, 12)) + spam[:, np.newaxis], at)
    table = np.array(WORDS, dtype=object)
    return pd.DataFrame({"id": np.arange(rows), "text": [" ".join(table[row]) for row in at]})


def processes() -> list[psutil.Process]:
    """This process and all that it started."""
    own = psutil.Process()
    return [own, *own.children(recursive=True)]


def seconds(before: dict[int, float] | None = None) -> dict[int, float]:
    """Processor seconds of each process."""
    taken = {}
    for process in processes():
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        taken[process.pid] = times.user + times.system
    return taken


@contextmanager
def watched(said: dict[str, float]) -> Iterator[None]:
    """Note processor seconds and the largest resident memory of a child that runs Python."""
    peak, done = [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            for process in processes()[1:]:
                try:
                    if "python" in process.name():
                        peak[0] = max(peak[0], process.memory_info().rss)
                except psutil.NoSuchProcess:
                    continue

    thread = threading.Thread(target=watch, daemon=True)
    before = seconds()
    thread.start()
    yield
    done.set()
    thread.join()
    after = seconds()
    said["core_s"] = sum(taken - before.get(pid, 0.0) for pid, taken in after.items())
    said["worker_MB"] = peak[0] / 1e6


def size(folder: Path) -> int:
    """Bytes of all Parquet files in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*.parquet"))


@contextmanager
def dask_engine() -> Iterator[tuple[Callable[[Path], Any], Callable[[Any, Path], None]]]:
    """Two workers of one thread each."""
    import dask.dataframe as dd
    from distributed import Client, LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster):
        yield dd.read_parquet, (lambda frame, path: frame.to_parquet(path))


@contextmanager
def spark_engine() -> Iterator[tuple[Callable[[Path], Any], Callable[[Any, Path], None]]]:
    """Two threads, each with a process of Python."""
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    build = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    build = build.config("spark.driver.host", "127.0.0.1").config("spark.driver.bindAddress", "127.0.0.1")
    session = build.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    yield (lambda path: session.read.parquet(str(path))), (lambda frame, path: frame.write.parquet(str(path)))
    session.stop()


def stages(folder: Path, engine: str, read: Any, write: Any) -> list[dict[str, Any]]:
    """The three stages over the files in ``folder/texts``."""
    said: list[dict[str, Any]] = [{"stage": "votes"}, {"stage": "fit"}, {"stage": "soft labels"}]
    keep = {"keep": ["id"]} if engine == "spark" else {}
    began = time.perf_counter()
    with watched(said[0]):
        write(wl.apply(LF_LIST, read(folder / "texts"), **keep), folder / "votes")
    votes = read(folder / "votes")
    with watched(said[1]):
        model = wl.LabelModel(classes=2).fit(votes.drop("id") if engine == "spark" else votes)
    with watched(said[2]):
        soft = model.labels(votes)
        if engine == "dask":
            soft.columns = [str(name) for name in soft.columns]
        write(soft, folder / "labels")
    said[0]["written_B"], said[1]["written_B"], said[2]["written_B"] = (
        size(folder / "votes"),
        0,
        size(folder / "labels"),
    )
    print(f"{engine}: {model.n_rows_:,} rows in {time.perf_counter() - began:.0f} s on two cores, {model!r}")
    return said


def write_texts(folder: Path, rows: int) -> pd.DataFrame:
    """Texts as files."""
    (folder / "texts").mkdir(parents=True)
    frame = texts(rows)
    for at, part in enumerate(np.array_split(np.arange(rows), FILES)):
        frame.iloc[part].to_parquet(folder / "texts" / f"{at:02d}.parquet", index=False)
    return frame


def patterns(frame: pd.DataFrame) -> None:
    """How many distinct rows of votes there are among so many."""
    votes = wl.apply(LF_LIST, frame, progress=False, cache=False).to_numpy()
    for rows in (len(frame) // 100, len(frame) // 10, len(frame)):
        distinct = len(np.unique(np.ascontiguousarray(votes[:rows]).view(f"V{LFS}")))
        print(f"{rows:,} rows: {distinct:,} distinct rows of votes, {(votes[:rows] >= 0).mean() * LFS:.2f} votes a row")


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--engines", nargs="+", choices=["dask", "spark"], default=["dask", "spark"])
    asked = parser.parse_args()
    print(f"{host()}; {versions('dask', 'distributed', 'pyspark', 'pandas')}; {load()}")
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    with tempfile.TemporaryDirectory() as place:
        frame = write_texts(Path(place, "all"), asked.rows)
        write_texts(Path(place, "few"), 2_000)
        print(f"texts: {size(Path(place, 'all')) / asked.rows:.0f} bytes a row in Parquet")
        patterns(frame)
        for engine in asked.engines:
            with (dask_engine if engine == "dask" else spark_engine)() as (read, write):
                for name in ("few", "all"):
                    folder = Path(place, name + engine)
                    folder.mkdir()
                    (folder / "texts").symlink_to(Path(place, name, "texts"))
                    said = stages(folder, engine, read, write)
            table = pd.DataFrame(said).set_index("stage")
            table["core_s_per_1e6"] = table.pop("core_s") / asked.rows * 1e6
            table["B_per_row"] = table.pop("written_B") / asked.rows
            print(table.round(1).to_string())


if __name__ == "__main__":
    main()
