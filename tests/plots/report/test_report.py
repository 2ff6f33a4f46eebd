"""The report as a file: what stands in it, that it is whole, small, the same each time, and safe."""

from __future__ import annotations

import re
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.dummy import DummyClassifier

import weaklab as wl
from weaklab.datasets import make_votes
from weaklab.exceptions import ClassError, FrameError, GoldError, MissingExtraError, ParameterError
from weaklab.label_models import WeightedVote
from weaklab.plots.report.page import PARTS
from weaklab.plots.report.rows import _cell


@pytest.fixture(scope="module")
def page(comments, tmp_path_factory, read):
    """The report of the comments, read."""
    return read(comments.write(tmp_path_factory.mktemp("report") / "report.html"))


class TestContents:
    def test_every_part_is_there_and_linked(self, page):
        """Who opens it finds each part from the top."""
        assert [link.attributes["href"] for link in page.all("nav")[0].all("a")] == [f"#{anchor}" for anchor in PARTS]
        assert [part.attributes["id"] for part in page.all("section")] == list(PARTS)

    def test_scores_are_those_of_the_model(self, page, comments):
        """A figure in the report is the figure one gets by hand."""
        known = np.array([label is not None for label in comments.y])
        gold = np.array(comments.y, dtype=object)[known]
        score = (comments.model.predict(comments.votes[known]) == gold).mean()
        line = next(row for row in page.all(id="scores")[0].all("tr") if "label model" in row.text)
        assert line.all("td")[1].text.startswith(f"{score:.1%}")

    def test_each_labeling_function_has_a_line_with_what_summarize_says(self, page, comments):
        """The table is the one that summarize gives."""
        gold = np.array([-1 if label is None else ["ham", "spam"].index(label) for label in comments.y])
        expected = wl.summarize(comments.votes, gold, model=comments.model)
        lines = page.all(id="lf-table")[0].all("tbody")[0].all("tr")
        assert [line.all("th")[0].text for line in lines] == list(expected.index)
        for line, (_, figures) in zip(lines, expected.iterrows(), strict=True):
            keys = [float(cell.attributes["data-key"]) for cell in line.all("td", class_="number")]
            names = ["votes", "coverage", "overlaps", "conflicts", "learned", "accuracy"]
            assert keys[:6] == pytest.approx([figures[name] for name in names])

    def test_findings_are_those_of_diagnose(self, comments, tmp_path, read):
        """Each with its severity, its words and its remedy."""
        votes = comments.votes.assign(silent=-1)
        model = wl.LabelModel(classes=["ham", "spam"]).fit(votes)
        found = model.diagnose(votes)
        part = read(wl.report(tmp_path / "r.html", None, comments.frame, votes, model)).all(id="findings")[0]
        assert len(found) > 0
        assert [item.all("code")[0].text for item in part.all("li")] == found.codes
        for one in found:
            assert one.what in part.text
            assert one.remedy in part.text

    def test_rows_show_marks_and_contributions_that_add_up(self, page, comments):
        """What was found is marked; the steps end where the row does."""
        cards = page.all("details")
        assert len(cards) >= 3
        doubtful = wl.rows_to_label(comments.model, comments.votes, 20, y=comments.y).index
        labels = [re.match(r"row (\w+) ", card.all("summary")[0].text)[1] for card in cards]
        rest = labels[sum("gold says otherwise" in card.text for card in cards) :]
        assert rest[: len(doubtful)] == [*doubtful][: len(rest)]
        assert len(rest) >= 3
        for card, label in zip(cards, labels, strict=True):
            voted = [lf for lf in comments.lfs if comments.votes.loc[label, lf.name] >= 0]
            assert {mark.text for mark in card.all("mark")} == {lf.name for lf in voted}
            steps = [float(cell.text) for cell in card.all("td", class_="number")]
            assert sum(steps[:-1]) == pytest.approx(steps[-1], abs=0.01 * len(steps))

    def test_pictures_stand_in_the_page_for_light_and_dark(self, page):
        """Nothing is fetched, and each picture says in words what it shows."""
        figures = page.all("figure")
        assert len(figures) >= 8
        for figure in figures:
            light, dark = figure.all("img")[0], figure.all("source")[0]
            assert light.attributes["alt"]
            assert "dark" in dark.attributes["media"]
            for address in (light.attributes["src"], dark.attributes["srcset"]):
                assert address.startswith(("data:image/svg+xml;base64,", "data:image/png;base64,"))
            assert light.attributes["src"] != dark.attributes["srcset"]

    def test_provenance_names_versions_seed_data_and_what_gold_did(self, page):
        """So that the report can be made again, and judged."""
        said = page.all(id="provenance")[0].text
        for word in (wl.__version__, f"numpy {np.__version__}", "seed", "2026-01-02 03:04:00", "150 rows with gold"):
            assert word in said

    def test_gold_was_used_for_an_end_model_only_where_there_is_one(self, comments, tmp_path, read):
        """What was not given was not judged."""
        for end_model in (None, DummyClassifier().fit(comments.frame, comments.model.predict(comments.votes))):
            part = read(comments.write(tmp_path / "r.html", end_model=end_model)).all(id="provenance")[0]
            uses = next(item.text for item in part.all("li") if item.text.startswith("the accuracy of majority vote"))
            assert ("end model" in uses) == (end_model is not None)

    def test_dates_are_shown_as_dates(self):
        """Not as the code that makes them."""
        assert ">2026-01-02 00:00:00<" in _cell(pd.Timestamp("2026-01-02"), "day", {})

    def test_without_gold_nothing_claims_accuracy_by_it(self, comments, tmp_path, read):
        """A column of dashes would look like a result."""
        page = read(comments.write(tmp_path / "r.html", y=None))
        assert not page.all(id="scores")
        assert "gold" not in page.all(id="lf-table")[0].all("thead")[0].text
        assert "No gold was given" in page.all(id="overview")[0].text
        assert "This report used none" in page.all(id="provenance")[0].text

    def test_certain_errors_stand_first_where_all_gold_is_known(self, tmp_path, read):
        """Then rows in doubt, gold or not; what is said of them is so."""
        planted = make_votes(n=300, m=5, coverage=0.6, random_state=0)
        model = wl.LabelModel(classes=["ham", "spam"]).fit(planted.votes)
        gold = np.array(["ham", "spam"], dtype=object)[planted.y]
        frame = planted.votes[[]].assign(text="a", gold=np.where(np.arange(300) < 150, gold, None))
        page = read(wl.report(tmp_path / "r.html", None, frame, planted.votes, model, y=gold, n_rows=12))
        probs = model.predict_proba(planted.votes)
        wrong = (probs.argmax(axis=1) != planted.y) & (planted.votes >= 0).any(axis=1)
        cards = page.all("details")
        shown = [int(re.match(r"row (\d+) ", card.all("summary")[0].text)[1]) for card in cards]
        errors = [row for row, card in zip(shown, cards, strict=True) if "gold says otherwise" in card.text]
        assert len(shown) == len(set(shown)) == 12
        assert shown[: len(errors)] == errors
        assert wrong[errors].all()
        assert probs[errors[0]].max() == probs[wrong].max()
        assert (np.diff(probs[errors].max(axis=1)) <= 0).all()
        about = page.all(id="rows")[0].all("p")[0].text
        assert f"12 of 300 rows: {len(errors)} that the label model has wrong by gold" in about
        assert f"then {12 - len(errors)} in doubt" in about
        assert "nan" not in page.all(id="rows")[0].text.lower()

    def test_where_nothing_is_wrong_or_in_doubt_that_is_said(self, tmp_path, read):
        """And only there."""
        votes = [[0, 0, 0], [1, 1, 1]] * 50
        page = read(
            wl.report(tmp_path / "r.html", None, [{"x": 1}] * 100, votes, wl.MajorityVote().fit(votes), y=[0, 1] * 50)
        )
        assert "in doubt about no row, and gold contradicts no label" in page.all(id="rows")[0].text


