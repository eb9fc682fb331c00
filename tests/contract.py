"""What every model must fulfil. A model's test file subclasses `NetworkContract` and provides `net`.

The suite knows networks only through the public interface, and the model's plain NumPy twin (`naive`).
"""

import dataclasses
import pickle

import numpy as np
import pytest

import neurodyn as nd
from naive import full
from networks import draw_input, draw_state, draw_target
from neurodyn.results.files import from_dataset
from neurodyn.system.parameters import Parameters

TIMES = np.array([0.0, 0.1, 0.5, 2.0, 7.0])


def same_bits(a, b):
    return np.asarray(a).shape == np.asarray(b).shape and np.array_equal(a, b, equal_nan=True)


def at(values, samples):
    """Some samples of an input, which may be None."""
    return None if values is None else values[samples]


class FlowContract:
    """For any network. Inherit, set `twin` to the class of the NumPy twin, and give a fixture `net`."""

    twin: type

    @pytest.fixture
    def net(self):
        raise NotImplementedError

    @pytest.fixture
    def settled(self, net, rng):
        """(x, start, y) of three samples and their equilibrium."""
        x, start = draw_input(net, 3, rng), draw_state(net, 3, rng)
        return x, start, draw_target(net, 3, rng), nd.relax(net, x, start=start)

    # -- derivatives -------------------------------------------------------------------------------------------

    def test_force_is_the_twins(self, net, rng):
        x, s = draw_input(net, 3, rng), draw_state(net, 3, rng)
        twin = self.twin(net)
        expected = [twin.force(at(x, k), s[k]) for k in range(3)]
        np.testing.assert_allclose(net.force(s, x), expected, rtol=1e-12, atol=1e-13)

    def test_jacobian_is_the_twins(self, net, rng):
        x, s = draw_input(net, 2, rng), draw_state(net, 2, rng)
        expected = [-self.twin(net).linearized(at(x, k), s[k]) for k in range(2)]
        np.testing.assert_allclose(net.jacobian(s, x), expected, rtol=1e-12, atol=1e-13)

    def test_jvp_is_the_derivative_of_the_force(self, net, rng):
        x, s, h = draw_input(net, 2, rng), draw_state(net, 2, rng), 1e-5
        v = rng.normal(size=s.shape)
        difference = (net.force(s + h * v, x) - net.force(s - h * v, x)) / (2 * h)
        np.testing.assert_allclose(net.jvp(s, v, x), -difference, rtol=1e-7, atol=1e-8)

    def test_vjp_is_the_transpose_of_jvp(self, net, rng):
        x, s = draw_input(net, 3, rng), draw_state(net, 3, rng)
        u, v = rng.normal(size=(2, *s.shape))
        left = np.sum(u * net.jvp(s, v, x), axis=1)
        np.testing.assert_allclose(left, np.sum(v * net.vjp(s, u, x), axis=1), rtol=1e-11, atol=1e-12)

    # -- the free phase ----------------------------------------------------------------------------------------

    def test_recorded_velocity_is_the_vector_field(self, net, rng):
        x, start = draw_input(net, 2, rng), draw_state(net, 2, rng)
        run = nd.simulate(net, x, start=start, t_eval=TIMES)
        twin = self.twin(net)
        expected = [[twin.velocity(at(x, k), state[k]) for k in range(2)] for state in run.state]
        np.testing.assert_allclose(run.velocity, expected, rtol=1e-11, atol=1e-13)

    def test_relax_ends_where_no_active_unit_feels_a_force(self, net, settled):
        x, _, _, eq = settled
        assert np.all(eq.status == nd.Status.STABLE)
        assert np.all(eq.residual <= 1e-10)
        force = np.where(eq.active, net.force(eq.state, x), 0.0)
        np.testing.assert_allclose(np.abs(force).max(axis=1), eq.residual, rtol=0, atol=1e-14)

    def test_relaxed_state_is_stable(self, net, settled):
        x, _, _, eq = settled
        for k, matrix in enumerate(net.jacobian(eq.state, x)):
            keep = eq.active[k]
            assert np.all(np.linalg.eigvals(matrix[np.ix_(keep, keep)] / net.tau[keep, None]).real < 0)

    # -- shapes ------------------------------------------------------------------------------------------------

    def test_shapes_with_and_without_a_batch_axis(self, net, rng):
        x, start = draw_input(net, 3, rng), draw_state(net, 3, rng)
        y, n = draw_target(net, 3, rng), net.n
        for lead, pick in (((3,), slice(None)), ((), 0)):
            values = at(x, pick)
            eq = nd.relax(net, values, start=start[pick])
            run = nd.simulate(net, values, start=start[pick], t_eval=TIMES)
            assert eq.state.shape == eq.active.shape == eq.start.shape == (*lead, n)
            assert eq.residual.shape == eq.time.shape == eq.status.shape == eq.energy.shape == lead
            assert run.state.shape == run.velocity.shape == (5, *lead, n)
            assert net.force(start[pick], values).shape == (*lead, n)
            assert net.jacobian(start[pick], values).shape == (*lead, n, n)
            if not net.n_out:
                continue
            phase = nd.nudge(net, eq, y[pick], t_eval=TIMES)
            side = nd.side_network(net, eq, y[pick], t_eval=TIMES)
            assert phase.state.shape == phase.velocity.shape == phase.error_signal.shape == (5, *lead, n)
            assert phase.residual.shape == phase.critical_beta.shape == phase.status.shape == lead
            assert side.error_signal.shape == side.integral.shape == (5, *lead, n)
            for gradient in (phase.parameter_gradient(), side.parameter_gradient()):
                assert {k: v.shape for k, v in gradient.items()} == {k: v.shape for k, v in net.parameters.items()}

    def test_one_start_serves_all_samples(self, net, rng):
        if not net.n_in:
            pytest.skip("the batch comes from the start")
        x, start = draw_input(net, 3, rng), draw_state(net, 1, rng)[0]
        alike = nd.relax(net, x, start=start)
        assert same_bits(alike.state, nd.relax(net, x, start=np.tile(start, (3, 1))).state)

    def test_nudging_needs_outputs(self, net, settled):
        if net.n_out:
            pytest.skip("it has outputs")
        for phase in (nd.nudge, nd.side_network):
            with pytest.raises(nd.ArgumentError, match="no outputs"):
                phase(net, settled[-1], np.zeros((3, 1)))

    # -- a sample's result does not depend on its company ------------------------------------------------------

    @pytest.mark.parametrize("company", [1, 3, 40, -40])
    def test_same_bits_in_any_company(self, net, rng, company):
        order = np.arange(40) if company > 0 else rng.permutation(40)
        x, start = draw_input(net, 40, rng), draw_state(net, 40, rng)
        y = draw_target(net, 40, rng)
        mine = int(order[:3][-1]) if company != 1 else 2
        group = np.array([mine]) if company == 1 else order[: abs(company)]
        k = int(np.flatnonzero(group == mine)[0])

        alone = nd.relax(net, at(x, mine), start=start[mine])
        eq = nd.relax(net, at(x, group), start=start[group])
        for name in ("state", "residual", "time", "status", "energy", "active"):
            assert same_bits(getattr(eq, name)[k], getattr(alone, name)), name
        path = nd.simulate(net, at(x, group), start=start[group], t_eval=TIMES)
        single = nd.simulate(net, at(x, mine), start=start[mine], t_eval=TIMES)
        assert same_bits(path.state[:, k], single.state)
        assert same_bits(path.velocity[:, k], single.velocity)
        if not net.n_out:
            return
        run = nd.nudge(net, eq, y[group], t_eval=TIMES, beta=0.01)
        lone = nd.nudge(net, alone, y[mine], t_eval=TIMES, beta=0.01)
        assert same_bits(run.displacement[:, :, k], lone.displacement)
        assert same_bits(run.displacement_rate[:, :, k], lone.displacement_rate)
        assert same_bits(run.critical_beta[k], lone.critical_beta)
        side = nd.side_network(net, eq, y[group], t_eval=TIMES)
        lonely = nd.side_network(net, alone, y[mine], t_eval=TIMES)
        assert same_bits(side.error_signal[:, k], lonely.error_signal)
        assert same_bits(side.integral[:, k], lonely.integral)

    # -- networks as values ------------------------------------------------------------------------------------

    def test_pickle_gives_an_equal_network(self, net, rng):
        copy = pickle.loads(pickle.dumps(net))
        assert copy == net
        assert copy is not net
        x, s = draw_input(net, 2, rng), draw_state(net, 2, rng)
        assert same_bits(copy.force(s, x), net.force(s, x))

    def test_replaced_parameters_leave_the_rest_alone(self, net):
        name = next(iter(net.parameters))
        changed = net.replace(parameters={name: 2.0 * net.parameters[name]})
        assert changed != net
        assert type(changed) is type(net)
        assert same_bits(full(changed.parameters[name]), full(2.0 * net.parameters[name]))
        for other in list(net.parameters)[1:]:
            assert same_bits(full(changed.parameters[other]), full(net.parameters[other]))
        assert same_bits(changed.tau, net.tau)
        assert changed.replace(parameters=net.parameters) == net

    def test_replaced_tau_leaves_the_rest_alone(self, net):
        changed = net.replace(tau=3.0)
        assert same_bits(changed.tau, np.full(net.n, 3.0))
        assert changed != net
        assert changed.parameters == net.parameters
        assert changed.replace(tau=net.tau) == net

    def test_tau_scales_velocities_only(self, net, rng):
        x, start = draw_input(net, 1, rng), draw_state(net, 1, rng)
        slow = net.replace(tau=3.0 * net.tau)
        solver = nd.Solver(rtol=1e-11, atol=1e-13)
        run = nd.simulate(net, x, start=start, t_eval=TIMES, solver=solver)
        late = nd.simulate(slow, x, start=start, t_eval=3.0 * TIMES, solver=solver)
        np.testing.assert_allclose(late.state, run.state, rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(3.0 * late.velocity, run.velocity, rtol=1e-6, atol=1e-7)

    def test_arrays_of_a_network_are_read_only(self, net):
        weights = [p if isinstance(p, np.ndarray) else p.data for p in net.parameters.values()]
        arrays = [net.tau, net.theta, net.layout, net.parameters.vector, *weights]
        assert not any(array.flags.writeable for array in arrays)
        with pytest.raises(dataclasses.FrozenInstanceError):
            net.tau = 1.0

    def test_same_seed_same_weights(self, net):
        kind = type(net)
        first, again, other = (kind(net.populations, net.connections, seed=seed) for seed in (3, 3, 4))
        assert first == again
        assert not np.array_equal(first.parameters.vector, other.parameters.vector)

    # -- results as values -------------------------------------------------------------------------------------

    def test_saved_results_load_equal(self, net, settled, tmp_path):
        x, start, y, eq = settled
        results = [eq, nd.simulate(net, x, start=start, t_eval=TIMES)]
        if net.n_out:
            results += [nd.nudge(net, eq, y, t_eval=TIMES), nd.side_network(net, eq, y, t_eval=TIMES)]
        results[-1].save(tmp_path / "result.nc")
        loaded = nd.load(tmp_path / "result.nc")
        assert loaded == results[-1]
        assert loaded.network == net
        for result in results:  # a file is slow, and the same for all of them
            assert from_dataset(result.to_xarray()) == result
            assert pickle.loads(pickle.dumps(result)) == result

    def test_results_are_read_only(self, net, settled):
        eq = settled[-1]
        arrays = {f.name: getattr(eq, f.name) for f in dataclasses.fields(eq) if "dims" in f.metadata}
        assert [k for k, v in arrays.items() if isinstance(v, np.ndarray) and v.ndim and v.flags.writeable] == []
        with pytest.raises(dataclasses.FrozenInstanceError):
            eq.state = 0.0

    # -- the second phase --------------------------------------------------------------------------------------

    def test_error_signal_is_minus_tau_over_beta_times_the_velocity(self, net, settled):
        if not net.n_out:
            pytest.skip("no outputs")
        _, _, y, eq = settled
        run = nd.nudge(net, eq, y, beta=0.01, t_eval=TIMES)
        np.testing.assert_array_equal(run.error_signal, -(net.tau) * np.mean(run.displacement_rate, axis=0))
        np.testing.assert_allclose(run.error_signal, -net.tau / 0.01 * run.velocity, rtol=1e-13)

    def test_side_network_is_the_derivative_of_the_later_cost(self, net, settled):
        if not net.n_out:
            pytest.skip("no outputs")
        x, _, y, eq = settled
        solver, h = nd.Solver(rtol=1e-12, atol=1e-14), 1e-4
        side = nd.side_network(net, eq, y, t_eval=[0.7], solver=solver)
        twin = self.twin(net)
        moves = np.where(eq.active[0], h, 0.0) * np.concatenate([np.eye(net.n), -np.eye(net.n)])
        values = None if x is None else np.tile(x[0], (2 * net.n, 1))
        later = nd.simulate(net, values, start=eq.state[0] + moves, t_eval=[0.7], solver=solver).state[0]
        costs = net.cost(later, np.tile(y[0], (2 * net.n, 1))).reshape(2, -1)
        slopes = (costs[0] - costs[1]) / (2 * h) / twin.argument_slope(eq.state[0])
        np.testing.assert_allclose(side.error_signal[0, 0], slopes, rtol=0, atol=2e-7)

    def test_implicit_gradient_is_that_of_the_cost_of_the_equilibrium(self, net, settled, rng):
        if not net.n_out or net.box.any():
            pytest.skip("no outputs, or bounds")
        x, start, y, _ = settled
        found = nd.gradient(net, x, y, method="implicit", start=start)
        for _ in range(2):
            direction = rng.normal(size=found.vector.size)
            direction /= np.linalg.norm(direction)
            costs = []
            for step in (1e-5, -1e-5):
                near = net.replace(parameters=Parameters(found.blocks, net.parameters.vector + step * direction))
                rest = nd.relax(near, x, start=start)
                costs.append(np.mean(near.cost(rest.state, y)))
            assert (costs[0] - costs[1]) / 2e-5 == pytest.approx(found.vector @ direction, abs=2e-9)


class NetworkContract(FlowContract):
    """For networks with an energy."""

    def test_energy_is_the_twins(self, net, rng):
        x, s = draw_input(net, 3, rng), draw_state(net, 3, rng)
        twin = self.twin(net)
        np.testing.assert_allclose(net.energy(s, x), [twin.energy(at(x, k), s[k]) for k in range(3)], rtol=1e-13)

    def test_force_is_minus_the_slope_of_the_energy(self, net, rng):
        x, s, h = draw_input(net, 2, rng), draw_state(net, 2, rng), 1e-5
        slopes = np.empty_like(s)
        for i in range(net.n):
            step = h * np.eye(net.n)[i]
            slopes[:, i] = (net.energy(s + step, x) - net.energy(s - step, x)) / (2 * h)
        twin = self.twin(net)
        by_argument = slopes / [twin.argument_slope(state) for state in s]
        np.testing.assert_allclose(net.force(s, x), -by_argument, rtol=1e-7, atol=2e-9)

    def test_hessian_is_the_twins_and_symmetric(self, net, rng):
        x, s = draw_input(net, 2, rng), draw_state(net, 2, rng)
        twin, full = self.twin(net), net.hessian(s, x)
        for k in range(2):
            np.testing.assert_allclose(full[k], twin.hessian(at(x, k), s[k]), rtol=1e-12, atol=1e-13)
            np.testing.assert_allclose(full[k], full[k].T, rtol=1e-13, atol=1e-14)

    def test_parameter_gradient_is_the_slope_along_the_vector(self, net, rng):
        x, s, h = draw_input(net, 2, rng), draw_state(net, 2, rng), 1e-4
        vector = net.parameters.vector
        slopes = np.empty_like(vector)
        for i in range(vector.size):
            step = h * np.eye(vector.size)[i]
            sides = [
                net.replace(parameters=Parameters(net.parameters.blocks, vector + sign * step)) for sign in (1, -1)
            ]
            slopes[i] = np.mean(sides[0].energy(s, x) - sides[1].energy(s, x)) / (2 * h)
        np.testing.assert_allclose(net.energy_gradient(s, x).vector, slopes, rtol=1e-7, atol=1e-9)

    def test_parameter_gradient_is_the_twins(self, net, rng):
        x, s = draw_input(net, 2, rng), draw_state(net, 2, rng)
        twin, found = self.twin(net), net.energy_gradient(s, x)
        expected = [twin.energy_gradient(at(x, k), s[k]) for k in range(2)]
        for name in found:
            mean = (expected[0][name] + expected[1][name]) / 2
            np.testing.assert_allclose(full(found[name]), mean, rtol=1e-12, atol=1e-14, err_msg=name)

    def test_energy_falls_along_the_free_phase(self, net, rng):
        x, start = draw_input(net, 3, rng), draw_state(net, 3, rng)
        run = nd.simulate(net, x, start=start, t_eval=np.linspace(0.0, 10.0, 101) ** 1.5)
        energy = np.array([net.energy(state, x) for state in run.state])
        assert np.all(np.diff(energy, axis=0) <= 1e-10)
        assert np.all(energy[-1] < energy[0])

    def test_relaxed_state_is_a_minimum(self, net, settled):
        x, _, _, eq = settled
        for k, matrix in enumerate(net.hessian(eq.state, x)):
            keep = eq.active[k]
            assert np.all(np.linalg.eigvalsh(matrix[np.ix_(keep, keep)]) > 0)

    def test_error_signal_is_the_side_networks(self, net, settled):
        if not net.n_out:
            pytest.skip("no outputs")
        _, _, y, eq = settled
        run = nd.nudge(net, eq, y, beta=1e-4, t_eval=TIMES[:4])
        side = nd.side_network(net, eq, y, t_eval=TIMES[:4])
        np.testing.assert_allclose(run.error_signal, side.error_signal, rtol=0, atol=1e-6)

    def test_energy_and_hessian_have_their_shapes(self, net, rng):
        x, s = draw_input(net, 3, rng), draw_state(net, 3, rng)
        for lead, pick in (((3,), slice(None)), ((), 0)):
            assert net.energy(s[pick], at(x, pick)).shape == lead
            assert net.hessian(s[pick], at(x, pick)).shape == (*lead, net.n, net.n)

    def test_relaxed_energy_is_that_of_the_state(self, net, settled):
        x, _, _, eq = settled
        np.testing.assert_allclose(eq.energy, net.energy(eq.state, x), rtol=1e-13)
