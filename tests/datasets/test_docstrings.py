"""The docstring corpus: real, clean, the same every time, and never in the way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from weaklab.datasets import docstrings
from weaklab.datasets.docstrings import collect_docstrings, load_docstrings
from weaklab.exceptions import DatasetError


@pytest.fixture(scope="module")
def corpus() -> dict[str, pd.DataFrame]:
    return dict(zip(("train", "valid", "test"), load_docstrings(progress=False), strict=True))


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A small package on disk, with tests, borrowed code, a broken file and copies."""
    root = tmp_path / "toy"
    files = {
        "__init__.py": '"""The toy package, of which nothing is real but this sentence."""',
        "core.py": (
            'def first():\n    """Add two numbers that were given, and give back their sum."""\n'
            'def second():\n    """Add two numbers that were given,\n    and give back their sum!"""\n'
            'def short():\n    """Too short."""\n'
            'def load_apple():\n    """Load the apple from the place where load_apple keeps it, and return it."""\n'
            'def load_pear():\n    """Load the pear from the place where load_pear keeps it, and return it."""\n'
        ),
        "broken.py": "def (",
        "conftest.py": '"""Fixtures that no reader of the package would ever want to see."""',
        "tests/test_core.py": '"""A test, long enough to be counted if tests were counted at all."""',
        "externals/borrowed.py": '"""Written by somebody else, and carried along in this package."""',
    }
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


