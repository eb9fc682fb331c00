"""Expressions: what they are as compiled code, what is refused, and that they are compiled once per machine."""

import contextlib
import json
import math
import os
import pickle
import subprocess
import sys
import time
from pathlib import Path

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
from numba import njit, types

from networks import quick
from neurodyn.errors import ModelError
from neurodyn.flows.terms import CURVE_OF, ENERGY_OF, GRADIENT_OF
from neurodyn.models.expressions import Expression, expression
from neurodyn.models.expressions.parse import Call, parse
from neurodyn.numerics.kernel import Kernel, constant_integers, constant_vector
from neurodyn.system.term import MIXED_OF, PARAMETER_GRADIENT_OF

jax = pytest.importorskip("jax")
jnp = jax.numpy

ROOT = Path(__file__).resolve().parents[1]
#: By text: kind; constants; the same written for JAX; whether it is quadratic.
ENERGIES = {
    "s**4/4 - s**2/2": ("unit energy", {}, lambda s: s**4 / 4 - s**2 / 2, False),
    "k*s**p/2": ("unit energy", {"k": 3.0, "p": 2.0}, lambda s: 1.5 * s * s, True),
    "log(1 + s**2) + tan(s/4)": ("unit energy", {}, lambda s: jnp.log(1 + s**2) + jnp.tan(s / 4), False),
    "1/(2 + cos(2*s)) + pi**-1*s": ("unit energy", {}, lambda s: 1 / (2 + jnp.cos(2 * s)) + s / jnp.pi, False),
    "softplus(s) + sigmoid(s)**3": ("unit energy", {}, lambda s: jnp.logaddexp(s, 0) + jax.nn.sigmoid(s) ** 3, False),
    "sinh(s)*atan(s)": ("unit energy", {}, lambda s: jnp.sinh(s) * jnp.arctan(s), False),
    "max(s, -1)**3 + abs(s)**3": ("unit energy", {}, lambda s: jnp.maximum(s, -1) ** 3 + jnp.abs(s) ** 3, False),
    "-w*a*sin(b)": ("pair energy", {}, lambda a, b, w: -w * a * jnp.sin(b), False),
    "0.5*w*(a-b)**2": ("pair energy", {}, lambda a, b, w: 0.5 * w * (a - b) ** 2, True),
    "I*(VT*exp((a-b)/VT) - (a-b))": (
        "pair energy",
        {"I": 1e-2, "VT": 0.7},
        lambda a, b, w: 1e-2 * (0.7 * jnp.exp((a - b) / 0.7) - (a - b)),
        False,
    ),
    "-w*cos(a-b)": ("pair energy within", {}, lambda a, b, w: -w * jnp.cos(a - b), False),
    "-K*cos(a - b)": ("pair energy within", {"K": 1.5}, lambda a, b, w: -1.5 * jnp.cos(a - b), False),
    "K*w**2*a*tanh(b)": ("pair energy within", {"K": 0.3}, lambda a, b, w: 0.3 * w * w * a * jnp.tanh(b), False),
}
#: One of each kind in the default tests.
LEAST = ("k*s**p/2", "-w*a*sin(b)", "K*w**2*a*tanh(b)")
#: Kind; text; constants; the same written for JAX; whether it is linear.
FORCES = [
    ("unit force", "-k*s + tanh(s)", {"k": 2.0}, lambda s: -2.0 * s + jnp.tanh(s), False),
    ("pair force", "w*b/(1 + a**2)", {}, lambda a, b, w: w * b / (1 + a**2), False),
    ("pair force", "w*(b - a)", {}, lambda a, b, w: w * (b - a), True),
    ("pair force within", "K*w*sin(b - a - 0.3)", {"K": 0.5}, lambda a, b, w: 0.5 * w * jnp.sin(b - a - 0.3), False),
]
COMPLEX = ["k*s**p/2", "1/(2 + cos(2*s)) + pi**-1*s", "softplus(s) + sigmoid(s)**3", "-w*a*sin(b)"]
FIRST, SECOND, SAMPLES = (1, 4), (6, 3), 3  # first row and size of the two populations, among ROWS rows
ROWS = 10
#: Of each primitive, as terms have it.
SIGNATURES = {
    "energy": ENERGY_OF,
    "gradient": GRADIENT_OF,
    "curve": CURVE_OF,
    "curve_transposed": CURVE_OF,
    "parameter_gradient": PARAMETER_GRADIENT_OF,
    "mixed": MIXED_OF,
}


