"""What a network answers: its outputs at rest, or averaged under noise, compared with targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neurodyn.cards.picture import Picture, shades
from neurodyn.cards.shown import Facts
from neurodyn.errors import ArgumentError, ConvergenceError
from neurodyn.inputs import as_input
from neurodyn.learning.averaged import ReadOut, averaged
from neurodyn.learning.learner import at_rest, make_learner
from neurodyn.learning.recipe import EP_2017, OTHERWISE, Recipe
from neurodyn.learning.samples import Samples
from neurodyn.numerics.arrays import Array
from neurodyn.phases.langevin import Langevin
from neurodyn.results.result import Result, array
from neurodyn.solvers.solver import Solver, chosen_solver
from neurodyn.system.network import Network, as_network

#: Free phases by `ep-2017` of a network without a recipe: until no unit moves faster than float32 resolves.
PATIENT = {"free_steps": 2000, "tol": 1e-5}
#: Above this residual such a sample is not at rest.
RESTLESS = 1e-3


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation(Result):
    """The answers of a network.

    Attributes
    ----------
    outputs : (sample, output)
        Outputs at the end of the free phase, from zero; under noise their means over the stationary law.
    target : (sample, output)
    cost, energy, steps : (sample,)
        C and E at rest, and the settling time: in steps for `ep-2017`, else simulated time.
    residual : (sample,)
        How far from rest: the largest force, for `ep-2017` with the step that leads out of the box cut off. Its recipe
        has a number of steps, after which a network may still move. None in files of before schema 2.
    output_error : (sample, output), optional
        Under noise: error bars of the outputs, one standard deviation. Then `cost` and `energy` are means over the law,
        `steps` is the time of the average, and `residual` is None.
    noise : dict, optional
        What describes the `Langevin`, with the step that was taken; None without noise.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([2, 3, 2])
    >>> x, y = [[0.0, 1.0], [1.0, 0.0]], [0, 1]
    >>> found = nd.evaluate(net, x, y)
    >>> found.outputs.shape, found.predictions.shape
    ((2, 2), (2,))
    >>> int(found.confusion.sum())
    2
    """

    outputs: Array = array("sample", "output")
    target: Array = array("sample", "output")
    cost: Array = array("sample", units="cost")
    energy: Array = array("sample", units="energy")
    steps: Array = array("sample")
    residual: Array | None = array("sample", default=None)
    output_error: Array | None = array("sample", "output", default=None)
    noise: dict[str, Any] | None = None

    def _facts(self) -> Facts:
        mean = f"{float(np.mean(self.cost)):.6g}"
        return [*super()._facts(), ("fraction misread", f"{self.error:.4g}"), ("mean cost", mean)]

    def _picture(self) -> Picture | None:
        return shades(self.confusion, caption="samples of each class (rows) by what they were read as (columns)")

    @property
    def predictions(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """The class of each sample, (sample,): its largest output."""
        return np.argmax(self.outputs, axis=1)

    @property
    def labels(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """The class that each target names, (sample,)."""
        return np.argmax(self.target, axis=1)

    @property
    def error(self) -> float:
        """Fraction of the samples whose largest output is not the target's."""
        return float(np.mean(self.predictions != self.labels))

    @property
    def confusion(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """How many samples of each class (rows) were given each class (columns), (n_out, n_out)."""
        n = self.target.shape[1]
        return np.bincount(self.labels * n + self.predictions, minlength=n * n).reshape(n, n)


def evaluate(
    network: Network,
    x: ArrayLike | None,
    y: ArrayLike,
    recipe: Recipe | None = None,
    *,
    solver: Solver | None = None,
    temperature: ArrayLike | None = None,
    seed: int | None = None,
    noise: Langevin | None = None,
    tolerance: float | None = None,
    **changes: Any,
) -> Evaluation:
    """Relax a network on samples from zero, and compare its outputs, or their means under noise, with their targets.

    Parameters
    ----------
    network : Network
    x : (samples, n_in) array
    y : (samples, n_out) array or (samples,) labels
    recipe, **changes
        The same as for `learn`: with the method `ep-2017` the free phase has the steps that the network learned with.
        Without a recipe, or `free_steps` or `tol`, it goes on until it rests, in float32 to about 1e-5.
    solver : Solver, optional
        For the free phases of other methods, which settle to its `rtol`. Default: that of `relax`.
    temperature, seed, noise
        Answer under noise, as `stationary` has it: with outputs averaged over the stationary law, instead of at rest.
        There is no free phase then, and neither `recipe` nor `solver`.
    tolerance : float, optional
        Largest error bar of an output under noise, one standard deviation. Default: 0.01.

    Raises
    ------
    ArgumentError
        Something does not fit; says what is allowed.
    DivergenceError
        Some output, cost or energy is not a finite number.
    ConvergenceError
        Without a recipe: a sample does not come to rest. Under noise: chains stay in different wells, and the mean over
        the law is not known.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([2, 3, 1], seed=0)
    >>> found = nd.evaluate(net, [[0.5, -0.2], [0.1, 0.9]], [[0.3], [-0.4]], temperature=0.05, tolerance=0.02)
    >>> found.outputs.shape, bool(found.output_error.max() <= 0.02)
    ((2, 1), True)
    """
    samples = Samples.of(network, x, y)
    how = ReadOut.asked_for(temperature, seed, noise, tolerance, _settings_at_rest(recipe, solver, changes))
    if how is None:
        return _at_rest(network, samples, recipe, solver, changes)
    found = averaged(network, samples.x, samples.target, how)
    time, law = np.full(len(samples), found.time), found.noise
    return Evaluation(
        network, found.outputs, samples.target, found.cost, found.energy, time, output_error=found.error, noise=law
    )


def _settings_at_rest(recipe: Recipe | None, solver: Solver | None, changes: dict[str, Any]) -> list[str]:
    """The settings of a free phase that were given, by name."""
    given = {"recipe": recipe, "solver": solver} | changes
    return [f"`{name}`" for name, value in given.items() if value is not None]


def _at_rest(
    network: Network, samples: Samples, recipe: Recipe | None, solver: Solver | None, changes: dict[str, Any]
) -> Evaluation:
    """The ends of free phases."""
    chosen = Recipe.of(recipe, **changes).resolved(network)
    patient = chosen.method == EP_2017 and recipe is None and not set(PATIENT) & set(chosen.options)
    if patient:
        chosen = Recipe.of(chosen, **PATIENT)
    ends = at_rest(make_learner(network, samples.take(slice(0)), chosen, chosen_solver(solver)), samples)
    if patient and ends.residual.max() > RESTLESS:
        worst = int(np.argmax(ends.residual))
        raise ConvergenceError(
            f"sample {worst} does not come to rest by the steps of {EP_2017!r}: after {PATIENT['free_steps']:,} its "
            f"residual is {ends.residual[worst]:.2g}; give the recipe that the network learned with, or "
            f"method={OTHERWISE!r}"
        )
    return Evaluation(network, ends.outputs, samples.target, ends.cost, ends.energy, ends.steps, ends.residual)


def predict(
    network: Network,
    x: ArrayLike | None,
    recipe: Recipe | None = None,
    *,
    solver: Solver | None = None,
    temperature: ArrayLike | None = None,
    seed: int | None = None,
    noise: Langevin | None = None,
    tolerance: float | None = None,
    **changes: Any,
) -> Array:
    """Outputs at rest, (samples, n_out), or (n_out,) for one sample; the class of a sample is the argmax.

    With a `temperature`, or `noise`, they are averages over the stationary law, known to `tolerance`. Parameters and
    errors are those of `evaluate`, which also says how far from rest each sample is, or the error bar of each output.

    Examples
    --------
    >>> import neurodyn as nd
    >>> from neurodyn import models
    >>> net = models.Hopfield.layered([2, 3, 1], seed=0)
    >>> nd.predict(net, [[0.5, -0.2]], temperature=0.05, seed=1, tolerance=0.02).shape
    (1, 1)
    """
    if as_network(network).n_out == 0:
        raise ArgumentError("this network has no outputs: there is nothing to predict")
    rates, batched = as_input(x, network.n_in)
    single, batch = not batched, np.zeros((1, 0)) if rates is None else rates
    how = ReadOut.asked_for(temperature, seed, noise, tolerance, _settings_at_rest(recipe, solver, changes))
    wanted = np.full((len(batch), network.n_out), 1.0 / network.n_out)  # no outputs depend on them
    if how is None:
        outputs = evaluate(network, batch, wanted, recipe, solver=solver, **changes).outputs
    else:
        outputs = averaged(network, rates, wanted, how).outputs
    return outputs[0] if single else outputs
