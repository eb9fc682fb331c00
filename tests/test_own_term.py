"""Terms by a user's functions: what is derived from them, fields without an energy, the disk cache, refusals."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba import njit

import neurodyn as nd
from networks import quick
from neurodyn import analysis, models
from neurodyn.errors import ModelError
from neurodyn.models import terms
from neurodyn.models.terms.own_functions import enter
from neurodyn.system.term import Term

ROOT = Path(__file__).resolve().parents[1]
POPULATIONS = {"x": {"size": 2, "role": "input"}, "h": 6, "y": {"size": 2, "role": "output"}}


@njit
def overlaps(s, theta):
    """Pattern after pattern, and which is the largest."""
    n = s.size
    found, top = np.zeros((theta.size - 1) // n, dtype=np.complex128), 0
    for m in range(found.size):
        for i in range(n):
            found[m] += theta[m * n + i] * s[i]
        if found[m].real > found[top].real:
            top = m
    return found, top


def energy(s, r, theta):
    found, top = overlaps(s, theta)
    kappa = theta[theta.size - 1]
    return -(found[top] + np.log(np.sum(np.exp(kappa * (found - found[top])))) / kappa)


def gradient(s, r, theta, out_s, out_r):
    found, top = overlaps(s, theta)
    weights = np.exp(theta[theta.size - 1] * (found - found[top]))
    total = np.sum(weights)
    for m in range(found.size):
        for i in range(s.size):
            out_s[i] -= theta[m * s.size + i] * weights[m] / total


def memory(**functions):
    """A network with the energy of `terms.LogSumExp` from functions, or of that term itself."""
    own: Any = terms.LogSumExp("h", memories=5, sharpness=2.0)
    if functions:
        own = terms.Own("h", **functions, parameters={"h.memories": (5, "h")}, constants={"k": 2.0}, of="states")
    net = models.EnergyNetwork(
        POPULATIONS,
        [terms.Leak(), terms.Bias(), terms.Bilinear("x", "h"), terms.Bilinear("h", "y"), own],
        tau=np.geomspace(0.3, 6.0, 8),
    )
    return net.replace(parameters={"h.memories": np.random.default_rng(3).normal(0.0, 0.6, (5, 6))})


@pytest.mark.parametrize("given", quick(["energy", "gradient"], "energy"))
def test_derivatives_are_those_of_log_sum_exp(given, rng):
    functions: dict[str, Any] = {"energy": energy} | ({"gradient": gradient} if given == "gradient" else {})
    second = {"energy": 5e-13, "gradient": 2e-15}[given]
    own, known = memory(**functions), memory()
    s = rng.normal(size=(10, 3))
    at, v = (s, np.tanh(s)), (rng.normal(size=(10, 3)), rng.normal(size=(10, 3)))
    for name, arguments, tolerance in (
        ("energy", (at,), 1e-15),
        ("gradient", (at,), 2e-15),
        ("parameter_gradient", (at,), 2e-15),
        ("curve", (at, v), second),
        ("mixed", (at, v), second),
    ):
        found, expected = (np.asarray(getattr(net.attached[0], name)(*arguments)) for net in (own, known))
        np.testing.assert_allclose(found, expected, rtol=0.0, atol=tolerance * np.abs(expected).max(), err_msg=name)


def test_phases_and_gradients_are_those_of_log_sum_exp(rng):
    x, y = rng.normal(size=2), rng.normal(size=2)
    found = []
    for net in (memory(energy=energy), memory()):
        rest = nd.relax(net, x)
        run = nd.nudge(net, rest, y)
        side = nd.side_network(net, rest, y, t_eval=run.t)
        assert analysis.compare(run, side).max_relative_error < 1e-5
        found.append(nd.gradient(net, x, y))
    np.testing.assert_allclose(found[0].vector, found[1].vector, rtol=1e-9, atol=1e-12)


def test_a_sample_has_the_same_bits_in_any_company(rng):
    net = memory(energy=energy)
    s, v = rng.normal(size=(5, 8)), rng.normal(size=(5, 8))
    x = rng.normal(size=(5, 2))
    for k in range(5):
        assert np.array_equal(net.jvp(s[k], v[k], x[k]), net.jvp(s, v, x)[k])


# -- energies of rates, and of several populations -----------------------------------------------------------------


def coupling(s, r, theta):
    """-r_h W r_y over h and y, and k (s^4/4 - s^2/2) over both."""
    total = 0.0j
    for i in range(6):
        for j in range(2):
            total -= r[i] * theta[2 * i + j] * r[6 + j]
    return total + theta[12] * np.sum(s * s * s * s / 4.0 - s * s / 2.0)


COUPLING = terms.Own(("h", "y"), energy=coupling, parameters={"h-y": ("h", "y")}, constants={"k": 0.3})


def weights_alone(s, r, theta):
    total = 0.0j
    for i in range(6):
        for j in range(2):
            total -= r[i] * theta[2 * i + j] * r[6 + j]
    return total


@pytest.mark.parametrize("energy_of", quick(["states", "rates"], "rates"))
def test_an_energy_of_the_rates_is_that_of_connections(energy_of, rng):
    own = terms.Own(("h", "y"), energy=weights_alone, parameters={"h-y": ("h", "y")}, of="rates")
    nets = [
        models.EnergyNetwork(
            POPULATIONS, [terms.Leak(), terms.Bias(), terms.Bilinear("x", "h"), term], energy_of=energy_of
        )
        for term in (own, terms.Bilinear("h", "y"))
    ]
    nets[1] = nets[1].replace(parameters={name: nets[0].parameters[name] for name in nets[0].parameters})
    s, x = rng.normal(size=8), rng.normal(size=2)
    for name in ("energy", "force", "hessian"):
        found, expected = (getattr(net, name)(s, x) for net in nets)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12, err_msg=name)
    found, expected = (net.energy_gradient(s, x)["h-y"] for net in nets)
    np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_states_and_rates_of_several_populations_add_up(rng):
    text = [terms.Unit(name, "k*(s**4/4 - s**2/2)", k=0.3) for name in ("h", "y")]
    nets = [
        models.EnergyNetwork(POPULATIONS, [terms.Leak(), *more])
        for more in ([COUPLING], [terms.Bilinear("h", "y"), *text])
    ]
    nets[1] = nets[1].replace(parameters=dict(nets[0].parameters))
    s, x = rng.normal(size=8), rng.normal(size=2)
    for name in ("energy", "force", "hessian"):
        found, expected = (getattr(net, name)(s, x) for net in nets)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12, err_msg=name)


# -- fields without an energy --------------------------------------------------------------------------------------


def lorenz(s, r, theta, out):
    """Lorenz (1963)."""
    out[0] = theta[0] * (s[1] - s[0])
    out[1] = s[0] * (theta[1] - s[2]) - s[1]
    out[2] = s[0] * s[1] - theta[2] * s[2]


def lorenz_net(rho=28.0):
    field = terms.Own("s", force=lorenz, constants={"sigma": 10.0, "rho": rho, "beta": 8.0 / 3.0})
    return models.EnergyNetwork({"s": {"size": 3, "outputs": 1}}, [field], tau=[1.0, 2.0, 0.5])


def test_velocities_of_lorenz_are_those_written_in_numpy(rng):
    net, s = lorenz_net(), rng.normal(0.0, 5.0, size=(4, 3))
    x, y, z = s.T
    expected = np.stack([10.0 * (y - x), x * (28.0 - z) - y, x * y - 8.0 / 3.0 * z], axis=1)
    np.testing.assert_allclose(net.force(s), expected, rtol=1e-15)
    jacobian = [[[-10, 10, 0], [28 - c, -1, -a], [b, a, -8 / 3]] for a, b, c in s]
    np.testing.assert_allclose(net.jacobian(s), jacobian, rtol=1e-14, atol=1e-14)
    v = rng.normal(size=(4, 3))
    np.testing.assert_allclose(net.vjp(s, v), -np.einsum("kij,ki->kj", jacobian, v), rtol=1e-14, atol=1e-14)
    run = nd.simulate(net, start=s, t_eval=[0.0, 0.1, 0.2])
    np.testing.assert_allclose(run.velocity[0], expected / net.tau, rtol=1e-12)


def test_both_phases_of_lorenz_where_it_rests(rng):
    net, y = lorenz_net(rho=5.0), [3.0]
    rest = nd.relax(net, start=[2.0, 3.0, 3.0])
    c = np.sqrt(8.0 / 3.0 * 4.0)
    np.testing.assert_allclose(rest.state, [c, c, 4.0], rtol=1e-9)
    side = nd.side_network(net, rest, y)
    rates = -np.asarray(net.jacobian(rest.state)).T / net.tau  # S' = J^T T^-1 S
    expected = rest_side(rates, np.array([0.0, 0.0, rest.state[2] - 3.0]), side.t)
    np.testing.assert_allclose(side.error_signal, expected, rtol=1e-6, atol=1e-8)
    assert nd.nudge(net, rest, y).velocity.shape[-1] == 3
    for refused in (net.energy, net.hessian):
        with pytest.raises(ModelError, match=r"no energy.*: Own\('s', force=lorenz\) is a force without one"):
            refused(rest.state)


def rest_side(rates, start, times):
    from scipy.linalg import expm

    return np.array([expm(-rates * t) @ start for t in times])


def rate_field(s, r, theta, out):
    """-s + W tanh(s) + the input."""
    for i in range(12):
        out[i] = -s[i] + r[12 + i % 2]
        for j in range(12):
            out[i] += theta[12 * i + j] * np.tanh(s[j])


@pytest.mark.slow
def test_a_random_rate_network_as_a_field(rng):
    w = rng.normal(0.0, 0.7 / np.sqrt(12), (12, 12))
    populations = {"h": {"size": 12, "outputs": 3}, "x": {"size": 2, "role": "input"}}
    net = models.EnergyNetwork(
        populations,
        [terms.Own(("h", "x"), force=rate_field, parameters={"w": (12, 12)})],
        parameters={"w": w},
        tau=rng.permutation(np.geomspace(0.3, 6.0, 12)),
    )
    s, x, y = rng.normal(size=12), rng.normal(size=2), rng.normal(size=3)
    jacobian = -np.eye(12) + w * (1.0 - np.tanh(s) ** 2)
    np.testing.assert_allclose(net.force(s, x), -s + w @ np.tanh(s) + np.tile(x, 6), rtol=1e-14, atol=1e-14)
    np.testing.assert_allclose(net.jacobian(s, x), jacobian, rtol=1e-14, atol=1e-15)
    rest = nd.relax(net, x, tol=1e-12)
    error = np.concatenate([np.zeros(9), rest.state[9:] - y])
    slopes = -np.eye(12) + w * (1.0 - np.tanh(rest.state) ** 2)
    exact = np.outer(np.linalg.solve(slopes.T, -error), np.tanh(rest.state))
    for method, tolerance in (("implicit", 1e-9), ("recurrent-backprop", 1e-6), ("finite-differences", 1e-5)):
        found = nd.gradient(net, x, y, method=method)["w"]
        np.testing.assert_allclose(found, exact, rtol=0.0, atol=tolerance * np.abs(exact).max(), err_msg=method)


# -- as data, and compiled once ------------------------------------------------------------------------------------


def square(s, r, theta):
    return 0.5 * np.sum(s * s)


def stretched(s, r, theta, out_s, out_r):
    """The gradient of `square` where the constant is 1."""
    for i in range(s.size):
        out_s[i] = theta[0] * s[i]


SPRINGS = terms.Own("h", energy=square, gradient=stretched, constants={"slope": 1.0})


def test_terms_and_networks_are_plain_data():
    net = models.EnergyNetwork(POPULATIONS, [terms.Leak(), SPRINGS, terms.Bilinear("x", "h")])
    term = net.own_terms[0]
    described = json.loads(json.dumps(term.describe()))
    assert (described["energy"], described["gradient"]) == (f"{__name__}:square", f"{__name__}:stretched")
    assert Term.read(described) == term == pickle.loads(pickle.dumps(term))
    assert pickle.loads(pickle.dumps(net)) == net


def test_a_function_that_no_file_can_name_is_said_so():
    def local(s, r, theta):
        return np.sum(s)

    described = terms.Own("h", energy=local).describe()
    assert "<locals>.local#" in described["energy"]
    with pytest.raises(ModelError, match="a file names one as 'module:name', at the top of a module"):
        Term.read(described)


def test_a_model_file_names_functions(tmp_path):
    text = f"""
    model = "terms"
    [populations.h]
    size = 4
    [[terms]]
    term = "leak"
    [[terms]]
    term = "own"
    populations = ["h"]
    energy = "{__name__}:energy"
    parameters = {{memories = [3, "h"]}}
    constants = {{k = 2.0}}
    of = "states"
    """
    (tmp_path / "m.toml").write_text(text)
    found = models.read(tmp_path / "m.toml", overrides=["terms.own.constants.k=1.5"]).network.own_terms
    assert found == (
        terms.Own("h", energy=energy, parameters={"memories": (3, "h")}, constants={"k": 1.5}, of="states"),
    )
    (tmp_path / "m.toml").write_text(text.replace(":energy", ":enrgy"))
    with pytest.raises(ModelError, match=r"terms.1: there is no function .*:enrgy'"):
        models.read(tmp_path / "m.toml")


def test_hashes_follow_what_a_function_is_made_of():
    factor = 2.0
    made = {}

    def closure(s, r, theta):
        return factor * np.sum(s)

    made["closure"] = enter(closure)
    factor = 3.0
    made["other value"] = enter(closure)
    for name, source in (("a", "k*s"), ("b", "s*k"), ("same", "k*s")):
        scope: dict[str, Any] = {"k": 1.0}
        exec(f"def f(s, r, theta): return {source}", scope)
        made[name] = enter(scope["f"])
        scope["k"] = 2.0
        made[f"{name} with another global"] = enter(scope["f"])
    scope = {"k": 1.0, "__name__": "elsewhere"}  # numba would look for compiled code's module here
    exec("def f(s, r, theta): return k*s", scope)
    made["elsewhere"] = enter(scope["f"])
    assert made.pop("same") == made["a"]
    assert made.pop("same with another global") == made["a with another global"]
    assert len(set(made.values())) == len(made)


USE = """
import numpy as np, sys
import neurodyn as nd
from neurodyn import models
from neurodyn.models import terms
k = float(sys.argv[1])
def inner(s, r, theta):
    return k * np.sum(s * s * s * s)