def of_complex_states(signature):
    """The same for complex states, theta staying real."""
    same = (constant_vector, constant_integers)
    return types.void(*(a if a in same else types.Array(types.complex128, a.ndim, "C") for a in signature.args))


def pairs(kind):
    """Rows of a and of b of all pairs, in the order of their weights."""
    if kind.endswith("within"):
        n = FIRST[1]
        i, k = np.triu_indices(n, 1) if kind.startswith("pair energy") else np.nonzero(~np.eye(n, dtype=bool))
        return FIRST[0] + i, FIRST[0] + k
    i, k = np.indices((FIRST[1], SECOND[1])).reshape(2, -1)
    return FIRST[0] + i, SECOND[0] + k


class Case:
    """An expression with a state, a direction and parameters, and the sums that it stands for."""

    def __init__(self, kind, text, constants, function, rng):
        self.kind, self.function = kind, function
        self.expression = expression(kind, text, constants)
        self.primitives = self.expression.primitives()
        self.weights = rng.uniform(0.5, 1.5, pairs(kind)[0].size) if self.expression.weighted else np.empty(0)
        self.theta = np.append(self.weights, [constants[name] for name in sorted(constants)])
        self.s, self.v = rng.uniform(-1.5, 1.5, (2, ROWS, SAMPLES))
        both = [*FIRST, 1, *SECOND, 1]
        self.place = np.array(both if kind in ("pair energy", "pair force") else both[:3], dtype=np.int64)

    def each(self, s, weights):
        """The function of every unit or pair of one sample."""
        if self.kind.startswith("unit"):
            return self.function(s[FIRST[0] : sum(FIRST)])
        a, b = pairs(self.kind)
        return self.function(s[a], s[b], weights if weights.size else 1.0)

    def force(self, s, weights):
        each = self.each(s, weights)
        rows = np.arange(FIRST[0], sum(FIRST)) if self.kind.startswith("unit") else pairs(self.kind)[0]
        return jnp.zeros(ROWS).at[rows].add(each)

    def run(self, name, s=None):
        """Output of a primitive, compiled."""
        s = self.s if s is None else s
        shape = {"energy": (1, SAMPLES), "parameter_gradient": self.theta.shape, "mixed": self.theta.shape}
        out = np.zeros(shape.get(name, s.shape), dtype=s.dtype)
        plain = name in ("energy", "gradient", "parameter_gradient")
        directions = [] if plain else [self.v.astype(s.dtype)] * 2
        outputs = [out, out.copy()] if name in ("gradient", "curve", "curve_transposed") else [out]
        signature = of_complex_states(SIGNATURES[name]) if np.iscomplexobj(s) else SIGNATURES[name]
        kernel = Kernel(getattr(self.primitives, name), signature)
        kernel(s, s, *directions, self.theta, self.place, np.empty((0, SAMPLES), s.dtype), *outputs)
        return out


def agree(found, wanted):
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)


@pytest.fixture(autouse=True)
def _double_precision():
    with jax.enable_x64(True):
        yield


@pytest.mark.parametrize("text", quick(ENERGIES, *LEAST))
def test_energy_and_its_derivatives(text, rng):
    kind, constants, function, quadratic = ENERGIES[text]
    case = Case(kind, text, constants, function, rng)
    total = lambda s, w: case.each(s, w).sum()  # noqa: E731
    slope, columns = jax.grad(total), range(SAMPLES)
    s, v, w = case.s, case.v, jnp.array(case.weights)
    agree(case.run("energy"), [[total(s[:, j], w) for j in columns]])
    agree(case.run("gradient"), np.stack([slope(s[:, j], w) for j in columns], axis=1))
    curved = [jax.jvp(lambda x: slope(x, w), (s[:, j],), (v[:, j],))[1] for j in columns]
    agree(case.run("curve"), np.stack(curved, axis=1))
    assert case.expression.quadratic == quadratic
    assert case.primitives.curve_transposed is None
    if not case.expression.weighted:
        assert case.primitives.mixed is case.primitives.parameter_gradient is None
        return
    by_weights = jax.grad(total, argnums=1)
    agree(case.run("parameter_gradient")[: w.size], sum(by_weights(s[:, j], w) for j in columns))
    mixed = [jax.jvp(lambda x: by_weights(x, w), (s[:, j],), (v[:, j],))[1] for j in columns]
    agree(case.run("mixed")[: w.size], sum(mixed))


