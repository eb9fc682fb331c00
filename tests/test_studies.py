"""Studies of timescale effects: what each must find, refusals, saving, and figures of every one."""

from typing import Any

import numpy as np
import pytest

import neurodyn as nd
from networks import BOXED, SMOOTH, UNEQUAL, draw_input, draw_target, prepared, quick
from neurodyn import analysis, models
from neurodyn.analysis import plots
from neurodyn.analysis.plots.studies import PLOTS
from neurodyn.analysis.studies import STUDIES, Study
from neurodyn.analysis.studies.heterogeneity import spread_tau
from neurodyn.analysis.studies.study import angle
from neurodyn.analysis.studies.unrested import nudged_gradients
from neurodyn.system.fixed_point import FixedPoint

#: Options that keep each study quick.
QUICK: dict[str, dict[str, Any]] = {
    "duration": {"duration": 5.0},
    "nudging": {"betas": [1e-3, 1e-2, 0.1]},
    "heterogeneity": {"spreads": [1.0, 4.0]},
    "stiffness": {"spreads": [1.0, 10.0], "methods": ["tsit5", "euler", "Radau"]},
    "discretisation": {"steps": [0.01, 0.02]},
    "plasticity": {"betas": [1e-3, 1e-1], "rates": [1e-7, 1e-5, 1.0]},
    "concurrent": {"sides": [0.3], "thetas": [0.1, 1.0], "turns": [0.5]},
    "stimulus": {"frequencies": [1e-3, 0.1]},
    "fluctuation": {"temperatures": [0.1, 0.05], "chains": 8, "rounds": 2},
    "hardware": {"devices": 2, "steps": 2, "betas": [0.1, 0.2]},
}


def small(seed=1):
    """A chain with a spread of time constants, and data for it."""
    rng = np.random.default_rng(seed)
    net = prepared(models.Hopfield.layered([3, 4, 2], seed=seed))
    return net, rng.uniform(size=(2, 3)), rng.uniform(-0.5, 0.5, (2, 2))


SLOW = ("hardware", "concurrent", "fluctuation")


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in sorted(QUICK)],
)
def study(request) -> Study:
    return STUDIES[request.param](*small(), **QUICK[request.param])


# -- what all have -----------------------------------------------------------------------------------------------


def test_every_study_is_in_analysis_and_has_a_figure():
    assert set(STUDIES) == set(PLOTS)
    assert set(QUICK) <= set(STUDIES)
    for name, function in STUDIES.items():
        assert getattr(analysis, name) is function


def test_a_study_is_saved_and_loaded(study, tmp_path):
    study.save(tmp_path / "study.nc")
    loaded = nd.load(tmp_path / "study.nc")
    assert isinstance(loaded, Study)
    assert loaded == study
    assert loaded.data.attrs == {}
    column = next(iter(study.data.data_vars))
    np.testing.assert_array_equal(loaded[column], study[column])
    assert all("units" in values.attrs for values in study.data.variables.values())
    assert study.name in repr(study)


def test_a_study_is_drawn(study):
    figure = plots.draw_study(study)
    figure.canvas.draw()
    assert all(ax.get_xlabel() and ax.get_title(loc="left") for ax in figure.axes if ax.get_label() != "<colorbar>")


def test_studies_differ_by_their_numbers(study):
    other = study.data.copy(deep=True)
    name = next(name for name, values in other.data_vars.items() if values.dtype.kind == "f")
    other[name].values.flat[0] += 1e-9
    assert Study(study.network, study.name, study.title, other, study.summary) != study
    assert Study(study.network, study.name, study.title, study.data, study.summary) == study
    assert Study(study.network, study.name, study.title, study.data, study.summary | {"more": 1.0}) != study


