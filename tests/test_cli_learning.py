"""`neurodyn train` and `neurodyn evaluate`, and the data that they take."""

import io
import json
import re
import struct
import time
import zipfile
from importlib import import_module
from pathlib import Path

import click.testing
import numpy as np
import pytest

import neurodyn as nd
from neurodyn import models, progress
from neurodyn.cli import main
from neurodyn.models.data.learning_data import learning_data

MODEL = """
title = "A small one"
connections = ["x-h1", "h1-y"]
[populations.x]
size = 6
role = "input"
[populations.h1]
size = 20
activation = "hard-sigmoid"
[populations.y]
size = 3
role = "output"
activation = "hard-sigmoid"
[learning]
epochs = 4
rates = [0.3, 0.1]
nudging = "centered"
persistent = false
validation = 20
"""


@pytest.fixture
def folder(tmp_path, monkeypatch, rng):
    """A folder with a model file, and data of one's own: images of 2x3 pixels, whose brightest column is the class."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.toml").write_text(MODEL)
    images = rng.integers(0, 256, (140, 2, 3)).astype(np.uint8)
    labels = np.argmax(images.sum(axis=1, dtype=int), axis=1)
    np.savez(tmp_path / "own.npz", x_train=images[:100], y_train=labels[:100], x_test=images[100:], y_test=labels[100:])
    return tmp_path


def run(*arguments):
    """Exit code, standard output and standard error of a command."""
    runner = click.testing.CliRunner()
    result = runner.invoke(main, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def test_train_and_evaluate(folder):
    code, out, err = run("train", "small.toml", "--data", "own.npz", "--out", "a", "--json")
    assert code == 0, err
    assert "100 samples to learn from, 40 to test with, divided by 255" in err
    assert err.count("epoch ") == 4
    assert "epoch 4 of 4: training error" in err
    summary = json.loads(out)
    assert json.loads((folder / "a/summary.json").read_text()) == summary
    assert len(summary["history"]["validation_error"]) == 4
    assert summary["train_error"] == summary["history"]["train_error"][3]
    figures = {"learning.png", "settling.png", "filters.png"}
    names = figures | {"checkpoint", "model.json", "training.nc", "summary.json", "weights.npz"}
    assert {path.name for path in (folder / "a").iterdir()} == names
    training = nd.load(folder / "a/training.nc")
    assert training.test_error == summary["test_error"] < 0.5
    with np.load("a/weights.npz") as weights:
        assert {name: weights[name].tolist() for name in weights} == {
            name: value.tolist() for name, value in training.network.parameters.items()
        }

    code, out, err = run("evaluate", "a", "--data", "own.npz")
    assert code == 0, err
    assert f"error {100 * summary['test_error']:.2f} % of 40 test samples" in out
    assert (folder / "a/confusion.png").exists()
    report = json.loads((folder / "a/evaluation.json").read_text())
    assert report["error"] == pytest.approx(training.test_error)
    lines = (folder / "a/predictions.csv").read_text().splitlines()
    assert lines[0] == "sample,label,prediction,output_0,output_1,output_2"
    cells = np.array([line.split(",") for line in lines[1:]], dtype=float)
    assert np.mean(cells[:, 1] != cells[:, 2]) == pytest.approx(training.test_error)
    assert np.array_equal(np.argmax(cells[:, 3:], axis=1), cells[:, 2])
    confusion = np.array(report["confusion"])
    assert confusion.sum() == 40
    assert confusion[0, 1] == np.sum((cells[:, 1] == 0) & (cells[:, 2] == 1))
    code, out, _ = run("evaluate", "a", "--data", "own.npz", "--split", "train", "--out", "b", "--json", "--no-figures")
    assert code == 0
    assert json.loads(out)["samples"] == 100
    assert not (folder / "b/confusion.png").exists()


def test_model_files_and_the_command_line_choose_the_optimizer(folder):
    with open("small.toml", "a") as file:
        file.write('schedule = "one-cycle"\n[learning.optimizer]\nkind = "adam"\nbeta_1 = 0.8\n')
    quiet = ("--data", "own.npz", "--no-figures", "--set", "learning.rates=0.01")
    assert run("train", "small.toml", *quiet, "--out", "a", "--set", "learning.weight_decay=0.1")[0] == 0
    recipe = nd.load("a/training.nc").recipe
    assert (recipe.optimizer, recipe.schedule, recipe.weight_decay) == (nd.Adam(beta_1=0.8), "one-cycle", 0.1)
    assert run("train", "small.toml", *quiet, "--out", "b", "--set", "learning.optimizer=momentum")[0] == 0
    assert nd.load("b/training.nc").recipe.optimizer == "momentum"
    code, _, err = run("train", "small.toml", *quiet, "--set", "learning.optimizer=adamw")
    assert code == 2
    assert "learning: unknown `optimizer` 'adamw'; allowed: sgd, momentum, adam" in err


def test_stopped_and_resumed_it_ends_with_the_same_weights(folder):
    quiet = ("--data", "own.npz", "--no-figures")
    assert run("train", "small.toml", *quiet, "--out", "whole", "--epochs", "5")[0] == 0
    assert run("train", "small.toml", *quiet, "--out", "parts", "--epochs", "2")[0] == 0
    code, _, err = run("train", "small.toml", *quiet, "--out", "parts", "--epochs", "5")
    assert code == 2
    assert "checkpoint is there already: go on with --resume" in err
    code, _, err = run("train", "small.toml", *quiet, "--out", "parts", "--epochs", "5", "--resume")
    assert code == 0
    assert "epoch 3 of 5" in err
    assert "epoch 2 of 5" not in err
    assert nd.load("parts/training.nc").network == nd.load("whole/training.nc").network


def test_epochs_and_the_time_left_do_not_count_what_is_compiled(folder, monkeypatch):
    learner = import_module("neurodyn.learning.clipped").ClippedLearner
    epoch = learner.epoch

    def first_compiling(self, number, order, report):
        with progress.waiting("compiling"):
            time.sleep(0.6 if number == 0 else 0.0)
        return epoch(self, number, order, report)

    monkeypatch.setattr(learner, "epoch", first_compiling)
    code, _, err = run("train", "small.toml", "--data", "own.npz", "--no-figures", "--out", "a", "--epochs", "3")
    assert code == 0
    summary = json.loads(Path("a/summary.json").read_text())
    assert summary["seconds_per_epoch"] < 0.2
    assert summary["seconds_by_part"]["compiling"] >= 0.6
    assert all(int(left) < 1 for left in re.findall(r"(\d+) s left", err))


def test_stopped_training_says_how_to_go_on_and_can_be_evaluated(folder, monkeypatch):
    def stop(self, epoch, row):
        if epoch == 1:
            raise KeyboardInterrupt

    lines = import_module("neurodyn.cli.train")._Lines
    monkeypatch.setattr(lines, "__call__", stop)
    quiet = ("--data", "own.npz", "--no-figures")
    code, out, err = run("train", "small.toml", *quiet, "--out", "stopped", "--epochs", "5")
    assert (code, out) == (130, "")
    assert "neurodyn: stopped; 2 of 5 epochs are done: go on with resume (--resume) and the checkpoint" in err
    assert {path.name for path in (folder / "stopped").iterdir()} == {"checkpoint", "model.json"}
    code, out, err = run("evaluate", "stopped", *quiet)
    assert code == 0, err
    assert "of 40 test samples" in out
    (folder / "stopped/model.json").write_bytes(
        (folder / "stopped/model.json").read_bytes().replace(b"small", b"smell")
    )
    code, _, err = run("evaluate", "stopped", *quiet)
    assert code == 2
    assert "its bytes are not those that were written" in err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["train", "mnist-7"], "unknown model 'mnist-7'; allowed: "),
        (["train", "small.toml"], "model 'small' has nothing to learn from"),
        (["train", "small.toml", "--data", "none.npz"], "none.npz: an .npz archive, an IDX file"),
        (["train", "small.toml", "--data", "own.npz", "--epochs", "0"], "learning: `epochs` must be a whole number"),
        (["train", "small.toml", "--set", "learning.betta=1"], "cannot set 'learning.betta': unknown key 'betta'"),
        (["train", "small.toml", "--set", "learning.nudging=no"], "learning: unknown `nudging` 'no'; allowed: random"),
        (["train", "small.toml", "--set", "learning.rates=[0.1]"], "learning: `rates` must be one number, or one for"),
        (["train", "small.toml", "--set", "learning.method=ep-2071"], "learning: unknown `method` 'ep-2071'; allowed"),
        (["train", "small.toml", "--validation", "x"], "learning.validation"),
        (["train", "memory", "--set", "populations.s.outputs=0", "--set", "data={}"], "data: give the `name`"),
        (["train", "mnist-1", "--data", "nowhere"], "nowhere, which does not exist"),
        (["evaluate", "nowhere"], "no such result file: nowhere/training.nc"),
    ],
)
def test_what_is_wrong_is_one_sentence(folder, arguments, sentence):
    code, out, err = run(*arguments)
    assert code == 2
    assert sentence in err
    assert "Traceback" not in err
    assert not out


def test_evaluate_refuses_what_train_has_not_written(folder):
    net = models.Hopfield.layered([6, 4, 3])
    (folder / "c").mkdir()
    nd.relax(net, np.ones(6)).save(folder / "c/training.nc")
    code, _, err = run("evaluate", "c")
    assert code == 2
    assert "c/training.nc holds no training" in err


@pytest.mark.parametrize("name", ["mnist-1", "mnist-2", "mnist-3"])
def test_networks_of_the_paper_have_its_settings(name):
    model = models.read(name, samples=False)
    hidden = int(name[-1])
    assert [p.size for p in model.network.graph.free] == [500] * hidden + [10]
    recipe = model.recipe
    assert recipe.method == "ep-2017"
    assert recipe.batch_size == 20
    assert (recipe.rates, recipe.epochs) == {
        1: ([0.1, 0.05], 25), 2: ([0.4, 0.1, 0.01], 60), 3: ([0.128, 0.032, 0.008, 0.002], 500),
    }[hidden]  # fmt: skip
    assert recipe.options["nudged_steps"] == {1: 4, 2: 6, 3: 8}[hidden]
    assert recipe.options["step"] == 0.5


def own(folder, **arrays):
    np.savez(folder / "changed.npz", **arrays)
    return learning_data(models.read("small.toml", samples=False), "changed.npz")


def test_data_of_ones_own_are_normalised_as_said(folder, rng):
    x, y = rng.normal(size=(9, 6)), rng.integers(0, 3, 9)
    data = own(folder, x=x, y=y)
    assert np.array_equal(data.x, x)
    assert data.x_test is None
    assert data.shape is None
    assert data.about == "changed.npz: 9 samples to learn from, taken as they are"
    data = own(folder, x_train=np.full((9, 3, 2), 51, np.uint8), y_train=np.eye(3)[y])
    assert np.all(data.x == 0.2)
    assert data.shape == (3, 2)
    assert np.array_equal(data.y, np.eye(3)[y])
    data = own(folder, x_train=x.astype(np.float32), y_train=y.astype(np.uint8), x_test=x[:2], y_test=y[:2])
    assert data.x.dtype == float
    assert len(data.x_test) == 2


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"y_train": np.zeros(3, int)}, "x_train and y_train .* is needed; got the arrays y_train"),
        ({"x_train": np.zeros((3, 6))}, "x_train and y_train .* is needed; got the arrays x_train"),
        ({"x_train": np.zeros((3, 6)), "y_train": np.zeros(2, int)}, "one target for each of the 3 samples"),
        ({"x_train": np.zeros((3, 6)), "y_train": np.full(3, 0.5)}, r"y_train\]: targets must be whole-number labels"),
        ({"x_train": np.zeros(3), "y_train": np.zeros(3, int)}, r"x_train\]: inputs must be a row of numbers"),
        ({"x_train": np.full((3, 6), 256), "y_train": np.zeros(3, int)}, r"must lie in 0 \.\.\. 255; got 256"),
        (
            {"x_train": np.full((3, 6), np.nan), "y_train": np.zeros(3, int)},
            r"x_train\]: all numbers must be finite; got NaN",
        ),
        ({"x_train": np.array([["a"]]), "y_train": np.zeros(1, int)}, "'x_train' must be an array of numbers"),
        ({"x_train": np.zeros((3, 6), complex), "y_train": np.zeros(3, int)}, "'x_train' must be an array of numbers"),
    ],
)
def test_mislabelled_data_are_refused(folder, arrays, sentence):
    with pytest.raises(nd.DataError, match=sentence):
        own(folder, **arrays)


def test_truncated_and_oversized_data_are_refused(folder):
    content = (folder / "own.npz").read_bytes()
    model = models.read("small.toml", samples=False)
    for size in (0, 10, 100, len(content) // 2, len(content) - 3):
        (folder / "cut.npz").write_bytes(content[:size])
        with pytest.raises(nd.DataError, match=r"cut\.npz.*(cannot be unpacked|must|is needed)"):
            learning_data(model, "cut.npz")
    head = str({"descr": "<f8", "fortran_order": False, "shape": (10**6, 10**6)}).encode().ljust(117) + b"\n"
    member = io.BytesIO(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + b"\0" * 64)
    with zipfile.ZipFile(folder / "large.npz", "w") as archive:
        archive.writestr("x_train.npy", member.getvalue())
        archive.writestr("y_train.npy", member.getvalue())
    with pytest.raises(nd.DataError, match=r"must announce 1 to 1,073,741,824 bytes; got 8,000,000,000,000"):
        learning_data(model, "large.npz")
