"""The public checks: every shipped term and kind of network passes them, and what is wrong is found and named."""

import dataclasses
from typing import Any

import numpy as np
import pytest

import neurodyn as nd
from networks import quick
from neurodyn import models
from neurodyn.models import EnergyNetwork, terms
from neurodyn.names import NETWORK_MODULES
from neurodyn.system.term import Primitives, Term
from neurodyn.testing import CheckError, check_network, check_term
from test_own_term import energy

INPUT, OUTPUT = {"size": 3, "role": "input"}, {"size": 2, "role": "output"}
POPULATIONS = {"x": INPUT, "h": 4, "y": OUTPUT}


class PlainLeak(terms.Leak, kind="called-leak"):
    """Called by its address, like a term of a user's own."""

    fused = False


class PlainBias(terms.Bias, kind="called-bias"):
    """The same."""

    fused = False


class PlainBilinear(terms.Bilinear, kind="called-bilinear"):
    """The same."""

    fused = False


IMAGES = {"x": {"size": 16, "role": "input"}, "h": 8, "y": OUTPUT}


def rotation(s, r, theta, out):
    """A user's own force, without an energy."""
    for i in range(s.size):
        out[i] = theta[0] * np.sin(s[(i + 1) % s.size])


#: Each shipped kind of term, in a few forms.
TERMS: dict[str, list[Any]] = {
    "leak": [terms.Leak(("h", "y"))],
    "bias": [terms.Bias(("h", "y"))],
    "bilinear": [terms.Bilinear("h", "y"), terms.Bilinear("x", "h"), terms.Bilinear("h", "h")],
    "convolution": [terms.Convolution("x", "h", size_in=(4, 4), channels=2, kernel=1, pool=2)],
    "diode": [terms.Diode("x", "y")],
    "log-sum-exp": [terms.LogSumExp("h", memories=3, sharpness=2.0)],
    "own": [
        terms.Own("h", energy=energy, parameters={"h.memories": (3, "h")}, constants={"k": 2.0}, of="states"),
        terms.Own("h", force=rotation, constants={"k": 0.5}),
    ],
    "pair": [terms.Pair("h", "y", "-w*a*sin(b)"), terms.Pair("h", "h", "-w*cos(a - b)")],
    "pair-force": [terms.PairForce("h", "y", "w*tanh(b)"), terms.PairForce("h", "h", "w*sin(b - a)")],
    "phase-bias": [terms.PhaseBias("h", sync=0.4, angle=0.7)],
    "phase-coupling": [terms.PhaseCoupling("h", "y"), terms.PhaseCoupling("h", "h"), terms.PhaseCoupling("x", "h")],
    "phase-field": [terms.PhaseField("x", "h", angle=0.7), terms.PhaseField("h", "y")],
    "prediction": [terms.Prediction("x", "h", sigma=0.5), terms.Prediction("h", "y")],
    "recurrent-prediction": [terms.RecurrentPrediction("x", ("h", "y"))],
    "resistor": [terms.Resistor("x", "h"), terms.Resistor("h", "h")],
    "spring": [terms.Spring(("x", "h", "y"), ((0, 0), (9, 0), (4, 8), (12, 9)), ((1, 0), (1, 2), (3, 2)))],
    "unit": [terms.Unit("h", "k*(s**4/4 - s**2/2)", k=2.0)],
    "unit-force": [terms.UnitForce("h", "s - s**3")],
}
#: By name. Those of a text or of functions take seconds to compile: of each kind one is always tested.
ALL = {f"{kind}-{k}": term for kind, forms in TERMS.items() for k, term in enumerate(forms)}
LONG = {"own-1", "pair-1", "pair-force-1"}


#: Populations that fit terms which need other sizes.
EVEN = POPULATIONS | {"x": {"size": 2, "role": "input"}}
FITTING = {"convolution": IMAGES, "diode": EVEN, "spring": EVEN, "recurrent-prediction": EVEN | {"h": 2}}


def populations_of(term):
    """Populations that fit a term."""
    return FITTING.get(term.kind, POPULATIONS)


def fused_and_called(names=("h", "y")):
    """A network whose pairwise terms flows have in their own loops, and the same with terms that they call."""
    pairs = [("x", "h"), ("h", "y"), ("h", "h")]
    fused = [terms.Leak(), terms.Bias(), *(terms.Bilinear(*pair) for pair in pairs)]
    called = [PlainLeak(names), PlainBias(names), *(PlainBilinear(*pair) for pair in pairs)]
    tau = np.geomspace(0.25, 5.0, 6)
    one = EnergyNetwork(POPULATIONS, fused, tau=tau, seed=1, gain=0.7)
    other = EnergyNetwork(POPULATIONS, called, tau=tau, seed=1)
    values = {name: 0.1 + np.array(value) if value.ndim == 1 else value for name, value in one.parameters.items()}
    return one.replace(parameters=values), other.replace(parameters=values)


#: Each kind of network.
NETWORKS = {
    "Hopfield": lambda: models.Hopfield.layered([2, 3, 2], seed=1),
    "Rate": lambda: models.Rate.layered([2, 3, 2], feedback="random", seed=1),
    "EnergyNetwork": lambda: EnergyNetwork(
        POPULATIONS,
        [terms.Leak(), terms.Bias(), terms.Bilinear("x", "h"), terms.Bilinear("h", "y"), terms.LogSumExp("h", 3, 2.0)],
        seed=1,
    ),
}


def test_no_shipped_term_or_network_is_missing_here():
    own = {kind for kind, term in Term.kinds.items() if term.__module__.startswith("neurodyn.")}
    assert own == set(TERMS)
    assert set(NETWORK_MODULES) == set(NETWORKS)


