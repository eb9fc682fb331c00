"""Back-propagation through time: against fixed steps of the side network, the implicit gradient, finite differences."""

import tracemalloc

import numpy as np
import pytest

import neurodyn as nd
from networks import BOXED, RATE, SMOOTH, UNEQUAL, box_chain, draw_input, draw_state, draw_target, few, quick
from neurodyn import analysis, models
from neurodyn.estimators.bptt import truncated
from neurodyn.estimators.fixed_steps import SCHEMES, FixedSteps
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.parameters import Parameters

EVERY = {
    f"{kind} {name}": make
    for kind, family in {"hopfield": {**SMOOTH, **BOXED}, "rate": {**RATE, **UNEQUAL}}.items()
    for name, make in family.items()
    if name != "without-output"
}
TIGHT = nd.Solver(rtol=1e-12, atol=1e-14)


def case(net, rng, batch=None):
    """Arguments of `gradient`; in a box many samples, as most have no signal."""
    batch, scale = batch or (40 if net.box.any() else 3), 1.0 if net.box.any() else 0.5
    x = draw_input(net, batch, rng)
    return {
        "x": None if x is None else scale * x,
        "y": draw_target(net, batch, rng),
        "start": draw_state(net, batch, rng),
        "solver": TIGHT,
    }


def rested(net, rng):
    given = case(net, rng)
    eq = nd.relax(net, given["x"], start=given["start"], solver=TIGHT)
    return eq, given["y"], FixedPoint.of(net, eq.state, eq.x)


# -- from the equilibrium: the side network, and the implicit gradient ----------------------------------------------


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", few(EVERY))
def test_truncated_is_the_same_method_on_the_side_network_to_rounding(name, scheme, rng):
    net = EVERY[name]()
    eq, y, point = rested(net, rng)
    step = 0.7 / point.fastest_rate()
    t = step * np.arange(26)
    side = nd.side_network(net, eq, y, t_eval=t, solver=nd.Solver(method=scheme, step=step))
    found = truncated(net, eq, y, step=step, steps=25, scheme=scheme)
    assert side.error_signal.any()
    rounding = 1e-14 * np.abs(side.error_signal).max() + 10.0 * eq.residual.max()  # by which the state moves
    np.testing.assert_allclose(found.error_signal, side.error_signal, rtol=0, atol=rounding)
    for time in t:
        difference = found.parameter_gradient(time) - side.parameter_gradient(time)
        assert difference.norm <= rounding


@pytest.mark.parametrize("full", [False, True], ids=["truncated", "full"])
@pytest.mark.parametrize("name", few(EVERY))
def test_to_rest_it_is_the_implicit_gradient(name, full, rng):
    net = EVERY[name]()
    given = case(net, rng)
    exact = nd.gradient(net, **given, method="implicit")
    found = nd.gradient(net, **given, method="bptt", full=full)
    assert exact.norm > 1e-3
    assert (found - exact).norm <= 1e-8 * exact.norm


@pytest.mark.parametrize("scheme", SCHEMES)
def test_one_way_back_serves_every_number_of_steps(scheme, rng):
    net = SMOOTH["self-inside-chain"]()
    given = case(net, rng)
    eq = nd.relax(net, given["x"], start=given["start"], solver=TIGHT)
    every = truncated(net, eq, given["y"], step=0.05, steps=17, scheme=scheme)
    for k in (1, 2, 7, 17):
        one = nd.gradient(net, **given, method="bptt", scheme=scheme, step=0.05, steps=k)
        assert (every.parameter_gradient(every.t[k]) - one).norm <= 1e-13 * one.norm


@pytest.mark.parametrize("full", [False, True], ids=["truncated", "full"])
def test_default_step_suits_the_fastest_sample(full):
    """At s* = 0 of the first sample the rate is 1; at the others' it is more than twice that."""
    net = models.Hopfield.layered([1, 1]).replace(parameters={"x-y": [[1.0]]})
    x, y = [[0.0], [3.0], [3.5]], [[0.3], [0.2], [0.1]]
    exact = nd.gradient(net, x, y, method="implicit", solver=TIGHT)
    assert (nd.gradient(net, x, y, method="bptt", full=full, solver=TIGHT) - exact).norm <= 1e-8 * exact.norm


# -- the property of Ernoult et al. (2019): EP's updates step by step ------------------------------------------------


