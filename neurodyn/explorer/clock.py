"""The clock of a sheet: a slider of the time with run, step and reset, which runs in the browser alone."""

from __future__ import annotations

from bokeh.models import Button, ColumnDataSource, CustomJS, Slider, Span, Toggle

from neurodyn.explorer.figures import Signals

#: Times of a whole run, and of how many the button for one step is; how long each is shown, in milliseconds.
TIMES, STEP, PAUSE = 240, 10, 40

#: Puts the dots of the plane and the hands of the signals to the slider's time.
_SHOW = """
const t = slider.value
for (const hand of hands) {
    if (hand.location !== undefined) { hand.location = t } else { hand.left = t }
}
const {t: times, x, y} = tracks.data
const at = {x: [], y: []}
for (let k = 0; k < times.length; k++) {
    const own = times[k], last = own.length - 1
    if (last < 0) continue
    let j = 0
    while (j < last && own[j + 1] <= t) j++
    const next = Math.min(j + 1, last)
    const share = next > j ? Math.min(1, Math.max(0, (t - own[j]) / (own[next] - own[j]))) : 0
    at.x.push(x[k][j] + share * (x[k][next] - x[k][j]))
    at.y.push(y[k][j] + share * (y[k][next] - y[k][j]))
}
dots.data = at
"""
_RUN = """
clearInterval(run.clock)
run.label = run.active ? "Pause" : "Run"
if (run.active) {
    if (slider.value >= slider.end - slider.step / 2) slider.value = slider.start
    run.clock = setInterval(() => {
        const next = slider.value + (slider.end - slider.start) / times
        if (next >= slider.end) { slider.value = slider.end; run.active = false } else { slider.value = next }
    }, pause)
}
"""
_STEP = "run.active = false; slider.value = Math.min(slider.end, slider.value + step * slider.step)"
_RESET = "run.active = false; slider.value = slider.start"


class Clock:
    """The slider and its buttons; `widgets` in their order."""

    def __init__(self, tracks: ColumnDataSource, dots: ColumnDataSource, signals: Signals) -> None:
        slider = Slider(title="time t", start=-1.0, end=1.0, value=1.0, step=0.01, format="0.00", syncable=False)
        slider.update(sizing_mode="stretch_width", min_width=200)
        run = Toggle(label="Run", button_type="primary", width=80, syncable=False)
        step, reset = Button(label="Step", width=70), Button(label="Reset", width=70)
        shown = {"slider": slider, "tracks": tracks, "dots": dots, "hands": signals.hands}
        show = CustomJS(args=shown, code=_SHOW)
        slider.js_on_change("value", show)
        tracks.js_on_change("data", show)
        args = {"slider": slider, "run": run}
        run.js_on_change("active", CustomJS(args={**args, "times": TIMES, "pause": PAUSE}, code=_RUN))
        step.js_on_event("button_click", CustomJS(args={**args, "step": STEP}, code=_STEP))
        reset.js_on_event("button_click", CustomJS(args=args, code=_RESET))
        self.slider, self.signals, self.tracks, self.dots = slider, signals, tracks, dots
        self.widgets = [run, step, reset, slider]

    def stand_at_end(self, start: float, end: float) -> None:
        """Go from `start` to `end`, and stand there, as the page is before anybody has touched it."""
        self.slider.update(start=start, end=end, step=(end - start) / TIMES, value=end)
        self.signals.span.update(start=start, end=end)
        for hand in self.signals.hands:
            hand.update(**{"location" if isinstance(hand, Span) else "left": end})
        self.dots.data = {name: [way[-1] for way in self.tracks.data[name] if len(way)] for name in ("x", "y")}
