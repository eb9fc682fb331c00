"""Estimates of the gradient side by side: what is measured, what is left out, and the orders that theory gives."""

import dataclasses
import inspect

import numpy as np
import pytest

import neurodyn as nd
from networks import BOXED, SMOOTH, UNEQUAL, draw_input, draw_target, prepared, quick
from neurodyn import analysis, estimators, models
from neurodyn.analysis import plots
from neurodyn.analysis.gradients.compare_gradients import Agreement
from neurodyn.estimators import ESTIMATORS
from neurodyn.estimators.base import Estimator

TIGHT = nd.Solver(rtol=1e-12, atol=1e-14)
EP, RBP, FD = "equilibrium-propagation", "recurrent-backprop", "finite-differences"


def case(name, batch=3, networks=SMOOTH):
    """(network, x, y)."""
    net, rng = networks[name](), np.random.default_rng(11)
    return net, draw_input(net, batch, rng), draw_target(net, batch, rng)


def compare(given, methods, **options):
    """Some methods on a case."""
    net, x, y = given
    return analysis.compare_gradients(net, x, y, methods, **options)


@pytest.fixture(scope="module")
def chain():
    small = {"small": lambda: prepared(models.Hopfield.layered([3, 4, 3, 2], gain=0.8, seed=1))}
    return case("small", networks=small)


@pytest.fixture(scope="module")
def compared(chain):
    return analysis.compare_gradients(*chain)


@pytest.fixture(scope="module")
def order(chain):
    return analysis.gradient_order(*chain, solver=TIGHT)


# -- what the methods are worth ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", quick(["chain-tanh", "recurrent", "chain-softmax"], "chain-softmax"))
def test_implicit_against_central_differences_and_side_network(name):
    net, x, y = case(name)
    found = analysis.compare_gradients(net, x, y, [FD, RBP], solver=TIGHT)
    assert found.estimates[FD].whole.relative_error <= 1e-7
    assert found.estimates[RBP].whole.relative_error <= 1e-9


@pytest.mark.parametrize("name", ["chain-tanh", "recurrent"])
def test_side_network_by_the_default_solver_comes_to_rest_at_the_exact_gradient(name):
    assert compare(case(name), [RBP]).estimates[RBP].whole.relative_error <= 1e-9


def test_orders_in_beta_are_one_and_two(order):
    assert order.slope(f"{EP}, one-sided") == pytest.approx(1.0, abs=0.05)
    assert order.slope(f"{EP}, centered") == pytest.approx(2.0, abs=0.05)
    assert order.used(f"{EP}, centered").sum() >= 5
    assert 0.0 < order.floor < 1e-9


def test_errors_of_the_order_are_those_of_gradient(chain, order):
    net, x, y = chain
    exact = nd.gradient(net, x, y, method="implicit", solver=TIGHT)
    found = nd.gradient(net, x, y, beta=float(order.betas[2]), solver=TIGHT)
    assert order.errors[f"{EP}, centered"][2] == pytest.approx((found - exact).norm / exact.norm, rel=1e-9)
    critical = nd.nudge(net, nd.relax(net, x), y, t_eval=[1.0]).critical_beta.min()
    assert order.critical_beta == pytest.approx(critical, rel=1e-10)


def test_a_nudge_that_fails_is_nan():
    net, x, y = case("chain-linear")
    far = 3.0 * float(nd.nudge(net, nd.relax(net, x), y, t_eval=[1.0]).critical_beta.min())
    found = analysis.gradient_order(net, x, y, betas=[far, 0.01, 0.001])
    assert np.isnan(found.errors[f"{EP}, centered"][0])  # runs away to the negative side
    assert np.isfinite(found.errors[f"{EP}, centered"][1:]).all()