class TestSafety:
    def test_nothing_of_the_data_becomes_an_element(self, hostile, tmp_path, read, breakout):
        """The page has one script, weaklab's own; what users wrote is text, to the letter."""
        page = read(hostile.write(tmp_path / "r.html", title=f"T{breakout}"))
        scripts = page.all("script")
        assert len(scripts) == 1
        assert "broken" not in scripts[0].text
        assert all((image.attributes["src"] or "").startswith("data:image/") for image in page.all("img"))
        for node in page.all():
            assert not [key for key in node.attributes if key.startswith("on")]
        names = [line.all("th")[0].text for line in page.all(id="lf-table")[0].all("tbody")[0].all("tr")]
        assert names == [lf.name for lf in hostile.lfs]
        for text in (page.all("h1")[0].text, page.all("title")[0].text):
            assert text == f"T{breakout}"
        assert breakout in page.all(id="class-shares")[0].text
        cells = page.all("dl", class_="cells")[0]
        assert breakout in cells.all("dt")[0].text
        assert breakout in cells.all("dd")[0].text

    def test_the_network_is_never_asked(self, comments, tmp_path, read):
        """The policy forbids it, and no address but those within the page is there."""
        path = comments.write(tmp_path / "r.html")
        page = read(path)
        policy = page.all("meta", **{"http-equiv": "Content-Security-Policy"})[0].attributes["content"]
        assert policy.startswith("default-src 'none'; img-src data:;")
        for node in page.all():
            for key in ("src", "href", "srcset"):
                address = node.attributes.get(key) or "#"
                assert address.startswith(("#", "data:image/")), address
        assert "url(" not in path.read_text()
        assert "@import" not in path.read_text()

    def test_half_a_surrogate_pair_is_no_reason_to_fail(self, comments, tmp_path):
        """Texts from the web hold everything."""
        odd = pd.Series(["\ud800 \x00"] * 300, index=comments.frame.index, dtype=object)
        frame = comments.frame.assign(odd=odd)
        assert comments.write(tmp_path / "r.html", y=None).is_file()
        assert wl.report(tmp_path / "s.html", comments.lfs, frame, comments.votes, comments.model).is_file()


