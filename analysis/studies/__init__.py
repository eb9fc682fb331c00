"""Studies of timescale effects: each a function of a network and its data that returns a `Study`."""

from collections.abc import Callable

from neurodyn.analysis.studies.concurrent import concurrent
from neurodyn.analysis.studies.discretisation import discretisation
from neurodyn.analysis.studies.duration import duration
from neurodyn.analysis.studies.fluctuation import fluctuation
from neurodyn.analysis.studies.hardware import hardware
from neurodyn.analysis.studies.heterogeneity import heterogeneity
from neurodyn.analysis.studies.nudging import nudging
from neurodyn.analysis.studies.plasticity import plasticity
from neurodyn.analysis.studies.stiffness import stiffness
from neurodyn.analysis.studies.stimulus import stimulus
from neurodyn.analysis.studies.study import Study

#: Every study by its name, which is also the command line's; its figures are in `neurodyn.analysis.plots.studies`.
STUDIES: dict[str, Callable[..., Study]] = {
    "duration": duration,
    "nudging": nudging,
    "heterogeneity": heterogeneity,
    "plasticity": plasticity,
    "concurrent": concurrent,
    "stiffness": stiffness,
    "stimulus": stimulus,
    "discretisation": discretisation,
    "fluctuation": fluctuation,
    "hardware": hardware,
}

__all__ = [
    "STUDIES",
    "Study",
    "concurrent",
    "discretisation",
    "duration",
    "fluctuation",
    "hardware",
    "heterogeneity",
    "nudging",
    "plasticity",
    "stiffness",
    "stimulus",
]
