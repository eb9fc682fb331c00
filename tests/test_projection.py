"""Projections onto modes and components, against closed forms of linear networks."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import neurodyn as nd
from neurodyn import analysis, models

COUPLING = 0.6


def project(*args, **options) -> Any:
    return analysis.project(*args, **options)


def pair(tau=1.0):
    """Two linear units that excite each other: H = [[1, -w], [-w, 1]], modes along the diagonals."""
    net = models.Hopfield.recurrent(2, 0, 1, activation="linear", tau=tau)
    return net.replace(parameters={"s-s": [[0.0, COUPLING], [COUPLING, 0.0]]})


def linear_chain():
    net = models.Hopfield.layered([4, 5, 3], activation="linear", gain=0.4, seed=4)
    return net.replace(tau=np.geomspace(0.3, 4.0, 8), parameters={"h1": np.linspace(-0.3, 0.4, 5)})


@pytest.fixture(scope="module")
def experiment():
    net = models.Hopfield.layered([5, 8, 6, 3], tau=np.geomspace(0.3, 3.0, 17), seed=3)
    rng = np.random.default_rng(4)
    return nd.experiment(net, rng.uniform(0.0, 1.0, (3, 5)), rng.uniform(-0.8, 0.8, (3, 3)))


def trajectory(net, start, t_eval, x=None):
    return nd.simulate(net, x, start=start, t_eval=t_eval, solver=nd.Solver(rtol=1e-11, atol=1e-13))


# -- modes ---------------------------------------------------------------------------------------------------------


def test_the_slow_diagonal_of_a_rotated_network_is_the_first_mode():
    t = np.linspace(0.0, 30.0, 61)
    found = project(trajectory(pair(), [1.0, 0.2], t), "modes")
    root = np.sqrt(0.5)
    np.testing.assert_allclose(found.rates, [1.0 - COUPLING, 1.0 + COUPLING])
    np.testing.assert_allclose(np.abs(found.axes), root)
    np.testing.assert_allclose(found.axes[0], [root, root])
    assert found.axes[1, 0] * found.axes[1, 1] < 0.0
    np.testing.assert_allclose(found.coordinates[:, 0, 0], 1.2 * root * np.exp(-(1.0 - COUPLING) * t), atol=2e-5)
    fast = 0.8 * root * np.exp(-(1.0 + COUPLING) * t) * np.sign(found.axes[1, 0])
    np.testing.assert_allclose(found.coordinates[:, 0, 1], fast, atol=2e-5)
    assert found.labels == (r"mode $a_1$ (rate 0.4/$\tau$)", r"mode $a_2$ (rate 1.6/$\tau$)")


def test_every_mode_decays_on_its_own_where_time_constants_differ():
    net, t = linear_chain(), np.linspace(0.0, 200.0, 81)
    x = [0.1, -0.4, 0.3, 0.9]
    run = trajectory(net, np.linspace(-1.0, 2.0, 8), t, x)
    found = project(run, "modes", dimensions=3)
    flow = net.hessian(run.state[-1], x) / net.tau[:, None]
    np.testing.assert_allclose(found.axes @ flow.T, found.rates[:, None] * found.axes, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(found.axes, axis=1), 1.0)
    np.testing.assert_allclose(found.weights @ found.axes.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(found.rates, np.sort(np.linalg.eigvals(flow).real)[:3])
    decay = found.coordinates[0, 0] * np.exp(-np.outer(t, found.rates))
    np.testing.assert_allclose(found.coordinates[:, 0], decay, atol=1e-7)
    assert np.abs(found.coordinates[0]).min() > 0.01
    assert (np.take_along_axis(found.axes, np.abs(found.axes).argmax(axis=1)[:, None], axis=1) > 0.0).all()


def test_modes_of_an_experiment_are_those_of_one_sample(experiment):
    first, second = (project(experiment, "modes", sample=j) for j in (0, 1))
    assert first.coordinates.shape == (201, 1, 2)
    np.testing.assert_array_equal(project(experiment, "modes").coordinates, first.coordinates)
    for j, found in enumerate((first, second)):
        s = experiment.equilibrium.state[j]
        np.testing.assert_array_equal(found.origin, s)
        flow = experiment.network.hessian(s, experiment.equilibrium.x[j]) / experiment.network.tau[:, None]
        np.testing.assert_allclose(found.rates, np.sort(np.linalg.eigvals(flow).real)[:2])
        np.testing.assert_allclose(found.rest, 0.0)
        z = found.displacement[:, 0]
        np.testing.assert_allclose(z, z[-1] * -np.expm1(-np.outer(found.nudged_t, found.rates)), atol=2e-5)
    assert np.abs(first.rates - second.rates).max() > 1e-3


def test_units_on_a_bound_have_no_part_in_the_modes():
    net = models.Hopfield.layered([20, 15, 12, 5], activation="hard-sigmoid", seed=4, gain=1.5)
    x = np.random.default_rng(0).uniform(0.0, 1.0, 20)
    experiment = nd.experiment(net, x, np.full(5, 0.5))
    found = project(experiment, "modes")
    stuck = ~experiment.equilibrium.active
    assert stuck.any()
    assert not found.axes[:, stuck].any()
    assert not found.weights[:, stuck].any()


# -- components ----------------------------------------------------------------------------------------------------


def test_components_are_those_of_all_recorded_states(experiment):
    found = project(experiment, dimensions=3)
    free = analysis.free_phase(experiment.equilibrium)
    assert found.coordinates.shape == (201, 3, 3)
    np.testing.assert_array_equal(found.t, free.t)
    points = free.state.reshape(-1, 17)
    values, vectors = np.linalg.eigh(np.cov(points.T))
    np.testing.assert_allclose(found.explained, values[:-4:-1] / values.sum())
    np.testing.assert_allclose(np.abs(np.diag(found.axes @ vectors[:, :-4:-1])), 1.0)
    np.testing.assert_allclose(found.origin, points.mean(axis=0))
    np.testing.assert_allclose(found.coordinates, (free.state - found.origin) @ found.axes.T)
    assert found.labels[0] == f"component $c_1$ ({found.explained[0]:.0%} of variance)"


def test_the_free_phase_goes_from_the_start_to_the_equilibrium(experiment):
    free = analysis.free_phase(experiment.equilibrium)
    np.testing.assert_array_equal(free.state[0], experiment.equilibrium.start)
    assert free.t[-1] == experiment.equilibrium.time.max()
    np.testing.assert_allclose(free.state[-1], experiment.equilibrium.state, atol=1e-5)
    found = project(experiment)
    np.testing.assert_allclose(found.coordinates[-1], found.rest, atol=1e-5)
    np.testing.assert_allclose(found.rest, (experiment.equilibrium.state - found.origin) @ found.axes.T)


def test_the_nudged_phase_is_a_displacement_on_the_same_axes(experiment):
    found = project(experiment, sample=2)
    moved = (experiment.nudged.state[:, 2] - experiment.equilibrium.state[2]) / experiment.nudged.beta
    np.testing.assert_allclose(found.displacement[:, 0], moved @ found.axes.T, atol=1e-10)
    np.testing.assert_array_equal(found.nudged_t, experiment.nudged.t)


def test_components_of_a_broken_trajectory_are_those_of_what_it_reached():
    whole = trajectory(linear_chain(), np.ones(8), np.linspace(0.0, 5.0, 40), np.zeros(4))
    state = whole.state.copy()
    state[25:] = np.nan
    found = project(replace(whole, state=state))
    part = project(trajectory(linear_chain(), np.ones(8), whole.t[:25], np.zeros(4)))
    np.testing.assert_allclose(found.axes, part.axes, atol=1e-7)
    assert np.isnan(found.coordinates[25:]).all()
    assert found.rest is found.displacement is found.nudged_t is None


def test_a_state_of_rest_explains_nothing():
    found = project(trajectory(pair(), [0.0, 0.0], np.linspace(0.0, 5.0, 11)))
    np.testing.assert_array_equal(found.explained, 0.0)
    np.testing.assert_array_equal(found.coordinates, 0.0)


# -- arguments -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"onto": "component"}, "unknown `onto` 'component'; .* did you mean 'components'"),
        ({"dimensions": 4}, "`dimensions` must be a whole number from 2 to 3; got 4"),
        ({"dimensions": True}, "`dimensions` must be a whole number from 2 to 3; got True"),
        ({"sample": 3}, "`sample` must be a whole number from 0 to 2; got 3"),
        ({"sample": 0.0}, "`sample` must be a whole number from 0 to 2; got 0.0"),
    ],
)
def test_bad_arguments_are_refused(experiment, options, message):
    with pytest.raises(nd.ArgumentError, match=message):
        project(experiment, **options)


def test_other_results_are_refused(experiment):
    with pytest.raises(nd.ArgumentError, match="`result` must be an Experiment or a Trajectory; got NudgedPhase"):
        project(experiment.nudged)


def test_too_few_dimensions_and_moving_ends_are_refused():
    run = trajectory(pair(), [1.0, 0.2], [0.0, 1.0, 2.0, 3.0])
    with pytest.raises(nd.ArgumentError, match=r"3 principal components need .* got 2 units and 4 states"):
        project(run, dimensions=3)
    with pytest.raises(nd.ArgumentError, match=r"largest \|dE/ds\| at the trajectory's end is 0\.\d+: simulate"):
        project(run, "modes")
    with pytest.raises(nd.ArgumentError, match="3 modes need as many active units; got 2"):
        project(trajectory(pair(), [1.0, 0.2], [0.0, 50.0]), "modes", dimensions=3)