# -- duration ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", quick(["chain-tanh", "skip", "recurrent-hard"], "recurrent-hard"))
@pytest.mark.parametrize("scheme", quick(["euler", "rk4"], "rk4"))
def test_stopped_phases_are_truncated_backpropagation_through_time(name, scheme, rng):
    """The same steps: nudged phase at beta → 0, side network and truncated BPTT have one gradient at every time."""
    net = {**SMOOTH, **BOXED}[name]()
    data = draw_input(net, 2, rng), draw_target(net, 2, rng)
    found = analysis.duration(net, *data, beta=0.0, scheme=scheme)
    assert found.summary["steps"] > 50
    assert found["side_to_bptt"].max() <= 1e-12
    assert found["nudged_to_bptt"].max() <= 1e-12
    assert found["side_error"][-1] <= 1e-6
    np.testing.assert_allclose(found["bptt_angle"], found["side_angle"], atol=1e-9)


def test_finite_nudging_differs_from_bptt_by_beta_squared(rng):
    errors = [
        analysis.duration(*small(), beta=beta, duration=5.0).summary["largest_nudged_to_bptt"] for beta in (0.1, 0.01)
    ]
    assert np.log10(errors[0] / errors[1]) == pytest.approx(2.0, abs=0.1)


def test_stopped_gradient_is_that_of_a_finite_difference(rng):
    """Theta-bar at t is the derivative of the cost after a time t, from s* of the unchanged network."""
    net, x, y = small()
    found = analysis.duration(net, x, y, duration=1.0, beta=0.0)
    t, rest = float(found["time"][-1]), nd.relax(net, x)
    solver = nd.Solver(rtol=1e-12, atol=1e-14)
    costs = []
    for sign in (1.0, -1.0):
        moved = net.replace(parameters={"h1": net.parameters["h1"] + sign * 1e-5 * np.eye(4)[0]})
        state = nd.simulate(moved, x, start=rest.state, t_eval=[t], solver=solver).state[-1]
        costs.append(np.mean(net.cost(state, y)))
    side = nd.side_network(net, rest, y, t_eval=[t], solver=solver).parameter_gradient()
    assert (costs[0] - costs[1]) / 2e-5 == pytest.approx(side["h1"][0], rel=1e-6)
    exact = nd.gradient(net, x, y, method="implicit")
    assert found["side_error"][-1] == pytest.approx((side - exact).norm / exact.norm, rel=1e-5)


def test_an_unfinished_free_phase_spoils_one_sided_nudging_first(rng):
    found = analysis.duration(*small(), duration=5.0)
    assert found["centered"].max() <= 1e-5
    assert found["one_sided"][0] > 1.0
    assert found["one_sided"][-1] <= 1e-2
    assert np.nanmax(found["side"]) > 1e-2
    assert np.all(np.diff(found["distance"]) < 0.0)


def test_nudging_from_states_in_motion_is_the_flow_itself(rng):
    """A network of linear units at any state: s(t) in closed form, with the nudge, and its gradient by the biases."""
    net = models.Hopfield.layered([2, 3, 2], activation="linear", seed=1, tau=np.linspace(0.5, 2.0, 5))
    x, y, beta, t = rng.uniform(size=(1, 2)), rng.uniform(size=(1, 2)), 0.2, 0.7
    start = rng.normal(size=(1, 5))
    fixed = np.diag(np.r_[0.0, 0.0, 0.0, 1.0, 1.0])
    force = net.force(start, x)[0] - beta * fixed @ (start[0] - np.r_[0, 0, 0, y[0]])
    flow = -(net.hessian(start, x)[0] + beta * fixed) / net.tau[:, None]
    modes, vectors = np.linalg.eig(flow)
    step = vectors @ np.diag(np.expm1(modes * t) / modes) @ np.linalg.inv(vectors)
    moved = (step @ (force / net.tau)).real / beta
    point = FixedPoint.of(net, start, x)
    (found,) = nudged_gradients(point, y, beta, np.array([t]), nd.Solver(rtol=1e-12, atol=1e-14))
    assert found is not None
    np.testing.assert_allclose(np.r_[found["h1"], found["y"]], -moved, rtol=1e-9)


# -- nudging -----------------------------------------------------------------------------------------------------


