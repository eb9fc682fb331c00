"""Activations of a user's own: as exact as those of neurodyn, in all flows; what they cannot do is said."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

import neurodyn as nd
from neurodyn import analysis, models
from neurodyn.errors import ModelError

SIGN = models.Activation("soft sign", "s/sqrt(1 + k*s**2)", k=1.0)
HYPERBOLIC = models.Activation("own tanh", "tanh(s)")


def cube(s):
    return s * s * s / 3.0 + s


def cube_slope(s):
    return s * s + 1.0


def cube_bend(s):
    return 2.0 * s


def network(activation, kind=models.Hopfield):
    populations = {
        "x": {"size": 2, "role": "input"},
        "h": {"size": 5, "activation": activation},
        "z": 3,
        "y": {"size": 2, "role": "output", "activation": activation},
    }
    return kind(populations, ["x-h", "h-h", "h-z", "z-y"], tau=np.geomspace(0.3, 6.0, 10), seed=2, gain=0.8)


@pytest.fixture
def task(rng):
    return rng.normal(size=(3, 2)), rng.normal(size=(3, 2))


def test_force_and_hessian_are_those_of_the_formula(rng):
    net = network(SIGN)
    s, x = rng.normal(size=10), rng.normal(size=2)
    own = np.r_[0:5, 8:10]

    def pick(of_own, of_tanh):
        out = np.array(of_tanh, dtype=float)
        out[own] = of_own[own]
        return out

    t = np.tanh(s)
    r = pick(s / np.sqrt(1 + s * s), t)
    d = pick((1 + s * s) ** -1.5, 1 - t * t)
    c = pick(-3 * s * (1 + s * s) ** -2.5, -2 * t * (1 - t * t))
    drive = np.concatenate([x @ np.asarray(net.parameters["x-h"]), np.zeros(5)])
    field = net.coupling @ r + drive
    np.testing.assert_allclose(net.force(s, x), -s + d * field, rtol=1e-13, atol=1e-14)
    hessian = np.diag(1 - c * field) - d[:, None] * net.coupling * d
    np.testing.assert_allclose(net.hessian(s, x), hessian, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(net.energy(s, x), s @ s / 2 - r @ net.coupling @ r / 2 - drive @ r, rtol=1e-13)


def test_everything_is_as_with_the_built_in_twin(task):
    x, y = task
    solver = nd.Solver(rtol=1e-11, atol=1e-13)
    found = []
    for activation in ("own tanh", "tanh"):
        net = network(activation)
        rest = nd.relax(net, x, tol=1e-12)
        run = nd.nudge(net, rest, y, beta=1e-6, t_eval=[0.0, 0.5, 5.0], solver=solver)
        side = nd.side_network(net, rest, y, t_eval=run.t, solver=solver)
        gradients = [nd.gradient(net, x, y, method=m).vector for m in ("implicit", "bptt", "equilibrium-propagation")]
        found.append([rest.state, run.velocity, side.error_signal, *gradients])
    for own, built_in in zip(*found, strict=True):
        np.testing.assert_allclose(own, built_in, rtol=1e-6, atol=1e-9 * np.abs(built_in).max())


@pytest.mark.parametrize("nudging", ["positive", "centered"])
def test_velocities_are_the_error_signals_to_the_order_of_the_nudging(task, nudging):
    x, y = task
    net, solver, betas = network(SIGN), nd.Solver(rtol=1e-12, atol=1e-14), (0.01, 0.003, 0.001)
    rest, errors = nd.relax(net, x, tol=1e-13), []
    for beta in (*betas, 1e-6):
        run = nd.nudge(net, rest, y, beta=beta, nudging=nudging, solver=solver)
        side = nd.side_network(net, rest, y, t_eval=run.t, solver=solver)
        errors.append(analysis.compare(run, side).max_relative_error)
    order = np.polyfit(np.log(betas), np.log(errors[:3]), 1)[0]
    assert order == pytest.approx(2.0 if nudging == "centered" else 1.0, abs=0.1)
    assert errors[-1] < (1e-10 if nudging == "centered" else 1e-4)


@pytest.mark.parametrize("beta", [0.5, 1e-12])
def test_differences_do_not_cancel(beta, rng):
    from neurodyn.flows.own_activation import OWN_ACTIVATIONS

    base, delta = rng.normal(size=200), 3.0 * rng.normal(size=200)
    a, d = base / np.sqrt(1 + base**2), (1 + base**2) ** -1.5
    dr, dd = np.empty(200), np.empty(200)
    OWN_ACTIVATIONS["soft sign"].differences(base, a, d, delta, np.full(200, beta), dr, dd)
    exact = np.longdouble(base), np.longdouble(base) + np.longdouble(beta) * np.longdouble(delta)
    for found, f in ((dr, lambda s: s / np.sqrt(1 + s**2)), (dd, lambda s: (1 + s**2) ** np.longdouble(-1.5))):
        if beta > 0.1:
            expected = (f(exact[1]) - f(exact[0])) / np.longdouble(beta)
        else:
            slope = (
                (1 + exact[0] ** 2) ** np.longdouble(-1.5),
                -3 * exact[0] * (1 + exact[0] ** 2) ** np.longdouble(-2.5),
            )
            expected = slope[0 if found is dr else 1] * delta
        np.testing.assert_allclose(found, expected.astype(float), rtol=0.0, atol=1e-10 if beta < 0.1 else 1e-14)


def test_functions_serve_as_an_expression_does(rng):
    models.Activation("cube", cube, cube_slope, cube_bend)
    models.Activation("cube in text", "s**3/3 + s")
    s, x, v = rng.normal(size=10), rng.normal(size=2), rng.normal(size=10)
    nets = network("cube"), network("cube in text")
    np.testing.assert_allclose(nets[0].force(s, x), nets[1].force(s, x), rtol=1e-13)
    np.testing.assert_allclose(nets[0].jvp(s, v, x), nets[1].jvp(s, v, x), rtol=1e-13, atol=1e-14)


def test_beside_terms_by_functions_and_texts(rng):
    from neurodyn.models import terms

    populations = {"h": {"size": 3, "activation": SIGN}, "y": {"size": 2, "role": "output"}}
    net = models.EnergyNetwork(
        populations, [terms.Leak(), terms.Bilinear("h", "y"), terms.Unit("h", "k*(s**4/4 - s**2/2)", k=0.5)]
    )
    rest = nd.relax(net, start=rng.normal(size=5))
    run = nd.nudge(net, rest, [0.3, -0.2])
    side = nd.side_network(net, rest, [0.3, -0.2], t_eval=run.t)
    assert analysis.compare(run, side).max_relative_error < 1e-5


def test_another_process_has_those_of_texts_and_is_told_to_make_those_of_functions():
    models.Activation("cube", cube, cube_slope, cube_bend)
    for activation, told in ((SIGN, ""), ("cube", "unknown activation 'cube'; allowed: tanh")):
        net = network(activation)
        assert pickle.loads(pickle.dumps(net)) == net
        code = f"import pickle, neurodyn; pickle.loads({pickle.dumps(net)!r})"
        found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False).stderr
        assert told in found if told else not found


def test_model_files_hold_them(tmp_path):
    text = """
    connections = ["h-h"]
    [populations.h]
    size = 4
    activation = {expression = "s/sqrt(1 + k*s**2)", constants = {k = 2}}
    """
    (tmp_path / "m.toml").write_text(text)
    net = models.read(tmp_path / "m.toml").network
    assert net.graph["h"].activation == "s/sqrt(1 + k*s**2), k = 2"
    assert models.read(tmp_path / "m.toml").network == net
    other = models.read(tmp_path / "m.toml", overrides=['populations.h.activation={expression = "s**3"}']).network
    assert other.graph["h"].activation == "s**3"
    for wrong, fault in (
        ('{expression = "q*s"}', "populations.h.activation: unknown symbol 'q' in 'q*s'"),
        ('{expresion = "s"}', "populations.h.activation: must be a name, or a table with an `expression`"),
        ('{expression = "s", constants = 3}', "must have a text as its `expression`, and a table as its `constants`"),
        ("3", "populations.h.activation: must be a name, or a table"),
        ('"tnh"', "populations.h.activation: unknown activation 'tnh'"),
    ):
        with pytest.raises(ModelError) as caught:
            models.read(tmp_path / "m.toml", overrides=[f"populations.h.activation={wrong}"])
        assert fault in str(caught.value)


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda: models.Activation("tanh", "s"), "an activation needs a name that is none of tanh, sigmoid"),
        (lambda: models.Activation("", "s"), "an activation needs a name"),
        (lambda: models.Activation("soft sign", "s"), "there is another activation 'soft sign' already"),
        (lambda: models.Activation("q", "q*s"), "unknown symbol 'q'"),
        (lambda: models.Activation("q", "s", cube_slope), "give no `slope` and no `bend`"),
        (lambda: models.Activation("q", cube, cube_slope), "`bend` must be a function bend(s)"),
        (lambda: models.Activation("q", cube, cube_slope, cube_bend, k=1.0), "constants are those of an expression"),
        (lambda: models.Activation("q", cube, cube_bend, cube_bend), "activation 'q': `slope` is -4.2 at -2.1"),
        (lambda: network(SIGN, models.Rate), "the rate form needs the inverse of the activation"),
        (
            lambda: models.Hopfield({"x": {"size": 2, "role": "input", "activation": SIGN}, "h": 2}, ["x-h"]),
            "population 'x': an input has one of the activations tanh",
        ),
        (
            lambda: nd.gradient(network(SIGN), np.zeros(2), np.zeros(2), method="holomorphic"),
            "population 'h': complex nudging needs an activation for complex states",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(make, fault):
    with pytest.raises(ModelError) as caught:
        make()
    assert fault in str(caught.value)


def test_the_same_activation_may_be_made_again():
    assert str(models.Activation("soft sign", "s/sqrt(1 + k*s**2)", k=1.0)) == "soft sign"
