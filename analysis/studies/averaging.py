"""How long to average a nudged network under noise, and how strongly to nudge it, for a gradient of wanted accuracy.

Centered nudging has a bias c beta², relative to the gradient. With independent noise in both phases the variance of
the estimate is V/(beta² T) after averaging a time T: the nudge moves the mean by beta, and the noise does not know it.
The sum of squares, c² beta⁴ + V/(beta² T), is least at beta⁶ = V/(2 c² T), where the bias makes up a third of it; an
error e is then reached with beta⁴ = e²/(3 c²) and T = 3 V/(2 beta² e²), which grows as e⁻³.

c is that of the network without noise, and V is what free noise does to the mean of dE/dtheta: half its squared error
bar, times the time that was averaged over. Both are known before any nudge under noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.estimators.gradient import gradient
from neurodyn.numerics.arrays import Integers
from neurodyn.phases.relax import Equilibrium
from neurodyn.phases.stationary import stationary
from neurodyn.system.network import Network
from neurodyn.system.parameters import Parameters

#: Strength at which the bias is measured, and the strength and effective samples of the reference.
BIAS_AT, REFERENCE, SAMPLES = 0.1, 1e-3, 4000
CHAINS = 4


@dataclass(frozen=True)
class Averaging:
    """What is known before a nudge: bias = c beta², variance = V/(beta² T), both relative to the gradient.

    `memory` is the longest autocorrelation time: averages over less than some of it mean nothing.
    """

    c: float
    V: float
    memory: float

    def error(self, beta: Any, time: float) -> Any:
        """Relative error at a strength, after averaging so long."""
        return np.sqrt(self.c**2 * beta**4 + self.V / (beta**2 * time))

    def best(self, time: float) -> float:
        """The strength with the least error."""
        return float((self.V / (2.0 * self.c**2 * time)) ** (1.0 / 6.0)) if self.c else np.inf

    def needed(self, error: float) -> tuple[float, float]:
        """The strength and the time that reach an error soonest."""
        beta = float((error**2 / (3.0 * self.c**2)) ** 0.25) if self.c else np.inf
        return beta, 1.5 * self.V / (beta**2 * error**2)


def predicted(network: Network, rest: Equilibrium, y: ArrayLike, temperature: float, seed: int) -> Averaging:
    """What the network without noise, and free noise, say of nudging under noise."""
    x, start = rest.x, rest.state
    exact = gradient(network, x, y, method="implicit", start=start)
    nudged = gradient(network, x, y, method="equilibrium-propagation", beta=BIAS_AT, start=start)
    law = stationary(network, x, temperature=temperature, seed=seed, start=start, chains=CHAINS)
    assert law.parameter_error is not None
    memory = float(law.autocorrelation_time.max())
    scatter = float(np.sum(law.parameter_error**2)) * law.time * law.chains
    return Averaging((nudged - exact).norm / exact.norm / BIAS_AT**2, 0.5 * scatter / exact.norm**2, memory)


def reference(network: Network, rest: Equilibrium, y: ArrayLike, temperature: float, seed: int) -> Parameters:
    """The gradient of the mean cost, by a weak nudge with common noise."""
    options: dict[str, Any] = {"beta": REFERENCE, "samples": SAMPLES, "temperature": temperature, "seed": seed}
    return gradient(network, rest.x, y, method="stochastic-ep", start=rest.state, **options)


def estimated(
    network: Network, rest: Equilibrium, y: ArrayLike, settings: tuple[float, float, float], seed: int
) -> Parameters:
    """The gradient that nudges under noise give, independent in both phases, at (temperature, beta, time in all)."""
    temperature, beta, time = settings
    options: dict[str, Any] = {"temperature": temperature, "beta": beta, "duration": time / CHAINS, "chains": CHAINS}
    return gradient(network, rest.x, y, method="stochastic-ep", start=rest.state, common=False, seed=seed, **options)


def measured(
    network: Network,
    rest: Equilibrium,
    y: ArrayLike,
    exact: Parameters,
    settings: tuple[float, float, float],
    seeds: Integers,
) -> tuple[float, float]:
    """Root mean square of the relative error over seeds, and its error bar, at (temperature, beta, time in all)."""
    found = [estimated(network, rest, y, settings, int(seed)) for seed in seeds]
    squares = [((one - exact).norm / exact.norm) ** 2 for one in found]
    error = float(np.sqrt(np.mean(squares)))
    return error, float(np.std(squares, ddof=1) / np.sqrt(len(squares)) / (2.0 * error))


__all__ = ["Averaging", "estimated", "measured", "predicted", "reference"]
