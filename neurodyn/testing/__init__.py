"""Checks that hold a network or a term of your own to what the program expects of it.

Each says which derivative is wrong, at which unit, and by how much. What passes can be used everywhere: in all phases,
estimators, portraits and sweeps.
"""

from neurodyn.testing.check import CheckError
from neurodyn.testing.network import check_network
from neurodyn.testing.term import check_term

__all__ = ["CheckError", "check_network", "check_term"]
