"""The equivalence, at full precision, on every smooth model of the library: as it is, and with tau over a factor 20."""

import numpy as np
import pytest

import neurodyn as nd
from networks import quick
from neurodyn import analysis, models
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.parameters import Parameters

SMOOTH = ["two-neurons", "chain", "rate-chain", "memory", "digits"]
SMOOTH += ["random-feedback", "convolution", "predictive-coding", "resistor", "dense-memory", "oscillators"]
#: Slow, as they have nothing that others lack.
MUSEUM = [
    "stdp-pair",
    "fixed-point-learning",
    "resistive-xor",
    "conv-digits",
    "predictive-coding-residual",
    "predictive-coding-recurrent",
    "boltzmann",
    "gated-memory",
    "springs-allosteric",
]
BETAS = np.array([1e-1, 1e-2, 1e-3, 1e-5])
#: Both time constants of each in the default tests.
CORE = ["two-neurons", "rate-chain"]
ALL = [f"{name}{spread}" for name in [*SMOOTH, *MUSEUM] for spread in ("", " spread")]
TIGHT = nd.Solver(rtol=1e-12, atol=1e-14)


def test_no_model_is_missing_here():
    hard = {name for name in models.names() if name.startswith("mnist")}  # test_mnist.py has one with hard sigmoids
    restless = {"chaotic-rate"}  # test_motion.py
    assert sorted([*SMOOTH, *MUSEUM, *hard, *restless]) == sorted(models.names())


@pytest.fixture(scope="module", params=quick(ALL, *(name for name in ALL if name in SMOOTH or name.split()[0] in CORE)))
def settled(request):
    """Model, network, equilibrium, and times until the slowest mode has decayed by 1e-10."""
    name, _, spread = request.param.partition(" ")
    model = models.read(name)
    net = model.network
    if spread:
        order = np.random.default_rng(0).permutation(net.n)
        net = net.replace(tau=np.geomspace(0.25, 5.0, net.n)[order])
    eq = nd.relax(net, model.x, start=model.start)
    side = nd.side_network(net, eq, model.y, solver=TIGHT)
    return model, net, eq, side


def nudged(settled, **options):
    """The nudged phase, corrected if the model says so."""
    model, net, eq, _ = settled
    return nd.nudge(net, eq, model.y, correction=model.correction, solver=TIGHT, **options)


def test_defaults_agree_to_1e_5(settled):
    model, net, eq, _ = settled
    run = nd.nudge(net, eq, model.y, correction=model.correction)
    found = analysis.compare(run, nd.side_network(net, eq, model.y, t_eval=run.t))
    assert found.max_relative_error <= 1e-5
    assert max(part.max_relative_error for part in found.populations.values()) <= 1e-5
    assert found.gradient.over_time.max() <= 1e-5


def test_error_falls_with_beta_and_with_its_square_down_to_the_floor(settled):
    *_, side = settled
    floor = analysis.compare(nudged(settled, beta=0.0), side).max_relative_error
    one_sided, centered = np.empty(BETAS.size), np.empty(BETAS.size)
    for k, beta in enumerate(BETAS):
        run = nudged(settled, beta=beta)
        assert run.positive is not None
        one_sided[k] = analysis.compare(run.positive, side).max_relative_error
        centered[k] = analysis.compare(run, side).max_relative_error
    assert floor < 1e-11
    assert centered.min() <= 1e-10
    for errors, order, margin in ((one_sided, 1, 0.1), (centered, 2, 0.2)):
        above = errors > 10.0 * floor
        assert above.sum() >= 3
        slope = np.polyfit(np.log(BETAS[above]), np.log(errors[above]), 1)[0]
        assert abs(slope - order) <= margin


def test_gradients_agree_at_every_time_and_end_at_the_exact_one(settled):
    model, net, eq, side = settled
    exact = nd.gradient(net, eq.x, model.y, method="implicit", start=eq.state)
    assert (side.parameter_gradient() - exact).norm <= 1e-8 * exact.norm
    run = nudged(settled, beta=1e-5)
    scale = max(side.parameter_gradient(t).norm for t in side.t[::10])
    for t in side.t[1::10]:  # early ones too
        assert (run.parameter_gradient(t) - side.parameter_gradient(t)).norm <= 1e-8 * scale


def test_exact_gradient_is_the_slope_of_the_cost(settled):
    model, net, eq, _ = settled
    exact = nd.gradient(net, eq.x, model.y, method="implicit", start=eq.state)
    rng = np.random.default_rng(1)
    for _ in range(3):
        direction = rng.normal(size=exact.vector.size)
        direction /= np.linalg.norm(direction)
        costs = []
        for step in (1e-5, -1e-5):
            moved = Parameters(exact.blocks, net.parameters.vector + step * direction)
            near = net.replace(parameters=moved)
            found = nd.relax(near, model.x, start=eq.state)
            costs.append(np.mean(near.cost(found.state, model.y)))
        assert (costs[0] - costs[1]) / 2e-5 == pytest.approx(exact.vector @ direction, abs=1e-5 * exact.norm)


def test_residual_is_far_below_what_nudging_sees(settled):
    _, net, eq, _ = settled
    assert eq.residual.max() <= 1e-10
    assert FixedPoint.of(net, eq.state, eq.x).residual.max() <= 1e-10
