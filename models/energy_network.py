"""Networks whose energy is a list of terms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from neurodyn.cards.shown import told
from neurodyn.errors import ModelError, nearest
from neurodyn.flows.layout import RATES, STATES
from neurodyn.models.rate import Rate
from neurodyn.models.terms import Bias, Bilinear, Leak
from neurodyn.system.graph import Connection, Graph, Population
from neurodyn.system.network import Network
from neurodyn.system.term import Term

#: What the energy may be a function of, by the words for it.
METRICS = {"states": STATES, "rates": RATES}


def refuse(term: Term, graph: Graph, energy_of: str) -> None:
    """Raise `ModelError` for a term that makes no sense in a graph, or in an energy of the rates."""
    term.check(graph)
    if METRICS[energy_of] == RATES and not term.of_rates:
        raise ModelError(f"{term!r} is a function of states, and so no part of an energy of rates")


@dataclass(frozen=True, eq=False, init=False, repr=False)
class EnergyNetwork(Network):
    """A network whose energy is the sum of the terms that it is given; tau ds/dt = -dE/ds.

    Parameters
    ----------
    populations : mapping or sequence of Population
        As for `Network`.
    terms : sequence of Term
        From `neurodyn.models.terms`, or your own. What is not there is not in the energy, the leak and biases included.
    parameters : mapping, optional
        The blocks of all terms by name. Default: what the terms begin with, drawn from the seed.
    tau, seed, gain
        As for `Network`.
    energy_of : {"states", "rates"}
        With "rates" the energy is one of the rates r = rho(u), and tau du/dt = -dE/dr. Terms of states are refused
        then.

    Examples
    --------
    >>> from neurodyn.models import EnergyNetwork, terms
    >>> net = EnergyNetwork({"x": {"size": 2, "role": "input"}, "h": 4},
    ...                     [terms.Leak(), terms.Bias(), terms.Bilinear("x", "h"), terms.LogSumExp("h", memories=3)])
    >>> sorted(net.parameters)
    ['h', 'h.memories', 'x-h']
    """

    def __init__(
        self,
        populations: Any,
        terms: Iterable[Term] = (),
        *,
        parameters: Any = None,
        tau: Any = 1.0,
        seed: int | None = 0,
        gain: float = 1.0,
        energy_of: str = "states",
    ) -> None:
        found = tuple(terms)
        for term in found:
            if not isinstance(term, Term):
                raise ModelError(f"`terms` must hold terms, from neurodyn.models.terms or your own; got {term!r}")
        if energy_of not in METRICS:
            raise ModelError(f"unknown `energy_of` {energy_of!r}; {nearest(energy_of, METRICS)}")
        fused = [term for term in found if getattr(term, "fused", False)]
        graph = Graph.build(populations, ())
        for term in found:
            refuse(term, graph, energy_of)
        if METRICS[energy_of] == RATES:
            Rate.check(graph)
        values = {
            "terms": found,
            "own_terms": tuple(term for term in found if term not in fused),
            "metric": METRICS[energy_of],
            "_leaks": frozenset(n for term in fused if isinstance(term, Leak) for n in term.over(graph)),
            "_biases": frozenset(n for term in fused if isinstance(term, Bias) for n in term.over(graph)),
            "populations": populations,
            "connections": tuple(term.connection for term in fused if isinstance(term, Bilinear)),
            "parameters": parameters,
            "tau": tau,
            "seed": seed,
            "gain": gain,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)
        self.__post_init__()

    terms: tuple[Term, ...] = ()
    own_terms: tuple[Term, ...] = ()
    _leaks: frozenset[str] = frozenset()
    _biases: frozenset[str] = frozenset()

    def has_leak(self, population: str) -> bool:
        """Whether a `Leak` is over the population."""
        return population in self._leaks

    def has_bias(self, population: str) -> bool:
        """Whether a `Bias` is over the population."""
        return population in self._biases

    def with_connections(self, connections: Any) -> Self:
        """See `Network.with_connections`."""
        terms = [term for term in self.terms if not isinstance(term, Bilinear) or not term.fused]
        terms += [Bilinear.of(Connection.parse(c)) for c in connections]
        net = type(self)(
            self.populations, terms, tau=self.tau, seed=self.seed, gain=self.gain, energy_of=self._energy_of
        )
        return net.replace(parameters={n: self.parameters[n] for n in self.parameters if n in net.parameters})

    def _made_anew(self, **options: Any) -> Self:
        return type(self)(self.populations, self.terms, energy_of=self._energy_of, **options)

    @property
    def _energy_of(self) -> str:
        return next(word for word, metric in METRICS.items() if metric == self.metric)

    def describe(self) -> dict[str, Any]:
        """See `Network.describe`; with its terms."""
        about = super().describe() | {"terms": [term.describe() for term in self.terms], "energy_of": self._energy_of}
        del about["connections"]
        return about

    @classmethod
    def from_description(cls, description: Mapping[str, Any], **options: Any) -> Self:
        """See `Network.from_description`."""
        populations = tuple(Population.read(p) for p in description["populations"])
        terms = [Term.read(term) for term in description["terms"]]
        return cls(populations, terms, energy_of=description["energy_of"], **options)

    def __repr__(self) -> str:
        parts = ", ".join(f"{p.name}: {p.size} {p.activation}" for p in self.graph.populations)
        return told("EnergyNetwork", [f"{parts}; {', '.join(map(repr, self.terms))}"])