@pytest.mark.parametrize(("kind", "text", "constants", "function", "linear"), FORCES, ids=[f[1] for f in FORCES])
def test_force_and_its_derivatives(kind, text, constants, function, linear, rng):
    case = Case(kind, text, constants, function, rng)
    s, v, w = case.s, case.v, jnp.array(case.weights)
    columns = range(SAMPLES)
    assert case.primitives.energy is case.primitives.parameter_gradient is None
    agree(-case.run("gradient"), np.stack([case.force(s[:, j], w) for j in columns], axis=1))
    jacobians = [np.asarray(jax.jacobian(case.force)(s[:, j], w)) for j in columns]
    agree(-case.run("curve"), np.stack([jacobians[j] @ v[:, j] for j in columns], axis=1))
    agree(-case.run("curve_transposed"), np.stack([jacobians[j].T @ v[:, j] for j in columns], axis=1))
    assert case.expression.quadratic == linear
    if case.expression.weighted:
        by_weights = [np.asarray(jax.jacobian(case.force, argnums=1)(s[:, j], w)) for j in columns]
        agree(-case.run("mixed")[: w.size], sum(by_weights[j].T @ v[:, j] for j in columns))


@pytest.mark.parametrize("text", quick(COMPLEX, "k*s**p/2", "-w*a*sin(b)"))
def test_complex_step_gives_the_derivatives(text, rng):
    kind, constants, function, _ = ENERGIES[text]
    case = Case(kind, text, constants, function, rng)
    moved = case.s + 1e-30j * case.v
    assert case.expression.analytic
    agree(case.run("energy", moved).imag / 1e-30, (case.run("gradient") * case.v).sum(axis=0)[None])
    agree(case.run("gradient", moved).imag / 1e-30, case.run("curve"))
    agree(case.run("curve", moved).real, case.run("curve"))
    if case.expression.weighted:
        agree(case.run("parameter_gradient", moved).imag / 1e-30, case.run("mixed"))
        agree(case.run("mixed", moved).real, case.run("mixed"))


def test_corners_are_not_analytic():
    assert not expression("unit energy", "max(s, -1)**3").analytic
    assert not expression("unit energy", "abs(s)").quadratic


@pytest.mark.parametrize("z", [0.3 + 0.4j, -0.7 + 0.2j, 25.0 - 0.3j, -40.0 + 1.0j, 1e-9 + 1e-9j])
@pytest.mark.parametrize("name", ["sigmoid", "softplus", "logcosh", "tanh", "arctan", "log1p", "expm1", "sech2"])
def test_functions_of_complex_numbers(name, z):
    text = {"log1p": "log(1 + s)", "expm1": "exp(s) - 1", "sech2": "tanh(s)"}.get(name, f"{name}(s)")
    mpmath = pytest.importorskip("mpmath")
    mp = mpmath.mp.clone()
    mp.dps = 50
    exact = {
        "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
        "softplus": lambda x: mp.log(1 + mp.exp(x)),
        "logcosh": lambda x: mp.log(mp.cosh(x)) if z.real > 0 else mp.log(mp.cosh(-x)),
        "tanh": mp.tanh,
        "arctan": mp.atan,
        "log1p": lambda x: mp.log(1 + x),
        "expm1": lambda x: mp.exp(x) - 1,
        "sech2": lambda x: 1 / mp.cosh(x) ** 2,
    }[name]
    made = expression("activation", text).activation()
    found = (made.slope if name == "sech2" else made.rate)(z)
    assert abs(found - complex(exact(mp.mpc(z)))) <= 1e-14 * abs(complex(exact(mp.mpc(z))))


