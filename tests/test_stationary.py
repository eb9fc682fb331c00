"""Stationary averages: against closed forms, the same bits however they come about, refusals, files."""

import subprocess
import sys
import time
from dataclasses import replace
from typing import Any

import numba
import numpy as np
import pytest
from scipy import stats

import neurodyn as nd
from neurodyn import models
from neurodyn.phases import stationary_run
from neurodyn.phases.chains import Chains
from neurodyn.solvers import walk

THETA = 0.1


def gaussian():
    """A linear network, whose law is Gaussian, with data for two samples."""
    net = models.Hopfield.layered([3, 4, 2], activation="linear", tau=[0.5, 2.0], gain=0.6, seed=1)
    return net, np.random.default_rng(0).uniform(size=(2, 3)), np.array([[0.2, 0.3], [0.1, -0.4]])


def closed_form(net, x, y):
    """Mean, covariance, autocorrelation times; mean energy and cost."""
    rest = nd.relax(net, x)
    hessian = net.hessian(rest.state, x)
    covariance = THETA * np.linalg.inv(hessian)
    spread = np.diagonal(covariance, axis1=1, axis2=2)
    times = np.einsum("bij,bji->bi", np.linalg.inv(hessian / net.tau[:, None]), covariance) / spread
    cost = net.cost(rest.state, y) + 0.5 * spread[:, net.outputs].sum(axis=1)
    return rest.state, covariance, times, rest.energy + 0.5 * net.n * THETA, cost


def test_averages_of_a_linear_network_are_those_of_its_gaussian_law():
    net, x, y = gaussian()
    law: Any = nd.stationary(net, x, temperature=THETA, seed=3, y=y, samples=2000, bins=40, pairs=[(0, 5)])
    mean, covariance, times, energy, cost = closed_form(net, x, y)
    assert np.all(np.abs(law.mean - mean) < 4.0 * law.standard_error)
    variance = np.diagonal(covariance, axis1=1, axis2=2)
    spread = np.sqrt((variance[:, :, None] * variance[:, None] + covariance**2) / law.effective_samples.min())
    assert np.all(np.abs(law.covariance - covariance) < 4.0 * spread)
    np.testing.assert_allclose(law.autocorrelation_time, times, rtol=0.3)
    np.testing.assert_allclose(law.effective_samples, variance / law.standard_error**2, rtol=0.2)
    assert law.effective_samples.min() >= 2000
    assert np.all(np.abs(law.energy - energy) < 4.0 * law.energy_error)
    assert np.all(np.abs(law.cost - cost) < 4.0 * law.cost_error)
    assert np.all(np.abs(law.r_hat - 1.0) < 0.02)
    np.testing.assert_allclose(law.rate, law.mean, rtol=1e-12)  # of linear units
    bias = law.energy_gradient["y"]  # -rho, over the batch
    assert np.all(np.abs(bias + mean.mean(axis=0)[net.outputs]) < 4.0 * law.energy_gradient_error["y"])
    middle = 0.5 * (law.edges[:, 1:] + law.edges[:, :-1])
    np.testing.assert_allclose((law.histogram * middle).sum(axis=-1), law.mean, atol=0.1 * np.sqrt(variance.max()))
    np.testing.assert_allclose(law.pair_histogram[0].sum(axis=-1), law.histogram[:, 0], atol=1e-12)


def shaky():
    """A linear unit whose weight fluctuates, and the noise."""
    net = models.Hopfield.layered([1, 1], activation="linear", gain=1.0, seed=0)
    return net, nd.Langevin(0.01, seed=2, weight_noise=0.3, weight_correlation_time=2.0, step=0.1)