def test_nudging_from_the_floor_to_beyond_beta_c(rng):
    net = SMOOTH["chain-tanh"]()
    found = analysis.nudging(net, draw_input(net, 2, rng), draw_target(net, 2, rng))
    assert (found["beta"].min(), found["beta"].max()) == (pytest.approx(1e-6), pytest.approx(10.0))
    critical = found.summary["critical_beta"]
    assert 0.0 < critical < 10.0
    np.testing.assert_array_equal(found["beyond"], found["beta"] >= min(critical, found.summary["fold"]))
    assert np.isfinite(found["one_sided"]).all()
    assert np.isfinite(found["centered"][~found["beyond"]]).all()
    assert found.summary["one_sided"]["order"] == pytest.approx(1.0, abs=0.1)
    assert found.summary["centered"]["order"] == pytest.approx(2.0, abs=0.2)
    for kind in ("one_sided", "centered"):
        marks = found.summary[kind]
        assert np.all(found[kind][found["beta"] <= marks["below_one_percent"]] <= 0.01)
    assert found.summary["centered"]["below_one_percent"] > found.summary["one_sided"]["below_one_percent"]


def test_nudging_needs_no_power_law():
    found = analysis.nudging(*small(), betas=[0.01])
    assert np.isnan(found.summary["centered"]["order"])
    assert np.isnan(found.summary["centered"]["curvature"])
    with pytest.raises(nd.ArgumentError, match="`betas` must be a list of positive"):
        analysis.nudging(*small(), betas=[-1.0])


# -- heterogeneity -----------------------------------------------------------------------------------------------


def test_spread_tau_keeps_its_mean_and_its_ends():
    net = SMOOTH["skip"]()
    for kind in ("within", "between"):
        tau = spread_tau(net, 9.0, kind, seed=0)
        assert tau.max() / tau.min() == pytest.approx(9.0)
        assert np.exp(np.log(tau).mean()) == pytest.approx(np.exp(np.log(net.tau).mean()))
    for name, where in net.graph.slices.items():
        assert np.ptp(tau[where]) == 0.0, name
    assert np.all(np.diff([tau[where][0] for where in net.graph.slices.values()]) < 0.0)
    np.testing.assert_allclose(spread_tau(net, 1.0, "within", seed=0), np.exp(np.log(net.tau).mean()))


def test_the_current_is_the_error_signal_and_the_raw_velocity_is_not(rng):
    net = SMOOTH["chain-tanh"]()
    found = analysis.heterogeneity(net, draw_input(net, 2, rng), draw_target(net, 2, rng), beta=1e-4)
    assert found["kind"].tolist() == ["within", "between"]
    assert found["current_error"].max() <= 1e-6
    np.testing.assert_allclose(found["raw_error"][:, 0], found["current_error"][:, 0], rtol=1e-6)
    assert np.all(np.diff(found["raw_error"], axis=1) > 0.0)
    assert found["gradient_angle"].max() <= 1e-4
    assert np.all(np.diff(found["raw_gradient_angle"], axis=1) > 0.0)
    assert np.all(np.diff(found["raw_cosine"], axis=1) < 0.0)


def test_raw_gradient_in_closed_form():
    """Two uncoupled outputs: each bias has its own gradient entry, and the raw one is weighted with mean tau / tau."""
    net = models.Hopfield({"y": {"size": 2, "role": "output", "activation": "linear"}}, [])
    found = analysis.heterogeneity(net, None, [[-1.0, -1.0]], start=[[0.1, 0.1]], spreads=[4.0])
    expected = np.degrees(np.arctan2(2.0, 0.5)) - 45.0
    assert found["raw_gradient_angle"][0, 0] == pytest.approx(expected, rel=1e-6)
    assert found["raw_error"][0, 0] == pytest.approx(1.0, rel=1e-6)
    assert found["kind"].tolist() == ["within"]