class TestCorpus:
    def test_it_has_over_ten_thousand_texts_of_five_packages(self, corpus) -> None:
        """What issue and design promise: enough to train on, and each class in each split."""
        assert sum(map(len, corpus.values())) > 10_000
        for frame in corpus.values():
            assert list(frame.columns) == ["text", "label", "name"]
            assert set(frame["label"]) == {"numpy", "pandas", "scipy", "sklearn", "numba"}
            assert frame["label"].value_counts(normalize=True).min() > 0.05
            assert frame.index.equals(pd.RangeIndex(len(frame)))

    def test_splits_have_the_promised_shares(self, corpus) -> None:
        """70, 10 and 20 percent of hash values. Texts that open alike move together: allow 2 points."""
        total = sum(map(len, corpus.values()))
        for split, share in (("train", 0.7), ("valid", 0.1), ("test", 0.2)):
            assert len(corpus[split]) / total == pytest.approx(share, abs=0.02)

    def test_gold_is_where_the_text_is_from(self, corpus) -> None:
        """The name of what is documented begins with the label."""
        for frame in corpus.values():
            assert (frame["name"].str.split(".").str[0] == frame["label"]).all()

    def test_no_text_stands_twice_in_any_split(self, corpus) -> None:
        """A test text that was trained on would flatter every model."""
        texts = pd.concat(corpus)["text"].str.casefold().str.replace(r"[\W_]+", " ", regex=True).str.strip()
        assert not texts.duplicated().any()

    def test_texts_that_open_alike_share_a_split(self, corpus) -> None:
        """Filled-in templates differ in a word or two: split apart, they would leak."""
        openings = pd.concat(corpus, names=["split"]).assign(
            opening=lambda frame: [
                " ".join(docstrings._key(text, name).split()[:8])
                for text, name in zip(frame["text"], frame["name"], strict=True)
            ]
        )
        splits = openings.reset_index("split").groupby("opening")["split"].nunique()
        assert splits.max() == 1

    def test_any_slice_is_a_fair_sample(self, corpus) -> None:
        """Rows come in the order of hashes: the first thousand must have the balance of all. Five binomials of
        n = 1000 have standard deviations below 0.016; 0.06 is above three of them."""
        train = corpus["train"]
        head, all_rows = (rows["label"].value_counts(normalize=True) for rows in (train[:1000], train))
        assert (head - all_rows).abs().max() < 0.06

    def test_loading_imports_none_of_the_five(self) -> None:
        """Their sources are parsed. What pandas itself loads is loaded; the packages of the corpus are not."""
        code = (
            "import sys; from weaklab.datasets import load_docstrings; load_docstrings(); "
            "assert not {'sklearn', 'numba'} & set(sys.modules), 'imported'"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


class TestCollecting:
    def test_only_the_package_s_own_texts_count(self, package, caplog) -> None:
        """Tests, conftest and borrowed code are not what the package says of itself; broken files are counted."""
        with caplog.at_level("WARNING", logger="weaklab"):
            frame = collect_docstrings({"toy": package})
        assert sorted(frame["name"]) == ["toy", "toy.core.first", "toy.core.load_apple"]
        assert "1 of 3 source files could not be parsed" in caplog.text

    def test_copies_with_other_punctuation_or_another_own_name_are_one_text(self, package) -> None:
        """first and second differ in a line break, load_apple and load_pear in their own names: the first is kept."""
        names = set(collect_docstrings({"toy": package})["name"])
        assert not names & {"toy.core.second", "toy.core.load_pear"}

    def test_texts_of_several_packages_belong_to_none(self, package, tmp_path) -> None:
        """Nobody could tell from the text which of the two it is from."""
        other = tmp_path / "other"
        other.mkdir()
        (other / "__init__.py").write_text('"""Something that only the other package says of itself, at length."""\n')
        (other / "copy.py").write_text((package / "core.py").read_text())
        frame = collect_docstrings({"toy": package, "other": other})
        assert sorted(frame["name"]) == ["other", "toy"]

    def test_the_same_sources_give_the_same_rows(self, package, tmp_path) -> None:
        """Order and split follow from the texts, not from the file system or a seed."""
        elsewhere = tmp_path / "elsewhere" / "toy"
        elsewhere.parent.mkdir()
        for path in sorted(package.rglob("*.py"), reverse=True):
            copy = elsewhere / path.relative_to(package)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(path.read_text())
        pd.testing.assert_frame_equal(collect_docstrings({"toy": package}), collect_docstrings({"toy": elsewhere}))

    def test_a_package_without_texts_is_an_error(self, tmp_path) -> None:
        """An installation without sources must not quietly become a corpus of four classes."""
        with pytest.raises(DatasetError, match=r"No docstrings found under .* is bare installed with its sources"):
            collect_docstrings({"bare": tmp_path})


class TestMissing:
    @pytest.mark.parametrize("cache", [True, False])
    def test_a_missing_package_is_named(self, monkeypatch, tmp_path, cache) -> None:
        """The reader must know what to install."""
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        monkeypatch.setitem(docstrings.PACKAGES, "no_such_package", "no-such-distribution")
        with pytest.raises(DatasetError, match=r"needs no_such_package.*pip install no-such-distribution"):
            load_docstrings(cache=cache)

    def test_a_distribution_without_its_package_is_named_too(self, monkeypatch) -> None:
        """Metadata may outlive the package's folder; a stray object in sys.modules has no place either."""
        monkeypatch.setitem(docstrings.PACKAGES, "no_such_package", "numpy")
        with pytest.raises(DatasetError, match="needs no_such_package"):
            load_docstrings(cache=False)
        monkeypatch.setitem(sys.modules, "no_such_package", type(sys)("no_such_package"))
        with pytest.raises(DatasetError, match="needs no_such_package"):
            load_docstrings(cache=False)


class TestCaching:
    @pytest.fixture
    def toy(self, monkeypatch, tmp_path, package) -> Path:
        """load_docstrings on the toy package, with a cache folder of its own."""
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        monkeypatch.setattr(docstrings, "PACKAGES", {"toy": "numpy"})
        monkeypatch.setattr(docstrings, "_root", lambda name: package)
        return tmp_path / "cache" / "weaklab"

    def test_the_second_call_reads_what_the_first_kept(self, toy, package) -> None:
        """The sources are gone by then, so that the rows can only come from the cache, and they are the same."""
        fresh = load_docstrings()
        for path in package.rglob("*.py"):
            path.unlink()
        for first, second in zip(fresh, load_docstrings(), strict=True):
            pd.testing.assert_frame_equal(first, second)

    def test_a_damaged_cache_is_built_again(self, toy, caplog) -> None:
        """A disk that was full, a process that was killed: the next call must heal it, and say so."""
        fresh = load_docstrings()
        (path,) = toy.glob("docstrings-*.parquet")
        content = path.read_bytes()
        for damage in (b"", b"no parquet at all", content[: len(content) // 2], content[:60] + b"XX" + content[62:]):
            path.write_bytes(damage)
            with caplog.at_level("WARNING", logger="weaklab"):
                again = load_docstrings()
            assert "it is built again" in caplog.text
            caplog.clear()
            for first, second in zip(fresh, again, strict=True):
                pd.testing.assert_frame_equal(first, second)

    def test_a_foreign_file_in_its_place_is_built_again(self, toy) -> None:
        """A readable parquet file of other columns is no corpus."""
        load_docstrings()
        (path,) = toy.glob("docstrings-*.parquet")
        pd.DataFrame({"text": ["x"]}).to_parquet(path)
        assert sum(map(len, load_docstrings())) == 3

    def test_other_versions_have_another_file(self, toy, monkeypatch) -> None:
        """An upgrade of a package must not serve the old texts."""
        load_docstrings()
        monkeypatch.setattr(docstrings.metadata, "version", lambda name: "999")
        load_docstrings()
        assert len(list(toy.glob("docstrings-*.parquet"))) == 2

    def test_without_cache_nothing_is_written(self, toy) -> None:
        """cache=False is for those who must not write."""
        load_docstrings(cache=False)
        assert not toy.exists()

    def test_no_half_file_stays_behind(self, toy) -> None:
        """The file is moved into its place in one step; nothing else is left in the folder."""
        load_docstrings()
        assert [path.suffix for path in toy.iterdir()] == [".parquet"]
        assert not any(path.name.startswith(".") for path in toy.iterdir())
