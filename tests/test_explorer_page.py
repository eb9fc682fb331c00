"""The explorer's page in a real browser: clicks, drags, sliders, menus, a second session, and the exported file."""

import contextlib
import http.client
import os
import shutil

import numpy as np
import pytest

import neurodyn as nd
from neurodyn.explorer.export import page_text
from neurodyn.explorer.session import Session
from neurodyn.explorer.subject import read

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

MODEL = "two-neurons"
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
OPTIONS = ["--headless", "--no-sandbox", "--no-first-run"]
OPTIONS += [f"--disable-{what}" for what in ("gpu", "quic", "background-networking", "component-update", "sync")]
PATIENCE = 25_000
pytestmark = [
    pytest.mark.skipif(BROWSER is None, reason="no chromium, chromium-browser or google-chrome on PATH"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # of the browser's pipes, which playwright closes late
]

#: What is on the page, by what is seen of it.
LOOK = """() => {
    const all = [...Bokeh.documents[0].all_models]
    const columns = m => m.data instanceof Map ? Object.fromEntries(m.data) : m.data
    const tables = all.filter(m => m.type === "ColumnDataSource").map(columns)
    const table = (...names) => tables.filter(t => names.every(n => n in t))
    const said = m => m.title?.text ?? m.title ?? ""
    const titled = (type, text) => all.filter(m => m.type === type && said(m).includes(text))
    const text = name => all.findLast(m => m.name === name)?.text ?? ""
    return {
        title: titled("Figure", "low").at(-1).title.text,
        starts: table("x", "y", "fill").filter(t => !("kind" in t)).map(t => [...t.x].map((x, k) => [x, t.y[k]])).pop(),
        kinds: table("kind").at(-1).kind,
        beta: titled("Slider", "β").at(-1)?.value,
        time: titled("Slider", "time").at(-1).value,
        models: titled("Select", "model").at(-1)?.value,
        trouble: text("trouble"), report: text("report"),
        manifolds: table("xs", "color").length,
    }
}"""
DRAWN = """() => {
    const figures = [...(window.Bokeh?.documents[0]?.all_models ?? [])].filter(m => m.type === "Figure")
    return figures.length && figures.every(m => m.inner_width > 0) && Bokeh.documents[0].is_idle
}"""
SET = """([type, title, value]) => {
    const all = [...Bokeh.documents[0].all_models]
    all.findLast(m => m.type === type && m.title === title).value = value  // that of the last sheet
}"""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    with playwright.sync_playwright() as tool:
        profile = tmp_path_factory.mktemp("profile")
        context = tool.chromium.launch_persistent_context(str(profile), executable_path=BROWSER, args=OPTIONS)
        yield context
        context.close()


@pytest.fixture(scope="module")
def explorer(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("NEURODYN_DATA", raising=False)  # so that mnist is a model that cannot be read
        made = nd.explore(MODEL)
        assert made.address.startswith("http://127.0.0.1:")
        yield made
        made.close()


@pytest.fixture
def sheet(chromium, explorer):
    opened = show(chromium, explorer.address)
    yield opened
    assert opened.problems == []
    opened.close()


def show(chromium, address):
    page = chromium.new_page()
    page.set_viewport_size({"width": 1280, "height": 800})
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("console", lambda said: page.problems.append(said.text) if said.type == "error" else None)
    page.goto(address)
    page.wait_for_selector(".bk-Figure", timeout=PATIENCE)
    page.wait_for_function(DRAWN, timeout=PATIENCE)
    return page


def wait(page, condition):
    """What is on the page as soon as a condition on it holds."""
    with contextlib.suppress(playwright.TimeoutError):
        page.wait_for_function(f"() => {{ const page = ({LOOK})(); return {condition} }}", timeout=PATIENCE)
    found = page.evaluate(LOOK)
    assert page.evaluate(f"() => {{ const page = ({LOOK})(); return {condition} }}"), (condition, found, page.problems)
    return found


def place(page, across, up):
    """Where a part of the plane's frame is in the window."""
    box = page.locator(".bk-Figure").first.bounding_box()
    return box["x"] + 70 + across * (box["width"] - 100), box["y"] + 40 + up * (box["height"] - 100)


def test_clicks_start_trajectories_drags_move_them_and_sliders_move_fixed_points(sheet):
    first = sheet.evaluate(LOOK)
    assert sorted(first["kinds"]) == ["saddle", "stable node", "stable node"]
    assert len(first["starts"]) == 4
    assert "% of the side network" in first["report"]
    sheet.mouse.click(*place(sheet, 0.15, 0.7))
    clicked = wait(sheet, "page.starts.length === 5")
    sheet.mouse.move(*place(sheet, 0.15, 0.7))
    sheet.mouse.down()
    sheet.mouse.move(*place(sheet, 0.4, 0.2), steps=4)
    sheet.mouse.move(*place(sheet, 0.8, 0.15), steps=4)
    sheet.mouse.up()
    moved = wait(sheet, f"page.starts[4][0] > {clicked['starts'][4][0] + 2.0}")
    assert np.allclose(moved["starts"][:4], first["starts"], atol=1e-3)
    sheet.evaluate(SET, ["Slider", "β, nudging", 0.2])
    assert wait(sheet, "page.title.endsWith('β = 0.2')")["trouble"] == ""
    sheet.evaluate(SET, ["Slider", "gain, × all weights", 0.4])
    assert wait(sheet, "page.kinds.length === 1")["kinds"] == ["stable node"]


def test_the_clock_runs_steps_and_is_reset(sheet):
    end = sheet.evaluate(LOOK)["time"]
    sheet.get_by_role("button", name="Reset").click()
    begin = wait(sheet, f"page.time < {-0.5 * end}")["time"]
    sheet.get_by_role("button", name="Step").click()
    stepped = wait(sheet, f"page.time > {begin}")["time"]
    sheet.get_by_role("button", name="Run").click()
    wait(sheet, f"page.time > {stepped + 0.05 * (end - begin)}")
    sheet.get_by_role("button", name="Pause").click()


def test_a_second_session_is_beside_the_first(sheet, chromium, explorer):
    other = show(chromium, explorer.address)
    sheet.evaluate(SET, ["Slider", "β, nudging", -0.3])
    wait(sheet, "page.title.endsWith('β = -0.3')")
    assert other.evaluate(LOOK)["title"].endswith("β = 0.5")
    other.close()


def test_what_fails_is_said_and_the_session_goes_on(sheet):
    sheet.evaluate(SET, ["Select", "model", "mnist"])
    failed = wait(sheet, "page.trouble.includes('NEURODYN_DATA')")
    assert failed["title"] == "Nudged flow, β = 0.5"
    sheet.evaluate(SET, ["Slider", "β, nudging", 0.1])
    assert wait(sheet, "page.title.endsWith('β = 0.1')")["trouble"] == ""
    assert sheet.evaluate(LOOK)["models"] == MODEL


def test_foreign_origins_are_refused(explorer):
    host = explorer.address.removeprefix("http://").rstrip("/")
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    upgrade |= {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": "bokeh"}
    answers = {}
    for origin in ("http://example.org", "http://127.0.0.1:1", f"http://{host}"):
        connection = http.client.HTTPConnection(host, timeout=PATIENCE / 1000)
        connection.request("GET", "/ws", headers=upgrade | {"Origin": origin})
        with contextlib.closing(connection), connection.getresponse() as answer:
            answers[origin] = answer.status
    assert answers.pop(f"http://{host}") != 403
    assert set(answers.values()) == {403}


@pytest.mark.slow  # test_explorer.py looks at the page as a text
def test_an_exported_page_works_from_a_file_without_a_network(chromium, tmp_path):
    file = tmp_path / "page.html"
    file.write_text(page_text(Session(read(MODEL)), betas=np.array([0.0, 0.25, 0.5])), "utf-8")
    assert os.path.getsize(file) < 5_000_000
    chromium.set_offline(True)
    page = show(chromium, file.as_uri())
    assert page.evaluate(LOOK)["title"] == "Nudged flow, β = 0.5"
    page.evaluate(SET, ["Slider", "β, nudging", 0.25])
    assert wait(page, "page.title.endsWith('β = 0.25')")["beta"] == 0.25
    page.evaluate(SET, ["Slider", "β, nudging", 0])
    assert wait(page, "page.title === 'Free flow'")
    page.evaluate(SET, ["Slider", "time t", 0])
    assert page.problems == []
    chromium.set_offline(False)
