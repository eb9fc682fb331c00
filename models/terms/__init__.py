"""Terms that energies are sums of, one file each; `neurodyn.system.term` says what a term is."""

from neurodyn.models.terms.bias import Bias
from neurodyn.models.terms.bilinear import Bilinear
from neurodyn.models.terms.leak import Leak
from neurodyn.models.terms.log_sum_exp import LogSumExp
from neurodyn.models.terms.own import Own
from neurodyn.models.terms.pair import Pair, PairForce
from neurodyn.models.terms.unit import Unit, UnitForce

__all__ = ["Bias", "Bilinear", "Leak", "LogSumExp", "Own", "Pair", "PairForce", "Unit", "UnitForce"]
