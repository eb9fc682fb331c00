"""The clamped phase: outputs stay where they are put, the others come to rest; what cannot be clamped is refused."""

import numpy as np
import pytest

import neurodyn as nd
from naive import ACTIVATIONS
from networks import BOXED, RATE, SMOOTH, UNEQUAL, draw_input, draw_state, draw_target, each, prepared
from neurodyn import models
from neurodyn.estimators.clamped import clamped
from neurodyn.estimators.task import Task
from neurodyn.flows.activation import RANGES, inverse
from neurodyn.numerics.arrays import inward

EVERY = {
    f"{kind} {name}": make
    for kind, family in {"hopfield": {**SMOOTH, **BOXED}, "rate": {**RATE, **UNEQUAL}}.items()
    for name, make in family.items()
    if make().n_out and make().graph.readout == "linear"
}


def case(net, rng, batch=3):
    start = draw_state(net, batch, rng)
    return {"x": draw_input(net, batch, rng), "y": draw_target(net, batch, rng), "start": start}


def held_at_target(net, rng, **options):
    task = Task(net, **case(net, rng), **options)
    return task, clamped(task, inward(task.start), task.target.T)


@pytest.mark.parametrize("name", each(EVERY))
def test_outputs_are_held_and_the_others_rest_and_are_stable(name, rng):
    net = EVERY[name]()
    task, point = held_at_target(net, rng)
    assert np.abs(net.coordinate(point.s)[net.outputs] - task.target.T).max() <= 1e-15
    state, others = point.s.T, np.arange(net.n) < net.outputs.start
    others[net.outputs.stop :] = True
    force = net.force(state, task.x)
    stuck = net.box & (((state == 0.0) & (force < 0.0)) | ((state == 1.0) & (force > 0.0)))
    assert np.abs(np.where(others & ~stuck, force, 0.0)).max() <= 1e-13
    for k, matrix in enumerate(net.jacobian(state, task.x)):
        keep = others & ~stuck[k]
        assert np.all(np.linalg.eigvals(matrix[np.ix_(keep, keep)] / net.tau[keep, None]).real < 0.0)


@pytest.mark.parametrize("method", ["dopri5", "auto", "RK45", "Radau", "BDF", "LSODA"])
def test_every_solver_holds_them(method, rng):
    net = SMOOTH["chain-tanh"]()
    given = case(net, rng, batch=2)
    found = []
    for solver in (nd.Solver(), nd.Solver(method=method)):
        task = Task(net, **given, solver=solver)
        found.append(clamped(task, inward(task.start), task.target.T).s)
    np.testing.assert_allclose(found[1], found[0], atol=1e-13)


def test_network_of_nothing_but_outputs_is_at_rest_when_clamped(rng):
    task, point = held_at_target(SMOOTH["one-unit"](), rng)
    assert np.array_equal(point.s, task.target.T)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_rates_at_the_end_of_their_range_can_be_clamped(activation, rng):
    """One-hot targets: states would be infinite, and large ones have the same rates to rounding."""
    net = prepared(models.Rate.layered([4, 5, 3], activation=activation, seed=1))
    found = nd.gradient(net, rng.uniform(size=(3, 4)), np.arange(3), method="contrastive-hebbian")
    assert np.isfinite(found.vector).all()
    assert found.norm > 0.1
    for sign in (1.0, -1.0) if activation == "tanh" else (1.0, 0.0):
        s = net.output_state(np.full((3, 1), sign))
        rate = net.coordinate(np.concatenate([np.zeros((5, 1)), s]))[net.outputs]
        assert np.abs(rate - sign).max() < 1e-300


@pytest.mark.parametrize("name", RANGES)
def test_inverse_of_an_activation_gives_its_rates_back(name):
    s = np.linspace(-6.0, 6.0, 25)
    np.testing.assert_allclose(inverse(name, ACTIVATIONS[name][0](s)), s, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("net", "y", "message"),
    [
        (models.Rate.layered([1, 1], activation="tanh"), 1.1, r"`y` must lie in \[-1, 1\].*tanh"),
        (models.Rate.layered([1, 1], activation="softplus"), -0.1, r"`y` must lie in \[0, inf\].*softplus"),
        (models.Hopfield.layered([1, 1], activation="hard-sigmoid"), 1.1, r"hard sigmoid live in \[0, 1\]"),
    ],
)
def test_target_that_no_state_has_is_refused(net, y, message):
    for method in ("contrastive-hebbian", "contrastive-divergence"):
        with pytest.raises(nd.ArgumentError, match=message):
            nd.gradient(net, [0.5], [y], method=method)


@pytest.mark.parametrize("method", ["contrastive-hebbian", "contrastive-divergence", "coupled-learning"])
def test_softmax_read_out_is_refused(method):
    net = models.Hopfield.layered([2, 3], readout="softmax")
    with pytest.raises(nd.ModelError, match="softmax read-out cannot be clamped"):
        nd.gradient(net, [0.1, 0.2], 1, method=method)


def test_phase_that_does_not_come_to_rest_says_that_it_was_clamped(rng):
    net = SMOOTH["chain-tanh"]()
    task = Task(net, **case(net, rng), solver=nd.Solver(max_steps=5))
    with pytest.raises(nd.ConvergenceError, match="clamped phase: sample 0"):
        clamped(task, inward(task.start), task.target.T)