@pytest.mark.parametrize("name", quick(ALL, *(ALL.keys() - LONG)))
def test_shipped_terms_pass(name):
    term = ALL[name]
    assert max(check_term(term, populations_of(term)).values()) < 1e-9


@pytest.mark.parametrize("term", ALL.values(), ids=ALL)
def test_shipped_terms_are_read_from_their_descriptions(term):
    assert Term.read(term.describe()) == term


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_of_every_kind_pass(name):
    found = check_network(NETWORKS[name]())
    assert max(found.values()) < 1e-6
    assert "exact gradient" in found


def test_terms_that_flows_call_do_what_fused_ones_do(rng):
    one, other = fused_and_called()
    s, v, x = rng.normal(size=(3, 6)), rng.normal(size=(3, 6)), rng.uniform(size=(3, 3))
    for name in ("energy", "force", "hessian"):
        np.testing.assert_allclose(getattr(other, name)(s, x), getattr(one, name)(s, x), rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(other.jvp(s, v, x), one.jvp(s, v, x), rtol=1e-13, atol=1e-14)
    gradients = one.energy_gradient(s, x), other.energy_gradient(s, x)
    for name in one.parameters:
        np.testing.assert_allclose(gradients[1][name], gradients[0][name], rtol=1e-13, atol=1e-15)


def test_phases_of_terms_that_flows_call_are_those_of_fused_ones(rng):
    one, other = fused_and_called()
    x, y = rng.uniform(size=(2, 3)), np.eye(2)
    solver, times = nd.Solver(rtol=1e-11, atol=1e-13), np.linspace(0.0, 8.0, 9)
    rest = [nd.relax(net, x, solver=solver) for net in (one, other)]
    np.testing.assert_allclose(rest[1].state, rest[0].state, atol=1e-11)
    for phase in (nd.nudge, nd.side_network):
        runs = [phase(net, eq, y, t_eval=times, solver=solver) for net, eq in zip((one, other), rest, strict=True)]
        np.testing.assert_allclose(runs[1].error_signal, runs[0].error_signal, atol=1e-9)


def broken(**changed):
    """A log-sum-exp term with some primitives replaced."""
    from neurodyn.models.terms import log_sum_exp as source

    names = ("energy", "gradient", "curve", "parameter_gradient", "mixed")
    primitives = Primitives.of(**({name: getattr(source, name) for name in names} | changed))
    kind: Any = dataclasses.make_dataclass("Broken", [], bases=(terms.LogSumExp,), frozen=True)
    kind.primitives = primitives
    return kind("h", memories=3, sharpness=2.0)


def wrong_gradient(s, r, theta, place, work, out_s, out_r):
    """One unit, wrong by a constant."""
    for j in range(s.shape[1]):
        out_s[place[0] + 2, j] += 0.25


def wrong_curve(s, r, v_s, v_r, theta, place, work, out_s, out_r):
    """Not the derivative of anything here."""
    for j in range(s.shape[1]):
        out_s[place[0], j] += s[place[0], j] * v_s[place[0] + 1, j]


def wrong_parameters(s, r, theta, place, work, out):
    """Nothing."""


def wrong_mixed(s, r, v_s, v_r, theta, place, work, out):
    """Nothing."""


def company_curve(s, r, v_s, v_r, theta, place, work, out_s, out_r):
    """Mixes samples."""
    for j in range(s.shape[1]):
        out_s[place[0], j] += v_s[place[0], 0]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"gradient": wrong_gradient}, r"Broken: gradient, V_s is .* at unit \d of population 'h' in sample \d"),
        ({"curve": wrong_curve}, r"Broken: curve, by states is .* at unit \d of population 'h'"),
        (
            {"parameter_gradient": wrong_parameters},
            r"parameter_gradient is 0 at entry \d+ of the parameters 'h.memories'",
        ),
        ({"mixed": wrong_mixed}, r"mixed is 0 at entry \d+ of the parameters 'h.memories'"),
    ],
)
def test_a_wrong_derivative_is_named_with_its_place_and_size(changed, message):
    with pytest.raises(CheckError, match=message + r".*off by \d"):
        check_term(broken(**changed), {"h": 4})


def test_primitives_that_mix_samples_are_found():
    class Mixing(terms.Leak, kind="mixing"):
        """A curve that looks at another sample."""

        primitives = Primitives.of(energy=wrong_energy, gradient=nothing, curve=company_curve, analytic=False)

    with pytest.raises(CheckError, match="curve"):
        check_term(Mixing(("h",)), {"h": 3})


def wrong_energy(s, r, theta, place, work, out):
    """Nothing."""


def nothing(s, r, theta, place, work, out_s, out_r):
    """Nothing."""


def test_a_false_quadratic_is_found():
    class Claimed(terms.LogSumExp, kind="claimed"):
        """Says that its second derivative is a constant."""

        quadratic = True

    with pytest.raises(CheckError, match="says it is quadratic"):
        check_term(Claimed("h", memories=3, sharpness=2.0), {"h": 4})


def test_a_network_with_a_wrong_term_is_refused_by_the_terms_name():
    net = EnergyNetwork(POPULATIONS, [terms.Leak(), terms.Bilinear("x", "h"), broken(gradient=wrong_gradient)])
    with pytest.raises(CheckError, match="Broken: gradient, V_s"):
        check_network(net)


@pytest.mark.parametrize("name", ["energy", "force", "cost", "hessian"])
def test_a_subclass_cannot_override_what_flows_would_not_see(name):
    with pytest.raises(nd.ModelError, match=f"Mine overrides `{name}`, which no flow would see: write a term"):
        type("Mine", (models.Hopfield,), {name: lambda self, *arguments: 0.0})
