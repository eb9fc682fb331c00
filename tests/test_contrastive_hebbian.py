"""Contrastive Hebbian learning: the limit of a strong nudge, the gradient of the contrast, and Xie & Seung's limit."""

import numpy as np
import pytest

import neurodyn as nd
from networks import BOXED, RATE, SMOOTH, draw_input, draw_state, draw_target
from neurodyn import models
from neurodyn.estimators.clamped import clamped
from neurodyn.estimators.task import Task
from neurodyn.phases.nudge import default_times
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.parameters import Parameters

TIGHT = nd.Solver(rtol=1e-12, atol=1e-14)
STIFF = nd.Solver(method="BDF")


def case(net, rng, batch=2):
    x = draw_input(net, batch, rng)
    x = None if x is None else 0.5 * x
    return {"x": x, "y": draw_target(net, batch, rng), "start": draw_state(net, batch, rng)}


@pytest.mark.parametrize("make", [SMOOTH["chain-tanh"], SMOOTH["recurrent"], RATE["chain-sigmoid"]])
def test_beta_times_equilibrium_propagation_tends_to_it_with_error_of_order_one_over_beta(make, rng):
    net = make()
    given = case(net, rng)
    limit = nd.gradient(net, **given, method="contrastive-hebbian", solver=TIGHT)
    eq = nd.relax(net, given["x"], start=given["start"], solver=TIGHT)
    end = default_times(FixedPoint.of(net, eq.state, eq.x))[-1]
    betas, errors = np.array([1e3, 1e4, 1e5]), []
    for beta in betas:
        run = nd.nudge(net, eq, given["y"], beta=beta, nudging="positive", t_eval=[end], solver=STIFF)
        errors.append((run.parameter_gradient() * beta - limit).norm / limit.norm)
    assert np.polyfit(np.log(betas), np.log(errors), 1)[0] == pytest.approx(-1.0, abs=0.1)
    assert errors[-1] < 1e-3


@pytest.mark.parametrize(
    "make", [SMOOTH["self-inside-chain"], SMOOTH["recurrent"], BOXED["hard-and-tanh"], RATE["skip"], RATE["mixed"]]
)
def test_it_is_the_gradient_of_the_contrast(make, rng):
    """By central differences of E(clamped) − E(s*)."""
    net = make()
    given = case(net, rng)
    found = nd.gradient(net, **given, method="contrastive-hebbian", solver=TIGHT)
    free = nd.relax(net, given["x"], start=given["start"], solver=TIGHT).state

    def contrast(vector):
        moved = net.replace(parameters=Parameters(net.parameters.blocks, vector))
        task = Task(moved, given["x"], given["y"], start=free, solver=TIGHT)
        held = clamped(task, task.point.s, task.target.T)
        return np.mean(moved.energy(held.s.T, task.x) - moved.energy(task.equilibrium.state, task.x))

    h = 1e-5
    for _ in range(3):
        direction = rng.normal(size=found.vector.size)
        direction /= np.linalg.norm(direction)
        up, down = (contrast(net.parameters.vector + sign * h * direction) for sign in (1.0, -1.0))
        assert found.vector @ direction == pytest.approx((up - down) / (2.0 * h), abs=1e-9)


def test_hebbs_products_of_one_linear_output():
    net = models.Hopfield.layered([2, 1], activation="linear")
    x, y = np.array([[0.5, -1.0], [2.0, 0.3]]), np.array([[0.2], [0.1]])
    found = nd.gradient(net, x, y, method="contrastive-hebbian")
    np.testing.assert_allclose(found["x-y"], x.T @ (x @ net.parameters["x-y"] - y) / 2, rtol=1e-12)


def test_result_counts_both_phases(rng):
    net = SMOOTH["chain-tanh"]()
    given = case(net, rng)
    task = Task(net, **given)
    assert task.equilibrium.counters["nfev"] == task.force_evaluations
    free = task.force_evaluations, task.simulated_time
    clamped(task, task.point.s, task.target.T)
    found = nd.gradient(net, **given, method="contrastive-hebbian")
    assert found.force_evaluations == pytest.approx(task.force_evaluations, rel=0.02)
    assert found.simulated_time == pytest.approx(task.simulated_time, rel=0.02)
    assert task.force_evaluations > 1.2 * free[0]
    assert task.simulated_time > free[1] + net.tau.max()


# -- Xie & Seung (2003): back-propagation through weak feedback ------------------------------------------------------

SIZES = [5, 8, 6, 3]


def weakly_fed_back(gamma, seed):
    """A chain in the rate form with linear outputs, whose feedback is gamma times the transposed weights."""
    net = models.Rate.layered(SIZES, activation=["tanh", "tanh", "linear"], feedback=gamma, seed=seed)
    rng = np.random.default_rng(seed)
    return net.replace(parameters={p.name: rng.uniform(-0.3, 0.3, p.size) for p in net.graph.free})


def scaled_blocks(net, gradient, gamma):
    """By layer: weights into layer k, and its biases, times gamma^(k − L)."""
    names = list(net.graph.slices)
    inputs = ["x", *names[:-1]]
    return {
        block: gradient.part(block) * gamma ** (k + 1 - len(names))
        for k, name in enumerate(names)
        for block in (f"{inputs[k]}-{name}", name)
    }


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_with_weak_feedback_it_tends_to_back_propagation(seed, rng):
    x, y = rng.uniform(-1.0, 1.0, (4, 5)), rng.uniform(-1.0, 1.0, (4, 3))
    gammas, errors = np.array([1e-2, 1e-3, 1e-4]), []
    exact = nd.gradient(weakly_fed_back(0.0, seed), x, y, method="implicit")
    for gamma in gammas:
        net = weakly_fed_back(gamma, seed)
        hebbian = scaled_blocks(net, nd.gradient(net, x, y, method="contrastive-hebbian", solver=TIGHT), gamma)
        back = nd.gradient(net, x, y, method="backprop")
        assert (back - exact).norm <= 1e-12 * exact.norm
        errors.append([np.linalg.norm(hebbian[b] - back.part(b)) / np.linalg.norm(back.part(b)) for b in hebbian])
    slopes = np.polyfit(np.log(gammas), np.log(errors), 1)[0]
    np.testing.assert_allclose(slopes, 1.0, atol=0.1)


def test_norms_with_weak_feedback(rng):
    """Of this network: over draws of weights the ratios are 1 + c gamma with c up to 4."""
    x, y = rng.uniform(-1.0, 1.0, (4, 5)), rng.uniform(-1.0, 1.0, (4, 3))
    net = weakly_fed_back(1e-2, seed=1)
    hebbian = scaled_blocks(net, nd.gradient(net, x, y, method="contrastive-hebbian", solver=TIGHT), 1e-2)
    back = nd.gradient(net, x, y, method="backprop")
    ratios = {name: np.linalg.norm(part) / np.linalg.norm(back.part(name)) for name, part in hebbian.items()}
    assert max(abs(ratio - 1.0) for ratio in ratios.values()) <= 0.02, ratios
