"""A lattice of springs learns by each rule, and by what the rule moves alone."""

import numpy as np
import pytest

import neurodyn as nd
from neurodyn import models
from neurodyn.estimators.clamped import clamped
from neurodyn.estimators.task import Task
from neurodyn.reproductions import springs_allosteric as lattice
from neurodyn.reproductions import springs_classification as irises
from neurodyn.reproductions.springs_drawn import positions, strains


@pytest.fixture(scope="module")
def model():
    return models.read("springs-allosteric")


@pytest.mark.parametrize("name", lattice.RUNS)
def test_each_rule_lowers_the_cost_and_moves_no_other_block(model, name):
    moving, options = lattice.RUNS[name]
    net, x, y = model.network, np.asarray(model.x), np.asarray(model.y)
    end = nd.learn(net, x, y, **lattice.recipe(moving, 4, len(x), 0), **options).network
    assert lattice.cost(end, x, y) < 0.99 * lattice.cost(net, x, y)
    assert lattice.response(end, x, y) > lattice.response(net, x, y)
    changed = {key for key in net.parameters if not np.array_equal(end.parameters[key], net.parameters[key])}
    assert changed == set(moving)


def test_strain_rule_is_the_difference_of_squared_strains_over_the_stiffness(model):
    """Lengths of springs where outputs are held at their targets and where they are free, from the places alone."""
    net, x, y = model.network, np.asarray(model.x), np.asarray(model.y)
    spring, task = net.terms[0], Task(net, x, y)
    bonds, places, length = np.array(spring.bonds), np.array(spring.places), net.parameters[lattice.LENGTH]

    def squares(s):
        at = places[None] + np.concatenate([x, s.T], axis=1).reshape(len(x), -1, 2)
        return (np.linalg.norm(at[:, bonds[:, 0]] - at[:, bonds[:, 1]], axis=2) - length) ** 2

    held = clamped(task, task.point.s, task.target.T)
    np.testing.assert_allclose(held.s[net.outputs].T, y, atol=1e-12)
    expected = (squares(held.s) - squares(task.point.s)).mean(axis=0) / spring.stiffness
    found = nd.gradient(net, x, y, method=lattice.StrainRule())
    np.testing.assert_allclose(found[lattice.STIFFNESS], expected, atol=1e-9)
    assert not np.any(found[lattice.LENGTH])


def test_nodes_are_drawn_at_their_places_and_springs_with_their_strain(model):
    net = model.network
    assert np.allclose(positions(net, np.zeros(net.n_in)), net.terms[0].places, atol=1e-9)
    ends, strain = strains(net, model.x[0])
    assert ends.shape == (len(strain), 2, 2)
    assert strain.min() < -0.01 < 0.01 < strain.max()


def test_irises_are_coded_in_standard_deviations_and_species_by_the_nearest_target():
    train, test = irises.flowers(100, 50, 0)
    assert np.allclose(train.x[:, 1:8:2].mean(axis=0), 0.0)
    assert np.allclose(train.x[:, 1:8:2].std(axis=0), irises.SIZE)
    assert not train.x[:, 0:8:2].any()
    assert not train.x[:, 8:].any()
    assert len({tuple(row) for row in np.concatenate([train.x, test.x])}) == 149  # two of the 150 are alike
    assert irises.said(train.y[:, 1]).tolist() == train.species.tolist()
    assert irises.said(irises.APART * np.array([-9.0, -0.6, -0.4, 0.4, 0.6, 9.0])).tolist() == [0, 0, 1, 1, 2, 2]
    assert irises.line(train, test) > 0.9
    assert irises.line(irises.Flowers(train.x, train.species[::-1]), test) < 0.6  # it can fail


@pytest.mark.slow
def test_springs_tell_irises():
    net, (train, test) = irises.lattice(0), irises.flowers(100, 50, 0)
    rates = {lattice.STIFFNESS: 0.2, lattice.LENGTH: 0.0}
    recipe = nd.Recipe(method=lattice.StrainRule(), epochs=5, rates=rates, optimizer="adam", schedule="cosine")
    learned = nd.learn(net, train.x, train.y, recipe).network
    assert irises.right(net, test) < 0.5
    assert irises.right(learned, test) > 0.85