def test_updates_are_the_gradients_at_every_time(chain):
    net, x, y = chain
    eq, times = nd.relax(net, x), np.linspace(0.0, 20.0, 11)
    side = nd.side_network(net, eq, y, t_eval=times, solver=TIGHT)
    errors = []
    for beta in (1e-2, 1e-3):
        run = nd.nudge(net, eq, y, beta=beta, t_eval=times, solver=TIGHT)
        found = analysis.step_by_step(run, side)
        assert max(found.relmse.values()) < 10.0 * beta**2
        errors.append([found.relmse["all"], found.rmse["all"], found.over_time.max()])
    np.testing.assert_allclose(np.log10(np.array(errors[0]) / errors[1]), 2.0, atol=0.1)
    one_sided = [
        analysis.step_by_step(
            nd.nudge(net, eq, y, beta=beta, nudging="positive", t_eval=times, solver=TIGHT), side
        ).relmse["all"]
        for beta in (1e-2, 1e-3)
    ]
    assert np.log10(one_sided[0] / one_sided[1]) == pytest.approx(1.0, abs=0.1)


def test_step_by_step_is_what_it_says(chain):
    net, x, y = chain
    eq, times = nd.relax(net, x), [0.0, 1.0, 5.0]
    run, side = nd.nudge(net, eq, y, beta=0.3, t_eval=times), nd.side_network(net, eq, y, t_eval=times)
    a, b = (np.array([part.parameter_gradient(t)["h1-h2"].ravel() for t in times]) for part in (run, side))
    found = analysis.step_by_step(run, side)
    assert found.rmse["h1-h2"] == pytest.approx(np.sqrt(np.mean((a - b) ** 2)))
    lengths = [np.linalg.norm(values, axis=0) for values in (a - b, a, b)]
    assert found.relmse["h1-h2"] == pytest.approx(np.mean(lengths[0] / np.maximum(lengths[1], lengths[2])))
    norms = [side.parameter_gradient(t).norm for t in times]
    last = run.parameter_gradient() - side.parameter_gradient()
    assert found.over_time[-1] == pytest.approx(last.norm / max(norms))
    with pytest.raises(nd.ArgumentError, match="different times"):
        analysis.step_by_step(run, nd.side_network(net, eq, y, t_eval=[0.0, 1.0]))


# -- what is measured ----------------------------------------------------------------------------------------------


def test_agreement_of_two_vectors():
    found = Agreement.of(np.array([3.0, 0.0, -4.0, 1.0]), np.array([0.0, 2.0, -4.0, 4.0]))
    assert found.cosine == pytest.approx(20.0 / (np.sqrt(26.0) * 6.0))
    assert found.norm_ratio == pytest.approx(np.sqrt(26.0) / 6.0)
    assert found.sign_agreement == pytest.approx(2.0 / 3.0)
    assert found.relative_error == pytest.approx(np.sqrt(9.0 + 4.0 + 9.0) / 6.0)
    zero = Agreement.of(np.zeros(2), np.ones(2))
    assert (zero.norm_ratio, zero.sign_agreement, zero.relative_error) == (0.0, 0.0, 1.0)
    assert np.isnan(zero.cosine)
    assert all(np.isnan(dataclasses.astuple(Agreement.of(np.ones(2), np.zeros(2)))))


def test_every_block_is_measured_by_itself(chain, compared):
    net = chain[0]
    found = compared.estimates[EP]
    assert list(found.blocks) == list(net.parameters)
    for name in net.parameters:
        assert found.blocks[name] == Agreement.of(found.gradient.part(name), compared.exact.part(name))
    assert found.whole.norm_ratio == found.gradient.norm / compared.exact.norm


def test_table_has_a_row_for_every_estimate_and_block(chain, compared):
    blocks = ["all", *chain[0].parameters]
    assert [row["block"] for row in compared.table] == blocks * len(compared.estimates)
    row = compared.table[len(blocks)]
    assert row["method"] == list(compared.estimates)[1]
    assert row["force_evaluations"] == compared.estimates[row["method"]].gradient.force_evaluations
    assert {"cosine", "norm_ratio", "sign_agreement", "relative_error", "simulated_time", "seconds"} <= set(row)


def test_all_methods_are_compared_or_left_out_with_a_reason(compared):
    assert set(compared.estimates) | set(compared.refused) == {m for m, kind in ESTIMATORS.items() if not kind.noisy}
    assert not set(compared.estimates) & set(compared.refused)
    assert all(reason.strip() for reason in compared.refused.values())
    assert compared.estimates["implicit"].whole.relative_error == 0.0


