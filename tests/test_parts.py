"""What flows contain alike is compiled once, where a network needs it, and called by addresses of this process."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import neurodyn as nd
from neurodyn import models
from neurodyn.flows import layout as at
from neurodyn.flows.corrected import corrected
from neurodyn.flows.free import free
from neurodyn.flows.linear import side
from neurodyn.flows.nudged import nudged
from neurodyn.numerics.compilation import all_kernels
from neurodyn.numerics.kernel import Flow
from neurodyn.system.parts import ALWAYS, CURVED, OF_TERMS, parts_of

PLAIN = models.Hopfield.layered([2, 3, 2])
CHOICE = models.Hopfield.layered([2, 3, 2], readout="softmax")
WITH_TERMS = models.read("resistor").network

ADDRESSES = [getattr(at, name) for name in (*ALWAYS, *CURVED, *OF_TERMS)]


def names(network, kernel):
    places = {getattr(at, name): name for name in (*ALWAYS, *CURVED, *OF_TERMS)}
    return {places[place] for place in parts_of(network, kernel)}


@pytest.mark.parametrize(
    ("network", "flow", "expected"),
    [
        (PLAIN, free, "PRODUCTS ACTIVATIONS"),
        (PLAIN, nudged, "PRODUCTS DIFFERENCES"),
        (PLAIN, side, "PRODUCTS JACOBIAN"),
        (PLAIN, corrected, "PRODUCTS DIFFERENCES JACOBIAN"),
        (CHOICE, free, "PRODUCTS ACTIVATIONS"),
        (CHOICE, nudged, "PRODUCTS DIFFERENCES COST_CHANGES"),
        (WITH_TERMS, free, "PRODUCTS ACTIVATIONS FREE_TERMS TERM_FORCES"),
        (WITH_TERMS, nudged, "PRODUCTS DIFFERENCES NUDGED_TERMS TERM_FORCES"),
        (WITH_TERMS, side, "PRODUCTS JACOBIAN CURVE_TERMS TRANSPOSED_TERMS"),
    ],
)
def test_a_flow_needs_what_it_calls_on_the_network_and_nothing_else(network, flow, expected):
    assert names(network, flow) == set(expected.split())


def test_every_part_is_called_by_some_flow():
    flows = [kernel for kernel in all_kernels() if isinstance(kernel, Flow)]
    softened = {name for flow in flows for name in names(CHOICE, flow)}
    assert {name for flow in flows for name in names(WITH_TERMS, flow)} | softened == {*ALWAYS, *CURVED, *OF_TERMS}


def test_addresses_are_written_when_a_flow_is_run_and_stay_in_their_process():
    network = models.Hopfield.layered([2, 3, 2])
    assert not network.layout[ADDRESSES].any()
    nd.simulate(network, [0.1, 0.2], t_eval=[1.0])
    assert np.flatnonzero(network.layout[ADDRESSES]).size == len(names(network, free))
    assert not pickle.loads(pickle.dumps(network)).layout[ADDRESSES].any()


def test_nobody_else_can_write_into_a_layout():
    layout = models.Hopfield.layered([2, 3, 2]).layout_for(free)
    with pytest.raises(ValueError, match="read-only"):
        layout[0] = 1
