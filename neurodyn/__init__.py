"""neurodyn: leaky-integrator, energy-based neural networks in continuous time.

>>> import neurodyn as nd
>>> from neurodyn import models, analysis
>>> net = models.Hopfield.layered([5, 8, 3], seed=1)
>>> equilibrium = nd.relax(net, [0.1, 0.2, 0.3, 0.4, 0.5])
>>> run = nd.nudge(net, equilibrium, 2)
>>> side = nd.side_network(net, equilibrium, 2, t_eval=run.t)
>>> analysis.compare(run, side).max_relative_error < 1e-5
True
"""

from neurodyn import stopping as _stopping

_stopping.begin()  # before numba is imported, which takes a second

from pathlib import Path as _Path  # noqa: E402

_here = _Path(__file__).resolve().parent
if not (_here / "models").is_dir():  # a checkout without symbolic links
    __path__.append(str(_here.parent))

from neurodyn.errors import (  # noqa: E402
    ArgumentError,
    ConvergenceError,
    DataError,
    DivergenceError,
    ModelError,
    NeurodynError,
    ResultFileError,
    SimulationError,
    TooLargeError,
)
from neurodyn.estimators.gradient import Gradient, gradient  # noqa: E402
from neurodyn.experiments.experiment import Experiment, experiment  # noqa: E402
from neurodyn.learning import Evaluation, Recipe, Training, evaluate, learn, predict  # noqa: E402
from neurodyn.learning.optimizer import SGD, Adam, Momentum  # noqa: E402
from neurodyn.learning.schedule import OneCycle, StepSchedule  # noqa: E402
from neurodyn.learning.timed_learning import TimedLearning, learn_in_time  # noqa: E402
from neurodyn.phases.concurrent import ConcurrentLearning, concurrent  # noqa: E402
from neurodyn.phases.langevin import Langevin  # noqa: E402
from neurodyn.phases.nudge import NudgedPhase, nudge  # noqa: E402
from neurodyn.phases.plasticity import PlasticPhase, plastic_phase  # noqa: E402
from neurodyn.phases.relax import Equilibrium, relax  # noqa: E402
from neurodyn.phases.side import SidePhase, side_network  # noqa: E402
from neurodyn.phases.simulate import Trajectory, simulate  # noqa: E402
from neurodyn.phases.stationary import Stationary, stationary  # noqa: E402
from neurodyn.results.files import load, save  # noqa: E402
from neurodyn.solvers.solver import Solver  # noqa: E402
from neurodyn.solvers.status import Status  # noqa: E402
from neurodyn.sweep import sweep  # noqa: E402
from neurodyn.system.device import Device  # noqa: E402
from neurodyn.system.graph import Connection, Population  # noqa: E402
from neurodyn.system.network import Network  # noqa: E402
from neurodyn.system.parameters import Parameters  # noqa: E402
from neurodyn.system.stimulus import Series, Sine, Steps, Stimulus  # noqa: E402
from neurodyn.version import __version__  # noqa: E402


def __getattr__(name: str) -> object:
    """Say where a class is that is not here: kinds of networks and results have modules of their own."""
    from neurodyn.errors import spelled
    from neurodyn.names import NETWORK_MODULES, RESULT_MODULES

    home = {**NETWORK_MODULES, **RESULT_MODULES}.get(name)
    if home is not None:
        package, _, _ = home.removeprefix("neurodyn.").partition(".")
        raise AttributeError(f"neurodyn has no {name!r}: it is neurodyn.{package}.{name}")
    if name.startswith("_") or name in ("models", "analysis"):
        raise AttributeError(f"module 'neurodyn' has no attribute {name!r}")
    raise AttributeError(f"module 'neurodyn' has no attribute {name!r}{spelled(name, __all__)}")


__all__ = [
    "SGD",
    "Adam",
    "ArgumentError",
    "ConcurrentLearning",
    "Connection",
    "ConvergenceError",
    "DataError",
    "Device",
    "DivergenceError",
    "Equilibrium",
    "Evaluation",
    "Experiment",
    "Gradient",
    "Langevin",
    "ModelError",
    "Momentum",
    "Network",
    "NeurodynError",
    "NudgedPhase",
    "OneCycle",
    "Parameters",
    "PlasticPhase",
    "Population",
    "Recipe",
    "ResultFileError",
    "Series",
    "SidePhase",
    "SimulationError",
    "Sine",
    "Solver",
    "Stationary",
    "Status",
    "StepSchedule",
    "Steps",
    "Stimulus",
    "TimedLearning",
    "TooLargeError",
    "Training",
    "Trajectory",
    "__version__",
    "concurrent",
    "evaluate",
    "experiment",
    "gradient",
    "learn",
    "learn_in_time",
    "load",
    "nudge",
    "plastic_phase",
    "predict",
    "relax",
    "save",
    "side_network",
    "simulate",
    "stationary",
    "sweep",
]