def test_any_registered_method_takes_part(chain, monkeypatch):
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Half(Estimator):
        """Half of the gradient."""

        def estimate(self, task):
            task.count(force_evaluations=7, time=1.5)
            return 0.5 * task.point.exact_gradient(task.target)

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Never(Estimator):
        """Refuses every network."""

        def estimate(self, task):
            raise nd.ModelError("this method makes no sense here")

    kinds = {"implicit": ESTIMATORS["implicit"], "half": Half, "never": Never}
    for module in (estimators, inspect.unwrap(analysis.compare_gradients).__globals__):
        if isinstance(module, dict):
            monkeypatch.setitem(module, "ESTIMATORS", kinds)
        else:
            monkeypatch.setattr(module, "ESTIMATORS", kinds)
    found = analysis.compare_gradients(*chain)
    assert found.refused == {"never": "this method makes no sense here"}
    assert found.estimates["half"].whole.norm_ratio == pytest.approx(0.5)
    track = analysis.track_gradients(*chain, driver="half", steps=2)
    assert set(track.failures) == {"never"}
    np.testing.assert_allclose(track.norm_ratio["half"], 0.5)
    assert np.isnan(track.norm_ratio["never"]).all()


def test_the_same_method_takes_part_under_several_labels(chain):
    methods = {"weak": {"method": EP, "beta": 1e-4}, "strong": {"method": EP, "beta": 0.3, "nudging": "positive"}}
    found = compare(chain, methods)
    assert list(found.estimates) == ["weak", "strong"]
    assert found.estimates["strong"].gradient.options["beta"] == 0.3
    assert found.estimates["strong"].whole.relative_error > 1e3 * found.estimates["weak"].whole.relative_error


def test_networks_with_bounds_and_with_unequal_weights():
    boxed = compare(case("chain-hard", networks=BOXED), [EP, RBP])
    assert boxed.estimates[EP].gradient.notes[0].startswith("hard sigmoid")
    unequal = compare(case("own-feedback", networks=UNEQUAL), [EP, RBP])
    assert unequal.estimates[RBP].whole.relative_error < 1e-7
    assert unequal.estimates[EP].whole.relative_error > 1e-2  # its flow follows W, the gradient its transpose
    assert unequal.steps.relmse["all"] > 1e-2


@pytest.mark.parametrize(
    ("methods", "sentence"),
    [
        (["implict"], "`method` 'implict'.*did you mean 'implicit'"),
        ([], "`methods` is empty"),
        (EP, "must be a list of names"),
        ({"a": {"beta": 1.0}}, "must be a mapping with the name of a `method`"),
        ({"a": {"method": EP, "betta": 1.0}}, "unknown option `betta`"),
    ],
)
def test_methods_that_make_no_sense_are_refused(chain, methods, sentence):
    with pytest.raises(nd.ArgumentError, match=sentence):
        compare(chain, methods)


# -- while the network learns --------------------------------------------------------------------------------------


def test_learning_is_gradient_descent_and_everyone_is_measured(chain):
    net, x, y = chain
    track = analysis.track_gradients(net, x, y, driver=RBP, methods=[EP, RBP], steps=3, rate=0.2)
    for k in range(3):
        rest = nd.relax(net, x)
        assert track.loss[k] == pytest.approx(np.mean(net.cost(rest.state, y)), rel=1e-12)
        exact, found = (nd.gradient(net, x, y, method=method) for method in ("implicit", EP))
        assert track.cosine[EP][k] == pytest.approx(found.cosine(exact), rel=1e-12)
        assert track.norm_ratio[EP][k] == pytest.approx(found.norm / exact.norm, rel=1e-12)
        net = net.replace(parameters=net.parameters - 0.2 * nd.gradient(net, x, y, method=RBP))
    assert track.network == net
    assert track.loss.shape == (4,)
    assert track.loss[-1] < track.loss[0]
    assert track.failures == {}


def test_checks_do_not_learn_unless_they_are_named(chain):
    assert FD not in analysis.track_gradients(*chain, steps=1).cosine
    found = analysis.track_gradients(*case("one-unit"), driver=FD, methods=[EP], steps=1)
    assert found.norm_ratio[FD][0] == pytest.approx(1.0, rel=1e-6)


