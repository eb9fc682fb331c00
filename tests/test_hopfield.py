"""The Hopfield model keeps the contract on every kind of graph and with every activation."""

import numpy as np
import pytest

from contract import NetworkContract
from naive import NaiveHopfield
from networks import BOXED, EVERY, draw_state, each
from neurodyn import models


class TestHopfield(NetworkContract):
    twin = NaiveHopfield

    @pytest.fixture(params=each(EVERY))
    def net(self, request):
        return EVERY[request.param]()


def test_every_activation_is_covered():
    from neurodyn.flows.activation import CODES

    assert {p.activation for make in EVERY.values() for p in make().graph.free} == set(CODES)


@pytest.mark.parametrize("name", BOXED)
def test_some_tested_units_live_in_a_box(name):
    assert BOXED[name]().box.any()


def test_layered_names_and_shapes():
    net = models.Hopfield.layered([5, 4, 3, 2], tau=[1.0, 0.5, 2.0])
    assert [p.name for p in net.populations] == ["x", "h1", "h2", "y"]
    assert {k: v.shape for k, v in net.parameters.items()} == {
        "x-h1": (5, 4), "h1-h2": (4, 3), "h2-y": (3, 2), "h1": (4,), "h2": (3,), "y": (2,),
    }  # fmt: skip
    assert net.tau.tolist() == [1.0] * 4 + [0.5] * 3 + [2.0] * 2
    assert (net.n, net.n_in, net.n_out, net.outputs) == (9, 5, 2, slice(7, 9))


def test_layered_without_hidden_layer():
    assert [c.name for c in models.Hopfield.layered([3, 2]).connections] == ["x-y"]


def test_recurrent_shows_one_symmetric_block_and_counts_each_weight_once():
    net = models.Hopfield.recurrent(6, 4, 2, seed=3)
    block = net.parameters["s-s"]
    assert np.array_equal(block, block.T)
    assert not np.diagonal(block).any()
    assert net.parameters.vector.size == 4 * 6 + 15 + 6
    assert net.outputs == slice(4, 6)


def test_recurrent_without_input_has_no_input_block():
    assert list(models.Hopfield.recurrent(3).parameters) == ["s-s", "s"]


def test_initial_weights_are_uniform_glorot_and_biases_zero():
    net = models.Hopfield.layered([300, 200, 4], seed=0, gain=2.0)
    bound = 2.0 * np.sqrt(6.0 / 500)
    weights = net.parameters["x-h1"]
    assert np.abs(weights).max() <= bound
    assert np.abs(weights).max() > 0.999 * bound
    assert weights.std() == pytest.approx(bound / np.sqrt(3.0), rel=0.01)
    assert not net.parameters["h1"].any()
    assert not net.parameters["y"].any()


def test_a_block_draws_from_its_own_stream():
    short = models.Hopfield.layered([4, 3, 2], seed=5)
    long = models.Hopfield.layered([4, 3, 2, 2], seed=5)
    assert np.array_equal(short.parameters["x-h1"], long.parameters["x-h1"])


def test_connection_may_be_named_from_either_end(rng):
    weights = rng.normal(size=(3, 2))
    graph = {"x": {"size": 3, "role": "input"}, "y": {"size": 2, "role": "output"}}
    first = models.Hopfield(graph, ["x-y"], parameters={"x-y": weights, "y": np.zeros(2)})
    second = models.Hopfield(graph, ["y-x"], parameters={"y-x": weights.T, "y": np.zeros(2)})
    x, s = rng.normal(size=(4, 3)), draw_state(first, 4, rng)
    np.testing.assert_array_equal(first.force(s, x), second.force(s, x))


def test_order_of_populations_changes_numbering_only(rng):
    sizes = {"x": {"size": 3, "role": "input"}, "h": 4, "y": {"size": 2, "role": "output"}}
    turned = dict(reversed(sizes.items()))
    net = models.Hopfield(sizes, ["x-h", "h-y"], seed=1)
    other = models.Hopfield(turned, ["x-h", "h-y"], parameters=dict(net.parameters))
    x, s = rng.normal(size=(2, 3)), draw_state(net, 2, rng)
    moved = np.concatenate([net.population(s, "y"), net.population(s, "h")], axis=1)
    np.testing.assert_allclose(other.energy(moved, x), net.energy(s, x), rtol=1e-14)
    np.testing.assert_allclose(
        other.population(other.force(moved, x), "h"), net.population(net.force(s, x), "h"), rtol=1e-13, atol=1e-15
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: models.Hopfield.layered([4]), "`sizes`"),
        (lambda: models.Hopfield.layered([4, 0, 2]), "'h1': size"),
        (
            lambda: models.Hopfield.layered([4, 3.0, 2]),  # type: ignore[list-item]
            "`sizes` must be a list of the sizes of layers",
        ),
        (lambda: models.Hopfield.layered([4, 3, 2], activation=["tanh"]), r"`activation`.*\(2\); got 1"),
        (lambda: models.Hopfield.layered([4, 3, 2], activation="tahn"), "'tahn'.*did you mean 'tanh'"),
        (lambda: models.Hopfield.recurrent(3, n_out=4), "outputs"),
        (lambda: models.Hopfield.recurrent(3, n_in=-1), "`n_in` must be a whole number >= 0"),
        (lambda: models.Hopfield.layered([4, 3, 2], gain=float("nan")), "`gain`"),
    ],
)
def test_malformed_network_is_refused(make, message):
    from neurodyn import ModelError

    with pytest.raises(ModelError, match=message):
        make()


def test_spelling_of_an_activation_is_lenient():
    names = ["hard-sigmoid", "hard_sigmoid", "Hard Sigmoid"]
    assert len({models.Hopfield.layered([2, 2], activation=name).populations for name in names}) == 1