own = terms.Own("h", energy=inner, of="states")
net = models.EnergyNetwork({"h": 2}, [own])
print(net.force([1.0, 2.0]).tolist())
stats = own.primitives.gradient.compiled.stats
print(sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))
"""


@pytest.mark.slow
def test_disk_cache_serves_functions_as_long_as_they_are_the_same(tmp_path):
    def run(k):
        env = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", USE, str(k)]
        return subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True, text=True).stdout.split("\n")

    assert run(0.25)[:2] == ["[-1.0, -8.0]", "0 1"]
    assert run(0.25)[:2] == ["[-1.0, -8.0]", "1 0"]
    assert run(0.5)[:2] == ["[-2.0, -16.0]", "0 1"]


# -- refusals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({}, "give an `energy`, an `energy` and its `gradient`, or a `force`; got none"),
        ({"gradient": gradient}, "got `gradient`"),
        ({"energy": energy, "force": lorenz}, "got `energy`, `force`"),
        (
            {"energy": lorenz},
            "`energy` must be a function energy(s, r, theta) in numba's subset of Python; got lorenz(",
        ),
        ({"energy": np.sum}, "`energy` must be a function energy(s, r, theta)"),
        ({"energy": "nowhere:f"}, "there is no function 'nowhere:f'"),
        (
            {"energy": energy, "of": "sates"},
            "unknown `of` 'sates'; allowed: both, states, rates; did you mean 'states'?",
        ),
        ({"energy": energy, "parameters": {"k": 0}}, "the shape of 'k' must be one or more whole numbers >= 1"),
        ({"energy": energy, "parameters": {"k": "q"}}, "shape of 'k': unknown population 'q'; allowed: x, h, y"),
    ],
)
def test_what_makes_no_sense_is_refused(options, fault):
    with pytest.raises(ModelError) as caught:
        models.EnergyNetwork(POPULATIONS, [terms.Leak(), terms.Own("h", **options)])
    assert fault in str(caught.value)


def power(s, r, theta):
    return np.sum(s**4)


def corner(s, r, theta):
    return np.sum(np.abs(s)) + 0.0j


def stuck(s, r, theta, out):
    for i in range(s.size):
        out[i] = -s[i].real


@pytest.mark.parametrize(
    "name", quick(["power", "corner", "other-variable", "wrong-gradient", "real-part"], "wrong-gradient")
)
def test_derivatives_that_are_none_are_refused(name):
    options: dict[str, dict[str, Any]] = {
        "power": {"energy": power},
        "corner": {"energy": corner},
        "other-variable": {"energy": square, "of": "rates"},
        "wrong-gradient": {"energy": square, "gradient": stretched, "constants": {"slope": -1.0}},
        "real-part": {"force": stuck},
    }
    with pytest.raises(ModelError, match=r"a derivative along some direction is .*, but the values have the slope"):
        models.EnergyNetwork(POPULATIONS, [terms.Leak(), terms.Own("h", **options[name])])


def test_an_energy_of_rates_takes_no_energy_of_states():
    with pytest.raises(ModelError, match="is a function of states"):
        models.EnergyNetwork(POPULATIONS, [terms.Leak(), COUPLING], energy_of="rates")


def test_complex_nudging_is_refused():
    with pytest.raises(ModelError, match=r"Own\('h', energy=energy\) has no meaning for complex states"):
        nd.gradient(memory(energy=energy), np.zeros(2), np.zeros(2), method="holomorphic")
