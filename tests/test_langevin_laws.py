"""Stationary laws and times of motion under noise, against closed forms and quadrature. Long, and so marked slow."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.linalg import expm

import neurodyn as nd
from neurodyn.models import EnergyNetwork, Hopfield, terms

pytestmark = pytest.mark.slow

#: ½|s|² − 2 tanh s₁ tanh s₂: two wells along the diagonal, a barrier of 0.24 between them.
PAIR = Hopfield.recurrent(2, gain=0.0).replace(parameters={"s-s": [[0.0, 2.0], [2.0, 0.0]]})
#: s²/2 − 2 log cosh s: two wells, with a bounded curvature.
WELLS = EnergyNetwork({"s": 1}, [terms.Unit("s", "s**2/2 - 2*logcosh(s)")])


def wells(s):
    """The energy of `WELLS`."""
    return 0.5 * s * s - 2.0 * np.log(np.cosh(s))


def grid_mean(energy, theta, value, ends, count=601):
    """The mean of value(s₁, s₂) under exp(-energy / theta) on a square, by the trapezoidal rule."""
    line = np.linspace(ends[0], ends[1], count)
    s = np.stack(np.meshgrid(line, line, indexing="ij"), -1)
    e = energy(s.reshape(-1, 2)).reshape(count, count)
    weight = np.exp(-(e - e.min()) / theta)
    weight[[0, -1]] *= 0.5
    weight[:, [0, -1]] *= 0.5
    return (weight * value(s[..., 0], s[..., 1])).sum() / weight.sum()


def stationary(net, noise, seed, spacing, chains, per_chain, burn=20.0, start=None):
    """States (sample, chain, n) after a burn-in."""
    times = burn + spacing * np.arange(per_chain)
    first = np.zeros((chains, net.n)) if start is None else start
    return nd.simulate(net, start=first, t_eval=times, noise=nd.Langevin(**noise, seed=seed)).state


def z_score(values, exact):
    """Of the mean over chains (chain, k) against its exact values (k,): independent ones, by their covariance."""
    factor = np.linalg.cholesky(np.atleast_2d(np.cov(values.T)) / len(values))
    return np.linalg.solve(factor, values.mean(axis=0) - exact)


@pytest.mark.timeout(900)  # minutes, on a busy machine
def test_linear_network_has_its_covariance_and_autocovariance():
    theta, lag, spacing = 0.3, 4, 0.25
    net = Hopfield.recurrent(2, activation="linear", gain=0.0).replace(
        parameters={"s-s": [[0.0, 0.4], [0.4, 0.0]]}, tau=[1.0, 2.0]
    )
    hessian = net.hessian(np.zeros(2))
    covariance = theta * np.linalg.inv(hessian)
    lagged = expm(-hessian / net.tau[:, None] * lag * spacing) @ covariance
    scores = []
    for seed in range(20):
        s = stationary(net, {"temperature": theta, "step": 0.004}, seed, spacing, 1000, 1000)
        now = np.einsum("kci,kcj->cij", s, s) / len(s)
        later = np.einsum("kci,kcj->cij", s[lag:], s[:-lag]) / (len(s) - lag)
        upper = np.triu_indices(2)
        found = np.concatenate([now[:, *upper], later.reshape(-1, 4)], axis=1)
        scores.append(z_score(found, np.concatenate([covariance[upper], lagged.ravel()])))
    z = np.array(scores).ravel()
    print("z", stats.kstest(z, "norm"), np.abs(z).max(), z.mean(), z.std())
    assert stats.kstest(z, "norm").pvalue > 0.01
    assert (np.abs(z) > 3.0).sum() <= 1  # of 140


def test_law_does_not_depend_on_the_time_constants():
    exact = grid_mean(PAIR.energy, 0.2, lambda a, b: a * a, (-4.0, 4.0))
    for tau in ([1.0, 1.0], [0.3, 3.0]):
        net = PAIR.replace(tau=tau)
        s = stationary(net, {"temperature": 0.2, "step": 0.03}, 1, 2.0, 4000, 200)
        scores = z_score((s * s).mean(axis=0), exact)
        print(tau, exact, scores, (s * s).mean())
        assert np.abs(scores).max() < 3.0


@pytest.mark.parametrize(
    ("scheme", "order", "steps"),
    [("euler-maruyama", 1, [0.1, 0.2, 0.4]), ("leimkuhler-matthews", 2, [0.35, 0.5, 0.7])],
)
def test_averages_converge_with_the_order_of_the_scheme(scheme, order, steps):
    theta, errors, widths = 1.5, [], []
    s = np.linspace(-15.0, 15.0, 20001)
    weight = np.exp(-wells(s) / theta)
    exact = integrate.simpson(np.cos(s) * weight, x=s) / integrate.simpson(weight, x=s)
    for h in steps:
        noise = {"temperature": theta, "scheme": scheme, "step": h}
        runs = [np.cos(stationary(WELLS, noise, k, 2 * h, 10_000, 400)).mean(axis=(0, 2)) for k in range(10)]
        means = np.concatenate(runs)
        errors.append(abs(means.mean() - exact))
        widths.append(means.std(ddof=1) / np.sqrt(means.size) / errors[-1])
    slope = np.polyfit(np.log(steps), np.log(errors), 1, w=1.0 / np.array(widths))[0]
    print(scheme, exact, errors, widths, slope)
    assert abs(slope - order) < 0.15 * order


@pytest.mark.parametrize("part", [2.0, 3.0, 4.0])
def test_escape_time_from_a_well_is_that_of_the_exact_integral(part):
    s = np.linspace(-8.0, 0.0, 8001)
    bottom = s[wells(s).argmin()]
    theta = -wells(bottom) / part
    line = np.linspace(-8.0, -bottom, 20001)
    inner = integrate.cumulative_simpson(np.exp(-wells(line) / theta), x=line, initial=0.0)
    outer = np.exp(wells(line) / theta) * inner / theta
    exact = integrate.simpson(np.where(line >= bottom, outer, 0.0), x=line)
    passed, state, time, every = np.zeros(4000), np.full((4000, 1), bottom), 0.0, 0.1
    waiting = np.arange(4000)
    while waiting.size:
        times = every * np.arange(1, int(5.0 * exact))
        noise = nd.Langevin(theta, step=0.02, seed=int(time))
        run = nd.simulate(WELLS, start=state, noise=noise, streams=waiting, t_eval=times).state[..., 0]
        crossed = run >= -bottom
        done = crossed.any(axis=0)
        passed[waiting[done]] = time + times[crossed.argmax(axis=0)[done]] - 0.5 * every
        waiting, state, time = waiting[~done], run[-1, ~done, None], time + times[-1]
    print(part, theta, exact, passed.mean(), passed.mean() / exact, passed.std() / passed.mean() / 4000**0.5)
    assert abs(passed.mean() / exact - 1.0) < 0.1


def test_density_in_a_box_is_that_of_the_energy():
    theta = 0.2
    net = Hopfield.recurrent(2, activation="hard-sigmoid", gain=0.0)
    net = net.replace(parameters={"s-s": [[0.0, 0.6], [0.6, 0.0]], "s": [0.3, -0.2]}, tau=[1.0, 2.0])
    s = stationary(net, {"temperature": theta, "step": 0.01}, 2, 4.0, 20_000, 5, start=np.full((20_000, 2), 0.5))
    edges = np.linspace(0.0, 1.0, 11)
    grid = np.linspace(0.0, 1.0, 401)
    a, b = np.meshgrid(grid, grid, indexing="ij")
    weight = np.exp(-net.energy(np.stack([a.ravel(), b.ravel()], -1)).reshape(a.shape) / theta)
    for i in range(2):
        density = integrate.simpson(weight, x=grid, axis=1 - i)
        law = integrate.cumulative_simpson(density, x=grid, initial=0.0)
        wanted = np.diff(np.interp(edges, grid, law / law[-1]))
        counts = np.histogram(s[..., i], edges)[0]
        found = stats.chisquare(counts, wanted * counts.sum())
        print(i, found, (counts / counts.sum() / wanted).round(4))
        assert found.pvalue > 0.01
