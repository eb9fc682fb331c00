"""Sparse connections: which units are connected, products on threads, and networks too large for a full matrix."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numba
import numpy as np
import pytest
import scipy.sparse

import neurodyn as nd
from naive import full
from neurodyn import Connection, models
from neurodyn.numerics import krylov
from neurodyn.numerics.sparse_product import CHUNKS, MANY, lay_out, pair_sums, product
from neurodyn.system import fixed_point, network
from neurodyn.system.fixed_point import FixedPoint
from neurodyn.system.pattern import Pattern

ROOT = Path(__file__).resolve().parents[1]


def random_matrix(rng, m, n, density=0.2):
    return scipy.sparse.random_array((m, n), density=density, rng=rng, data_sampler=rng.normal).tocsr()


def symmetric_matrix(rng, n, density=0.2):
    upper = scipy.sparse.triu(random_matrix(rng, n, n, density), 1)
    return scipy.sparse.csr_array(upper + upper.T)


def multiply(matrix, r):
    """The compiled product out = matrix r, r (n, b)."""
    pattern = lay_out(matrix.indptr.astype(np.int64), matrix.indices)
    w, r, out = np.array(matrix.data), np.ascontiguousarray(r), np.zeros((matrix.shape[0], r.shape[1]))
    pointers = [np.ctypeslib.as_ctypes(a.ravel()) for a in (w, pattern, r, out)]
    result = out.ravel()
    product.address  # noqa: B018  (compiled by now)
    product._compiled.ctypes(*pointers[:3], np.ctypeslib.as_ctypes(result), *matrix.shape, r.shape[1])
    return result.reshape(out.shape)


def ring(n, weight=0.3):
    """Each unit connected to its two neighbours: the spectrum is known."""
    return scipy.sparse.csr_array(
        scipy.sparse.diags_array([weight, weight], offsets=[1, -1], shape=(n, n))
        + scipy.sparse.coo_array(([weight, weight], ([0, n - 1], [n - 1, 0])), shape=(n, n))
    )


# -- which units are connected ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("density", [0.001, 0.05, 0.6, 0.99])
def test_drawn_pattern_has_the_density_asked_for(rng, density):
    m, n = 700, 900
    free = Pattern.draw((m, n), False, density, rng)
    own = Pattern.draw((n, n), True, density, rng)
    for pattern, possible in ((free, m * n), (own, n * (n - 1) / 2)):
        spread = np.sqrt(possible * density * (1.0 - density))
        assert abs(pattern.size - possible * density) < 5.0 * spread


def test_every_pair_is_drawn_equally_often(rng):
    counts = np.zeros((5, 5))
    for _ in range(2000):
        first, second = Pattern.draw((5, 5), True, 0.3, rng).pairs
        counts[first, second] += 1
    upper = counts[np.triu_indices(5, 1)] / 2000
    assert not np.tril(counts).any()
    np.testing.assert_allclose(upper, 0.3, atol=5.0 * np.sqrt(0.3 * 0.7 / 2000))


def test_self_connection_is_symmetric_without_a_diagonal():
    weights = models.Hopfield.recurrent(200, sparsity=0.9, seed=1).parameters["s-s"]
    assert isinstance(weights, scipy.sparse.csr_array)
    assert weights.has_canonical_format
    assert not weights.diagonal().any()
    np.testing.assert_array_equal(full(weights), full(weights).T)
    assert weights.nnz == pytest.approx(0.1 * 200 * 199, rel=0.1)


def test_weight_is_counted_once():
    net = models.Hopfield.recurrent(50, sparsity=0.8, seed=2)
    assert net.parameters.vector.size == net.parameters["s-s"].nnz // 2 + 50
    assert f"{net.parameters['s-s'].nnz // 2} weights" in repr(net)


def test_weights_are_glorot_for_the_mean_number_of_connections():
    net = models.Hopfield.recurrent(2000, sparsity=0.99, seed=0, gain=2.0)
    bound = 2.0 * np.sqrt(6.0 / (0.01 * 4000))
    weights = net.parameters["s-s"].data
    assert np.abs(weights).max() <= bound
    assert np.abs(weights).max() > 0.999 * bound
    assert weights.std() == pytest.approx(bound / np.sqrt(3.0), rel=0.02)


def test_pattern_depends_on_the_seed_and_on_no_other_block():
    sizes = {"a": 30, "b": 20, "c": 10}
    joined = [Connection("a", "b", 0.7), Connection("b", "c", 0.7)]
    few, many = (models.Hopfield(sizes, connections, seed=5) for connections in (joined[:1], joined))
    other = models.Hopfield(sizes, joined[:1], seed=6)
    np.testing.assert_array_equal(full(few.parameters["a-b"]), full(many.parameters["a-b"]))
    assert few.patterns["a-b"] != other.patterns["a-b"]


def test_weights_do_not_follow_the_gaps_between_connections():
    """As they would if one stream drew both."""
    net = models.Hopfield({"a": 300, "b": 300}, [Connection("a", "b", 0.9)], seed=3)
    first, second = net.patterns["a-b"].pairs.astype(float)
    gaps = np.log(np.diff(300 * first + second))
    assert abs(np.corrcoef(gaps, net.parameters.part("a-b")[1:])[0, 1]) < 0.1


def test_dense_network_keeps_its_numbers_beside_a_sparse_one():
    sizes = {"a": 30, "b": 20, "c": 10}
    dense = models.Hopfield(sizes, ["a-b", "b-c"], seed=5)
    mixed = models.Hopfield(sizes, [Connection("a", "b", 0.7), "b-c"], seed=5)
    np.testing.assert_array_equal(dense.parameters["b-c"], mixed.parameters["b-c"])


def test_sparsity_0_is_dense():
    assert models.Hopfield.recurrent(5, sparsity=0.0) == models.Hopfield.recurrent(5)
    assert isinstance(models.Hopfield.recurrent(5, sparsity=0).parameters["s-s"], np.ndarray)


def test_network_may_have_no_connection_at_all():
    net = models.Hopfield.recurrent(5, sparsity=1.0 - 1e-9)
    assert net.parameters["s-s"].nnz == 0
    np.testing.assert_array_equal(net.force(np.ones(5)), -np.ones(5))


@pytest.mark.parametrize("sparsity", [1.0, -0.1, float("nan"), "0.5", True, None])
def test_malformed_sparsity_is_refused(sparsity):
    with pytest.raises(nd.ModelError, match=r"connection 's-s': sparsity.* >= 0 and < 1; got"):
        Connection("s", "s", sparsity)


# -- matrices of the user's ------------------------------------------------------------------------------------------


def test_matrix_brings_its_pattern(rng):
    matrix = symmetric_matrix(rng, 40)
    net = models.Hopfield({"s": 40}, ["s-s"], parameters={"s-s": matrix, "s": np.zeros(40)})
    twin = models.Hopfield({"s": 40}, ["s-s"], parameters={"s-s": matrix.toarray(), "s": np.zeros(40)})
    s = rng.normal(size=(3, 40))
    np.testing.assert_array_equal(full(net.parameters["s-s"]), matrix.toarray())
    np.testing.assert_allclose(net.force(s), twin.force(s), rtol=1e-13, atol=1e-14)
    assert net.parameters.vector.size == matrix.nnz // 2 + 40


@pytest.mark.parametrize("kind", ["csr_array", "csc_array", "coo_array", "csr_matrix", "lil_array", "dia_array"])
def test_every_format_of_scipy_is_taken(kind):
    matrix = getattr(scipy.sparse, kind)(ring(6))
    net = models.Hopfield({"s": 6}, ["s-s"], parameters={"s-s": matrix, "s": np.zeros(6)})
    np.testing.assert_array_equal(full(net.parameters["s-s"]), full(ring(6)))


def test_zeros_that_a_matrix_holds_are_connections_and_repeats_are_summed():
    rows, columns = [0, 1, 1, 2, 0, 1], [1, 0, 2, 1, 1, 0]
    matrix = scipy.sparse.coo_array(([1.0, 1.0, 0.0, 0.0, 2.0, 2.0], (rows, columns)), shape=(3, 3))
    net = models.Hopfield({"s": 3}, ["s-s"], parameters={"s-s": matrix, "s": np.zeros(3)})
    assert net.parameters.part("s-s").tolist() == [3.0, 0.0]
    assert net.patterns["s-s"].pairs.tolist() == [[0, 1], [1, 2]]
    assert net.energy_gradient(np.array([1.0, 1.0, 1.0])).part("s-s").all()


def test_given_matrix_is_left_alone():
    matrix = scipy.sparse.csr_array((np.ones(4), [1, 1, 0, 0], [0, 2, 4]), shape=(2, 2))
    models.Hopfield({"s": 2}, ["s-s"], parameters={"s-s": matrix, "s": np.zeros(2)})
    assert matrix.nnz == 4
    assert matrix.data.flags.writeable


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (scipy.sparse.eye_array(3), "'s-s' must have an empty diagonal; unit 0"),
        (scipy.sparse.csr_array(([1.0], ([0], [1])), shape=(3, 3)), "'s-s' must have a symmetric pattern"),
        (scipy.sparse.csr_array(([1.0, 2.0], ([0, 1], [1, 0])), shape=(3, 3)), "'s-s' must be symmetric"),
        (scipy.sparse.csr_array(([np.nan] * 2, ([0, 1], [1, 0])), shape=(3, 3)), "'s-s' must be finite"),
        (ring(4), r"'s-s' must have shape \(3, 3\); got \(4, 4\)"),
    ],
)
def test_malformed_matrix_is_refused(matrix, message):
    with pytest.raises(nd.ModelError, match=message):
        models.Hopfield({"s": 3}, ["s-s"], parameters={"s-s": matrix, "s": np.zeros(3)})


def test_replaced_full_array_stays_on_the_pattern(rng):
    net = models.Hopfield.recurrent(20, sparsity=0.7, seed=4)
    doubled = net.replace(parameters={"s-s": 2.0 * full(net.parameters["s-s"])})
    assert doubled.patterns == net.patterns
    np.testing.assert_array_equal(doubled.parameters.part("s-s"), 2.0 * net.parameters.part("s-s"))
    i, j = np.argwhere(full(net.parameters["s-s"]) == 0.0)[1]
    wrong = full(net.parameters["s-s"]).copy()
    wrong[i, j] = wrong[j, i] = 1.0
    with pytest.raises(nd.ModelError, match=rf"'s-s': units {min(i, j)} and {max(i, j)} .* not connected"):
        net.replace(parameters={"s-s": wrong})


def test_replaced_full_array_may_be_zero_where_units_are_connected():
    net = models.Hopfield.recurrent(20, sparsity=0.7, seed=4)
    silent = net.replace(parameters={"s-s": np.zeros((20, 20))})
    assert silent.patterns == net.patterns
    assert not silent.parameters.part("s-s").any()


def test_replaced_matrix_changes_the_pattern():
    net = models.Hopfield.recurrent(20, sparsity=0.7, seed=4)
    changed = net.replace(parameters={"s-s": ring(20)})
    assert changed.patterns["s-s"].size == 20
    assert changed.replace(tau=2.0).patterns == changed.patterns
    with pytest.raises(nd.ArgumentError, match="different layouts"):
        net.parameters + changed.parameters


@pytest.mark.parametrize("pairs", [[[1], [0]], [[0, 0], [1, 1]], [[0, 0], [2, 1]], [[0], [9]], [[-1], [1]], [0, 1]])
def test_malformed_pairs_are_refused(pairs):
    with pytest.raises(nd.ModelError, match="pairs of a pattern"):
        Pattern((3, 3), True, np.array(pairs, dtype=np.int32))


def test_learning_moves_existing_connections_only(rng):
    net = models.Hopfield.recurrent(15, 3, 2, sparsity=0.6, seed=4)
    x, y = rng.normal(size=(4, 3)), rng.normal(size=(4, 2))
    exact = nd.gradient(net, x, y, method="implicit")
    near = nd.gradient(net, x, y, method="finite-differences")
    np.testing.assert_allclose(exact.vector, near.vector, atol=1e-6)
    assert exact["s-s"].nnz == net.parameters["s-s"].nnz
    assert net.replace(parameters=net.parameters - 0.1 * exact).patterns == net.patterns


# -- products --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [1, 2, 7, 8, 9, 33, 64])
@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (90, 130)])
def test_product_is_scipys(rng, shape, width):
    matrix, r = random_matrix(rng, shape[0], shape[1], 0.3), rng.normal(size=(shape[1], width))
    np.testing.assert_allclose(multiply(matrix, r), matrix @ r, rtol=1e-13, atol=1e-13)


def test_product_has_the_same_bits_in_any_company(rng):
    matrix, r = random_matrix(rng, 61, 80, 0.4), rng.normal(size=(80, 41))
    together = multiply(matrix, r)
    for columns in (slice(3, 4), slice(0, 8), slice(3, 40), slice(1, 4)):
        np.testing.assert_array_equal(multiply(matrix, r[:, columns]), together[:, columns])


@pytest.mark.parametrize("width", [1, 3, 8])
def test_large_product_is_scipys_and_has_the_same_bits_on_any_number_of_threads(rng, width):
    """Rows of very unequal lengths, some empty, in more than `MANY` weights."""
    lengths = rng.permutation(np.concatenate([np.zeros(500, int), rng.integers(0, 60, 30_000), [50_000] * 4]))
    starts = np.concatenate([[0], np.cumsum(lengths)])
    index = rng.integers(0, 50_000, starts[-1])
    matrix = scipy.sparse.csr_array((rng.normal(size=starts[-1]), index, starts), shape=(lengths.size, 50_000))
    assert matrix.nnz >= MANY
    r = rng.normal(size=(50_000, width))
    found = multiply(matrix, r)
    np.testing.assert_allclose(found, matrix @ r, rtol=1e-9, atol=1e-9)
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        np.testing.assert_array_equal(multiply(matrix, r), found)
    finally:
        numba.set_num_threads(before)
    np.testing.assert_array_equal(multiply(matrix, r[:, :1]), found[:, :1])


def test_rows_are_dealt_out_by_the_number_of_their_weights(rng):
    lengths = np.concatenate([np.full(100, 1000), np.full(10_000, 10)])
    starts = np.concatenate([[0], np.cumsum(lengths)])
    bounds = lay_out(starts, np.zeros(starts[-1], dtype=np.int32))[: CHUNKS + 1]
    assert bounds[0] == 0
    assert bounds[-1] == lengths.size
    assert np.diff(starts[bounds]).max() <= 1.0 / CHUNKS * starts[-1] + 1000


def test_pair_sums_are_entries_of_the_outer_product(rng):
    pattern = Pattern.draw((20, 30), False, 0.3, rng)
    left, right, out = rng.normal(size=(20, 5)), rng.normal(size=(30, 5)), np.zeros(pattern.size)
    pair_sums(*pattern.pairs, left, right, out)
    np.testing.assert_allclose(out, (left @ right.T)[tuple(pattern.pairs)], rtol=1e-13, atol=1e-14)


# -- threads ---------------------------------------------------------------------------------------------------------

RUN = """
import zlib, numpy as np, neurodyn as nd
from neurodyn.models import Hopfield
net = Hopfield.recurrent(6_000, 3, 2, sparsity=1 - 200 / 6_000, gain=0.5, seed=1)
assert net.threads_inside
x = np.random.default_rng(0).normal(size=(2, 3))
run = nd.simulate(net, x, t_eval=[0.5, 1.0])
assert np.array_equal(run.state[:, 1], nd.simulate(net, x[1], t_eval=[0.5, 1.0]).state)
eq = nd.relax(net, x[0])
print(*(zlib.crc32(np.ascontiguousarray(a).tobytes()) for a in (run.state, run.velocity, eq.state, eq.time)))
"""


def python(code, **environment):
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": paths, **environment},
        capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.slow
@pytest.mark.skipif(os.cpu_count() == 1, reason="one processor")
def test_same_bits_on_one_thread_and_on_two_and_in_both_of_numbas_layers():
    one = python(RUN, NUMBA_NUM_THREADS="1")
    assert python(RUN, NUMBA_NUM_THREADS="2") == one
    assert python(RUN, NUMBA_NUM_THREADS="2", NUMBA_THREADING_LAYER="workqueue") == one


@pytest.mark.slow
def test_two_threads_of_the_users_may_simulate_at_once():
    """numba's workqueue ends a process that enters it twice."""
    code = """
import numpy as np, threading, neurodyn as nd
from neurodyn.models import Hopfield
net = Hopfield.recurrent(5_000, 0, 2, sparsity=1 - 250 / 5_000, gain=0.5, seed=1)
assert net.threads_inside
start, found = np.random.default_rng(0).normal(size=(3, 5_000)), [None] * 3
def work(k):
    for _ in range(3):
        net.force(start[k])
    found[k] = nd.simulate(net, start=start[k], t_eval=[0.5]).state
threads = [threading.Thread(target=work, args=(k,)) for k in range(3)]
for t in threads: t.start()
for t in threads: t.join()
assert all(np.array_equal(found[k], nd.simulate(net, start=start[k], t_eval=[0.5]).state) for k in range(3))
print("well")
"""
    assert python(code, NUMBA_NUM_THREADS="2", NUMBA_THREADING_LAYER="workqueue").strip() == "well"


