"""Tables and numbers as a person reads them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any


def columns(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table with a line under its head; columns of numbers stand right."""
    cells = [tuple(head), *(tuple(row) for row in rows)]
    widths = [max(len(row[k]) for row in cells) for k in range(len(head))]
    right = [all(row[k].lstrip("-")[:1].isdigit() and " " not in row[k] for row in cells[1:]) for k in range(len(head))]
    lines = [
        "  ".join(cell.rjust(w) if r else cell.ljust(w) for cell, w, r in zip(row, widths, right, strict=True)).rstrip()
        for row in cells
    ]
    lines.insert(1, "  ".join("-" * w for w in widths))
    return "\n".join(lines)


def number(value: float | None, digits: int = 3) -> str:
    """A number in few digits; a dash for one that does not exist."""
    return "-" if value is None else f"{value:.{digits}g}"


def report(summary: dict[str, Any]) -> str:
    """The summary of a run as text."""
    populations = [
        (name, str(p["units"]), p["activation"], _range(p["tau"]), number(p["max_relative_error"]))
        for name, p in summary["populations"].items()
    ]
    populations.append(("all", str(sum(int(p[1]) for p in populations)), "", "", number(summary["max_relative_error"])))
    head = ("population", "units", "activation", "tau", "max relative error")
    facts = _facts(summary)
    width = max(len(name) for name, _ in facts)
    lines = [f"{name.ljust(width)}  {text}" for name, text in facts]
    return "\n".join([f"{summary['model']}: {summary['title']}", "", columns(head, populations), "", *lines])


def _facts(summary: dict[str, Any]) -> list[tuple[str, str]]:
    gradient, order, samples = summary["gradient"], summary["convergence"], summary["samples"]
    beta_c = "infinite" if summary["beta_c"] is None else number(summary["beta_c"])
    facts = [
        ("nudging", f"{summary['nudging']}{_correction(summary)}, beta {number(summary['beta'])}, beta_c {beta_c}, "
                    f"to t = {number(summary['duration'], 4)}"),
        ("gradient", f"cosine {number(gradient['cosine'], 12)}, relative error {number(gradient['relative_error'])}, "
                     f"ratio of norms {number(gradient['norm_ratio'], 9)}"),
        ("exact dJ/dθ", f"at a relative distance of {number(gradient['nudged_to_exact'])} from the nudged phase's, "
                        f"{number(gradient['side_to_exact'])} from the side network's"),
        ("residual", f"{number(summary['residual'])} at rest, over beta {number(summary['residual_over_beta'])}"),
        ("samples", f"{samples['with_signal']} of {samples['total']} have an error signal"),
    ]  # fmt: skip
    if order:
        slopes = f"{number(order['one_sided_slope'])} one-sided, {number(order['centered_slope'])} centered"
        fold = "" if order["fold"] is None else f", below the fold of s* at beta {number(order['fold'])}"
        facts.append(("order in beta", f"{slopes}, above the solver's floor of {number(order['floor'])}{fold}"))
    if bounds := summary["hard_sigmoid"]:
        text = (
            f"{bounds['active_outputs']:.3g} of the outputs are active, {bounds['samples_without_signal']:.3g} of the "
        )
        facts.append(("on bounds", text + "samples have no signal"))
        facts.append(
            ("crossed", f"{bounds['units_that_crossed']:.3g} of the units met or left a bound{_crossing(order)}")
        )
    counts = summary["status_counts"].items()
    status = [f"{phase} {', '.join(f'{n} {word}' for word, n in found.items())}" for phase, found in counts]
    if "sides disagree" in summary["status"]:
        status.append("but the two sides differ by more than their size: tighten `solver`, or lower `beta`")
    parts = [f"{part} {number(seconds)}" for part, seconds in summary["seconds_by_part"].items()]
    seconds = f"{number(summary['seconds'])} ({', '.join(parts)})"
    facts += [("note", note) for note in summary["notes"]]
    return [*facts, ("status", "; ".join(status)), ("seconds", seconds)]


def _correction(summary: dict[str, Any]) -> str:
    name = summary["correction"]
    return f" with the {name} correction" if name else ""


def _crossing(order: dict[str, Any] | None) -> str:
    if not order:
        return ""
    pairs = zip(order["betas"], order["crossed"], strict=True)
    return f"; by beta: {', '.join(f'{number(beta)}: {number(crossed)}' for beta, crossed in pairs)}"


def _range(ends: Sequence[float]) -> str:
    low, high = ends
    return number(low) if low == high else f"{number(low)} to {number(high)}"