def test_angle_is_exact_where_it_is_small():
    blocks = small()[0].parameters.blocks
    size = sum(block.size for block in blocks)
    a, b = np.zeros((2, size))
    a[0], b[:2] = 1.0, (1.0, 1e-9)
    one, other = nd.Parameters(blocks, a), nd.Parameters(blocks, b)
    assert angle(one, other) == pytest.approx(np.degrees(1e-9), rel=1e-9)
    assert angle(one, -2.0 * one) == pytest.approx(180.0)
    assert np.isnan(angle(one, 0.0 * one))


# -- stiffness ---------------------------------------------------------------------------------------------------


def test_stiffness_costs_explicit_methods_and_not_implicit_ones():
    found = analysis.stiffness(
        *small(), spreads=[1.0, 1e2, 1e4, 1e6], methods=["tsit5", "auto", "BDF", "Radau", "euler"]
    )
    status = dict(zip(found["method"], found["status"], strict=True))
    assert status["tsit5"].tolist() == ["done", "done", "max steps", "not tried"]
    for method in ("auto", "BDF", "Radau"):
        assert set(status[method]) == {"done"}
    work = dict(zip(found["method"], found["evaluations"], strict=True))
    assert work["tsit5"][1] > 5.0 * work["tsit5"][0]
    assert work["Radau"][3] < 3.0 * work["Radau"][0]
    done = found["status"] == "done"
    error = dict(zip(found["method"], np.where(done, found["error"], 0.0), strict=True))
    assert max(error[method].max() for method in ("tsit5", "auto", "BDF", "Radau")) <= 1e-4
    assert error["euler"][0] > 1e-3
    assert np.all(np.isnan(found["error"][~done]))
    assert np.all(np.diff(found["stiffness"]) > 0.0)
    assert found.summary["fewest_evaluations"]["1e+06"] in ("BDF", "auto")


def test_accuracy_follows_the_tolerance():
    errors = [analysis.stiffness(*small(), spreads=[10.0], methods=["tsit5"], rtol=r, atol=1e-3 * r)["error"][0, 0]
              for r in (1e-4, 1e-7)]  # fmt: skip
    assert errors[1] < 1e-2 * errors[0]


def test_stiffness_refuses():
    with pytest.raises(nd.ArgumentError, match="unknown solver method 'rk5'"):
        analysis.stiffness(*small(), methods=["rk5"])
    with pytest.raises(nd.ArgumentError, match="at least one solver"):
        analysis.stiffness(*small(), methods=[])
    with pytest.raises(nd.ArgumentError, match="`spreads`"):
        analysis.stiffness(*small(), spreads=[0.0])


# -- discretisation ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [SMOOTH["chain-tanh"], UNEQUAL["own-recurrent"]])
def test_euler_is_of_first_order_and_stable_below_its_limit(make, rng):
    net = make()
    found = analysis.discretisation(net, draw_input(net, 2, rng), draw_target(net, 2, rng))
    assert found.summary["signal_order"] == pytest.approx(1.0, abs=0.05)
    assert found.summary["gradient_order"] == pytest.approx(1.0, abs=0.05)
    np.testing.assert_array_equal(found["stable"], found["fraction"] < 1.0)
    assert found.summary["largest_stable_step"] == pytest.approx(0.98 * found.summary["limit"])


def test_discretisation_of_one_unit_in_closed_form():
    """One linear unit: Euler has S_k = (1 − h/tau)^k, continuous time exp(−t/tau)."""
    net = models.Hopfield({"y": {"size": 1, "role": "output", "activation": "linear"}}, [], tau=2.0)
    found = analysis.discretisation(net, None, [[-1.0]], start=[[0.5]], steps=[0.1, 1.0, 3.9, 4.1])
    assert found.summary["limit"] == pytest.approx(4.0)
    assert found["stable"].tolist() == [True, True, True, False]
    k = np.arange(101)
    expected = np.abs((1 - 0.05) ** k - np.exp(-0.05 * k)).max()
    assert found["signal_error"][0] == pytest.approx(expected, rel=0.02)  # not every step is recorded