def test_second_process_loads_the_compiled_product():
    product.address  # noqa: B018  (compiled by now)
    code = "from neurodyn.numerics.sparse_product import product; product.address; print(product._compiled.cache_hits)"
    assert python(code).strip() == "1"


def test_dense_networks_do_not_compile_it():
    code = """
import numpy as np
from neurodyn.numerics import sparse_product
from neurodyn.models import Hopfield
Hopfield.recurrent(3, 2).force(np.ones(3), np.ones(2))
assert sparse_product.product._compiled is None
"""
    python(code)


@pytest.mark.slow
def test_user_decides_what_waiting_threads_do():
    code = """
import os
from neurodyn.numerics.sparse_product import product
product.address
print(os.environ.get("OMP_WAIT_POLICY"))
"""
    assert python(code, OMP_WAIT_POLICY="active").strip() == "active"
    assert python(f"import os; os.environ.pop('OMP_WAIT_POLICY', 0)\n{code}").strip() == "None"


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS == 1, reason="one thread")
def test_blocks_of_wide_sparse_networks_run_one_after_another(monkeypatch, rng):
    def refuse(self, *arguments):
        raise AssertionError("on a thread")

    monkeypatch.setattr(ThreadPoolExecutor, "submit", refuse)
    net = models.Hopfield.recurrent(60, sparsity=0.5, gain=0.3)
    start = rng.normal(size=(200, 60))
    with pytest.raises(AssertionError, match="on a thread"):
        nd.simulate(net, start=start, t_eval=[1.0])
    monkeypatch.setattr(network, "MANY", 100)
    assert net.threads_inside
    nd.simulate(net, start=start, t_eval=[1.0])


