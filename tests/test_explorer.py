"""The explorer without a page: a session's settings, and the arrays that follow from them."""

import re
import socket
import sys

import numpy as np
import pytest
from click.testing import CliRunner

import neurodyn as nd
from neurodyn import cli, models
from neurodyn.errors import ArgumentError
from neurodyn.explorer.plane_frame import plane_of
from neurodyn.explorer.session import Session
from neurodyn.explorer.settings import Settings, network_of
from neurodyn.explorer.sheet import pack, parts
from neurodyn.explorer.subject import MOST_STARTS, Subject, read

MODEL = "two-neurons"


@pytest.fixture(scope="module")
def subject():
    return read(MODEL)


@pytest.fixture
def session(subject):
    return Session(subject)


def call(*arguments):
    return CliRunner().invoke(cli.main, ["explore", *map(str, arguments)])


def ends(table):
    return np.array([[x[-1], y[-1]] for x, y in zip(table["xs"], table["ys"], strict=True)])


def test_a_frame_has_the_fixed_points_manifolds_and_phases_of_its_settings(session, subject):
    frame = session.frame(manifolds=True)
    rest = nd.relax(subject.network, subject.x, start=subject.start)
    nudged = nd.nudge(subject.network, rest, subject.y, beta=0.5, nudging="positive")
    side = nd.side_network(subject.network, rest, subject.y)
    tables = frame.tables
    assert sorted(tables["points"]["kind"]) == ["saddle", "stable node", "stable node"]
    assert tables["points"]["fill"].count("white") == 1
    assert np.abs(ends(tables["free ways"]) - rest.state).max() < 0.01
    assert np.abs(ends(tables["nudged ways"]) - nudged.state[-1]).max() < 0.01
    points = np.stack([tables["points"]["x"], tables["points"]["y"]], axis=1)
    assert np.abs(points[:, None] - nudged.state[-1][None]).max(axis=2).min(axis=0).max() < 1e-6
    assert len(tables["stable manifolds"]["xs"]) == len(tables["unstable manifolds"]["xs"]) == 2
    # the error signals on the time axis begin as the side network does, at dC/ds
    first = [line[0] for line in tables["side s"]["ys"]]
    assert first == pytest.approx(side.error_signal[0, 0])
    assert [line[0] for line in tables["signal s"]["ys"]] == pytest.approx(first)
    assert frame.span[0] < 0.0 < frame.span[1]
    assert frame.trouble == ""
    assert network_of(subject, session.settings) is subject.network


def test_at_beta_0_velocities_are_the_error_signals(session):
    assert session.motion.error > 0.01
    session.change(beta=0.0)
    assert session.motion.error < 1e-6
    assert session.frame().title == "Free flow"


def test_sliders_change_the_network_as_they_say(session, subject):
    session.change(gain=0.5, tau=(2.0,), inputs=np.array([0.1]))
    network = network_of(subject, session.settings)
    own = subject.network
    assert np.array_equal(network.tau, 2.0 * own.tau)
    assert np.array_equal(network.parameters["s-s"], 0.5 * own.parameters["s-s"])
    assert np.array_equal(network.parameters["s"], own.parameters["s"])
    expected = nd.relax(network, [0.1], start=subject.start[0]).state
    assert session.frame().tables["points"]["kind"] == ["stable node"]  # below a coupling of 1
    assert np.abs(session.motion.rest[0] - expected).max() < 1e-9


def test_noise_moves_states_and_leaves_error_signals_alone(session):
    quiet = session.motion
    session.change(temperature=0.05)
    noisy = session.motion
    assert np.abs(noisy.free - quiet.free).max() > 0.05
    assert np.abs(noisy.nudged - quiet.nudged).max() > 0.05
    assert np.array_equal(noisy.signal, quiet.signal)


def test_starts_are_added_moved_selected_and_left_out(session):
    place = np.array([0.9, -0.2])
    session.begin_at(place)
    settings = session.settings
    assert settings.selected == len(settings.starts) - 1 == 4
    assert settings.starts[4] == pytest.approx(place)
    assert session.near(place + 0.05) == 4
    assert session.near(np.array([0.9, 0.9])) is None
    session.move_to(np.array([0.1, 1.0]))
    assert np.abs(session.settings.starts[4] - [0.1, 1.0]).max() < 1e-12
    assert session.frame().tables["free s"]["ys"][0][0] == pytest.approx(0.1)
    for k in range(2 * MOST_STARTS):
        session.begin_at(np.array([0.01 * k, 0.0]))
    assert len(session.settings.starts) == MOST_STARTS
    session.keep_one()
    assert len(session.settings.starts) == 1
    assert session.settings.starts[0][0] == pytest.approx(0.01 * (2 * MOST_STARTS - 1))


