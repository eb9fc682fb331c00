"""A comparison of gradients as plain data and as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neurodyn.cli.summary import plain
from neurodyn.cli.table import columns, number

if TYPE_CHECKING:
    from neurodyn.analysis import Agreement, ComparedGradients, GradientEstimate, GradientOrder, GradientTrack
    from neurodyn.models import Model

MEASURES = ("cosine", "norm_ratio", "sign_agreement", "relative_error")
COSTS = ("force_evaluations", "simulated_time", "seconds")


def summarise(
    model: Model, compared: ComparedGradients, order: GradientOrder | None, track: GradientTrack | None
) -> dict[str, Any]:
    """Everything a reader or a script wants to know; what is not a finite number is None."""
    from neurodyn.results.files import versions

    steps = compared.steps
    return plain(
        {
            "model": model.name,
            "title": model.title,
            "seed": model.network.seed,
            "solver": model.solver.describe(),
            "norm": compared.exact.norm,
            "notes": compared.exact.notes,
            "methods": {label: _estimate(found) for label, found in compared.estimates.items()},
            "refused": compared.refused,
            "step_by_step": {
                "beta": steps.beta,
                "nudging": steps.nudging,
                "t": steps.t,
                "rmse": steps.rmse,
                "relmse": steps.relmse,
                "over_time": steps.over_time,
            },
            "order": order and _order(order),
            "track": track and _track(track),
            "versions": versions(),
        }
    )


def _estimate(found: GradientEstimate) -> dict[str, Any]:
    gradient = found.gradient
    return {
        **_agreement(found.whole),
        "blocks": {name: _agreement(block) for name, block in found.blocks.items()},
        **{name: getattr(gradient, name) for name in COSTS},
        "method": found.method,
        "options": gradient.options,
        "notes": gradient.notes,
    }


def _agreement(agreement: Agreement) -> dict[str, float]:
    return {name: getattr(agreement, name) for name in MEASURES}


def _order(order: GradientOrder) -> dict[str, Any]:
    return {
        "betas": order.betas,
        "errors": order.errors,
        "slopes": {name: order.slope(name) for name in order.errors},
        "floor": order.floor,
        "beta_c": order.critical_beta,
        "fold": order.fold,
    }


def _track(track: GradientTrack) -> dict[str, Any]:
    names = ("driver", "rate", "loss", "cosine", "norm_ratio", "failures")
    return {name: getattr(track, name) for name in names}


def report(summary: dict[str, Any]) -> str:
    """The comparison as text."""
    head = ("method", "cosine", "norm ratio", "signs", "relative error", "force evaluations", "time", "seconds")
    methods = summary["methods"]
    rows = [
        (label, _near_one(m["cosine"]), _near_one(m["norm_ratio"]), number(m["sign_agreement"]),
         number(m["relative_error"]), f"{m['force_evaluations']:,}", number(m["simulated_time"], 4),
         number(m["seconds"]))
        for label, m in methods.items()
    ]  # fmt: skip
    parts = [f"{summary['model']}: {summary['title']}", columns(head, rows)]
    blocks = [name for m in list(methods.values())[:1] for name in m["blocks"]]
    errors = [
        (label, *(number(m["blocks"][name]["relative_error"]) for name in blocks)) for label, m in methods.items()
    ]
    parts.append(columns(("relative error of", *blocks), errors))
    facts = [*_facts(summary), *_orders(summary["order"]), *_learning(summary["track"])]
    width = max(len(name) for name, _ in facts)
    parts.append("\n".join(f"{name.ljust(width)}  {text}" for name, text in facts))
    return "\n\n".join(parts)


def _near_one(value: float | None) -> str:
    return number(value, 9)


def _facts(summary: dict[str, Any]) -> list[tuple[str, str]]:
    steps = summary["step_by_step"]
    facts = [(f"left out: {label}", reason) for label, reason in summary["refused"].items()]
    for label, found in summary["methods"].items():
        facts += [(f"note: {label}", note) for note in found["notes"]]
    return [
        *facts,
        ("exact gradient", f"norm {number(summary['norm'], 4)}"),
        ("step by step", f"nudged phase against side network at {len(steps['t'])} times: relative mean square error "
                         f"{number(steps['relmse']['all'])} (beta {number(steps['beta'])}, {steps['nudging']})"),
    ]  # fmt: skip


def _orders(order: dict[str, Any] | None) -> list[tuple[str, str]]:
    if order is None:
        return []
    beta_c = "infinite" if order["beta_c"] is None else number(order["beta_c"])
    facts = [("order in beta", f"{name}: {number(slope)}") for name, slope in order["slopes"].items()]
    if order["fold"] is not None:
        beta_c += f", or of the fold at {number(order['fold'])}"
    limits = f"above the solver's floor of {number(order['floor'])}, up to a third of beta_c, {beta_c}"
    return [*facts, ("", f"measured {limits}")]


def _learning(track: dict[str, Any] | None) -> list[tuple[str, str]]:
    if track is None:
        return []
    loss = track["loss"]
    facts = [("learning", f"{len(loss) - 1} steps by {track['driver']}, rate {number(track['rate'])}: loss "
                          f"{number(loss[0])} to {number(loss[-1])}")]  # fmt: skip
    for label, cosines in track["cosine"].items():
        known = [(c, r) for c, r in zip(cosines, track["norm_ratio"][label], strict=True) if c is not None]
        if known:
            low, ratios = min(c for c, _ in known), [r for _, r in known]
            text = f"cosine at least {_near_one(low)}, ratio of norms {_near_one(min(ratios))} to "
            facts.append((f"  {label}", text + _near_one(max(ratios))))
    return [*facts, *((f"failed: {label}", reason) for label, reason in track["failures"].items())]
