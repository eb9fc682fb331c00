"""Whether a nudged phase came to rest where s* continues along beta, or elsewhere."""

from __future__ import annotations

import numpy as np

from neurodyn.estimators.task import Task
from neurodyn.numerics.arrays import Array, Integers
from neurodyn.phases.nudge import NudgedPhase
from neurodyn.system.branch import followed

#: The branch is looked at where a nudge is a larger part of beta_c, or has changed a slope of rho by a larger part.
SMALL = 0.1
#: Samples that are looked at, those that moved most: each takes some solutions of as many equations as units.
LOOKED_AT = 16
#: A state is another than that of the branch if they are farther apart than this part of the way from s*.
APART = 1e-3


def off_branch(task: Task, phase: NudgedPhase) -> list[str]:
    """One sentence for each strength whose phase, at rest, has left the branch of s*.

    Samples with a unit that met or left a bound have a note of their own, and networks too large to write a matrix
    down of have none.
    """
    if task.point.large:
        return []
    found = []
    for beta, path in zip(phase.strengths, phase.displacement, strict=True):
        moved = float(beta) * path[-1]
        folds, others = [], 0
        for j in _suspects(task, phase, float(beta), moved):
            end = followed(task.point, task.target, int(j), float(beta))
            if end.folds:
                folds.append(end.beta)
            elif end.beta == beta:
                gap, way = end.state - task.point.s[:, j] - moved[j], np.linalg.norm(moved[j])
                others += bool(np.linalg.norm(gap) > APART * way)
        if folds:
            where = min(folds, key=abs)
            found.append(
                f"the branch of s* folds at beta = {where:.3g}, before {beta:.4g}, in at least {len(folds):,} of "
                f"{len(moved):,} samples: the nudged state has left it, and the estimate is none of dJ/dtheta; "
                "choose a smaller |beta|"
            )
        if others:
            found.append(
                f"nudging by {beta:.4g} ended elsewhere than where s* continues along beta, in at least {others:,} of "
                f"{len(moved):,} samples: choose a smaller |beta|"
            )
    return found


def _suspects(task: Task, phase: NudgedPhase, beta: float, moved: Array) -> Integers:
    """Samples whose nudge may have been too strong, at most `LOOKED_AT`, those that moved most first."""
    network, local = task.network, task.point.local
    after = network.local(np.ascontiguousarray(task.point.s + moved.T), task.point.rows)
    bent = np.abs(after.slope - local.slope).max(axis=0) > SMALL * np.abs(local.slope).max(axis=0)
    strong = abs(beta) > SMALL * phase.critical_beta
    whole = ~phase.crossed.any(axis=1)
    found = np.flatnonzero((bent | strong) & whole)
    order = np.argsort(-np.linalg.norm(moved[found], axis=1), kind="stable")
    return np.asarray(found[order][:LOOKED_AT])