def test_many_units_are_seen_along_two_of_them_or_principal_directions():
    net = models.Hopfield.layered([3, 4, 2], seed=2)
    session = Session(Subject.of(net, [[0.9, -0.5, 0.7]] * 2, [[0.8, -0.4]] * 2))
    assert set(session.view.shown) == {"h1", "y"}
    session.look((0, 5))
    assert session.view.names == ("h1[0]", "y[1]")
    at_units = session.frame()
    assert at_units.title == "Nudged flow, β = 0.5, others frozen"
    session.look("principal")
    frame, basis = session.frame(), session.view.plane.basis
    assert np.abs(basis @ basis.T - np.eye(2)).max() < 1e-12
    states = session.motion.states
    spread = np.linalg.svd(states - states.mean(axis=0), compute_uv=False)
    seen = session.view.coordinates(states)
    assert np.linalg.norm(seen - seen.mean(axis=0), axis=0) == pytest.approx(spread[:2])
    # the plane goes through where the nudged phase ends, so that this is a fixed point of it
    points = np.stack([frame.tables["points"]["x"], frame.tables["points"]["y"]], axis=1)
    assert np.abs(points - ends(frame.tables["nudged ways"])[0]).max(axis=1).min() < 5e-3
    plane = plane_of(session.subject, session.settings, session.view, session.motion).flow.plane
    end = session.motion.nudged[-1]
    assert np.abs(plane.states(plane.coordinates(end)) - end).max() < 1e-12
    place = session.view.coordinates(session.settings.starts[0]) + np.array([0.1, 0.0])
    session.move_to(place)
    assert np.abs(session.view.coordinates(session.settings.starts[0]) - place).max() < 1e-12


def test_a_network_that_never_rests_is_shown_with_a_sentence():
    connection = nd.Connection("s", "s", feedback="random")
    ring = models.Rate({"s": {"size": 3, "activation": "tanh"}}, [connection])
    turn = np.array([[0.0, -3.0, 0.0], [0.0, 0.0, -3.0], [-3.0, 0.0, 0.0]])
    net = ring.replace(parameters={"s-s": turn, "s": np.zeros(3)})
    session = Session(Subject.of(net, start=[0.5, -0.2, 0.1]))
    frame = session.frame()
    assert "never rests" in frame.trouble
    assert len(frame.tables["free ways"]["xs"]) == 1
    assert session.view.units is None  # principal directions of the motion


def test_frames_are_packed_with_few_digits_and_no_nan(session):
    session.change(beta=-0.9)
    text = pack(parts(session.frame()))
    assert "NaN" not in text
    assert "Infinity" not in text
    assert len(text) < 250_000


def test_what_cannot_be_explored_is_refused_in_one_sentence():
    for arguments, sentence in (
        (("nowhere.toml",), "no such model file"),
        ((MODEL, "--port", "70000"), "`port` must be a whole number from 0 to 65,535; got 70000"),
        ((MODEL, "--export", "page.pdf"), "`--export` must end in .html; got 'page.pdf'"),
    ):
        result = call(*arguments)
        assert result.exit_code == 2
        assert sentence in result.stderr
        assert result.stderr.count("\n") == 1
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = call(MODEL, "--port", taken.getsockname()[1])
    assert result.exit_code == 2
    assert "cannot be used (" in result.stderr
    with pytest.raises(ArgumentError, match="are for a network of your own"):
        nd.explore(MODEL, x=[0.5])
    with pytest.raises(ArgumentError, match="a phase plane needs two"):
        nd.explore(models.Hopfield.recurrent(1))


def test_without_bokeh_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "bokeh", None)
    result = call(MODEL)
    assert result.exit_code == 2
    sentence = "the explorer needs Bokeh, which is not installed: pip install 'neurodyn[explore]'"
    assert result.stderr == f"neurodyn: {sentence}\n"


def test_settings_are_those_of_the_sample(subject):
    settings = Settings.of(subject, 2)
    assert np.array_equal(settings.starts[0], subject.start[2])
    assert len(settings.starts) == len(subject)  # the others have the same input and target


def test_an_error_inside_is_a_sentence_on_the_page_and_the_session_goes_on(subject, monkeypatch, capsys):
    from bokeh.document import Document

    from neurodyn.explorer.page import Page

    page = Page(Document(), subject)
    with monkeypatch.context() as patch:
        patch.setattr(page.session, "open", lambda *_: 1 / 0)
        page.open_sample(1)
    assert "a fault of the program: ZeroDivisionError: division by zero" in page.inbox.data["packed"][0]
    assert "Traceback" in capsys.readouterr().err
    page.open_sample(1)
    assert page.session.settings.sample == 1


def test_an_exported_page_needs_no_network(session):
    pytest.importorskip("bokeh", reason="bokeh is not installed: it comes with the extra [explore]")
    from neurodyn.explorer.export import page_text

    text = page_text(session, betas=np.array([0.0, 0.5]))
    assert len(text) < 5_000_000
    assert "Nudged flow" in text
    assert re.findall(r"<(?:script|link)[^>]*(?:src|href)=", text) == []