def test_activation_is_called_from_compiled_code():
    rate, slope, bend = expression("activation", "k*s/sqrt(1+s**2)", {"k": 2.0}).activation()

    @njit
    def run(s):
        return rate(s), slope(s), bend(s)

    for s in (0.4, -2.0, 0.3 + 0.2j):
        root = np.sqrt(1 + s * s)
        agree(run(s), [2 * s / root, 2 / root**3, -6 * s / root**5])


def test_cost():
    value, slope, curvature = expression("cost", "log(cosh(z-y))").cost()
    agree([value(0.7, 0.2), slope(0.7, 0.2)], [math.log(math.cosh(0.5)), math.tanh(0.5)])
    agree(curvature(0.7, 0.2), 1 / math.cosh(0.5) ** 2)
    assert value(1e5, 0.0) == pytest.approx(1e5 - math.log(2))


@pytest.mark.parametrize(
    ("text", "s", "slope"),
    [
        ("s/sqrt(1+s**2)", 1e6, (1 + 1e12) ** -1.5),
        ("tanh(s)", 30.0, 4 * math.exp(-60.0)),
        ("1/(1+exp(-s))", -800.0, 0.0),
        ("exp(s)/(1+exp(s))", 800.0, 0.0),
        ("exp(s) - s", 1e-12, 1e-12),
        ("sin(s) - s", 1e-6, -0.5e-12),
        ("log(cosh(s))", 900.0, 1.0),
        ("log(1+exp(s))", 900.0, 1.0),
    ],
)
def test_derivatives_keep_their_digits(text, s, slope):
    assert expression("activation", text).activation().slope(s) == pytest.approx(slope, rel=1e-11)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "must not be empty"),
        ("  \n", "must not be empty"),
        (None, "must be a text; got NoneType"),
        (b"s", "must be a text; got bytes"),
        (3.0, "must be a text; got float"),
        (["s"], "must be a text; got list"),
        ("().__class__", "attributes are not allowed"),
        ("s.real", "character 1: attributes are not allowed"),
        ('__import__("os").system("x")', "strings are not allowed"),
        ("__import__(s)", "unknown function '__import__'"),
        ("__s__", "must not begin with an underscore"),
        ("(lambda: s)()", "character 8: the character ':' is not allowed"),
        ("s[0]", "subscripts and lists are not allowed"),
        ("s < 1", "comparisons and assignments are not allowed"),
        ("s == s", "comparisons and assignments are not allowed"),
        ("s is s", "comparisons are not allowed"),
        ("(s := 2)", "the character ':' is not allowed"),
        ("s if s else 0", "conditions are not allowed"),
        ("s and s", "conditions are not allowed"),
        ("not s", "this operation is not allowed"),
        ("s // 2", "this operation is not allowed"),
        ("~s", "the character '~' is not allowed"),
        ("s % 2", "the character '%' is not allowed"),
        ("f'{s}'", "strings are not allowed"),
        ("exp(s for s in s)", "comprehensions are not allowed"),
        ("exp(*s)", "starred arguments are not allowed"),
        ("exp(**s)", "keyword arguments"),
        ("s, s", "lists of expressions are not allowed"),
        ("True*s", "only real numbers"),
        ("1j*s", "only real numbers"),
        ("s^2", r"character 2: '\^' is not a power: write \*\* for powers"),
        ("exq(s)", "unknown function 'exq'; allowed: exp, log, .*did you mean 'exp'?"),
        ("eval(s)", "unknown function 'eval'"),
        ("exp(s, 2)", r"exp takes 1 argument\(s\); got 2"),
        ("max(s)", r"max takes 2 argument\(s\); got 1"),
        ("exp*s", "exp is a function and needs its arguments"),
        ("exp(s)(s)", "the call of anything but a function"),
        ("2 s", "cannot be read"),
        ("s +", "cannot be read"),
        ("(s", "cannot be read"),
        ("s**s", "an exponent must be a number or a constant"),
        ("9**9**9**9", "an exponent must not hold another power"),
        ("s**65", "a power must be at most 64; got 65"),
        ("s**-65", "a power must be at most 64; got -65"),
        ("((s**8)**8)**2", "powers of powers, must be at most 64; got 128"),
        ("1e400*s", "is not a real number of at most 1e.300"),
        ("s*1" + "0" * 400, "is not a real number of at most 1e.300"),
        ("1e200*1e200*s", "is not a real number of at most 1e.300"),
        ("s*1e200*1e200", "beyond 1e300"),
        ("s/0", "is not a real number"),
        ("log(-1)*s", "is not a real number"),
        ("1/(s-s)", "no finite real value"),
        ("(" * 5000 + "s" + ")" * 5000, "at most 2000 characters; this one has 10001"),
        ("(" * 999 + "s" + ")" * 999, "parentheses may be nested at most 50 deep"),
        ("exp(" * 300 + "s" + ")" * 300, "parentheses may be nested at most 50 deep"),
        ("-" * 10_000 + "s", "at most 2000 characters"),
        ("-" * 1990 + "s", "too many signs in a row"),
        ("not " * 490 + "s", "not allowed"),
        ("s**" * 600 + "s", "an exponent must not hold another power|nested too deeply"),
        ("s+" * 600 + "s", "more than 500 numbers, names and operations"),
        ("ѕ + 1", r"\(CYRILLIC SMALL LETTER DZE\) is not allowed"),
        ("s − 1", r"\(MINUS SIGN\) is not allowed"),
        ("s\0", "is not allowed"),
        ("s; s", "';' is not allowed"),
        ("q*s", "unknown symbol 'q' in 'q.s': symbols are s; constants are given by keyword"),
        ("2", "must depend on 's'"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_refusals_name_the_fault(text, fault):
    began = time.process_time()
    with pytest.raises(ModelError, match=fault) as caught:
        _ = expression("unit energy", text).quadratic
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 500
    assert time.process_time() - began < 2.0


@pytest.mark.parametrize(
    ("constants", "fault"),
    [
        ({"k": math.inf}, "constant k must be a real number"),
        ({"k": "1"}, "constant k must be a real number"),
        ({"k": 1j}, "constant k must be a real number"),
        ({"k": 2.0, "m": 1.0}, "constant 'm' is not in"),
        ({"s": 1.0}, "must not be named 's', which is a symbol"),
        ({"exp": 1.0}, "must not be named 'exp', which is a function"),
        ({"k.x": 1.0}, "letters, digits and underscores"),
        ({3: 1.0}, "letters, digits and underscores"),
    ],
)
def test_constants_are_checked(constants, fault):
    with pytest.raises(ModelError, match=fault):
        expression("unit energy", "k*s", constants)


def test_power_of_a_constant_is_checked_by_its_value():
    with pytest.raises(ModelError, match="must be at most 64; got 100"):
        expression("unit energy", "s**p", {"p": 100.0})
    slope = expression("activation", "s**p", {"p": 3.0}).activation().slope
    assert slope(0.0) == 0.0


def test_names_of_constants_do_not_meet_those_of_generated_code():
    names = ["np", "x0", "step", "theta", "first", "helper", "value"]
    text = f"(s + {'*'.join(names)})/(s**2 + np) + arctan(s - x0)"
    for kind in ("unit energy", "activation"):
        assert not expression(kind, text, dict.fromkeys(names, 2.0)).quadratic
    assert expression("activation", text, dict.fromkeys(names, 1.0)).activation().rate(1.0) == pytest.approx(1.0)


def test_kind_is_checked():
    with pytest.raises(ModelError, match=r"unknown kind of expression 'unit energies'.*did you mean 'unit energy'"):
        expression("unit energies", "s")
    with pytest.raises(ModelError, match="is of the kind 'activation', not 'cost'"):
        expression("activation", "s**2").cost()
    with pytest.raises(ModelError, match="has no primitives"):
        expression("activation", "s**2").primitives()


@hypothesis.given(st.text() | st.text("s()+-*/.,0e19 xp_k") | st.text("s()[]{}'\"\\:=<>^\n#"))
@hypothesis.settings(max_examples=300)
def test_no_text_raises_anything_but_a_model_error(text):
    with contextlib.suppress(ModelError):
        expression("unit energy", text)


PIECES = st.recursive(
    st.sampled_from(["s", "2", "0.5", "1e-200", "1e299", "0", "pi"]),
    lambda part: (
        st.builds("({}{}{})".format, part, st.sampled_from("+-*/"), part)
        | st.builds("({})**{}".format, part, st.sampled_from(["2", "-1", "(1/3)", "0.5", "64"]))
        | st.builds("{}({})".format, st.sampled_from(["exp", "log", "cos", "cosh", "sigmoid", "abs"]), part)
    ),
    max_leaves=6,
)


@hypothesis.given(PIECES)
@hypothesis.settings(max_examples=40)
def test_what_is_read_is_generated_or_refused(text):
    with contextlib.suppress(ModelError):
        assert expression("unit energy", text).quadratic in (True, False)


def test_long_sums_are_no_deep_trees():
    tree = parse("+".join(["s"] * 200))
    assert isinstance(tree, Call)
    assert len(tree.parts) == 200
    assert expression("unit energy", "+".join(["s**2"] * 120)).quadratic


def test_expressions_are_plain_data():
    made = expression("pair energy", "-w*k*a*b", {"k": 2.0})
    assert pickle.loads(pickle.dumps(made)) == made
    assert expression(**json.loads(json.dumps(made.describe()))) == made
    assert isinstance(made, Expression)
    assert len({made, expression("pair energy", "-w*k*a*b", {"k": 2.0})}) == 1


def test_without_sympy_one_sentence_says_what_to_install(monkeypatch, tmp_path):
    from neurodyn.models.expressions import derive, module

    made = expression("unit energy", "s**2 + 0.123456789*s")
    for part in (derive.sympy, derive.functions):
        part.cache_clear()
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "sympy", None)
        without.setattr(module, "cache_folder", lambda: str(tmp_path))
        with pytest.raises(ModelError, match=r'^expressions need SymPy: python -m pip install "neurodyn\[symbolic\]"$'):
            _ = made.quadratic
    assert made.quadratic


