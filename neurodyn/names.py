"""Names of classes in files: short, and the same wherever in the program a class stands.

Subclasses of `Result` and of `Network` enter themselves when they are made. A file can only name what is entered, or
what the tables below say where to find: reading a file imports no module of the file's choice.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from neurodyn.errors import ArgumentError

#: The modules of neurodyn's own classes, imported when a file names one.
NETWORK_MODULES = {
    "EnergyNetwork": "neurodyn.models.energy_network",
    "Hopfield": "neurodyn.models.hopfield",
    "Rate": "neurodyn.models.rate",
}
RESULT_MODULES = {
    "Arrival": "neurodyn.analysis.timing.arrival",
    "ConcurrentLearning": "neurodyn.phases.concurrent",
    "Decay": "neurodyn.analysis.timing.decay",
    "Durations": "neurodyn.analysis.timing.durations",
    "Equilibrium": "neurodyn.phases.relax",
    "Evaluation": "neurodyn.learning.evaluate",
    "Experiment": "neurodyn.experiments.experiment",
    "LimitCycle": "neurodyn.analysis.motion.limit_cycle",
    "LyapunovSpectrum": "neurodyn.analysis.motion.lyapunov",
    "Ladder": "neurodyn.analysis.timing.ladder",
    "NudgedPhase": "neurodyn.phases.nudge",
    "PlasticPhase": "neurodyn.phases.plasticity",
    "SidePhase": "neurodyn.phases.side",
    "Stationary": "neurodyn.phases.stationary",
    "Study": "neurodyn.analysis.studies.study",
    "TimedLearning": "neurodyn.learning.timed_learning",
    "Timescales": "neurodyn.analysis.timing.timescales",
    "Training": "neurodyn.learning.training",
    "Trajectory": "neurodyn.phases.simulate",
}
#: The module that reads the folder of a sweep.
FOLDERS = "neurodyn.sweep.folder"
#: Module and class that make what a field of a population names, of a user's own.
MAKERS = {
    "activation": ("neurodyn.models.activation", "Activation"),
    "readout": ("neurodyn.models.cost", "Cost"),
}
#: The modules of a program that was started from a file, which other modules may import once more by its name.
MAIN = {"__main__", "__mp_main__"}


class Names:
    """The classes of one kind that files may name.

    Parameters
    ----------
    what : str
        What the classes are, for messages.
    own : mapping of str to str
        The modules of neurodyn's own classes, by name.
    """

    def __init__(self, what: str, own: Mapping[str, str]) -> None:
        self.what, self.own = what, own
        self.known: dict[str, type] = {}

    def enter(self, kind: type[Any], name: str | None = None) -> None:
        """Let files name a class: by a name of its own choice, else by that of the class.

        A class that is made once more, as when its module is loaded again, takes its own place.

        Raises
        ------
        ArgumentError
            It is no Python name, or that of another class.
        """
        before = vars(kind).get("_name_in_files")  # of a copy, as dataclasses with slots are made
        name = before or name or kind.__name__
        if not name.isidentifier():
            raise ArgumentError(f"a {self.what}'s `name_in_files` must be a name like 'MyClass'; got {name!r}")
        other = self.known.get(name)
        is_own = kind.__module__.startswith("neurodyn.")
        taken = (name in self.own and not is_own) or (other is not None and not _same(kind, other))
        if taken and not before:
            there = f"{other.__module__}.{other.__qualname__}" if other else f"{self.own[name]}.{name}"
            raise ArgumentError(
                f"files would take {kind.__module__}.{kind.__qualname__} for {there}: "
                f"call the {self.what} otherwise, or only its name in files: "
                f"class {kind.__name__}(..., name_in_files='My{kind.__name__}')"
            )
        kind._name_in_files = name
        self.known[name] = kind

    def find(self, text: Any) -> type[Any] | None:
        """The class that a file names; None if it is not there.

        Files of schema 0 name classes by their modules, of which the last part counts; but a class of a module of
        someone else's is not taken for neurodyn's.
        """
        module, _, name = str(text).rpartition(".")
        if name in self.own:
            if module and not module.startswith("neurodyn."):
                return None
            importlib.import_module(self.own[name])
        return self.known.get(name)


NETWORKS = Names("network", NETWORK_MODULES)
RESULTS = Names("result", RESULT_MODULES)


def name_in_files(kind: type[Any]) -> str:
    """The name of an entered class."""
    name: str = vars(kind)["_name_in_files"]
    return name


def _same(a: type, b: type) -> bool:
    modules = {a.__module__, b.__module__}
    return a.__qualname__ == b.__qualname__ and (len(modules) == 1 or bool(modules & MAIN))
