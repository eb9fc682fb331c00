"""The public names and where they are: what `neurodyn/__init__.py` imports when they are first used."""

from .errors import (
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
from .estimators.constant_gradient import constant_gradient
from .estimators.gradient import Gradient, gradient
from .estimators.time_constant_gradient import time_constant_gradient
from .experiments.experiment import Experiment, experiment
from .explorer.explorer import explore
from .learning import Evaluation, Recipe, Training, evaluate, learn, predict
from .learning.optimizer import SGD, Adam, Momentum
from .learning.schedule import OneCycle, StepSchedule
from .learning.timed_learning import TimedLearning, learn_in_time
from .phases.concurrent import ConcurrentLearning, concurrent
from .phases.langevin import Langevin
from .phases.nudge import NudgedPhase, nudge
from .phases.plasticity import PlasticPhase, plastic_phase
from .phases.relax import Equilibrium, relax
from .phases.side import SidePhase, side_network
from .phases.simulate import Trajectory, simulate
from .phases.stationary import Stationary, stationary
from .results.files import load, save
from .solvers.solver import Solver
from .solvers.status import Status
from .sweep import sweep
from .system.device import Device
from .system.graph import Connection, Population
from .system.network import Network
from .system.parameters import Parameters
from .system.stimulus import Series, Sine, Steps, Stimulus
from .version import __version__

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
    "constant_gradient",
    "evaluate",
    "experiment",
    "explore",
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
    "time_constant_gradient",
]
