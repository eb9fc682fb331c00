"""The solvers that are held against each other: what each needs to solve a case, imported only when asked for.

Every factory takes a case and the number of threads and returns a `Runner`; it raises ImportError where its library
is absent. Tolerances mean rtol, and a tenth of it for atol, with every one of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import neurodyn as nd
from neurodyn.numerics.arrays import Array
from neurodyn.phases.relax import free_problem
from neurodyn.solvers.integrate import uses_series

from .cases import Case
from .measure import ABSOLUTE, RESOLUTION, Runner, force

Factory = Callable[[Case, int], Runner]
#: Trajectories that SciPy solves of a batch, one by one; its time grows in proportion.
SCIPY_SAMPLES = 4
#: Decades to which the tolerances of the slowest peers are sought: a quarter costs them at most 12 % of their time.
COARSE = 0.25


def neurodyn(case: Case, threads: int, method: str = "adaptive") -> Runner:
    """Our own, the default method or another, through the public door: states and velocities, checked."""

    def run(rtol: float) -> Any:
        solver = nd.Solver(method, rtol=rtol, atol=ABSOLUTE * rtol)
        return nd.simulate(case.network, start=case.start, t_eval=case.times, solver=solver)

    chosen = "Taylor series" if uses_series(case.units, nd.Solver(method, rtol=case.target)) else method
    return Runner(run, lambda result: result.state, case.batch, chosen)


def scipy(case: Case, threads: int, method: str = "RK45") -> Runner:
    """`solve_ivp` on neurodyn's compiled force; on NumPy and SciPy's CSR product for a sparse network."""
    from scipy.integrate import solve_ivp

    samples = min(case.batch, SCIPY_SAMPLES)
    rate = force(case) if case.sparsity else compiled_force(case)
    what = f"{method}, CSR product" if case.sparsity else f"{method}, neurodyn's compiled force"
    if samples < case.batch:
        what += f", from {samples} of {case.batch:,}"

    def run(rtol: float) -> Any:
        options: Any = {"method": method, "t_eval": case.times, "rtol": rtol, "atol": ABSOLUTE * rtol}
        return [solve_ivp(rate, (0.0, case.end), start, **options).y.T for start in case.start[:samples]]

    return Runner(run, lambda found: np.stack(found, axis=1), samples, what, COARSE if case.sparsity else RESOLUTION)


def compiled_force(case: Case) -> Callable[[float, Array], Array]:
    """The force of one trajectory, by the kernel that neurodyn itself integrates."""
    problem = free_problem(case.network, np.ascontiguousarray(case.start[:1].T), None)
    flow, n = problem.flow.compiled, case.units
    clock, work, out = np.zeros(1), np.empty((problem.work_rows, 1)), np.empty((n, 1))

    def rate(t: float, s: Array) -> Array:
        clock[0] = t
        flow(clock, s.reshape(n, 1), problem.rows, problem.theta, problem.layout, work, out)
        return out[:, 0].copy()

    return rate


def torchdiffeq(case: Case, threads: int) -> Runner:
    """`odeint`, dopri5, float64, without gradients; the whole batch is one system with one step size."""
    import torch
    from torchdiffeq import odeint

    torch.set_num_threads(threads)
    weights, tau = torch.tensor(case.weights), torch.tensor(case.network.tau)
    start, times = torch.tensor(case.start), torch.tensor(np.concatenate([[0.0], case.times]))

    def rate(t: Any, s: Any) -> Any:
        r = torch.tanh(s)
        return ((1.0 - r * r) * (r @ weights) - s) / tau

    def run(rtol: float) -> Any:
        with torch.no_grad():
            return odeint(rate, start, times, rtol=rtol, atol=ABSOLUTE * rtol, method="dopri5")

    return Runner(run, lambda found: found.numpy()[1:], case.batch, "dopri5, one step size for all", COARSE)
