"""How training goes: schedules, precision, accumulation, memory, monitors, callbacks, more rows later."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from weaklab.end_models import (
    Cosine,
    CoTeaching,
    EndModel,
    LossTerm,
    NestedDropout,
    OneCycle,
    Oscillating,
    SoftCrossEntropy,
    find_learning_rate,
)
from weaklab.exceptions import ClassError, ParameterError, SoftLabelError, WeaklabWarning
from weaklab.votes.soft import SoftLabels


def _data(rng, n=300, columns=5):
    X = rng.normal(size=(n, columns))
    return X, (X.sum(axis=1) + rng.normal(size=n) > 0).astype(int)


def _weights(model):
    return torch.cat([value.flatten() for value in model.module_.state_dict().values()])


class Rates:
    """An optimizer that notes each step's learning rate."""

    def __init__(self):
        self.seen = []

    def __call__(self, parameters, rate):
        optimizer = torch.optim.SGD(parameters, lr=rate)
        optimizer.register_step_pre_hook(lambda own, *_: self.seen.append(own.param_groups[0]["lr"]))
        return optimizer


@pytest.mark.parametrize(
    ("schedule", "at"),
    [
        (None, {0: 1, 0.5: 1, 0.95: 1}),
        ("cosine", {0: 0, 0.05: 1, 0.525: 0.5}),
        (Cosine(warmup=0, floor=0.5), {0: 1, 0.5: 0.75}),
        ("one_cycle", {0: 0.04, 0.3: 1, 0.65: 0.5}),
        (OneCycle(peak=0.5), {0.5: 1, 0.75: 0.5}),
        (lambda progress: 1 - progress, {0: 1, 0.25: 0.75}),
        (Oscillating(max_lr=0.4, hold=0.5), {0: 2, 0.45: 2, 0.75: 1}),
    ],
)
def test_the_rate_of_each_step_follows_the_schedule(rng, schedule, at):
    """What the optimizer steps with is what counts: 20 epochs of 5 steps, so that a step is a hundredth."""
    X, y = _data(rng, 200)
    rates = Rates()
    options = {"max_epochs": 20, "batch_size": 40, "validation_fraction": 0, "learning_rate": 0.2}
    EndModel(hidden=4, optimizer=rates, schedule=schedule, **options).fit(X, y)
    assert len(rates.seen) == 100
    for progress, share in at.items():
        assert rates.seen[round(100 * progress)] == pytest.approx(0.2 * share, abs=2e-3)


