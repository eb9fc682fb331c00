"""The numbers of a portrait as plain data, and as the table that a person reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurodyn.cli.summary import plain
from neurodyn.cli.table import columns, number
from neurodyn.numerics.arrays import Array

if TYPE_CHECKING:
    from neurodyn.analysis.portraits.phase_plane import PhasePlane
    from neurodyn.analysis.portraits.portrait import Portrait
    from neurodyn.models import Model

#: The table has no more fixed points than these; the summary has all.
ROWS = 20


def summarise(model: Model, sample: int, found: Portrait) -> dict[str, Any]:
    """Everything a reader or a script wants to know; what is not a finite number is None."""
    from neurodyn.results.files import versions

    plane = found.free
    return plain(
        {
            "model": model.name,
            "title": model.title,
            "sample": sample,
            "axes": {
                "names": plane.names,
                "reason": found.reason,
                "others": plane.others,
                "window": [[axis[0], axis[-1]] for axis in (plane.first, plane.second)],
            },
            "has_energy": plane.has_energy,
            "fixed_points": _points(found),
            "limit_cycles": _cycles(found),
            "free": _plane(plane),
            "nudged": found.nudged and {"beta": found.nudged.beta, **_plane(found.nudged)},
            "nudged_path": _path(found),
            "basins": _basins(found),
            "versions": versions(),
        }
    )


def _points(found: Portrait) -> list[dict[str, Any]]:
    """The network's own fixed points, by rising energy, if there is one."""
    points = found.fixed_points
    position = found.free.coordinates(points.state)
    return [
        {
            "kind": points.kind[k],
            "index": points.index[k],
            "energy": points.energy[k],
            "slowest_rate": _slowest(points.rates[k]).real,
            "frequency": abs(_slowest(points.rates[k]).imag),
            "hits": points.hits[k],
            "position": position[k],
        }
        for k in range(len(points))
    ]


def _slowest(rates: Array) -> complex:
    """The rate whose real part is nearest to zero, complex where it turns; NaN where a bound holds every unit."""
    known = rates[np.isfinite(rates)]
    return complex(known[np.argmin(np.abs(known.real))]) if known.size else complex(np.nan)


def _plane(plane: PhasePlane) -> dict[str, Any]:
    points = plane.fixed_points
    names = ("kind", "index", "energy", "position", "off_plane")
    return {"fixed_points": [{name: getattr(points, name)[k] for name in names} for k in range(len(points))]}


def _path(found: Portrait) -> dict[str, Any] | None:
    path = found.path
    if path is None:
        return None
    return {
        "beta_c": path.critical_beta,
        "folds": path.folds,
        "from": path.beta.min(),
        "to": "infinity" if np.isinf(path.beta.max()) else path.beta.max(),
        "ended": path.ended,
    }


def _cycles(found: Portrait) -> list[dict[str, Any]]:
    return [
        {"period": cycle.period, "stable": cycle.stable, "multipliers": [[m.real, m.imag] for m in cycle.multipliers]}
        for cycle in found.cycles
    ]


def _basins(found: Portrait) -> list[dict[str, float]] | None:
    if found.basins is None:
        return None
    pairs = zip(found.basins.attractors.energy, found.basins.area, strict=True)
    return [{"energy": energy, "area": area} for energy, area in pairs]


def report(summary: dict[str, Any]) -> str:
    """The summary of a portrait as text."""
    names, points, has_energy = summary["axes"]["names"], summary["fixed_points"], summary["has_energy"]
    rows = [
        (
            point["kind"],
            str(point["index"]),
            number(point["energy"], 6) if has_energy else number(point["frequency"]),
            number(point["slowest_rate"]),
            str(point["hits"]),
            *(number(round(u, 9) + 0.0) for u in point["position"]),
        )
        for point in points[:ROWS]
    ]
    head = ("fixed point", "index", "energy" if has_energy else "frequency", "slowest rate", "hits", *names)
    lines = [f"{summary['model']}: {summary['title']}", "", columns(head, rows)]
    if len(points) > ROWS:
        lines.append(f"and {len(points) - ROWS} more{', of higher energy,' if has_energy else ''} in summary.json")
    facts = _facts(summary)
    width = max(len(name) for name, _ in facts)
    return "\n".join([*lines, "", *(f"{name.ljust(width)}  {text}" for name, text in facts)])


def _facts(summary: dict[str, Any]) -> list[tuple[str, str]]:
    axes, path, nudged = summary["axes"], summary["nudged_path"], summary["nudged"]
    facts = [
        (
            "plane",
            f"{' and '.join(axes['names'])} ({axes['reason']}), others {axes['others']}, sample {summary['sample']}",
        ),
        ("free", f"{_kinds(summary['free'])} in the plane"),
    ]
    for cycle in summary["limit_cycles"]:
        largest = sorted((float(np.hypot(*m)) for m in cycle["multipliers"]), reverse=True)[:2]
        kind = "stable" if cycle["stable"] else "unstable"
        shown = " and ".join(number(size) for size in largest)
        facts.append(("limit cycle", f"{kind}, period {number(cycle['period'], 6)}; largest multipliers {shown}"))
    if nudged:
        facts.append(("nudged", f"{_kinds(nudged)} in the plane at beta {number(nudged['beta'])}"))
    if path:
        folds = ", ".join(number(b) for b in path["folds"]) or "none"
        reach = path["to"] if isinstance(path["to"], str) else number(path["to"])
        facts.append(("s*(beta)", f"to beta {reach}; folds: {folds}; beta_c {number(path['beta_c'])}"))
    if summary["basins"] is not None:
        shares = [f"{basin['area']:.0%}" for basin in summary["basins"] if basin["area"] > 0.0]
        order = ", by rising energy" if summary["has_energy"] else ""
        facts.append(("basins", f"{', '.join(shares) or 'none'} of the plane{order}"))
    if not summary["has_energy"]:
        facts.append(("energy", "none: not all influence is mutual; no contours of it, and no figure"))
    parts = [f"{part} {number(seconds)}" for part, seconds in summary["seconds_by_part"].items()]
    return [*facts, ("seconds", f"{number(summary['seconds'])} ({', '.join(parts)})")]


def _kinds(plane: dict[str, Any]) -> str:
    kinds = [point["kind"] for point in plane["fixed_points"]]
    found = [f"{kinds.count(kind)} {kind}{'s' if kinds.count(kind) > 1 else ''}" for kind in dict.fromkeys(kinds)]
    return ", ".join(found) or "no fixed point"