USE = """
import json, sys
import numpy as np
from numba import types
from neurodyn.numerics.kernel import Kernel, matrix, constant_vector, constant_integers
from neurodyn.models.expressions import expression
made = expression("pair energy", "-w*k*a*sin(b) + log(1 + a**2)*w", {"k": 2.0})
kernel = Kernel(made.primitives().gradient,
                types.void(matrix, matrix, constant_vector, constant_integers, matrix, matrix, matrix))
s, out = np.linspace(0.1, 0.6, 6).reshape(3, 2), np.zeros((3, 2))
kernel(s, s, np.array([0.5, 0.7, 2.0]), np.array([0, 1, 1, 1, 2, 1]), np.empty((0, 2)), out, out.copy())
hits = getattr(kernel.compiled, "stats", None)
print(json.dumps({"out": out.tolist(), "hits": sum(hits.cache_hits.values()) if hits else -1,
                  "misses": sum(hits.cache_misses.values()) if hits else -1,
                  "sympy": "sympy" in sys.modules, "file": made.module().__file__}))
"""


def start(folder, **env):
    return subprocess.Popen(
        [sys.executable, "-c", USE],
        cwd=ROOT,
        env=os.environ | {"NUMBA_CACHE_DIR": str(folder), "PYTHONPATH": str(ROOT), "NUMBA_DISABLE_JIT": "0"} | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return json.loads(out)


@pytest.mark.slow
def test_processes_share_what_is_compiled(tmp_path):
    both = [start(tmp_path, PYTHONHASHSEED=seed) for seed in ("1", "2")]  # at once
    first = [finish(process) for process in both]
    second = finish(start(tmp_path))
    assert second["out"] == first[0]["out"] == first[1]["out"]
    assert (second["hits"], second["misses"]) == (1, 0)
    assert not second["sympy"]
    assert [path.name for path in Path(second["file"]).parent.glob("*.*")] == [Path(second["file"]).name]


@pytest.mark.slow
def test_text_and_values_do_not_depend_on_the_process_or_the_compiler(tmp_path):
    plain = finish(start(tmp_path / "plain", NUMBA_DISABLE_JIT="1", PYTHONHASHSEED="3"))
    compiled = finish(start(tmp_path / "compiled", PYTHONHASHSEED="4"))
    np.testing.assert_allclose(plain["out"], compiled["out"], rtol=1e-14)
    assert Path(plain["file"]).read_bytes() == Path(compiled["file"]).read_bytes()