# -- without a full matrix -------------------------------------------------------------------------------------------


@pytest.fixture
def large(monkeypatch):
    """Every network counts as large, and a full matrix is an error."""
    monkeypatch.setattr(fixed_point, "DENSE_UNITS", 0)
    monkeypatch.setattr(network, "LARGEST_MATRIX", 0)


def settled_network(activation="tanh"):
    net = models.Hopfield.recurrent(80, 3, 2, activation=activation, sparsity=0.8, gain=0.7, seed=3)
    rng = np.random.default_rng(3)
    net = net.replace(parameters={"s": rng.uniform(0.0, 0.4, 80)}, tau=rng.uniform(0.3, 3.0, 80))
    x = rng.normal(size=(3, 3))
    return net, x, rng.normal(size=(3, 2)), nd.relax(net, x)


@pytest.mark.parametrize("activation", ["tanh", "hard-sigmoid"])
def test_iterative_results_are_those_of_the_full_matrix(activation, request):
    net, x, y, eq = settled_network(activation)
    dense = FixedPoint.of(net, eq.state, x)
    gap = dense.cost_slope(y)
    expected = dense.slowest_rate(), dense.fastest_rate(), dense.critical_beta(y), dense.solve(gap)[0]
    gradient = dense.exact_gradient(y)
    request.getfixturevalue("large")
    iterative = FixedPoint.of(net, eq.state, x)
    assert iterative.slowest_rate() == pytest.approx(expected[0], rel=1e-3)
    assert iterative.fastest_rate() == pytest.approx(expected[1], rel=1e-3)
    np.testing.assert_allclose(iterative.critical_beta(y), expected[2], rtol=1e-10)
    np.testing.assert_allclose(iterative.solve(gap)[0], expected[3], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(iterative.exact_gradient(y).vector, gradient.vector, rtol=1e-8, atol=1e-12)
    again = nd.relax(net, x)
    np.testing.assert_allclose(again.state, eq.state, rtol=0, atol=1e-10)
    assert np.all(again.residual <= 1e-10)


def test_saddle_of_a_large_network_is_seen(large):
    """Strong coupling: the origin, where every force is zero, is a saddle."""
    net = models.Hopfield({"s": 60}, ["s-s"], parameters={"s-s": ring(60, 0.8), "s": np.zeros(60)})
    assert FixedPoint.of(net, np.zeros(60), None).index(0) == 1
    with pytest.raises(nd.ConvergenceError, match="saddle"):
        nd.relax(net)
    weak = net.replace(parameters={"s-s": ring(60, 0.4)})
    assert FixedPoint.of(weak, np.zeros(60), None).index(0) == 0
    assert FixedPoint.of(weak, np.zeros(60), None).slowest_rate() == pytest.approx(1.0 - 0.8, rel=2e-3)


def test_solving_at_a_saddle_is_refused(large):
    net = models.Hopfield({"s": 60}, ["s-s"], parameters={"s-s": ring(60, 0.8), "s": np.zeros(60)})
    with pytest.raises(nd.ConvergenceError, match="not positive definite"):
        FixedPoint.of(net, np.zeros(60), None).solve(np.ones((60, 1)))


@pytest.mark.parametrize("method", ["Radau", "BDF"])
def test_implicit_methods_refuse_large_networks(large, method):
    net = models.Hopfield.recurrent(80, sparsity=0.9)
    with pytest.raises(nd.TooLargeError, match=r"Hessian of 80 units.*implicit methods"):
        nd.simulate(net, t_eval=[1.0], solver=nd.Solver(method=method))


def test_conjugate_gradients_solve_and_notice_indefinite_matrices(rng):
    root = rng.normal(size=(30, 30))
    matrix, right = root @ root.T + np.eye(30), rng.normal(size=30)
    found = krylov.solve_definite(lambda v: matrix @ v, right, 1e-13)
    assert found is not None
    np.testing.assert_allclose(found, np.linalg.solve(matrix, right), rtol=1e-8)
    assert krylov.solve_definite(lambda v: matrix @ v - 20.0 * v, right, 1e-13) is None
    assert krylov.solve_definite(lambda v: 0.0 * v, right, 1e-13) is None


@pytest.mark.parametrize("n", [5, 300])
def test_smallest_eigenvalue(rng, n):
    root = rng.normal(size=(n, n))
    matrix = root + root.T
    assert krylov.smallest_eigenvalue(lambda v: matrix @ v, n, 1e-6) == pytest.approx(
        np.linalg.eigvalsh(matrix)[0], rel=1e-6
    )


def test_eigenvalue_that_is_not_found_is_an_error(monkeypatch):
    monkeypatch.setattr(krylov, "MOST", 1)
    values = 1.0 + 1e-9 * np.arange(500.0)
    with pytest.raises(nd.ConvergenceError, match="smallest eigenvalue"):
        krylov.smallest_eigenvalue(lambda v: values * v - v, 500, 1e-12)


# -- large networks --------------------------------------------------------------------------------------------------


def wide_network(n, connections, gain=0.6):
    net = models.Hopfield.recurrent(n, 2, 3, sparsity=1.0 - connections / n, gain=gain, seed=1)
    return net.replace(parameters={"s": np.random.default_rng(1).normal(0.0, 0.3, n)})


def check_wide(net, rng):
    """The network simulates, relaxes and is nudged; its forces are SciPy's, and its error signal the exact one."""
    n, x = net.n, rng.normal(size=2)
    w, inputs, bias = net.parameters["s-s"], net.parameters["x-s"], net.parameters["s"]
    s = rng.normal(size=n)
    rate = np.tanh(s)
    force = (1.0 - rate**2) * (w @ rate + bias + x @ inputs) - s
    np.testing.assert_allclose(net.force(s, x), force, rtol=1e-11, atol=1e-11)

    run = nd.simulate(net, x, start=s, t_eval=[0.5, 1.0])
    assert np.all(run.status == nd.Status.DONE)
    eq = nd.relax(net, x, start=s)
    assert eq.status == nd.Status.STABLE
    assert eq.residual <= 1e-10
    y = rng.normal(size=3)
    phase = nd.nudge(net, eq, y, beta=1e-4, t_eval=[0.5, 30.0])
    rate = np.tanh(eq.state)
    slope, bend = 1.0 - rate**2, -2.0 * rate * (1.0 - rate**2)
    hessian = scipy.sparse.diags_array(1.0 - bend * (w @ rate + bias + x @ inputs)) - w.multiply(
        slope[:, None]
    ).multiply(slope)
    gap = np.zeros(n)
    gap[-3:] = eq.state[-3:] - y
    return eq, phase, hessian.tocsr(), gap


@pytest.mark.slow
def test_20000_units_simulate_relax_and_are_nudged(rng):
    net = wide_network(20_000, 50)
    eq, phase, hessian, gap = check_wide(net, rng)
    side = nd.side_network(net, eq, phase.target, t_eval=phase.t)
    np.testing.assert_allclose(phase.error_signal, side.error_signal, rtol=0, atol=1e-6)
    solution = FixedPoint.of(net, eq.state, eq.x).solve(gap[:, None])[0][:, 0]
    np.testing.assert_allclose(hessian @ solution, gap, rtol=0, atol=1e-11)
    gradient, other = phase.parameter_gradient(), side.parameter_gradient()
    assert gradient["s-s"].nnz == net.parameters["s-s"].nnz
    assert gradient.cosine(other) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.slow
def test_100000_units_with_100_connections_each(rng):
    net = wide_network(100_000, 100)
    assert net.parameters["s-s"].nnz == pytest.approx(1e7, rel=0.01)
    check_wide(net, rng)


def test_network_of_100000_units_is_drawn_without_a_full_matrix():
    import tracemalloc

    tracemalloc.start()
    net = models.Hopfield.recurrent(100_000, sparsity=1.0 - 5 / 100_000, seed=1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert net.parameters["s-s"].nnz == pytest.approx(5e5, rel=0.02)
    assert peak < 2e8


def test_importing_and_dense_networks_load_no_scipy():
    code = """
import sys, numpy as np
import neurodyn
from neurodyn.models import Hopfield
Hopfield.recurrent(5, 2).replace(tau=2.0).parameters["s-s"]
assert "scipy.sparse" not in sys.modules
"""
    python(code)