class TestForms:
    def test_the_same_inputs_give_the_same_file(self, comments, tmp_path):
        """A report can be compared with the last one."""
        first, second = (comments.write(tmp_path / name).read_bytes() for name in ("a.html", "b.html"))
        assert first == second

    @pytest.mark.parametrize(
        "form", [pl.from_pandas, lambda frame: frame.to_dict("records")], ids=["polars", "records"]
    )
    def test_frames_of_other_kinds_are_read(self, comments, tmp_path, form, read):
        """The rows look the same, whatever they came in."""
        frame = form(comments.frame.reset_index(drop=True))
        votes = comments.votes.reset_index(drop=True)
        page = read(wl.report(tmp_path / "r.html", comments.lfs, frame, votes, comments.model))
        assert page.all("mark")

    @pytest.mark.parametrize("kind", [wl.MajorityVote, WeightedVote])
    def test_rows_without_votes_are_shown_by_models_without_a_prior_too(self, tmp_path, read, kind):
        """They have nothing to add up there."""
        votes = [[0, 1], [1, 1], [-1, -1], [0, 0]] * 20
        model = kind().fit(votes)
        page = read(wl.report(tmp_path / "r.html", None, [{"x": at} for at in range(80)], votes, model))
        assert "no labeling function votes on it" in page.all(id="rows")[0].text

    def test_columns_of_one_name_and_of_odd_cells_are_shown(self, comments, tmp_path, read):
        """Frames of users are not tidy."""
        odd = [[1, {"<i>": 2}], None, float("nan"), pd.Timestamp("2026-01-01"), object] * 60
        frame = comments.frame.assign(odd=pd.Series(odd, index=comments.frame.index, dtype=object))
        twice = pd.concat([frame, frame[["likes"]]], axis=1)
        path = wl.report(tmp_path / "r.html", comments.lfs, twice, comments.votes, comments.model)
        assert [cell.text for cell in read(path).all("dl", class_="cells")[0].all("dt")] == [*twice.columns]

    def test_without_rows_nothing_leads_to_them(self, comments, tmp_path, read):
        """``n_rows=0`` keeps cells of the data out of a report that is sent around."""
        path = comments.write(tmp_path / "r.html", n_rows=0)
        assert not read(path).all(id="rows")
        assert "#rows" not in [link.attributes["href"] for link in read(path).all("a")]
        assert "a comment" not in path.read_text()

    def test_an_end_model_is_scored_and_asked(self, comments, tmp_path, read):
        """It stands beside the label model, on the same rows."""
        from sklearn.feature_extraction.text import CountVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        class Reads:
            def __init__(self):
                labels = comments.model.predict(comments.votes)
                self.inner = make_pipeline(CountVectorizer(), LogisticRegression()).fit(comments.frame["text"], labels)

            def predict(self, frame):
                return self.inner.predict(frame["text"])

        end = Reads()
        page = read(comments.write(tmp_path / "r.html", end_model=end))
        known = np.array([label is not None for label in comments.y])
        score = (end.predict(comments.frame[known]) == np.array(comments.y, dtype=object)[known]).mean()
        line = next(row for row in page.all(id="scores")[0].all("tr") if "end model" in row.text)
        assert line.all("td")[1].text.startswith(f"{score:.1%}")
        assert "end model" in page.all("details")[0].text

    def test_an_end_model_of_other_classes_is_an_error(self, comments, tmp_path):
        """Codes beside names would score 0 % in silence."""

        class Codes:
            def predict(self, frame):
                return np.ones(len(frame), dtype=int)

        with pytest.raises(ClassError, match=r"end_model predicts 1, .* those are 'ham', 'spam'"):
            comments.write(tmp_path / "r.html", end_model=Codes())
        with pytest.raises(ClassError, match="end_model predicts 1"):
            comments.write(tmp_path / "r.html", end_model=Codes(), y=None)

    def test_votes_that_are_sets_have_a_report_too(self, tmp_path, read):
        """Models of richer votes explain what they can, and the rest says why not."""
        from weaklab.label_models import PartialLabelModel

        rng = np.random.default_rng(0)
        masks = rng.choice([0, 1, 2, 4, 3, 6], size=(200, 5)).astype(np.uint64)
        votes = wl.PartialVotes(masks, 3)
        model = PartialLabelModel(classes=["a", "b", "c"]).fit(votes)
        gold = rng.choice(["a", "b", "c"], 200)
        page = read(wl.report(tmp_path / "r.html", None, pd.DataFrame({"x": range(200)}), votes, model, y=gold))
        assert [part.attributes["id"] for part in page.all("section")] == list(PARTS)
        assert "No plot" not in page.all(id="plots")[0].text
        assert "whose label would tell most about rows with the same votes" in page.all(id="rows")[0].text

    def test_what_is_too_much_is_cut_and_said_to_be(self, tmp_path, read, monkeypatch):
        """A page that no browser opens helps nobody."""
        monkeypatch.setattr("weaklab.plots.report.functions.LISTED", 40)
        planted = make_votes(n=300, m=60, k=30, coverage=0.05, random_state=0)
        votes = planted.votes.set_axis([f"{'long' * 200}_{j}" for j in range(60)], axis=1)
        frame = pd.DataFrame({f"column {j}": ["text " * 20_000] + ["x"] * 299 for j in range(40)})
        path = wl.report(tmp_path / "r.html", None, frame, votes, wl.MajorityVote().fit(votes))
        assert path.stat().st_size < 2_000_000
        page = read(path)
        table = page.all(id="lf-table")[0]
        assert "40 labeling functions, those with most votes of 60" in table.all("caption")[0].text
        assert len(table.all("tbody")[0].all("tr")) == 40
        assert "20 columns more" in page.all("details")[0].text
        assert "the 20 most frequent of 30" in page.all(id="overview")[0].text

    @pytest.mark.slow
    def test_twelve_hundred_functions_stay_under_five_megabytes(self, tmp_path, read):
        """With long names, too."""
        votes = make_votes(n=300, m=1200, k=30, coverage=0.003, random_state=0).votes
        votes = votes.set_axis([f"{'long' * 200}_{j}" for j in range(1200)], axis=1)
        path = wl.report(
            tmp_path / "r.html", None, pd.DataFrame({"x": range(300)}), votes, wl.MajorityVote().fit(votes)
        )
        assert path.stat().st_size < 5_000_000
        assert "1,000 labeling functions, those with most votes of 1,200" in read(path).all(id="functions")[0].text

    @pytest.mark.slow
    def test_a_million_rows_stay_under_five_megabytes(self, tmp_path, read):
        """With gold on all of them, and a text in each."""
        planted = make_votes(n=1_000_000, m=50, coverage=0.2, random_state=0)
        texts = np.array([f"<b>text {i}</b> & more " * 40 for i in range(1000)], dtype=object)
        frame = pd.DataFrame({"text": texts[np.arange(1_000_000) % 1000]})
        model = wl.LabelModel(classes=["a", "b"]).fit(planted.votes)
        y = np.array(["a", "b"], dtype=object)[planted.y]
        path = wl.report(tmp_path / "r.html", None, frame, planted.votes, model, y=y, n_rows=200)
        assert path.stat().st_size < 5_000_000
        assert "a random 100,000" in read(path).all(id="overview")[0].text


