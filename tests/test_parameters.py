"""Parameters: one flat vector with every weight once, shown as named blocks."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import neurodyn as nd
from neurodyn import models
from neurodyn.system.graph import Graph
from neurodyn.system.parameters import Parameters, blocks_of


def blocks(sizes=(3, 4, 2), connections=("x-a", "a-a", "a-b", "x-b")):
    x, a, b = sizes
    return blocks_of(Graph.build({"x": {"size": x, "role": "input"}, "a": a, "b": b}, connections))


def drawn(rng, layout=None):
    layout = layout or blocks()
    return Parameters(layout, rng.normal(size=sum(b.size for b in layout)))


def test_order_is_connections_then_biases_of_free_populations(rng):
    p = drawn(rng)
    assert list(p) == ["x-a", "a-a", "a-b", "x-b", "a", "b"]
    assert [p[name].shape for name in p] == [(3, 4), (4, 4), (4, 2), (3, 2), (4,), (2,)]
    assert p.vector.size == 12 + 6 + 8 + 6 + 4 + 2
    np.testing.assert_array_equal(p.vector, np.concatenate([p.part(name) for name in p]))


def test_a_shared_weight_stands_once_in_the_vector_row_by_row(rng):
    p = drawn(rng)
    full = p["a-a"]
    np.testing.assert_array_equal(full, full.T)
    np.testing.assert_array_equal(np.diagonal(full), 0.0)
    np.testing.assert_array_equal(
        p.part("a-a"), [full[0, 1], full[0, 2], full[0, 3], full[1, 2], full[1, 3], full[2, 3]]
    )


@given(
    sizes=st.tuples(*[st.integers(1, 5)] * 3),
    chosen=st.sets(st.sampled_from(["x-a", "a-x", "a-a", "a-b", "b-b", "b-x"])).filter(
        lambda c: not {"x-a", "a-x"} <= c
    ),
    seed=st.integers(0, 1000),
)
def test_packing_what_was_unpacked_gives_the_same_vector(sizes, chosen, seed):
    layout = blocks(sizes, sorted(chosen))
    p = drawn(np.random.default_rng(seed), layout)
    again = Parameters.from_arrays(layout, dict(p.items()))
    assert again == p
    np.testing.assert_array_equal(again.vector, p.vector)


@given(seed=st.integers(0, 1000), factor=st.floats(-3, 3))
def test_arithmetic_is_that_of_the_vectors(seed, factor):
    rng = np.random.default_rng(seed)
    p, q = drawn(rng), drawn(rng)
    np.testing.assert_array_equal((p + q).vector, p.vector + q.vector)
    np.testing.assert_array_equal((p - q).vector, p.vector - q.vector)
    np.testing.assert_array_equal((p * factor).vector, p.vector * factor)
    np.testing.assert_array_equal((factor * p).vector, p.vector * factor)
    np.testing.assert_allclose((p + q)["a-a"], p["a-a"] + q["a-a"])


def test_norm_and_cosine_count_a_shared_weight_once():
    layout = blocks((1, 2, 1), ["a-a"])
    p = Parameters.from_arrays(layout, {"a-a": [[0.0, 3.0], [3.0, 0.0]], "a": [4.0, 0.0], "b": [0.0]})
    q = Parameters.from_arrays(layout, {"a-a": [[0.0, 1.0], [1.0, 0.0]], "a": [0.0, 0.0], "b": [0.0]})
    assert p.norm == 5.0
    assert p.cosine(q) == pytest.approx(0.6)
    assert np.isnan(p.cosine(p * 0.0))


def test_everything_is_read_only(rng):
    p = drawn(rng)
    assert not p.vector.flags.writeable
    for name in p:
        with pytest.raises(ValueError, match="read-only"):
            p[name][...] = 0.0


def test_the_vector_is_a_copy(rng):
    values = rng.normal(size=38)
    p = Parameters(blocks(), values)
    values[:] = 0.0
    assert p.vector.all()


def test_pickle_and_copy_are_equal(rng):
    p = drawn(rng)
    for again in (pickle.loads(pickle.dumps(p)), copy.deepcopy(p)):
        assert again == p
        assert not again.vector.flags.writeable
    assert p != drawn(rng)
    assert p != "something else"


def test_layouts_are_not_mixed(rng):
    p, q = drawn(rng), drawn(rng, blocks((3, 4, 1)))
    for combine in (lambda: p + q, lambda: p - q, lambda: p.cosine(q), lambda: p + 1.0):
        with pytest.raises(nd.ArgumentError, match="layouts"):
            combine()


def test_unknown_names_are_refused_with_the_nearest(rng):
    p = drawn(rng)
    with pytest.raises(KeyError, match="did you mean 'x-a'"):
        p["x-aa"]
    with pytest.raises(KeyError):
        p.part("nothing")
    assert "x-a" in p
    assert "a-x" not in p


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"a": np.zeros(3)}, r"'a' must have shape \(4,\); got \(3,\)"),
        ({"x-a": np.zeros((4, 3))}, r"'x-a' must have shape \(3, 4\)"),
        ({"a-a": np.arange(16.0).reshape(4, 4)}, "'a-a' must be symmetric"),
        ({"a-a": np.eye(4)}, "zero diagonal"),
        ({"a-c": np.zeros((4, 2))}, "unknown parameters 'a-c'; .*did you mean"),
        ({"a": None}, "missing: a"),
    ],
)
def test_malformed_blocks_are_refused_by_name(rng, changes, message):
    arrays = {**drawn(rng), **changes}
    arrays = {name: value for name, value in arrays.items() if value is not None}
    with pytest.raises(nd.ModelError, match=message):
        Parameters.from_arrays(blocks(), arrays)


def test_a_vector_of_the_wrong_length_is_refused():
    with pytest.raises(nd.ModelError, match=r"\(38,\); got \(37,\)"):
        Parameters(blocks(), np.zeros(37))


def test_a_network_refuses_parameters_that_are_not_finite():
    net = models.Hopfield.layered([2, 2])
    vector = net.parameters.vector.copy()
    vector[0] = np.nan
    with pytest.raises(nd.ModelError, match="'x-y' must be finite"):
        net.replace(parameters=Parameters(net.parameters.blocks, vector))
    with pytest.raises(nd.ModelError, match="'y' must be finite"):
        net.replace(parameters={"y": [0.0, np.inf]})
    with pytest.raises(nd.ModelError, match="mapping"):
        net.replace(parameters=3.0)