@pytest.mark.parametrize("name", sorted(STUDIES))
def test_data_without_an_error_signal_are_refused(name):
    net = models.Hopfield.layered([3, 4, 2], activation=["tanh", "hard-sigmoid"], seed=1)
    net = net.replace(parameters={"y": [-9.0, -9.0]})
    with pytest.raises(nd.ArgumentError, match="no sample has an error signal"):
        STUDIES[name](net, np.ones((2, 3)), np.ones((2, 2)), **QUICK[name])


def test_small_duration_and_step_are_refused():
    with pytest.raises(nd.ArgumentError, match="`duration` must be positive"):
        analysis.duration(*small(), duration=0.0)
    with pytest.raises(nd.ArgumentError, match="steps of 1e-06: at most 20,000 can be gone back"):
        analysis.duration(*small(), duration=5.0, step=1e-6)
    with pytest.raises(nd.ArgumentError, match="unknown `scheme` 'heun'"):
        analysis.duration(*small(), scheme="heun")
    with pytest.raises(nd.ArgumentError, match="`steps`"):
        analysis.discretisation(*small(), steps=[np.nan])


# -- weights and inputs that move --------------------------------------------------------------------------------


def test_plasticity_approaches_the_gradient_in_both_its_scales():
    net, x, y = small()
    found = STUDIES["plasticity"](net, x, y, betas=np.logspace(-4.0, -1.0, 4), rates=np.logspace(-8.0, -1.0, 8))
    assert found.summary["kappa_order"] == pytest.approx(1.0, abs=0.1)
    assert found.summary["beta_order"] == pytest.approx(1.0, abs=0.1)
    beyond = found["kappa"] > found.summary["critical_kappa"]
    assert np.all(found["runaway"][beyond] > 0.0)
    assert np.all(found["runaway"][~beyond] == 0.0)
    assert np.array_equal(np.isnan(found["error"]), found["runaway"] > 0.0)
    assert 0.01 < found.summary["half_error"] < 1.0
    slow = np.argmin(found["rate"])
    assert found["error"][-1, slow] == pytest.approx(found["still_error"][-1], rel=1e-3)


@pytest.mark.slow
def test_concurrent_errors_shrink_with_the_separation():
    net, x, y = small(4)
    found = STUDIES["concurrent"](net, x, y, sides=[0.3], thetas=[3e-3, 1e-2, 3e-2], turns=[1 / 3, 1 / 5])
    assert found.summary["theta_order"] == pytest.approx(1.0, abs=0.1)
    assert found.summary["lag_order"] == pytest.approx(1.0, abs=0.1)
    assert found.summary["forgets"]
    assert found["turn_error"][1] < 0.75 * found["turn_error"][0]
    assert np.all(found["cost"] < 1.0)


def test_the_response_to_a_moving_input_is_the_linear_one():
    net, x, y = small()
    found = STUDIES["stimulus"](net, x, y, frequencies=np.logspace(-4.0, 0.5, 7))
    assert found.summary["prediction_error"] < 1e-3
    assert found.summary["tracking_order"] == pytest.approx(1.0, abs=0.03)
    assert found.summary["signal_order"] == pytest.approx(1.0, abs=0.1)
    assert found.summary["step_rate"] == pytest.approx(found.summary["rate_after_step"], rel=1e-2)
    assert found["gain"] == pytest.approx(found["predicted_gain"], rel=1e-3)
    with pytest.raises(nd.ArgumentError, match="no inputs that could move"):
        STUDIES["stimulus"](SMOOTH["recurrent-without-input"](), None, [[0.1, 0.2]])


def test_samples_that_depend_on_what_was_shown_before_take_no_turns():
    model = models.read("memory")
    found = STUDIES["concurrent"](
        model.network, model.x, model.y, start=model.start, sides=[1.0], thetas=[0.3], turns=[0.5]
    )
    assert not found.summary["forgets"]
    assert np.isnan(found["turn_error"]).all()
