"""Gradients under noise: against quadrature, how their error bars go with beta, and learning with them."""

from typing import Any

import numpy as np
import pytest

import neurodyn as nd
import term_networks
from networks import draw_input
from neurodyn import models
from neurodyn.models.data import digits
from neurodyn.numerics.arrays import inward
from neurodyn.phases.observables import energy_gradients, gradient_changes, rates_of
from neurodyn.system.parameters import Parameters

THETA = 0.3


def pair():
    """Two tanh units far from linear, with an input and a target."""
    net = models.Hopfield.recurrent(2, n_in=1, n_out=1, seed=0)
    arrays = {"s-s": [[0.0, 1.2], [1.2, 0.0]], "x-s": [[0.8, -0.5]], "s": [0.2, -0.1]}
    return net.replace(parameters=arrays), [[0.7]], [[0.4]]


class Quadrature:
    """The law of the pair on a grid."""

    def __init__(self, held=None):
        grid = np.linspace(-5.0, 5.0, 501)
        second = grid if held is None else np.array([held])
        self.states = np.stack(np.meshgrid(grid, second, indexing="ij"), axis=-1).reshape(-1, 2)

    def law(self, net, x, y):
        """Weights exp(-E / Theta), not normalised, and costs."""
        copies = len(self.states)
        energy = net.energy(self.states, np.repeat(x, copies, axis=0))
        return np.exp(-energy / THETA), net.cost(self.states, np.repeat(y, copies, axis=0))

    def slope(self, net, x, y, objective):
        """Central differences by the parameters of a function of weights and costs."""
        vector, out = net.parameters.vector, np.empty(net.parameters.vector.size)
        for i in range(vector.size):
            ends = []
            for move in (1e-4, -1e-4):
                moved = vector + move * (np.arange(vector.size) == i)
                near = net.replace(parameters=Parameters(net.parameters.blocks, moved))
                ends.append(objective(*self.law(near, x, y)))
            out[i] = (ends[0] - ends[1]) / 2e-4
        return out


def mean_cost(weights, costs):
    return (weights * costs).sum() / weights.sum()


def bars(found):
    assert found.standard_error.blocks == found.blocks
    return found.standard_error.vector


def z_scores(found, expected):
    return (found.vector - expected) / bars(found)


@pytest.mark.parametrize(
    ("method", "options"),
    [("stochastic-ep", {"beta": 0.02}), ("stochastic-ep", {"beta": 0.1, "common": False}), ("fluctuation", {})],
)
def test_estimates_are_the_gradient_of_the_mean_cost_by_quadrature(method, options):
    net, x, y = pair()
    expected = Quadrature().slope(net, x, y, mean_cost)
    found = nd.gradient(net, x, y, method=method, temperature=THETA, chains=16, samples=2000, seed=1, **options)
    assert np.all(np.abs(z_scores(found, expected)) < 3.0)
    at_rest = nd.gradient(net, x, y, method="implicit").vector
    assert np.abs(at_rest - expected).max() > 3.0 * bars(found).max()  # noise matters here


@pytest.mark.parametrize("nudging", ["positive", pytest.param("negative", marks=pytest.mark.slow)])
def test_at_a_finite_beta_it_is_the_gradient_of_the_free_energy_of_the_cost(nudging):
    net, x, y = pair()
    beta = 0.5 if nudging == "positive" else -0.5

    def free_energy(weights, costs):
        return -THETA / beta * np.log((weights * np.exp(-beta * costs / THETA)).sum() / weights.sum())

    expected = Quadrature().slope(net, x, y, free_energy)
    options: dict[str, Any] = {"temperature": THETA, "chains": 16, "samples": 2000, "seed": 2}
    found = nd.gradient(net, x, y, method="stochastic-ep", beta=0.5, nudging=nudging, **options)
    assert np.all(np.abs(z_scores(found, expected)) < 3.0)
    limit = Quadrature().slope(net, x, y, mean_cost)
    assert np.abs(z_scores(found, limit)).max() > 5.0  # which is another


@pytest.mark.slow
def test_all_estimators_agree_with_quadrature_over_many_samples():
    net, x, y = pair()
    expected = Quadrature().slope(net, x, y, mean_cost)
    methods: Any = [("stochastic-ep", {"beta": 0.01}), ("stochastic-ep", {"beta": 0.05, "common": False}),
                    ("fluctuation", {})]  # fmt: skip
    for method, options in methods:
        found = nd.gradient(net, x, y, method=method, temperature=THETA, chains=32, samples=100_000, seed=1, **options)
        print(method, options, z_scores(found, expected).round(2), np.linalg.norm(bars(found)) / found.norm)
        assert np.all(np.abs(z_scores(found, expected)) < 3.0)


def spreads(common, betas):
    """Error bars of estimates at some beta, over the whole vector."""
    net, x, y = pair()
    options: dict[str, Any] = {
        "temperature": THETA,
        "chains": 16,
        "samples": 2000,
        "nudging": "positive",
        "common": common,
    }
    found = [nd.gradient(net, x, y, method="stochastic-ep", beta=beta, **options) for beta in betas]
    return np.array([np.linalg.norm(bars(f)) for f in found])


@pytest.mark.slow
def test_the_variance_does_not_grow_as_beta_falls_with_common_noise_and_as_its_inverse_square_without():
    betas = np.array([1e-4, 1e-3, 1e-2, 1e-1])
    common = np.polyfit(np.log(betas), np.log(spreads(True, betas) ** 2), 1)[0]
    independent = np.polyfit(np.log(betas), np.log(spreads(False, betas) ** 2), 1)[0]
    print(f"slopes of the variance: common {common:.4f}, independent {independent:.4f}")
    assert abs(common) < 0.1
    assert abs(independent + 2.0) < 0.1