def test_random_signs_differ_from_step_to_step(chain):
    methods = {"random": {"method": EP, "beta": 0.1, "nudging": "random"}}
    track = analysis.track_gradients(*chain, driver="random", methods=methods, steps=8, rate=1e-6)
    assert len(np.unique(np.round(track.norm_ratio["random"], 3))) == 2  # the network hardly moves: one for each sign


def test_a_driver_that_fails_ends_the_track_with_what_there_is():
    net, x, y = case("chain-linear")
    methods = {"far": {"method": EP, "beta": -9.0, "nudging": "positive"}}
    track = analysis.track_gradients(net, x, y, driver="far", methods=methods, steps=3)
    assert track.failures["far"].startswith("step 0: ")
    assert track.loss.shape == (2,)
    assert track.network == net
    assert np.isnan(track.cosine["far"]).all()


def test_a_network_that_learns_itself_out_of_rest_keeps_its_track():
    net, x, y = case("chain-linear")
    track = analysis.track_gradients(net, x, y, driver="implicit", methods=["implicit"], steps=30, rate=30.0)
    assert 1 < len(track.loss) < 31
    assert np.isnan(track.loss[-1])
    assert "step" in track.failures["implicit"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"steps": 0}, "`steps` must be a whole number >= 1"),
        ({"rate": -1.0}, "`rate` must be positive"),
        ({"driver": "backprp"}, "`method` 'backprp'"),
    ],
)
def test_tracks_that_make_no_sense_are_refused(chain, options, sentence):
    with pytest.raises(nd.ArgumentError, match=sentence):
        analysis.track_gradients(*chain, **options)


# -- figures -------------------------------------------------------------------------------------------------------


def points(ax, label):
    """The data of the line of that label."""
    return next(line.get_xydata() for line in ax.lines if line.get_label() == label)


def test_cost_figure_has_every_estimate_at_its_place(compared):
    ax = plots.plot_gradient_cost(compared)
    for label, found in compared.estimates.items():
        if found.whole.relative_error > 0.0:
            expected = [[found.gradient.force_evaluations, found.whole.relative_error]]
            np.testing.assert_array_equal(points(ax, label), expected)
    assert points(ax, "implicit (no error)")[0, 1] == ax.get_ylim()[0]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")


def test_order_figure_has_the_measured_errors_and_their_slopes(order):
    ax = plots.plot_gradient_order(order)
    label = f"{EP}, centered: {order.slope(f'{EP}, centered'):.2f}"
    drawn = points(ax, label)
    used = order.used(f"{EP}, centered")
    np.testing.assert_array_equal(drawn[used, 1], order.errors[f"{EP}, centered"][used])
    assert np.isnan(drawn[~used, 1]).all()


def test_scatter_figure_has_a_panel_for_every_block(chain, compared):
    axes = plots.plot_gradient_scatter(compared)
    assert [ax.get_title("left") for ax in axes] == list(chain[0].parameters)
    drawn = points(axes[1], EP)
    np.testing.assert_array_equal(drawn[:, 0], compared.exact.part("h1-h2"))
    np.testing.assert_array_equal(drawn[:, 1], compared.estimates[EP].gradient.part("h1-h2"))


def test_track_figure_has_loss_angle_and_ratio(chain):
    track = analysis.track_gradients(*chain, methods={EP: {"method": EP, "beta": 0.3}}, steps=2)
    loss, angle, ratio = plots.plot_gradient_track(track)
    np.testing.assert_array_equal(loss.lines[0].get_ydata(), track.loss)
    np.testing.assert_allclose(np.cos(np.radians(points(angle, EP)[:, 1])), track.cosine[EP], rtol=1e-12)
    np.testing.assert_array_equal(points(ratio, EP)[:, 1], track.norm_ratio[EP])


def test_figures_without_an_error_say_so():
    net, x, _ = case("one-unit", batch=1)
    y = nd.relax(net, x).state[:, net.outputs]
    for ax in (
        plots.plot_gradient_cost(analysis.compare_gradients(net, x, y, ["implicit"])),
        plots.plot_gradient_order(analysis.gradient_order(net, x, y, betas=[0.1, 0.01], solver=nd.Solver())),
    ):
        assert "no error to show" in ax.texts[0].get_text()
