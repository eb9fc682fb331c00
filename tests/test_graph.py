"""Populations, connections, numbering and time constants; every fault is named."""

import numpy as np
import pytest

import neurodyn as nd
from neurodyn.system.graph import Connection, Graph, Population, expand_tau


def chain():
    return Graph.build(
        {"x": {"size": 3, "role": "input"}, "h": 4, "y": {"size": 2, "role": "output"}}, ["x-h", "h-y", "h-h"]
    )


def test_free_units_are_numbered_in_the_order_of_populations():
    graph = chain()
    assert graph.slices == {"h": slice(0, 4), "y": slice(4, 6)}
    assert (graph.n, graph.n_in, graph.n_out, graph.outputs) == (6, 3, 2, slice(4, 6))
    assert graph.unit(0) == "unit 0 of population 'h'"
    assert graph.unit(5) == "unit 1 of population 'y'"
    with pytest.raises(IndexError):
        graph.unit(6)


def test_input_may_stand_anywhere():
    graph = Graph.build({"h": 4, "x": {"size": 3, "role": "input"}, "k": 2}, [])
    assert graph.slices == {"h": slice(0, 4), "k": slice(4, 6)}
    assert graph.input == Population("x", 3, role="input")


def test_last_units_of_a_population_may_be_outputs():
    graph = Graph.build({"s": {"size": 5, "outputs": 2}, "k": 3}, ["s-s"])
    assert graph.outputs == slice(3, 5)
    assert Graph.build({"s": 5}, []).outputs == slice(0, 0)


def test_defaults_of_a_population():
    assert Population("x", 2, role="input").activation == "linear"
    assert Population("h", 2).activation == "tanh"
    assert Population("y", 2, role="output").n_outputs == 2
    assert Population("y", 2, role="output", outputs=1).n_outputs == 1
    assert Population("h", np.int64(2)) == Population("h", 2)  # type: ignore[arg-type]


def test_connections_are_read_from_text():
    assert Connection.parse("a-b") == Connection("a", "b")
    assert Connection("a", "b").name == "a-b"
    assert Connection.parse(Connection("a", "b")) == Connection("a", "b")


@pytest.mark.parametrize("text", ["a", "a-", "-b", "a-b-c", "", "a b"])
def test_malformed_connections_are_refused(text):
    with pytest.raises(nd.ModelError, match="two populations joined by a hyphen"):
        Connection.parse(text)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": "1h"}, "name '1h'"),
        ({"name": "a-b"}, "name 'a-b'"),
        ({"name": ""}, "name ''"),
        ({"size": 0}, "'h': size"),
        ({"size": -2}, "'h': size"),
        ({"size": 2.0}, "'h': size"),
        ({"size": True}, "'h': size"),
        ({"size": "3"}, "'h': size"),
        ({"activation": "sigmoidal"}, "'sigmoidal'.*did you mean 'sigmoid'"),
        ({"role": "outptu"}, "'outptu'.*did you mean 'output'"),
        ({"outputs": 4}, "outputs must lie between 0 and its size 3"),
        ({"outputs": -1}, "outputs"),
        ({"role": "input", "outputs": 1}, "outputs"),
    ],
)
def test_malformed_populations_are_refused_by_name(fields, message):
    with pytest.raises(nd.ModelError, match=message):
        Population(**{"name": "h", "size": 3, **fields})


@pytest.mark.parametrize(
    ("populations", "connections", "message"),
    [
        ({}, [], "at least one population"),
        ({"x": {"size": 2, "role": "input"}}, [], "at least one population"),
        ([Population("h", 2), Population("h", 3)], [], "population 'h' is given more than once"),
        (
            {"x": {"size": 2, "role": "input"}, "z": {"size": 2, "role": "input"}, "h": 1},
            [],
            "only one input.*got x, z",
        ),
        (
            {"a": {"size": 2, "role": "output"}, "b": {"size": 2, "outputs": 1}},
            [],
            "only one output.*got a, b",
        ),
        ({"h1": 2, "h2": 2}, ["h1-h3"], "'h1-h3': unknown population 'h3'; .*did you mean"),
        ({"h1": 2, "h2": 2}, ["h1-h2", "h2-h1"], "given more than once"),
        ({"h1": 2, "h2": 2}, ["h1-h1", "h1-h1"], "given more than once"),
        ({"x": {"size": 2, "role": "input"}, "h": 2}, ["x-x"], "joins the clamped input to itself"),
    ],
)
def test_malformed_graphs_are_refused(populations, connections, message):
    with pytest.raises(nd.ModelError, match=message):
        Graph.build(populations, connections)


def test_graphs_compare_by_populations_and_connections():
    assert chain() == chain()
    assert chain() != Graph.build({"h": 4}, [])


@pytest.mark.parametrize(
    ("tau", "expected"),
    [
        (2.0, [2.0] * 6),
        ([1.0, 3.0], [1.0] * 4 + [3.0] * 2),
        ([[1, 2, 3, 4], 5.0], [1, 2, 3, 4, 5, 5]),
        ([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6]),
    ],
)
def test_time_constants_are_given_for_all_for_populations_or_for_units(tau, expected):
    values = expand_tau(chain(), tau)
    np.testing.assert_array_equal(values, expected)
    assert not values.flags.writeable


@pytest.mark.parametrize(
    ("tau", "message"),
    [
        (0.0, "positive.*got 0 for unit 0 of population 'h'"),
        ([1.0, -0.5], "positive.*got -0.5 for unit 0 of population 'y'"),
        ([1, 1, 1, np.nan, 1, 1], "got nan for unit 3 of population 'h'"),
        (np.inf, "got inf"),
        ([1.0, 2.0, 3.0], r"one number per free population \(2: h, y\) or one per free unit \(6\); got shape \(3,\)"),
        ([[1.0, 2.0], 1.0], "one per free unit"),
        ("slow", "`tau` must be a number"),
        (None, "`tau` must be a number"),
        (np.ones((6, 1)), r"got shape \(6, 1\)"),
    ],
)
def test_malformed_time_constants_are_refused(tau, message):
    with pytest.raises(nd.ModelError, match=message):
        expand_tau(chain(), tau)


def test_a_network_gives_its_populations_parts():
    from neurodyn import models

    net = models.Hopfield.layered([3, 4, 2])
    values = np.arange(12.0).reshape(2, 6)
    np.testing.assert_array_equal(net.population(values, "y"), values[:, 4:])
    with pytest.raises(nd.ArgumentError, match=r"unknown population 'h2'; .*did you mean 'h1'"):
        net.population(values, "h2")
