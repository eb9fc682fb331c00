"""The Hopfield energy of Scellier & Bengio (2017, eq. 1) on any undirected graph of populations.

With u = (x, s) and r = rho(u):

    E = 1/2 sum_free s_i^2 - 1/2 sum_{i != j} W_ij r_i r_j - sum_i b_i r_i
    tau_i ds_i/dt = -dE/ds_i = -s_i + rho'(s_i) g_i,   g_i = sum_j W_ij r_j + b_i        (free phase)

It is the sum of the terms `Leak`, `Bias`, and one `Bilinear` for each connection. Hard-sigmoid units live in the box
[0, 1]: a unit on a bound does not move while its force points out.
"""

from __future__ import annotations

from collections.abc import Sequence

from numpy.typing import ArrayLike

from neurodyn.errors import ModelError
from neurodyn.models import shapes
from neurodyn.models.cost import Cost
from neurodyn.models.terms import Bias, Bilinear, Leak
from neurodyn.system.graph import Graph
from neurodyn.system.network import Network
from neurodyn.system.term import Term


class Hopfield(Network):
    """Network with the Hopfield energy. See `Network` for the parameters; `layered` and `recurrent` for shapes.

    Examples
    --------
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([4, 3, 2], seed=1)
    >>> net.parameters["x-h1"].shape
    (4, 3)
    """

    @classmethod
    def layered(
        cls,
        sizes: Sequence[int],
        *,
        activation: str | Sequence[str] = "tanh",
        readout: str | Cost = "linear",
        tau: ArrayLike = 1.0,
        seed: int | None = 0,
        gain: float = 1.0,
    ) -> Hopfield:
        """A chain x, h1, h2, ..., y of layers; activation (and tau) for all or one per free layer.

        `readout` says what the cost is of: see `Population`.
        """
        return cls(*shapes.layered(sizes, activation, readout), tau=tau, seed=seed, gain=gain)

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
        seed: int | None = 0,
        gain: float = 1.0,
    ) -> Hopfield:
        """One population `s`, driven by `x`; its last n_out units are the outputs.

        A fraction `sparsity` of the connections within `s` is absent (see `Connection`); x drives all of `s`.
        """
        return cls(*shapes.recurrent(n, n_in, n_out, activation, readout, sparsity), tau=tau, seed=seed, gain=gain)

    @classmethod
    def check(cls, graph: Graph) -> None:
        """Weights must be shared by both directions."""
        for c in graph.connections:
            if c.feedback != 1.0:
                raise ModelError(
                    f"connection {c.name!r}: the Hopfield energy has weights that both directions share, feedback 1; "
                    f"got {c.feedback!r}: models.Rate allows it"
                )

    @property
    def terms(self) -> tuple[Term, ...]:
        """What its energy is the sum of."""
        return (Leak(), Bias(), *(Bilinear.of(c) for c in self.graph.connections))