@pytest.mark.parametrize("name", quick(["chain-tanh", "recurrent", "self-inside-chain"], "self-inside-chain"))
@pytest.mark.parametrize(("nudging", "order"), [("positive", 1), ("centered", 2)])
def test_updates_of_ep_step_by_step_tend_to_the_gradients_of_bptt(name, nudging, order, rng):
    """Euler steps of the nudged phase against the way back through Euler steps of the same size."""
    net = SMOOTH[name]()
    eq, y, point = rested(net, rng)
    step = 0.5 / point.fastest_rate()
    bptt = truncated(net, eq, y, step=step, steps=40)
    solver = nd.Solver(method="euler", step=step)

    def updates(phase):
        return np.diff([phase.parameter_gradient(time).vector for time in phase.t], axis=0)

    expected, betas = updates(bptt), np.array([1e-1, 1e-2, 1e-3])
    errors, signals = [], []
    for beta in betas:
        run = nd.nudge(net, eq, y, beta=beta, nudging=nudging, t_eval=bptt.t, solver=solver)
        errors.append(np.abs(updates(run) - expected).max() / np.abs(expected).max())
        signals.append(analysis.compare(run, bptt).max_relative_error)
    for found in (errors, signals):
        slope = np.polyfit(np.log(betas), np.log(found), 1)[0]
        assert slope == pytest.approx(order, abs=0.1 * order)
    run = nd.nudge(net, eq, y, beta=0.0, t_eval=bptt.t, solver=solver)
    np.testing.assert_allclose(updates(run), expected, rtol=0, atol=1e-13 * np.abs(expected).max())


# -- from the start: finite differences of the cost after the same steps ----------------------------------------------


def slope_along(net, given, direction, scheme, step, steps):
    """Central difference of the mean cost after some steps, along a direction of parameter space.

    In a box the cost is nearly quadratic in pieces, and a short difference rarely crosses from one to the next.
    """
    solver, costs = nd.Solver(method=scheme, step=step), []
    h = 1e-8 if net.box.any() else 1e-6
    for sign in (1.0, -1.0):
        moved = net.replace(parameters=Parameters(net.parameters.blocks, net.parameters.vector + sign * h * direction))
        run = nd.simulate(moved, given["x"], start=given["start"], t_eval=[step * steps], solver=solver)
        costs.append(np.mean(moved.cost(run.state[-1], given["y"])))
    return (costs[0] - costs[1]) / (2.0 * h)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", few(EVERY))
def test_full_is_the_derivative_of_the_cost_after_the_steps(name, scheme, rng):
    net = EVERY[name]()
    given = case(net, rng)
    step = 0.25 * net.tau.min()
    found = nd.gradient(net, **given, method="bptt", full=True, scheme=scheme, step=step, steps=11, checkpoints=4)
    for _ in range(4):
        direction = rng.normal(size=found.vector.size)
        expected = slope_along(net, given, direction, scheme, step, 11)
        assert found.vector @ direction == pytest.approx(expected, abs=1e-7 * float(np.linalg.norm(direction)))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_steps_that_a_bound_cuts_short_are_gone_back_through(scheme, rng):
    """Large steps (0.5, those of Scellier & Bengio 2017): units are put onto bounds, rest there, and leave again."""
    net = box_chain().replace(tau=1.0)
    weights = {name: 2.0 * net.parameters[name] for name in ("x-h1", "h1-y")}
    net = net.replace(parameters={**weights, "y": np.full(3, 0.4)})
    given = case(net, rng, batch=20) | {"start": rng.choice([0.0, 0.3, 1.0], (20, net.n))}
    times = 0.5 * np.arange(9)
    path = nd.simulate(net, given["x"], start=given["start"], t_eval=times, solver=nd.Solver(method=scheme, step=0.5))
    on_bound = (path.state == 0.0) | (path.state == 1.0)
    for change in (~on_bound[:-1] & on_bound[1:], on_bound[:-1] & on_bound[1:], on_bound[:-1] & ~on_bound[1:]):
        assert change[1:].sum() >= 3
    found = nd.gradient(net, **given, method="bptt", full=True, scheme=scheme, step=0.5, steps=8)
    assert found.norm > 1e-2
    for _ in range(8):
        direction = rng.normal(size=found.vector.size)
        expected = slope_along(net, given, direction, scheme, 0.5, 8)
        assert found.vector @ direction == pytest.approx(expected, abs=1e-7 * float(np.linalg.norm(direction)))