class TestMistakes:
    def test_they_are_told(self, comments, tmp_path):
        """What does not fit is named before anything is written."""
        path = tmp_path / "r.html"
        given = (comments.lfs, comments.frame, comments.votes, comments.model)
        with pytest.raises(FrameError, match="299 rows, and there are votes on 300"):
            wl.report(path, comments.lfs, comments.frame[1:], *given[2:])
        with pytest.raises(FrameError, match="other indexes"):
            wl.report(path, comments.lfs, comments.frame[::-1], *given[2:])
        with pytest.raises(ParameterError, match=r"no votes of labeling function 'fre'.*'free'"):
            wl.report(path, [wl.keyword_lf("fre", column="text", label="ham")], *given[1:])
        with pytest.raises(ParameterError, match="fitted classifier"):
            wl.report(path, *given, end_model="svm")
        with pytest.raises(GoldError):
            wl.report(path, *given, y=["eggs"] * 300)
        with pytest.raises(ParameterError, match="n_rows=201"):
            wl.report(path, *given, n_rows=201)
        with pytest.raises(ParameterError, match="folder that is there"):
            wl.report(tmp_path / "nowhere" / "r.html", *given)
        with pytest.raises(ParameterError, match="datetime"):
            wl.report(path, *given, created="today")
        assert not list(tmp_path.iterdir())

    def test_without_matplotlib_the_extra_is_named(self, comments, tmp_path, monkeypatch):
        """The message can be pasted into a shell."""
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
        with pytest.raises(MissingExtraError, match=re.escape('pip install "weaklab[plots]"')):
            comments.write(tmp_path / "r.html")

    def test_reading_the_facade_loads_no_matplotlib(self):
        """The name is there where the extra is not."""
        assert callable(wl.report)
        assert "weaklab.plots.report.writing" in sys.modules
