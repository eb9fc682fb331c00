"""The window of plasticity that two bumps of rates make has its closed form."""

import numpy as np

from neurodyn.reproductions import stdp_window


def test_change_of_the_weight_is_two_exponentials_of_both_time_constants():
    tau_pre, tau_post = 16.8, 33.7
    delays = np.array([-40.0, -10.0, 10.0, 40.0])
    forward, backward = stdp_window.changes(delays)
    closed = np.where(delays > 0, np.exp(-delays / tau_pre) / tau_pre, -np.exp(delays / tau_post) / tau_post)
    # inputs of finite width w change both sides by (τ/w)² (2 cosh(w/τ) − 2), the same on one side for all delays
    assert np.allclose(forward[1:3] / forward[[0, 3]], closed[1:3] / closed[[0, 3]], rtol=1e-4)
    assert np.allclose(forward / closed, (forward / closed)[0], rtol=1e-3)
    assert np.abs(forward + backward).max() < 1e-10 * np.abs(forward).max()