def test_chains_whose_weights_fluctuate_go_on_from_any_place_to_the_same_bits():
    net, noise = shaky()
    noise = replace(noise, temperature=1e-12)
    x, start = np.array([[1.5], [-0.5]]), np.zeros((2, 1))
    whole, first, second = (Chains(net, x, start, noise, 2) for _ in range(3))
    states = whole.record(20)
    parts = [first.record(7)]
    second.place = first.place
    np.testing.assert_array_equal(np.concatenate([*parts, second.record(13)]), states)
    assert np.abs(states[:, 0, 0] - states[:, 0, 1]).max() > 0.1  # by the weights of each chain: all else is still
    alone = Chains(net, x[:1], start[:1], noise, 2).record(20)
    np.testing.assert_array_equal(alone, states[:, :, :2])


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_where_weights_fluctuate_the_law_is_over_them_too():
    net, noise = shaky()
    law: Any = nd.stationary(net, [[1.5], [-0.5]], noise=noise, samples=20)
    current = net.parameters["x-y"][0, 0] * np.array([1.5, -0.5])  # an Ornstein-Uhlenbeck process through a leak
    variance = 0.01 + (0.3 * current) ** 2 * 2.0 / (1.0 + 2.0)
    assert variance[0] > 5.0 * 0.01
    assert np.all(np.abs(law.mean[:, 0] - current) < 4.0 * law.standard_error[:, 0])
    assert np.all(np.abs(law.covariance[:, 0, 0] / variance - 1.0) < 4.0 * np.sqrt(2.0 / law.effective_samples[:, 0]))
    assert law.autocorrelation_time[0, 0] > 2.0  # of what is mostly the weight's


@pytest.mark.slow
def test_error_bars_are_the_scatter_of_means_over_seeds():
    net, x, y = gaussian()
    mean, _, _, energy, cost = closed_form(net, x, y)
    z = []
    for seed in range(60):
        law: Any = nd.stationary(net, x, temperature=THETA, seed=seed, y=y, samples=500)
        errors = (law.energy_error, law.cost_error)
        z.append([*((law.mean - mean) / law.standard_error)[:, 0], (law.energy[0] - energy[0]) / errors[0][0],
                  (law.cost[1] - cost[1]) / errors[1][1]])  # fmt: skip
    assert np.all(np.abs(np.std(z, axis=0) - 1.0) < 0.3)
    assert stats.kstest(np.ravel(z), "norm").pvalue > 0.01


def small():
    return models.Hopfield.recurrent(3, n_in=1, n_out=1, gain=1.5, tau=[[0.5, 1.0, 2.0]], seed=0)


def test_bits_are_the_same_however_chains_are_shared_among_blocks_and_threads(monkeypatch):
    options: dict[str, Any] = {"temperature": 0.2, "seed": 1, "samples": 20.0, "chains": 20, "y": [[0.1], [0.2]]}
    whole = nd.stationary(small(), [[0.5], [0.1]], **options)
    monkeypatch.setattr(walk, "BLOCK_ENTRIES", 8)
    monkeypatch.setattr(numba.config, "NUMBA_NUM_THREADS", 1)
    assert nd.stationary(small(), [[0.5], [0.1]], **options) == whole
    assert nd.stationary(small(), [[0.5], [0.1]], **options | {"seed": 2}) != whole


def test_a_run_that_is_stopped_goes_on_from_its_checkpoint_to_the_same_bits(tmp_path, monkeypatch):
    net, file = small(), tmp_path / "run"
    options: dict[str, Any] = {"temperature": 0.2, "seed": 1, "samples": 300.0, "y": [0.1], "bins": 8}
    whole = nd.stationary(net, [0.5], **options)
    monkeypatch.setattr(stationary_run, "EVERY", 0.0)
    blocks = []

    class Killed(BaseException):
        pass

    def kill(self, path, write=stationary_run.Run._write):
        write(self, path)
        blocks.append(self.state.number)
        if len(blocks) == 3:
            raise Killed

    monkeypatch.setattr(stationary_run.Run, "_write", kill)
    with pytest.raises(Killed):
        nd.stationary(net, [0.5], **options, checkpoint=file)
    assert blocks == [1, 2, 3]
    again = nd.stationary(net, [0.5], **options, checkpoint=file, resume=True)
    assert blocks[3] == 4  # no block is run twice
    assert again == whole
    more = nd.stationary(net, [0.5], **options | {"samples": 600.0}, checkpoint=file, resume=True)
    assert more == nd.stationary(net, [0.5], **options | {"samples": 600.0})
    with pytest.raises(nd.ResultFileError, match="it is of a run with other noise: resume the same"):
        nd.stationary(net, [0.5], **options | {"seed": 2}, checkpoint=file, resume=True)
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(nd.ResultFileError):
        nd.stationary(net, [0.5], **options, checkpoint=file, resume=True)


