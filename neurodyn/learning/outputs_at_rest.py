"""Free phases alone, of samples that do not learn: what a network answers."""

from __future__ import annotations

import numpy as np
from numba import types

from neurodyn.learning.arguments import InputLists, circuit_type, samples_type, settings_type, single_matrix, singles
from neurodyn.learning.euler_phases import GROUP, ZERO, fields, free_phase, load_group
from neurodyn.learning.input_drive import drive_samples, list_samples
from neurodyn.learning.layout import FIRST_OUT, N_IN, N_OUT, OUTPUT, WIDTH, sample_states
from neurodyn.learning.measures import ENERGY, STEPS, distance, energy, measure
from neurodyn.learning.minibatches import COST_SCALE, FREE_STEPS, LIMIT, new_group
from neurodyn.numerics.kernel import Kernel


def _outputs_at_rest(first, last, circuit, settings, samples, outputs, residual):
    """Free phases from zero of samples `first` to before `last`: outputs (samples, n_out), and how far from rest."""
    plan, numbers, measured = circuit.plan, settings.numbers, samples.measured
    size = GROUP * plan[WIDTH]
    group = new_group(plan, GROUP)
    drive, rest = np.zeros(size, np.float32), np.zeros(size, np.float32)
    lists = InputLists(
        np.zeros((GROUP, plan[N_IN]), np.int32),
        np.zeros((GROUP, plan[N_IN]), np.float32),
        np.zeros(GROUP, np.int64),
    )
    picks = np.zeros(GROUP, np.int64)
    for start in range(first, last, GROUP):
        count = min(GROUP, last - start)
        for i in range(count):
            picks[i], group.places[i] = start + i, i
        list_samples(samples.x, picks, 0, count, lists)
        drive_samples(circuit, lists, GROUP, count, drive)
        load_group(drive, GROUP, 0, count, group.drive, plan)
        for j in range(size):
            group.s[j] = ZERO
        free_phase(circuit, group, count, numbers[LIMIT], settings.job[FREE_STEPS], rest, GROUP)
        fields(circuit, rest, drive, count, group.field)
        for i in range(count):
            y = sample_states(rest, plan, plan[OUTPUT], GROUP, i)
            for j in range(plan[N_OUT]):
                outputs[start + i, j] = y[plan[FIRST_OUT] + j]
            measure(plan, rest, i, samples.target[start + i], numbers[COST_SCALE], measured, start + i)
            measured[ENERGY, start + i] = energy(plan, rest, drive, group.field, i, group.lanes)
            measured[STEPS, start + i] = group.steps[i]
            residual[start + i] = distance(plan, rest, group.field, i)


outputs_at_rest = Kernel(
    _outputs_at_rest,
    types.void(types.int64, types.int64, circuit_type, settings_type, samples_type, single_matrix, singles),
)
