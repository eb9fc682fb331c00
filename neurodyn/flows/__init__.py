"""How networks move: compiled right-hand sides, each written once for all networks, of floats and arrays alone.

A flow finds in the network's layout which populations, connections and terms there are, and in rows of per-sample
constants what the phase adds to them. It calls terms by their addresses, so that no model is compiled into it.
"""
