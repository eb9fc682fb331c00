"""BLAS has as many threads as pay."""

import numpy as np
import pytest
import scipy.linalg
from threadpoolctl import threadpool_info, threadpool_limits

import neurodyn as nd
from neurodyn import models
from neurodyn.numerics import blas

assert scipy.linalg


def threads():
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


@pytest.fixture
def two_threads():
    with threadpool_limits(2, "blas"):
        if threads() != {2}:
            pytest.skip("BLAS has one thread")
        yield


def test_a_function_of_a_small_network_runs_in_one_thread(two_threads):
    found = []
    network = models.Hopfield.recurrent(3, seed=0)
    blas.few_threads(lambda network: found.append(threads()))(network)
    assert found == [{1}]
    assert threads() == {2}


def test_a_function_of_a_large_network_has_them_all(two_threads, monkeypatch):
    found = []
    monkeypatch.setattr(blas, "LARGE", 3)
    blas.few_threads(lambda network: found.append(threads()))(network=models.Hopfield.recurrent(3, seed=0))
    assert found == [{2}]


def test_doors_hold_threads_and_let_them_go(two_threads):
    found = []
    network = models.Hopfield.layered([2, 2], seed=0)
    nd.learn(
        network,
        np.ones((2, 2)),
        np.zeros((2, 2)),
        method="implicit",
        epochs=2,
        rates=0.1,
        on_epoch=lambda *_: found.append(threads()),
    )
    assert found == [{1}, {1}]
    with pytest.raises(nd.ArgumentError):
        nd.relax(network, np.ones((2, 7)))
    assert threads() == {2}


def test_what_is_no_network_is_refused_by_the_function_itself():
    with pytest.raises(TypeError, match="network"):
        nd.relax()  # type: ignore[call-arg]