SCRIPT = """
import sys, neurodyn as nd
from neurodyn import models
from neurodyn.phases import stationary_run
from neurodyn.phases.chains import Chains
stationary_run.EVERY = 0.0
net = models.Hopfield.recurrent(3, n_in=1, n_out=1, gain=1.5, tau=[[0.5, 1.0, 2.0]], seed=0)
options = {"temperature": 0.2, "seed": 1, "samples": float(sys.argv[3])}
law = nd.stationary(net, [0.5], **options, checkpoint=sys.argv[1], resume=True)
law.save(sys.argv[2])
"""


@pytest.mark.slow
def test_a_process_that_is_killed_loses_at_most_a_block(tmp_path):
    def run(name, samples=40_000):
        arguments = [sys.executable, "-c", SCRIPT, str(tmp_path / name), str(tmp_path / f"{name}.nc"), str(samples)]
        return subprocess.Popen(arguments)

    assert run("whole").wait() == 0
    process = run("killed")
    while not (tmp_path / "killed").exists():
        time.sleep(0.05)
    time.sleep(0.3)
    process.kill()
    process.wait()
    assert not (tmp_path / "killed.nc").exists()
    assert run("killed").wait() == 0
    assert nd.load(tmp_path / "killed.nc") == nd.load(tmp_path / "whole.nc")


def test_a_tolerance_is_reached_and_a_limit_of_time_is_told():
    net = small()
    law = nd.stationary(net, [0.5], temperature=0.2, tolerance=0.05)
    assert law.standard_error.max() <= 0.05
    assert law.notes == []
    short = nd.stationary(net, [0.5], temperature=0.2, tolerance=1e-9, max_seconds=0.2)
    assert "stopped after 0.2 s" in short.notes[-1]
    assert np.isfinite(short.standard_error).all()


def test_chains_in_wells_that_they_do_not_leave_are_told(monkeypatch):
    from neurodyn.phases import settle

    monkeypatch.setattr(settle, "DOUBLINGS", 2)
    net = models.Hopfield.recurrent(2, n_out=1, seed=0).replace(parameters={"s-s": [[0.0, 4.0], [4.0, 0.0]]})
    law = nd.stationary(net, start=[[0.0, 0.0]], temperature=0.05, seed=2, samples=1.0, chains=6)
    assert "chains had not met" in law.notes[0]
    assert law.r_hat.max() > 2.0


def test_a_law_is_saved_and_loaded(tmp_path):
    law = nd.stationary(small(), [[0.5]], temperature=0.2, samples=1.0, y=[[0.1]], beta=0.5, bins=5, pairs=[(0, 2)])
    law.save(tmp_path / "law.nc")
    assert nd.load(tmp_path / "law.nc") == law
    assert "effective samples" in repr(law)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "`temperature` is missing: without noise there is no law"),
        ({"temperature": 0.0}, "`temperature` must be positive: without noise there is no law"),
        ({"temperature": 0.1, "noise": nd.Langevin(0.1)}, "`noise` must be a Langevin, which has its own"),
        ({"temperature": 0.1, "chains": 0}, "`chains` must be a whole number >= 1; got 0"),
        ({"temperature": 0.1, "samples": -1}, "`samples` must be a number from 1"),
        ({"temperature": 0.1, "tolerance": 0.0}, "`tolerance` must be positive and finite; got 0.0"),
        ({"temperature": 0.1, "bins": 1}, "`bins` must be a whole number >= 2; got 1"),
        ({"temperature": 0.1, "pairs": [(0, 9)]}, "`pairs` must be a whole number from 0 to 2; got 9"),
        ({"temperature": 0.1, "pairs": [3]}, "`pairs` must be pairs of units; got 3"),
        ({"temperature": 0.1, "beta": 1.0}, "a nudge with beta = 1 needs targets `y`"),
        ({"temperature": 0.1, "resume": True}, "`resume` must be True or False, and needs a `checkpoint`"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(options, sentence):
    with pytest.raises(nd.ArgumentError, match=sentence):
        nd.stationary(small(), [0.5], **options)