def test_common_noise_keeps_error_bars_small_at_a_tiny_beta():
    net, x, y = pair()
    options: dict[str, Any] = {"method": "stochastic-ep", "beta": 1e-5, "temperature": THETA, "samples": 200}
    common, independent = (nd.gradient(net, x, y, common=common, **options) for common in (True, False))
    assert np.linalg.norm(bars(independent)) > 100.0 * np.linalg.norm(bars(common))


def test_contrastive_divergence_of_a_long_run_is_the_gradient_of_the_likelihood():
    net, x, y = pair()

    def likelihood(weights, costs):
        return THETA * np.log(weights.sum())

    free, held = (Quadrature(where).slope(net, x, y, likelihood) for where in (None, y[0][0]))
    options: dict[str, Any] = {"method": "contrastive-divergence", "temperature": THETA, "chains": 50, "samples": 1000}
    found = nd.gradient(net, x, y, duration=15.0, **options)
    assert np.all(np.abs(z_scores(found, free - held)) < 3.5)
    brief = nd.gradient(net, x, y, duration=0.1, **options)
    assert brief.norm < 0.3 * found.norm


def test_weighted_sums_and_changes_of_the_energy_gradient_are_those_of_single_samples(rng):
    net = term_networks.NETWORKS["log-sum-exp"]()
    s, x, w = rng.normal(size=(2, 3, net.n)), draw_input(net, 3, rng), rng.normal(size=3)
    columns, clamped = (inward(s[0]), inward(s[1])), net.input_rates(x, 3)
    rates = rates_of(net, columns[0]), rates_of(net, columns[1])
    each = np.array([[net.energy_gradient(a, b).vector for a, b in zip(part, x, strict=True)] for part in s])
    np.testing.assert_allclose(energy_gradients(net, columns[0], rates[0], clamped, w), w @ each[0], rtol=1e-12)
    found = gradient_changes(net, columns, rates, 2.5, clamped)
    np.testing.assert_allclose(found, 2.5 * (each[1] - each[0]).sum(axis=0), atol=1e-12)


@pytest.mark.parametrize(
    ("method", "options", "sentence"),
    [
        ("stochastic-ep", {"temperature": 0.0}, "`temperature` must be positive and finite; got 0.0"),
        ("stochastic-ep", {"beta": 0.0}, "`beta` must not be 0: the method 'fluctuation' is its limit"),
        ("stochastic-ep", {"common": "yes"}, "`common` must be True or False; got 'yes'"),
        ("stochastic-ep", {"scheme": "milstein"}, "unknown `scheme` 'milstein'"),
        ("fluctuation", {"chains": 1}, "`chains` must be at least 2"),
        ("fluctuation", {"samples": 0}, "`samples` must be a number >= 1; got 0"),
        ("fluctuation", {"duration": -1.0}, "`duration` must be a positive time, or None; got -1.0"),
        ("contrastive-divergence", {"temperature": -1.0}, "`temperature` must be a finite number >= 0; got -1.0"),
    ],
)
def test_options_that_make_no_sense_are_refused(method, options, sentence):
    with pytest.raises(nd.ArgumentError, match=sentence):
        nd.gradient(*pair(), method=method, **options)


def test_the_rate_form_has_no_law_in_which_fluctuations_are_gradients():
    net = models.Rate.layered([1, 2, 1])
    with pytest.raises(nd.ModelError, match="in the rate form noise does not lead to the law"):
        nd.gradient(net, [[0.7]], [[0.4]], method="fluctuation")
    found = nd.gradient(net, [[0.7]], [[0.4]], method="stochastic-ep", duration=5.0)
    assert "in the rate form" in found.notes[0]


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_a_digits_network_learns_at_a_temperature_at_which_its_outputs_fluctuate():
    train, test = digits("train"), digits("test")
    net = models.Hopfield.layered([64, 32, 10], activation="tanh", seed=0)
    options: dict[str, Any] = {
        "method": "stochastic-ep",
        "temperature": 0.03,
        "beta": 0.5,
        "chains": 1,
        "duration": 10.0,
    }
    recipe: dict[str, Any] = {"epochs": 15, "rates": 0.3, "schedule": "linear", "batch_size": 20}
    learned = nd.learn(net, train.images, train.labels, **recipe, **options).network
    times = np.linspace(20.0, 100.0, 161)
    run = nd.simulate(learned, test.images, temperature=0.03, t_eval=times, seed=3).state[:, :, net.outputs]
    averaged, once = (np.mean(found.argmax(axis=-1) == test.labels) for found in (run.mean(axis=0), run[-1]))
    print(f"averaged {averaged:.3f}, at one moment {once:.3f}, outputs fluctuate by {run.std(axis=0).mean():.2f}")
    assert averaged >= 0.9
    assert run.std(axis=0).mean() > 0.1
    assert once < averaged - 0.05


def test_learning_draws_noise_anew_for_each_minibatch_and_the_same_in_a_second_run():
    net, x, y = pair()
    options: dict[str, Any] = {"method": "stochastic-ep", "temperature": 0.1, "chains": 2, "duration": 2.0}
    recipe: dict[str, Any] = {"epochs": 2, "batch_size": 1, "rates": 0.1}
    first, second = (nd.learn(net, x * 3, y * 3, **recipe, **options).network for _ in range(2))
    assert first == second
    other = nd.learn(net, x * 3, y * 3, seed=1, **recipe, **options).network
    assert first != other
