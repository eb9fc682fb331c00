"""The rate form (Hopfield 1984, Cohen & Grossberg 1983): the second leaky-integrator form, without the slope rho'.

With the state u of the free units, their rates r = rho(u) and those of the clamped input in the drive,

    tau_i du_i/dt = -u_i + sum_j W_ij r_j + b_i                                              (free phase)

Where weights are shared by both directions, this descends an energy of the rates,

    E(r) = -1/2 r^T W r - b^T r + sum_i int_0^r_i rho^-1,    tau du/dt = -dE/dr,    d2E/dr2 = 1/rho' - W,

and the cost C = 1/2 |r_out - y|^2 is one of the rates too: nudging adds -beta dC/dr. The metric is tau/rho', and
-(tau/beta) du/dt is the derivative dL/dr of the cost L after a time t by the rate. With D = (rho(u) - rho(u*)) / beta
by formulas that do not cancel, u = u* + beta delta follows

    tau ddelta/dt = W D - delta - dC/dr(r*) - beta C'' D.

It is the sum of the terms `Leak`, `Bias`, and one `Bilinear` for each connection, as functions of the rates.

Feedback may have other weights than W^T: a factor gamma, or weights of its own. Then there is no energy, nudged
velocities follow W and the side network W^T,

    z' = -(1 - W rho') T^-1 z,    S' = -(1 - W^T rho') T^-1 S,    z(0) = S(0) = dC/dr,

which are the same for a symmetric W only. S is the derivative of the cost in either case.

Source: J. J. Hopfield, PNAS 81:3088 (1984); X. Xie, H. S. Seung, Neural Computation 15:441 (2003) for gamma.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from numpy.typing import ArrayLike

from neurodyn.errors import ModelError, nearest
from neurodyn.flows.activation import CODES
from neurodyn.flows.layout import RATES
from neurodyn.models import shapes
from neurodyn.models.cost import Cost
from neurodyn.models.terms import Bias, Bilinear, Leak
from neurodyn.system.graph import RANDOM, Connection, Graph
from neurodyn.system.network import Network
from neurodyn.system.term import Term


class Rate(Network):
    """Network in the rate form. See `Network` for the parameters, `layered` and `recurrent` for shapes.

    Units need a strictly increasing activation. `Connection` says what weights its feedback has: with 1 everywhere
    there is an energy; else `energy`, `hessian` and `energy_gradient` refuse, and all else works.

    Examples
    --------
    >>> from neurodyn import models
    >>> net = models.Rate.layered([4, 3, 2], feedback="random", seed=1)
    >>> net.parameters["h1-y"].shape, net.parameters["y-h1"].shape
    ((3, 2), (2, 3))
    """

    metric = RATES

    @classmethod
    def layered(
        cls,
        sizes: Sequence[int],
        *,
        activation: str | Sequence[str] = "tanh",
        readout: str | Cost = "linear",
        tau: ArrayLike = 1.0,
        feedback: Any = 1.0,
        seed: int | None = 0,
        gain: float = 1.0,
    ) -> Rate:
        """A chain x, h1, h2, ..., y of layers; activation (and tau) for all or one per free layer.

        `readout` says what the cost is of: see `Population`.

        `feedback` from each layer to the one before: a factor gamma of Wᵀ, "random" for weights of its own, or a
        mapping of such weights by name, like ``{"y-h1": array}``, beside which the other connections stay symmetric.
        """
        populations, connections = shapes.layered(sizes, activation, readout)
        connections, arrays = _with_feedback(connections, feedback)
        net = cls(populations, connections, tau=tau, seed=seed, gain=gain)
        return net.replace(parameters=arrays) if arrays else net

    @classmethod
    def recurrent(
        cls,
        n: int,
        n_in: int = 0,
        n_out: int = 0,
        *,
        activation: str = "tanh",
        readout: str | Cost = "linear",
        tau: ArrayLike = 1.0,
        sparsity: float = 0.0,
        feedback: Any = 1.0,
        seed: int | None = 0,
        gain: float = 1.0,
    ) -> Rate:
        """One population `s`, driven by `x`; its last n_out units are the outputs.

        A fraction `sparsity` of the connections within `s` is absent (see `Connection`); x drives all of `s`. With
        feedback "random", or ``{"s-s": array}``, the weight from unit i to unit j, entry [i, j], is not that from j
        to i.
        """
        populations, connections = shapes.recurrent(n, n_in, n_out, activation, readout, sparsity)
        connections, arrays = _with_feedback(connections, feedback)
        net = cls(populations, connections, tau=tau, seed=seed, gain=gain)
        return net.replace(parameters=arrays) if arrays else net

    @classmethod
    def check(cls, graph: Graph) -> None:
        """Rates must tell states apart: the energy needs the inverse of the activation."""
        for p in graph.free:
            if p.activation not in CODES:
                raise ModelError(
                    f"population {p.name!r}: the rate form needs the inverse of the activation, and that of one of "
                    f"your own is not known; take sigmoid, tanh, softplus or linear; got {p.activation!r}"
                )
            if p.activation == "hard-sigmoid":
                raise ModelError(
                    f"population {p.name!r}: the rate form needs a strictly increasing activation, and the hard "
                    "sigmoid is flat outside [0, 1]; take sigmoid, tanh, softplus or linear, or models.Hopfield"
                )

    @property
    def terms(self) -> tuple[Term, ...]:
        """What its energy is the sum of."""
        return (Leak(), Bias(), *(Bilinear.of(c) for c in self.graph.connections))


def _with_feedback(connections: Sequence[Connection], feedback: Any) -> tuple[tuple[Connection, ...], dict[str, Any]]:
    """The connections with a feedback where they do not come from the input `x`; and its arrays, if it is a mapping."""
    inner = {f"{c.second}-{c.first}": c for c in connections if c.first != "x"}
    if not isinstance(feedback, Mapping):
        return tuple(replace(c, feedback=feedback) if c in inner.values() else c for c in connections), {}
    for name in feedback:
        if name not in inner:
            raise ModelError(f"`feedback`: no connection leads back as {name!r}; {nearest(name, inner)}")
    own = [inner[name] for name in feedback]
    return tuple(replace(c, feedback=RANDOM) if c in own else c for c in connections), dict(feedback)
