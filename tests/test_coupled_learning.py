"""Coupled learning: its limit, which is a gradient with another error at the outputs."""

import numpy as np
import pytest

import neurodyn as nd
from networks import RATE, SMOOTH, draw_input, draw_state, draw_target, prepared
from neurodyn import models
from neurodyn.system.fixed_point import FixedPoint

TIGHT = nd.Solver(rtol=1e-12, atol=1e-14)
ETAS = np.array([1e-1, 1e-2, 1e-3, 1e-4])


def case(net, rng, batch=2):
    x = draw_input(net, batch, rng)
    x = None if x is None else 0.5 * x
    return {"x": x, "y": draw_target(net, batch, rng), "start": draw_state(net, batch, rng), "solver": TIGHT}


def limit(net, x, y, start, solver):
    """The implicit gradient with G⁻¹ dC/ds_out for dC/ds_out, G = (H⁻¹)_out,out, by dense algebra."""
    eq = nd.relax(net, x, start=start, solver=solver)
    point, out = FixedPoint.of(net, eq.state, eq.x), np.arange(net.n)[net.outputs]
    lambdas = np.zeros_like(point.s)
    for k in range(len(y)):
        inverse = np.linalg.inv(net.hessian(eq.state[k], None if x is None else x[k]))
        gap = point.local.coordinate[out, k] - y[k]
        lambdas[:, k] = inverse[:, out] @ np.linalg.solve(inverse[np.ix_(out, out)], gap)
    return point.side_gradient(lambdas / point.local.coordinate_slope)  # the inverse is by what the energy is of


@pytest.mark.parametrize(
    "make", [SMOOTH["chain-tanh"], SMOOTH["recurrent"], SMOOTH["partial-outputs"], RATE["mixed"], RATE["skip"]]
)
def test_limit_is_the_implicit_gradient_of_a_displacement_to_first_order(make, rng):
    net = make()
    given = case(net, rng)
    expected = limit(net, **given)
    errors = [
        (nd.gradient(net, **given, method="coupled-learning", eta=eta) - expected).norm / expected.norm for eta in ETAS
    ]
    assert np.polyfit(np.log(ETAS), np.log(errors), 1)[0] == pytest.approx(1.0, abs=0.1)
    assert errors[-1] < 1e-3


@pytest.mark.parametrize("make", [SMOOTH["recurrent"], SMOOTH["skip"]])
def test_small_steps_do_not_drown_in_what_a_relaxation_leaves(make, rng):
    net = make()
    given = case(net, rng) | {"solver": nd.Solver()}
    expected = limit(net, **given)
    errors = [(nd.gradient(net, **given, method="coupled-learning", eta=eta) - expected).norm for eta in (1e-4, 1e-7)]
    assert errors[0] / errors[1] == pytest.approx(1e3, rel=0.2)


@pytest.mark.parametrize(("outputs", "parallel"), [(1, True), (3, False)])
def test_parallel_to_equilibrium_propagation_for_one_output_alone(outputs, parallel, rng):
    net = prepared(models.Hopfield.layered([5, 8, 6, outputs], gain=0.8, seed=1))
    given = case(net, rng, batch=1)
    nudged = nd.gradient(net, **given, method="equilibrium-propagation", beta=1e-4)
    cosine = nd.gradient(net, **given, method="coupled-learning", eta=1e-6).cosine(nudged)
    assert cosine > 1.0 - 1e-10 if parallel else cosine < 0.999


@pytest.mark.parametrize("make", [SMOOTH["chain-sigmoid"], RATE["chain-sigmoid"]])
def test_all_the_way_it_is_contrastive_hebbian_learning(make, rng):
    net = make()
    given = case(net, rng)
    whole = nd.gradient(net, **given, method="coupled-learning", eta=1.0)
    hebbian = nd.gradient(net, **given, method="contrastive-hebbian")
    assert (whole - hebbian).norm <= 1e-13 * hebbian.norm


@pytest.mark.parametrize("eta", [0.0, -0.1, 1.1, np.nan, "small"])
def test_bad_step_is_refused(eta):
    with pytest.raises(nd.ArgumentError, match="`eta` must be a number from 1e-9 to 1"):
        nd.gradient(SMOOTH["one-unit"](), [0.1], [0.2], method="coupled-learning", eta=eta)
