"""Predictive coding in time: ½ Σ_t |s_t − Wᵀ r_{t−1} − Uᵀ x_t − b|², a recurrent network unrolled over its steps.

Each population stands for the network at one step, and all share U, W and b. x_t is the t-th of as many equal parts of
the input; before the first step there is nothing. With e_t what is squared: V_s = e_t of the step, V_r = −W e_t of the
one before and −U e_t of x_t. Alone in an energy it comes to rest at the forward pass through time, and the exact
gradient of a cost is that of back-propagation through time.

Source: B. Millidge, A. Tschantz, C. L. Buckley, Neural Computation 34, 1329 (2022).
"""

from dataclasses import dataclass

from neurodyn.errors import ModelError
from neurodyn.models.terms import products as pr
from neurodyn.models.terms.naming import as_names
from neurodyn.system.graph import Graph
from neurodyn.system.parameters import Block
from neurodyn.system.term import Primitives, Term


@pr.helper
def sizes(place):
    """Steps, units of a part of the input, units of a step."""
    steps = place.size // pr.PER_POPULATION - 1
    return steps, place[pr.SIZE] // steps, place[pr.PER_POPULATION + pr.SIZE]


@pr.helper
def part(values, place, t):
    """The rows of the input at step t, counted from 0."""
    return pr.units(values, place[pr.FIRST] + sizes(place)[1] * t, sizes(place)[1])


@pr.helper
def matrices(theta, place):
    """U and W."""
    _, m, n = sizes(place)
    return pr.rectangle(theta, 0, m, n), pr.rectangle(theta, m * n, n, n)


@pr.helper
def error(s, r, t, bias, theta, place, work):
    """e_t, with b or without it by `bias` 1 or 0."""
    (u, w), e = matrices(theta, place), pr.units(work, 0, sizes(place)[2])
    state, first = pr.population(s, place, t + 1), theta.size - e.shape[0]
    for i in range(e.shape[0]):
        for j in range(e.shape[1]):
            e[i, j] = state[i, j] - bias * theta[first + i]
    pr.add_transposed(-1.0, u, part(r, place, t), e)
    if t > 0:
        pr.add_transposed(-1.0, w, pr.population(r, place, t), e)
    return e


@pr.helper
def add_slopes(s, r, bias, theta, place, work, out_s, out_r):
    """out_s += e_t, out_r −= W e_t of the step before and U e_t of the input."""
    u, w = matrices(theta, place)
    for t in range(sizes(place)[0]):
        e = error(s, r, t, bias, theta, place, work)
        pr.add(e, pr.population(out_s, place, t + 1))
        pr.add_product(-1.0, u, e, part(out_r, place, t))
        if t > 0:
            pr.add_product(-1.0, w, e, pr.population(out_r, place, t))


@pr.helper
def subtract_outer(e, r, t, place, out):
    """The parts of U and W in out −= r eᵀ at step t."""
    _, m, n = sizes(place)
    pr.add_outer(-1.0, part(r, place, t), e, pr.window(out, 0, m * n))
    if t > 0:
        pr.add_outer(-1.0, pr.population(r, place, t), e, pr.window(out, m * n, n * n))


def energy(s, r, theta, place, work, out):
    """V = ½ Σ |e_t|²."""
    for t in range(sizes(place)[0]):
        pr.add_squares(0.5, error(s, r, t, 1.0, theta, place, work), out)


def gradient(s, r, theta, place, work, out_s, out_r):
    """V_s = e_t, V_r = −W e_t and −U e_t."""
    add_slopes(s, r, 1.0, theta, place, work, out_s, out_r)


def curve(s, r, v_s, v_r, theta, place, work, out_s, out_r):
    """V″ v: the same of e without b."""
    add_slopes(v_s, v_r, 0.0, theta, place, work, out_s, out_r)


def parameter_gradient(s, r, theta, place, work, out):
    """dV/dU = −Σ x_t e_tᵀ, dV/dW = −Σ r_{t−1} e_tᵀ, dV/db = −Σ e_t."""
    for t in range(sizes(place)[0]):
        e = error(s, r, t, 1.0, theta, place, work)
        subtract_outer(e, r, t, place, out)
        pr.add_sums(-1.0, e, out, out.size - e.shape[0])


def mixed(s, r, v_s, v_r, theta, place, work, out):
    """The same, with either factor along v."""
    for t in range(sizes(place)[0]):
        subtract_outer(error(s, r, t, 1.0, theta, place, work), v_r, t, place, out)
        e = error(v_s, v_r, t, 0.0, theta, place, work)
        subtract_outer(e, r, t, place, out)
        pr.add_sums(-1.0, e, out, out.size - e.shape[0])


@dataclass(frozen=True)
class RecurrentPrediction(Term, kind="recurrent-prediction"):
    """½ Σ_t |s_t − Wᵀ r_{t−1} − Uᵀ x_t − b|²: each population of `names` is a step, and predicts the next.

    The input is x_1, x_2, ... With steps h1, h2, ... U is the block "x-h1", W "h1-h2", and b "h1-h2.bias".

    Examples
    --------
    >>> from neurodyn.models import terms
    >>> terms.RecurrentPrediction("x", ("h1", "h2", "h3")).populations
    ('x', 'h1', 'h2', 'h3')
    """

    input: str
    names: tuple[str, ...]
    primitives = Primitives.of(
        energy=energy, gradient=gradient, curve=curve, parameter_gradient=parameter_gradient, mixed=mixed
    )
    quadratic = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", as_names(self.names))
        if len(self.names) < 2 or len(set(self.populations)) <= len(self.names):
            raise ModelError(f"`names` must be two populations or more, each once and not the input; got {self.names}")

    @property
    def populations(self) -> tuple[str, ...]:
        return self.input, *self.names

    def check(self, graph: Graph) -> None:
        super().check(graph)
        self.check_moves(graph, *self.names)
        given, found = graph[self.input].size, [graph[name].size for name in self.names]
        if len(set(found)) > 1 or given % len(found):
            raise ModelError(f"{self!r}: steps must be equal, and so their inputs; got {found} units, {given} inputs")

    def blocks(self, graph: Graph) -> tuple[Block, ...]:
        first, second = self.names[:2]
        n, m = graph[first].size, graph[self.input].size // len(self.names)
        shapes = {f"{self.input}-{first}": (m, n), f"{first}-{second}": (n, n), f"{first}-{second}.bias": (n,)}
        return tuple(Block(name, shape, False) for name, shape in shapes.items())

    def scratch_rows(self, graph: Graph) -> int:
        return graph[self.names[0]].size
