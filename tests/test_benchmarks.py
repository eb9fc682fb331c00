"""The benchmarks measure what they say, on a tiny case and with SciPy alone."""

import json
import re
from dataclasses import asdict
from functools import partial

import numpy as np
import pytest
from click.testing import CliRunner
from matplotlib.text import Text

from benchmarks import __main__ as command
from benchmarks import contest, diffrax_peer, learning, measure, methods, peers, precision, report, roofline, scaling
from benchmarks.cases import CASES, Case
from benchmarks.claims import Claim
from benchmarks.learning import LOOP
from benchmarks.record import OURS, Curve, Precision, Record, Row
from neurodyn.errors import DataError

TINY = Case("tiny", units=3, batch=2, outputs=4, end=5.0)


@pytest.fixture(scope="module")
def exact():
    return measure.reference(TINY)


@pytest.mark.parametrize("name", CASES)
def test_cases_are_what_their_titles_say(name):
    case = CASES[name].quick()
    assert f"{case.units:,} units" in case.title
    assert case.start.shape == (case.batch, case.units)
    assert case.times.shape == (case.outputs,)
    assert case.times[-1] == case.end


def test_reference_agrees_with_an_independent_solution(exact):
    assert exact.shape == (4, 2, 3)
    assert measure.independent_error(TINY, exact) < 1e-10


@pytest.mark.parametrize("make", [peers.neurodyn, peers.scipy])
def test_solver_meets_the_target_with_the_loosest_tolerance(exact, make):
    runner = make(TINY, 1)
    setting = measure.tune_tolerance(runner, exact, TINY.target)
    assert setting
    assert 1e-8 < setting.error <= TINY.target
    assert measure.largest_error(runner.states(runner.run(setting.rtol)), exact) == setting.error


def test_error_is_the_largest_and_infinite_where_a_state_is_missing(exact):
    states = exact[:, :1] + 0.0
    states[2, 0, 1] += 1e-3
    assert measure.largest_error(states, exact) == pytest.approx(1e-3)
    states[0, 0, 0] = np.nan
    assert measure.largest_error(states, exact) == np.inf


@pytest.mark.parametrize(("scale", "wanted"), [(1.0, 1e-6), (1e3, 1e-9), (1e-3, 1e-3), (1e-9, 1e-2), (1e9, None)])
def test_tolerance_is_found_from_either_side(scale, wanted):
    setting = measure.find_tolerance(lambda rtol: scale * rtol, 1e-6)
    if wanted is None:
        assert setting is None
    else:
        assert setting
        assert wanted / 10**measure.RESOLUTION <= setting.rtol <= wanted * (1.0 + 1e-9)