def test_unit_that_rests_on_its_bound_passes_nothing_back():
    """Outputs driven out of the box by an input: no cost can move their weights."""
    net = models.Hopfield.layered([1, 1], activation="hard-sigmoid").replace(parameters={"x-y": [[2.0]]})
    for x, slope in ((1.0, 0.0), (0.2, 1.0)):
        found = nd.gradient(net, [x], [0.3], method="bptt", step=0.5, steps=60)
        assert found["y"][0] == pytest.approx(slope * (2.0 * x - 0.3), abs=1e-12)


def test_unit_on_its_bound_that_feels_no_force_counts_as_inside():
    net = models.Hopfield.layered([1, 1], activation="hard-sigmoid")
    assert nd.relax(net, [0.0]).state == 0.0  # where the force is 0 too
    found, exact = (nd.gradient(net, [0.0], [0.3], method=method) for method in ("bptt", "implicit"))
    assert found["y"] == pytest.approx(exact["y"], abs=1e-12)
    assert exact["y"] == -0.3


# -- checkpoints ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("checkpoints", [1, 2, 5, 30, 1000])
@pytest.mark.parametrize("name", ["hopfield chain-tanh", "hopfield chain-hard", "rate own-feedback"])
def test_any_number_of_checkpoints_gives_the_same(name, checkpoints, rng):
    net = EVERY[name]()
    given = case(net, rng) | {"method": "bptt", "full": True, "step": 0.05, "steps": 30}
    found = nd.gradient(net, **given, checkpoints=checkpoints)
    default = nd.gradient(net, **given)
    assert (found - default).norm <= 1e-13 * default.norm


def peak(net, x, y, steps, checkpoints=None):
    """Most bytes that were allocated at a time, on the way through the steps and back."""
    start = np.zeros((net.n, len(x)))
    tracemalloc.start()
    try:
        run = FixedSteps(
            net, x, start, scheme="euler", step=0.1, steps=steps, checkpoints=checkpoints, solver=nd.Solver()
        )
        for sweep in run.backward(y):
            sweep.gradient()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_grows_with_the_root_of_the_steps(rng):
    net = models.Hopfield.layered([20, 60, 10])
    x, y = rng.uniform(size=(8, 20)), rng.uniform(size=(8, 10))
    peak(net, x, y, 4)
    trajectory = 1600 * 8 * net.n * len(x)
    few, many, all_kept = peak(net, x, y, 100), peak(net, x, y, 1600), peak(net, x, y, 1600, checkpoints=1)
    assert 3.5 < many / few < 4.5  # sixteen times the steps
    assert many < trajectory < all_kept / 15.0


# -- the door ---------------------------------------------------------------------------------------------------------


def test_result_says_what_it_cost(rng):
    net = SMOOTH["chain-sigmoid"]()
    given = case(net, rng)
    eq = nd.relax(net, given["x"], start=given["start"], solver=TIGHT)
    found = nd.gradient(net, **given, method="bptt", step=0.1, steps=100)
    assert found.simulated_time == pytest.approx(np.mean(eq.time) + 10.0)
    extra = found.force_evaluations - eq.counters["nfev"]
    assert 3 * 100 * 3 <= extra <= 8 * 100 * 3  # forward once or twice; rates, force and product on the way back


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scheme": "rk5"}, r"`scheme` 'rk5'.*did you mean 'rk4'"),
        ({"scheme": "tsit5"}, r"`scheme` 'tsit5'.*allowed: rk4, euler"),
        ({"step": 0.0}, r"`step` must be a positive time; got 0\.0"),
        ({"steps": 0}, r"`steps` must be a whole number >= 1; got 0"),
        ({"steps": 2.5}, r"`steps` must be a whole number >= 1; got 2\.5"),
        ({"checkpoints": True}, r"`checkpoints` must be a whole number >= 1; got True"),
        ({"stepp": 1}, r"unknown option `stepp`.*did you mean 'step'"),
    ],
)
def test_bad_options_are_refused(options, message):
    net = SMOOTH["one-unit"]()
    with pytest.raises(nd.ArgumentError, match=message):
        nd.gradient(net, [0.1], [0.2], method="bptt", **options)


def test_step_that_is_too_large_is_said():
    net = models.Hopfield.layered([2, 1], activation="linear")
    with pytest.raises(nd.DivergenceError, match=r"fastest mode needs steps below 2$"):
        nd.gradient(net, [0.1, 1.0], [0.2], method="bptt", full=True, step=3.0, steps=500)
