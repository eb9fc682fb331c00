"""Sliders and menus of the page; each calls back with what was set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from bokeh.models import Button, Select, Slider

from neurodyn.explorer.settings import FEW_INPUTS, Settings
from neurodyn.explorer.subject import Subject
from neurodyn.explorer.view import View, unit_names

#: Calls back with fields of `Settings`.
Change = Callable[..., None]

#: Ranges of the strengths, and the steps of their sliders.
BETA, GAIN, NOISE, TAU = (-1.0, 2.0, 0.02), (0.0, 3.0, 0.02), (0.0, 0.5, 0.005), (0.1, 10.0, 0.1)
#: Units that the menus of axes have.
UNITS = 400
#: The two kinds of planes.
CHOSEN, PRINCIPAL = "two units", "principal directions"
WIDTH = 190
SMALL = ":host { font-size: 12px; } label, .bk-slider-title { font-size: 12px; color: #444; }"


def sliders(subject: Subject, settings: Settings, change: Change) -> list[Slider]:
    """Sliders for all strengths, time constants and inputs."""
    found = []
    if subject.y is not None:
        found.append(_slider("β, nudging", settings.beta, BETA, lambda value: change(beta=value)))
    found.append(_slider("gain, × all weights", settings.gain, GAIN, lambda value: change(gain=value)))
    found.append(_slider("Θ, noise", settings.temperature, NOISE, lambda value: change(temperature=value)))
    return [*found, *_time_constants(subject, settings, change), *_inputs(subject, settings, change)]


def _time_constants(subject: Subject, settings: Settings, change: Change) -> list[Slider]:
    """One for each free population, a factor."""
    factors = list(settings.tau)

    def setter(which: int) -> Callable[[float], None]:
        def set_one(value: float) -> None:
            factors[which] = value
            change(tau=tuple(factors))

        return set_one

    names = [population.name for population in subject.network.graph.free]
    return [_slider(f"τ of {name}, ×", factors[k], TAU, setter(k)) for k, name in enumerate(names)]


def _inputs(subject: Subject, settings: Settings, change: Change) -> list[Slider]:
    """One for each of a few inputs; of many one factor."""
    own = settings.inputs.copy()
    if not own.size:
        return []
    if own.size > FEW_INPUTS:
        return [_slider("input x, ×", 1.0, (0.0, 2.0, 0.02), lambda factor: change(inputs=factor * own))]
    values, found = own.copy(), []

    def setter(which: int) -> Callable[[float], None]:
        def set_one(value: float) -> None:
            values[which] = value
            change(inputs=values.copy())

        return set_one

    for k, value in enumerate(own):
        reach = max(1.0, 2.0 * abs(float(value)))
        found.append(_slider(f"input x[{k}]", float(value), (-reach, reach, reach / 50.0), setter(k)))
    return found


def _slider(title: str, value: float, span: tuple[float, float, float], set_value: Callable[[float], None]) -> Slider:
    low, high, step = span
    made = Slider(title=title, start=low, end=high, step=step, value=value, width=WIDTH, stylesheets=[SMALL])
    made.on_change("value", lambda _attribute, _old, new: set_value(float(new)))
    return made


def menu(title: str, value: str, options: list[Any], chosen: Callable[[str], None], width: int = 150) -> Select:
    """A menu that calls back with what was chosen."""
    made = Select(title=title, value=value, options=options, width=width, stylesheets=[SMALL])
    made.on_change("value", lambda _attribute, _old, new: chosen(str(new)))
    return made


def axis_menus(subject: Subject, view: View, look: Callable[[tuple[int, int] | str], None]) -> list[Select]:
    """Menus for the kind of plane and for its two units."""
    options = [(str(i), name) for i, name in unit_names(subject, UNITS)]
    units = view.units or (0, 1)
    if max(units) >= UNITS:
        options += [(str(i), name) for i, name in zip(view.units or (), view.names, strict=True) if i >= UNITS]

    def look_at_units(_: str = "") -> None:
        look((int(across.value), int(up.value)))

    def look_at(kind: str) -> None:
        across.disabled = up.disabled = kind == PRINCIPAL
        if kind == PRINCIPAL:
            look("principal")
        else:
            look_at_units()

    across = menu("horizontal", str(units[0]), options, look_at_units, 110)
    up = menu("vertical", str(units[1]), options, look_at_units, 110)
    kind = menu("plane", CHOSEN if view.units else PRINCIPAL, [CHOSEN, PRINCIPAL], look_at)
    across.disabled = up.disabled = view.units is None
    return [kind, across, up]


def sample_menu(subject: Subject, sample: int, chosen: Callable[[int], None]) -> Select:
    """A menu of samples, each with its label if targets are one-hot."""
    names = [str(k) for k in range(len(subject))]
    y = subject.y
    if y is not None and y.shape[1] > 1 and np.all(np.sort(y, axis=1) == np.eye(y.shape[1])[-1]):
        names = [f"{k}: label {int(label)}" for k, label in enumerate(np.argmax(y, axis=1))]
    options = [(str(k), name) for k, name in enumerate(names)]
    return menu("sample", str(sample), options, lambda value: chosen(int(value)), 110)


def button(label: str, pressed: Callable[[], None], width: int) -> Button:
    """A button that calls back."""
    made = Button(label=label, width=width)
    made.on_click(lambda _event: pressed())
    return made