def test_turns_are_taken_after_one_round_that_does_not_count():
    calls = []
    taken = measure.in_turns({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, 2)
    assert "".join(calls) == "ababab"
    assert [len(times) for times in taken.values()] == [2, 2]


def test_missing_peer_is_said_in_one_sentence(exact):
    def absent():
        import a_solver_that_nobody_has  # type: ignore[import-not-found]  # noqa: F401

    held = contest.Contest(TINY, 1, lambda text: None)
    held.enter(contest.TORCH, absent)
    held.enter(OURS, lambda: peers.neurodyn(TINY, 1))
    held.enter(contest.SCIPY, lambda: peers.scipy(TINY, 1))
    record = Record(held.hold(rounds=2))
    table = report.case_table(record, "tiny", 1)
    assert "torchdiffeq: a_solver_that_nobody_has is not installed; the extra `bench` has it." in table
    assert record.find("tiny", 1, contest.TORCH) is None
    assert {OURS, contest.SCIPY, contest.PRODUCTS} == {row.peer for row in record.rows if row.seconds}


def test_solver_that_cannot_meet_the_target_is_said():
    held = contest.Contest(TINY, 1, lambda text: None)
    wrong = measure.Runner(lambda rtol: None, lambda found: held.exact + 1.0, TINY.batch)
    held.enter("wrong", lambda: wrong)
    assert held.rows[0].note == "did not come within 1e-06 of the reference at any tolerance"


@pytest.mark.parametrize("threads", [1, 2])
def test_roofline_runs_on_every_lane(threads):
    roofline.products(TINY, threads, 3)()


def test_variants_of_diffrax_differ_and_say_how():
    numerical = diffrax_peer.numerical_variants()
    parallel = diffrax_peer.parallel_variants(numerical[1], 256, 2)
    names = [v.describe() for v in [*numerical, *parallel[1:]]]
    assert len(set(names)) == len(names)
    assert {v.steps for v in parallel} == {numerical[1]}
    assert not any(v.devices for v in diffrax_peer.parallel_variants(numerical[0], 255, 2))


def test_ratio_is_the_median_over_rounds():
    ours, theirs = Row("pairs", 1, OURS, seconds=[1.0, 2.0, 1.0]), Row("pairs", 1, "SciPy", seconds=[5.0, 8.0, 3.0])
    record = Record([ours, theirs])
    assert theirs.ratio(ours) == 4.0
    assert Claim("pairs", 1, ("SciPy", "diffrax"), 4.0, 8.0).measured(record) == 4.0
    assert Claim("pairs", 1, ("SciPy",), 0.3, 0.2, bound=True).measured(record) == 0.25
    assert Claim("pairs", 2, ("SciPy",), 4.0, 8.0).measured(record) is None


@pytest.mark.parametrize(("bound", "verdicts"), [(False, ["missed", "met"]), (True, ["aim reached", "missed"])])
def test_verdict(bound, verdicts):
    claim = Claim("pairs", 1, ("SciPy",), 2.0, 1.5 if bound else 4.0, bound)
    assert [claim.verdict(ratio) for ratio in (1.5, 3.0)] == verdicts


def test_record_survives_json_and_is_drawn():
    curves = []
    for against, points in scaling.problems(quick=True).items():
        x = [float(x) for x, _, _ in points]
        curves.append(Curve(against, 1, x, [0.5 * a for a in x]))
    rows, line = [Row("pairs", 1, OURS, "tsit5", 1e-7, 1e-6, [1.0, 2.0])], [1e-2, 1e-6, 1e-13]
    precise = [Precision("pairs", 1, peer, line, [x**-0.1 for x in line]) for peer in (OURS, "another")]
    learned = [Row("784-500-10", 1, OURS, seconds=[0.01]), Row("784-500-10", 1, LOOP, seconds=[0.08])]
    record = Record(rows, curves, precise, learned, ["A remark."], {"system": "any"})
    again = Record.from_data(json.loads(json.dumps(asdict(record))))
    assert again == record
    assert again.curves[0].slope() == pytest.approx(1.0)
    assert "batch 1.00 on 1 thread" in report.text([again])
    assert len(scaling.plot_scaling(again).axes) == 4
    assert f"{1e-9**-0.1:.2g}" in report.text([again])
    assert re.search(r"drive once +\| +12 \| +8\.00", report.text([again]))
    assert re.search(r"784-500-10, 20 steps.*8\.00, aim reached", report.text([again]))
    assert len(precision.plot_precision(again).axes) == 1
    for drawn in (scaling.plot_scaling(again), precision.plot_precision(again)):
        assert min(float(text.get_fontsize()) for text in drawn.findobj(Text)) > 5.0


def test_a_solver_looks_the_same_in_all_panels_and_once_in_the_legend():
    """Also where one that comes before it takes part in some panels alone."""
    entered = [("pairs", ("a", "b", "c")), ("single", ("a", "c"))]
    curves = [Precision(case, 1, peer, [1e-3, 1e-6], [1.0, 2.0]) for case, peers in entered for peer in peers]
    pairs, single = precision.plot_precision(Record(precision=curves)).axes
    look = {line.get_label(): (line.get_color(), line.get_marker()) for line in pairs.lines}
    assert {line.get_label(): (line.get_color(), line.get_marker()) for line in single.lines} == {
        peer: look[peer] for peer in ("a", "c")
    }
    legend = single.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["a", "b", "c"]


def test_files_of_earlier_versions_have_no_training():
    data = asdict(Record(machine={"system": "any"}))
    del data["training"]
    assert Record.from_data(data).training == []


def test_learners_take_one_minibatch_after_another():
    taken: list[tuple[int, int]] = []
    work = learning._in_stretches(lambda first, last: taken.append((first, last)), 3)
    work()
    work()
    assert taken == [(0, 3), (3, 6)]


def test_training_without_images_is_said(monkeypatch):
    def missing(*arguments):
        raise DataError("MNIST is not here.")

    monkeypatch.setattr(learning, "_learners", missing)
    (row,) = learning.measure_training("784-500-10", 1, 2, quick=True)
    assert report.training_table(Record(training=[row]), "784-500-10", 1) == f"{OURS}: MNIST is not here."


def test_times_at_equal_error_lie_on_lines_between_logarithms():
    found = Precision("pairs", 1, OURS, [1e-3, np.inf, 1e-5, 1e-9], [1.0, 9.0, 4.0, 64.0])
    assert found.seconds_at(1e-4) == pytest.approx(2.0)
    assert found.seconds_at(1e-7) == pytest.approx(16.0)
    assert found.seconds_at(1e-10) is None


def test_every_solver_comes_closer_with_its_tolerance():
    found = precision.measure_precision(TINY, 1, tolerances=(1e-3, 1e-6, 1e-9))
    assert {OURS, precision.RELAX5, precision.DOP853} <= {curve.peer for curve in found}
    for curve in found:
        assert curve.error[2] < 1e-4 * curve.error[0]
        assert min(curve.seconds) > 0.0


def test_documentation_keeps_what_stands_around_the_results(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"Before.\n\n{report.BEGIN}\nold\n{report.END}\n\nAfter.\n", "utf-8")
    report.write_docs([Record(remarks=["New."])], page)
    written = page.read_text("utf-8")
    assert written.startswith("Before.")
    assert written.endswith("After.\n")
    assert "New." in written
    assert "old" not in written


def test_page_has_instructions_side_by_side_and_parts_of_a_run_together(tmp_path):
    files = []
    for k, (words, peer, taken) in enumerate([("wide", OURS, 1.0), ("narrow", OURS, 2.0), ("wide", "diffrax", 5.0)]):
        record = Record([Row("pairs", 1, peer, seconds=[taken])], machine={"instructions": words})
        files += ["--records", str(tmp_path / f"{k}.json")]
        (tmp_path / f"{k}.json").write_text(json.dumps(asdict(record)))
    (tmp_path / "3.json").write_text((tmp_path / "2.json").read_text().replace("wide", "narrow"))
    written = CliRunner().invoke(command.main, [*files, "--records", str(tmp_path / "3.json")]).output
    assert re.search(r"wide +\| +narrow", written)
    assert re.search(r"5\.00, met +\| 2\.50, missed", written)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{}", "no file that --json"),
        ("[", "no file that --json"),
        (json.dumps(asdict(Record())), "does not say on which"),
    ],
)
def test_other_files_are_no_records(tmp_path, text, words):
    (tmp_path / "other.json").write_text(text)
    result = CliRunner().invoke(command.main, ["--records", str(tmp_path / "other.json")])
    assert result.exit_code == 2
    assert words in " ".join(result.output.replace("│", " ").split())


@pytest.mark.parametrize(
    "arguments", [["--threads", "0"], ["--threads", "two"], ["--case", "pair"], ["--docs", "--quick"]]
)
def test_wrong_option_is_said(arguments):
    result = CliRunner().invoke(command.main, arguments)
    assert result.exit_code == 2
    assert "Error" in result.output


def test_forces_are_counted_at_equal_error():
    forces = methods.costs(partial(methods.resting, 2, 10, 1))
    assert forces.shape == (len(methods.METHODS), len(methods.TARGETS))
    assert np.all(np.diff(forces, axis=1) > 0.0)  # smaller errors cost more
    assert np.all(forces[0] < forces[1:])
    exact, _ = methods.resting(2, 10, 1, methods.TIGHTEST)
    state, used = methods.resting(2, 10, 1, methods.Solver("relax5", rtol=1e-6, atol=1e-7))
    assert (used - 2) * 10 % 6 == pytest.approx(0.0, abs=1e-9)  # six an attempt, two to begin, none to record
    error = np.abs(state - exact).max()
    between = [np.interp(np.log(error), np.log(methods.TARGETS[::-1]), row) for row in np.log(forces[:, ::-1])]
    assert np.log(used) == pytest.approx(between[0], abs=0.1)
