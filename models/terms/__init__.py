"""Terms that energies are sums of, one file each; `neurodyn.system.term` says what a term is."""

from neurodyn.models.terms.bias import Bias
from neurodyn.models.terms.bilinear import Bilinear
from neurodyn.models.terms.convolution import Convolution
from neurodyn.models.terms.diode import Diode
from neurodyn.models.terms.leak import Leak
from neurodyn.models.terms.log_sum_exp import LogSumExp
from neurodyn.models.terms.own import Own
from neurodyn.models.terms.pair import Pair, PairForce
from neurodyn.models.terms.phase_bias import PhaseBias
from neurodyn.models.terms.phase_coupling import PhaseCoupling
from neurodyn.models.terms.phase_field import PhaseField
from neurodyn.models.terms.prediction import Prediction
from neurodyn.models.terms.recurrent_prediction import RecurrentPrediction
from neurodyn.models.terms.resistor import Resistor
from neurodyn.models.terms.spring import Spring
from neurodyn.models.terms.unit import Unit, UnitForce

__all__ = [
    "Bias",
    "Bilinear",
    "Convolution",
    "Diode",
    "Leak",
    "LogSumExp",
    "Own",
    "Pair",
    "PairForce",
    "PhaseBias",
    "PhaseCoupling",
    "PhaseField",
    "Prediction",
    "RecurrentPrediction",
    "Resistor",
    "Spring",
    "Unit",
    "UnitForce",
]