def test_accumulated_batches_are_one_step(rng):
    """Two batches of 30 make the gradient of one of 60; also where the last is smaller."""
    X, y = _data(rng, 250)
    options = {"hidden": 6, "dropout": 0.0, "max_epochs": 3, "validation_fraction": 0}
    whole = EndModel(batch_size=60, **options).fit(X, y)
    for parts in (2, 6):
        split = EndModel(batch_size=60 // parts, accumulate=parts, **options).fit(X, y)
        torch.testing.assert_close(_weights(split), _weights(whole), rtol=1e-4, atol=1e-6)
    other = EndModel(batch_size=30, **options).fit(X, y)
    assert not torch.allclose(_weights(other), _weights(whole), atol=1e-3)


def test_gradients_are_clipped(rng):
    """With plain SGD a step is rate times gradient, so that its length tells."""
    X, y = _data(rng, 100)
    start = EndModel(hidden=4, optimizer="sgd", learning_rate=1e-12, max_epochs=1, weight_decay=0).fit(X, y)
    options = {"hidden": 4, "optimizer": "sgd", "learning_rate": 1.0, "max_epochs": 1, "batch_size": 100}
    lengths = [
        float(
            (
                _weights(EndModel(clip_norm=norm, dropout=0, weight_decay=0, **options).fit(X, y)) - _weights(start)
            ).norm()
        )
        for norm in (None, 1e-3, 1e-4)
    ]
    assert lengths[0] > 1e-2
    assert lengths[1:] == pytest.approx([1e-3, 1e-4], rel=0.05)


class Small(torch.nn.Module):
    """A device that has memory for so many rows."""

    def __init__(self, columns, k, most):
        super().__init__()
        self.layer, self.most, self.seen = torch.nn.Linear(columns, k), most, []

    def forward(self, x):
        self.seen.append(len(x))
        if len(x) > self.most:
            raise torch.OutOfMemoryError(f"no memory for {len(x)} rows")
        return self.layer(x)


def test_out_of_memory_halves_the_batch_and_not_the_step(rng):
    """The result is that of a device with memory enough; prediction goes in smaller slices too."""
    X, y = _data(rng, 5000)
    options = {"max_epochs": 2, "batch_size": 128}
    enough = EndModel(module=lambda columns, k: Small(columns, k, 10**9), **options).fit(X, y)
    with pytest.warns(
        WeaklabWarning, match=r"cpu ran out of memory at \d+ rows.*steps are still made of 128"
    ) as caught:
        little = EndModel(module=lambda columns, k: Small(columns, k, 50), **options).fit(X, y)
    assert len(caught) == 2  # at 128 and at 64 rows
    assert caught[0].filename == __file__
    torch.testing.assert_close(_weights(little), _weights(enough), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(little.predict_proba(X), enough.predict_proba(X), atol=1e-5)
    with pytest.raises(torch.OutOfMemoryError, match="no memory for 1 rows"), pytest.warns(WeaklabWarning):
        EndModel(module=lambda columns, k: Small(columns, k, 0), **options).fit(X, y)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_learns_what_float32_learns(precision):
    """On digits: weights stay float32, matrix products are really computed in half, and accuracy is the same."""
    X, y = load_digits(return_X_y=True)
    seen = set()

    def look(step):
        seen.add(step.features.dtype)
        return SoftCrossEntropy()(step)

    options = {"hidden": 64, "max_epochs": 8, "learning_rate": 0.005}
    full = EndModel(precision="float32", **options).fit(X[:1200], y[:1200])
    half = EndModel(precision=precision, loss=look, **options).fit(X[:1200], y[:1200])
    assert seen == {{"bf16": torch.bfloat16, "fp16": torch.float16}[precision]}
    assert all(value.dtype == torch.float32 for value in half.module_.state_dict().values())
    assert full.score(X[1200:], y[1200:]) > 0.85
    assert abs(half.score(X[1200:], y[1200:]) - full.score(X[1200:], y[1200:])) < 0.03
    assert not torch.equal(_weights(half), _weights(full))


def test_precision_and_compilation_are_left_alone_on_the_cpu(rng):
    """By "auto", nothing is compiled or rounded where it does not pay."""
    X, y = _data(rng)
    plain = EndModel(max_epochs=2, precision="float32", compile=False).fit(X, y)
    assert torch.equal(_weights(EndModel(max_epochs=2).fit(X, y)), _weights(plain))


def test_a_compiled_module_is_called_and_learns_the_same(rng, monkeypatch):
    """``compile=True`` compiles the module in place: the class and the names of its weights stay."""
    X, y = _data(rng)
    compiled = []
    monkeypatch.setattr(torch.nn.Module, "compile", lambda module: compiled.append(module))  # noqa: PLW0108  a method
    model = EndModel(max_epochs=2, compile=True).fit(X, y)
    assert compiled == [model.module_]
    EndModel(max_epochs=2, compile=False).fit(X, y)
    EndModel(max_epochs=2).fit(X, y)
    assert len(compiled) == 1


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")  # its compiler uses what it deprecates
def test_a_really_compiled_module_learns_the_same(rng):
    """With the compiler itself, where there is one."""
    import shutil

    if not (shutil.which("g++") or shutil.which("c++") or shutil.which("clang++")):
        pytest.skip("torch.compile needs a C++ compiler")
    X, y = _data(rng)
    options = {"max_epochs": 3, "dropout": 0.0}
    model = EndModel(compile=True, **options).fit(X, y)
    torch.testing.assert_close(_weights(model), _weights(EndModel(**options).fit(X, y)), rtol=1e-4, atol=1e-5)


def test_the_found_rate_trains_about_as_well_as_the_best_of_many(rng):
    """After three epochs of digits, the loss is within a fifth of the best of eight rates, plus .05."""
    X, y = load_digits(return_X_y=True)
    options = {"hidden": 64, "max_epochs": 3, "patience": 9}
    grid = [
        EndModel(learning_rate=10.0**-p, **options).fit(X, y).history_["held_out_loss"].min()
        for p in np.arange(1, 5, 0.5)
    ]
    found = EndModel(learning_rate="find", **options).fit(X, y).history_["held_out_loss"].min()
    assert found < 1.2 * min(grid) + 0.05
    assert found < np.median(grid)


def test_finding_a_rate_changes_nothing_else(rng):
    """The model is not fitted, and training with the rate that was found is training with that rate."""
    X, y = _data(rng)
    model = EndModel(hidden=8, max_epochs=2)
    state = torch.get_rng_state()
    found = find_learning_rate(model, X, y)
    assert torch.equal(torch.get_rng_state(), state)
    assert not hasattr(model, "module_")
    assert found.trace.columns.tolist() == ["rate", "loss", "smoothed"]
    given = EndModel(hidden=8, max_epochs=2, learning_rate=found.rate).fit(X, y)
    model.set_params(learning_rate="find").fit(X, y)
    assert torch.equal(_weights(model), _weights(given))
    assert model.learning_rate_ == given.learning_rate_ == found.rate
    assert EndModel(hidden=None).fit(X, y).learning_rate_ is None


def test_a_few_gold_rows_say_when_to_stop(rng):
    """Soft labels that follow a wrong column get better on themselves for ever; gold gets worse.

    One column decides, another is what the labels mix in: 200 of 2,000 rows have gold.
    """
    X = rng.normal(size=(2000, 30))
    y = (X[:, 0] > 0).astype(int)
    wrong = np.where(rng.random(2000) < 0.4, X[:, 1] > 0, y).astype(int)
    gold = np.where(np.arange(2000) < 200, y, -1)
    soft = SoftLabels(np.where(wrong[:, None], [0.05, 0.95], [0.95, 0.05]), gold=gold)
    auto = EndModel(hidden=16, max_epochs=4, calibrate=False).fit(X, soft)
    assert auto.monitor_ == "gold"
    assert auto.n_held_out_ == 200
    assert auto.n_rows_ == 1800
    assert torch.equal(_weights(EndModel(hidden=16, monitor="gold", max_epochs=4).fit(X, soft)), _weights(auto))
    by_soft = EndModel(hidden=16, monitor="soft", max_epochs=4).fit(X, soft)
    assert by_soft.monitor_ == "soft"
    held_out = auto.history_["held_out_loss"].min()
    assert held_out != pytest.approx(by_soft.history_["held_out_loss"].min(), rel=1e-3)
    probs = auto.predict_proba(X[:200])[np.arange(200), y[:200]]
    assert -np.log(probs).mean() == pytest.approx(held_out, rel=1e-3)  # the loss on those rows, to their gold
    few = SoftLabels(soft.probs, gold=np.where(np.arange(2000) < 20, y, -1))
    assert EndModel(hidden=16, max_epochs=1).fit(X, few).monitor_ == "soft"
    assert EndModel(hidden=16, max_epochs=1, monitor="gold").fit(X, few).n_held_out_ == 20
    with pytest.raises(ParameterError, match="needs rows with gold"):
        EndModel(monitor="gold").fit(X, soft.probs)
    assert EndModel(max_epochs=1, validation_fraction=0).fit(X, soft).monitor_ is None


def test_callbacks_see_each_epoch_and_may_end_training(rng):
    """The way to a logger, or to one's own rule for stopping."""
    X, y = _data(rng)
    rows = []

    def look(row, model):
        rows.append(row)
        assert isinstance(model, torch.nn.Module)
        return row["epoch"] == 3

    model = EndModel(callbacks=[look], patience=9).fit(X, y)
    assert model.n_iter_ == len(rows) == 3
    assert rows[1] == model.history_.iloc[1].to_dict()
    assert EndModel(hidden=None, callbacks=[lambda row, model: True]).fit(X, y).n_iter_ == 1


def test_rows_that_come_later_are_learnt(rng):
    """In ten parts, of which the first alone does not say enough; features and classes stay those of the first."""
    X, y = _data(rng, 2000)
    model = EndModel(hidden=None, classes=["no", "yes"])
    names = np.array(["no", "yes"])[y]
    scores = []
    for part in np.array_split(np.arange(1500), 10):
        model.partial_fit(X[part], names[part])
        scores.append(model.score(X[1500:], names[1500:]))
    assert scores[-1] > scores[0]
    assert scores[-1] > 0.8
    assert model.n_iter_ == 10
    assert model.n_rows_ == 1500
    assert model.history_["epoch"].tolist() == list(range(1, 11))
    with pytest.raises(SoftLabelError, match="soft labels are of"):
        model.partial_fit(X[:3], np.eye(3))


def test_the_first_part_may_lack_classes(rng):
    """classes= names them all, as scikit-learn does it."""
    X, y = _data(rng)
    model = EndModel(hidden=4).partial_fit(X[:50], np.zeros(50, dtype=int), classes=[0, 1, 2])
    assert model.classes_.tolist() == [0, 1, 2]
    assert model.partial_fit(X, y).predict_proba(X).shape == (300, 3)
    for same in ([0, 1, 2], np.arange(3), 3):
        model.partial_fit(X, y, classes=same)
    for other in (["x", "y", "z"], 4, [2, 1, 0]):
        with pytest.raises(ClassError, match=r"this model has learnt \[0, 1, 2\], which no later part can change"):
            model.partial_fit(X, y, classes=other)


def test_parts_go_on_with_the_optimizer_and_after_fit(rng):
    """Two parts are not two first steps; what fails leaves the model as it was."""
    X, y = _data(rng)
    model = EndModel(hidden=4, batch_size=300, dropout=0.0).fit(X, y)
    before = _weights(model).clone()
    with pytest.raises(ZeroDivisionError):
        model.set_params(loss=lambda step: 1 / 0).partial_fit(X, y)
    assert torch.equal(_weights(model), before)
    model.set_params(loss=None).partial_fit(X, y)
    after = _weights(model).clone()
    assert 0 < (after - before).abs().max() < 0.01
    model.partial_fit(X, y)
    steps = [float(state["step"]) for state in model._partial["optimizer"]["state"].values()]
    assert set(steps) == {2.0}


@pytest.mark.parametrize(
    "changed", [{"optimizer": "sgd"}, {"optimizer": "sgd", "learning_rate": 0.3}, {"weight_decay": 0.5}]
)
def test_another_optimizer_begins_anew(rng, changed):
    """What AdamW remembers is of no use to SGD, nor its rate; another decay must not be lost in what is taken up."""
    X, y = _data(rng)
    model = EndModel(hidden=4).partial_fit(X, y)
    model.set_params(**changed).partial_fit(X, y)
    assert model.learning_rate_ == changed.get("learning_rate", 0.1 if "optimizer" in changed else 0.002)
    (group,) = model._partial["optimizer"]["param_groups"]
    assert group["weight_decay"] == changed.get("weight_decay", 0.01)
    model.partial_fit(X, y)
    assert model._partial["optimizer"]["param_groups"][0]["weight_decay"] == changed.get("weight_decay", 0.01)


@pytest.mark.parametrize(
    "changed",
    [{"hidden": 9}, {"hidden": None}, {"dropout": 0.1}, {"module": torch.nn.Linear}, {"peers": CoTeaching()}],
)
def test_weights_do_not_go_on_in_another_network(rng, changed):
    """The argument would be ignored, or fail deep within; what does not train the network may change."""
    X, y = _data(rng)
    (name,) = changed
    options = {"hidden": 4, "max_epochs": 1, "warm_start": True}
    for again in (EndModel.fit, EndModel.partial_fit):
        model = EndModel(**options).fit(X, y)
        again(model.set_params(loss=SoftCrossEntropy(), patience=1), X, y)
        with pytest.raises(ParameterError, match=f"other arguments than now: {name}="):
            again(model.set_params(**changed), X, y)
    assert model.set_params(warm_start=False).fit(X, y).n_iter_ == 1


def test_a_warm_start_goes_on_from_the_weights(rng):
    """Without it, fit starts anew."""
    X, y = _data(rng)
    options = {"hidden": 4, "max_epochs": 2, "patience": 9}
    model = EndModel(warm_start=True, **options).fit(X, y)
    first = model.history_["train_loss"].iloc[0]
    assert model.fit(X, y).history_["train_loss"].iloc[0] < first - 0.01
    cold = EndModel(**options).fit(X, y)
    assert cold.fit(X, y).history_["train_loss"].iloc[0] == first
    with pytest.raises(ValueError, match="4 features"):
        model.fit(X[:, :4], y)


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"schedule": "cosin"}, "Did you mean 'cosine'"),
        ({"schedule": Cosine}, "schedule="),
        ({"precision": "float16"}, "'auto', 'float32', 'bf16' or 'fp16'"),
        ({"compile": "yes"}, "compile='yes' must be 'auto', True or False"),
        ({"monitor": "loss"}, "'auto', 'soft' or 'gold'"),
        ({"optimizer": "adam"}, "'auto', 'adamw', 'sgd' or 'lbfgs'"),
        ({"optimizer": lambda parameters, rate: None}, "must give an Optimizer"),
        ({"schedule": lambda progress: 0.5 - progress, "max_epochs": 3}, r"gave -0\.0\d+ when 0\.51 of training"),
        ({"schedule": lambda progress: None}, "<lambda>.*gave None when 0 of training was over; it must give"),
        ({"schedule": lambda progress: float("nan")}, "gave nan when 0 of training"),
        (
            {"optimizer": lambda parameters, rate: torch.optim.LBFGS(parameters)},
            "gave LBFGS, whose steps need a closure",
        ),
        ({"optimizer": "lbfgs"}, "hidden cannot go with"),
        ({"optimizer": "lbfgs", "hidden": None, "batch_size": 3}, "batch_size cannot go with"),
        ({"accumulate": 0}, "accumulate=0 must be an int of 1 or more"),
        ({"clip_norm": -1}, "clip_norm"),
        ({"learning_rate": "fnd"}, "above 0 or 'find' or None"),
        ({"checkpoint": 3}, "path of a file"),
        ({"callbacks": print}, "list of callables"),
        ({"sampler": "all"}, "must have a method epoch"),
        ({"peers": "two"}, r"CoTeaching\(...\) or None"),
        ({"warm_start": 2}, "warm_start"),
    ],
)
def test_options_out_of_range_are_refused(rng, wrong, match):
    """With the name, the value, and what would do."""
    with pytest.raises(ParameterError, match=match):
        EndModel(**wrong).fit(*_data(rng))


@pytest.mark.parametrize(
    "build",
    [
        lambda: Cosine(warmup=1),
        lambda: OneCycle(peak=0),
        lambda: Oscillating(max_lr=-1),
        lambda: Oscillating(hold=2),
        lambda: NestedDropout(std=0),
        lambda: NestedDropout(mu=2),
    ],
)
def test_parts_out_of_range_are_refused(build):
    """Where they are made, not where they are used."""
    with pytest.raises(ParameterError):
        build()


def test_terms_may_still_be_plain_functions(rng):
    """Nothing that is new may ask for more of them."""
    assert EndModel(loss=LossTerm(SoftCrossEntropy()), max_epochs=1).fit(*_data(rng)).n_iter_ == 1
