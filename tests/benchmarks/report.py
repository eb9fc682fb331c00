"""The record as Markdown tables, which a terminal shows as well; and its place in the documentation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .cases import CASES
from .claims import CLAIMS, PrecisionClaim
from .learning import title
from .precision import ERRORS, plot_precision
from .record import OURS, Record, Row, count
from .scaling import BATCH, GUIDES, TIME, plot_scaling

BEGIN, END = "<!-- results: written by python -m tests.benchmarks --docs -->", "<!-- end of results -->"
FIGURE, PRECISION = "scaling.png", "precision.png"


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose columns are aligned; numbers stand on the right."""
    cells = [list(head), *map(list, lines)]
    widths = [max(len(line[k]) for line in cells) for k in range(len(head))]
    numeric = [k > 0 and all(line[k][:1].isdigit() or not line[k] for line in lines) for k in range(len(head))]
    rule = ["-" * (w - 1) + ":" if right else "-" * w for w, right in zip(widths, numeric, strict=True)]
    rows = [
        [cell.rjust(w) if right else cell.ljust(w) for cell, w, right in zip(line, widths, numeric, strict=True)]
        for line in cells
    ]
    return "\n".join("| " + " | ".join(row) + " |" for row in [rows[0], rule, *rows[1:]])


def case_table(record: Record, name: str, threads: int) -> str:
    """All solvers on one case: error, time, and time over ours."""
    rows = [row for row in record.rows if (row.case, row.threads) == (name, threads)]
    ours = record.find(name, threads, OURS)
    ordered = sorted((row for row in rows if row.seconds), key=lambda row: row.median)
    lines = [_line(row, ours) for row in ordered]
    text = table(["solver", "how", "rtol", "error", "seconds", "ratio"], lines)
    notes = [f"{row.peer}: {row.note}." for row in rows if row.note]
    return "\n\n".join([text, *notes])


def _line(row: Row, ours: Row | None) -> list[str]:
    rtol, error = (f"{x:.1e}" if x is not None else "" for x in (row.rtol, row.error))
    ratio = "" if ours is None else f"{row.ratio(ours):.2f}"
    return [row.peer, row.what, rtol, error, f"{row.median:.4f}", ratio]


def claims_table(records: Sequence[Record]) -> str:
    """Every claim that a record can decide, with what each of them says."""
    lines = []
    for claim in CLAIMS:
        ratios = [claim.measured(record) for record in records]
        if all(ratio is None for ratio in ratios):
            continue
        sign = "≤" if claim.bound else "≥"
        wanted = [f"{sign} {x:g}" for x in (claim.least, claim.aim)]
        what = f"neurodyn / {claim.peers[0]}" if claim.bound else f"{claim.peers[0]} / neurodyn"
        if isinstance(claim, PrecisionClaim):
            what += f", error {claim.error:.0e}"
        found = ["" if ratio is None else f"{ratio:.2f}, {claim.verdict(ratio)}" for ratio in ratios]
        where = CASES[claim.case].title if claim.case in CASES else title(claim.case)
        lines.append([where, str(claim.threads), what, *wanted, *found])
    heads = ["measured"] if len(records) == 1 else [record.machine["instructions"] for record in records]
    return table(["case", "threads", "ratio of times", "needed", "aim", *heads], lines) if lines else ""


def precision_table(record: Record, name: str) -> str:
    """Seconds of all solvers on one case at some errors; a dash where a solver did not come so close."""
    peers = list(dict.fromkeys(curve.peer for curve in record.precision if curve.case == name))
    at = [record.seconds_at(name, 1, error) for error in ERRORS]
    lines = [[peer, *(f"{found[peer]:.2g}" if peer in found else "–" for found in at)] for peer in peers]
    return table(["solver", *(f"error {error:.0e}" for error in ERRORS)], lines)


def training_table(record: Record, name: str, threads: int) -> str:
    """All learners on one network: images per second, and time over ours."""
    rows = [row for row in record.training if (row.case, row.threads) == (name, threads)]
    ours = record.find(name, threads, OURS)
    ordered = sorted((row for row in rows if row.seconds), key=lambda row: row.median)
    lines = [[row.peer, f"{1.0 / row.median:.0f}", f"{row.ratio(ours):.2f}"] for row in ordered if ours]
    notes = [f"{row.peer}: {row.note}." for row in rows if row.note]
    return "\n\n".join([*([table(["learner", "images per second", "ratio of times"], lines)] if lines else []), *notes])


def scaling_text(record: Record) -> str:
    """Fitted exponents of what must grow linearly."""
    found = [
        f"{curve.against} {curve.slope(*GUIDES[curve.against][0]):.2f} on {count(curve.threads)}"
        for curve in record.curves
        if curve.against in (BATCH, TIME)
    ]
    return f"Exponents of the cost, beyond the overhead: {'; '.join(found)}." if found else ""


def text(records: Sequence[Record], quick: bool = False) -> str:
    """The whole report on one record for each set of instructions; cases that were cut down decide no claim."""
    parts = []
    for record in records:
        parts += tables(record, f", {record.machine['instructions']}" if len(records) > 1 else "", quick)
    claims = claims_table(records)
    if claims and not quick:
        parts += ["### What was asked for", claims]
    parts += [*map(scaling_text, records), "### What it was measured on"]
    for record in records:
        parts.append("; ".join(f"{key} {value}" for key, value in record.machine.items()) + ".")
        parts.append("\n".join(f"- {remark}" for remark in record.remarks))
    return "\n\n".join(part for part in parts if part)


def tables(record: Record, where: str, quick: bool) -> list[str]:
    """Headings and tables of all cases."""
    titles, parts = {name: (case.quick() if quick else case).title for name, case in CASES.items()}, []
    for threads in sorted({row.threads for row in record.rows}):
        parts.append(f"### On {count(threads)}{where}")
        for name in dict.fromkeys(row.case for row in record.rows if row.threads == threads):
            parts += [f"**{titles[name]}**", case_table(record, name, threads)]
    for threads in sorted({row.threads for row in record.training}):
        parts.append(f"### Learning, on {count(threads)}{where}")
        for name in dict.fromkeys(row.case for row in record.training if row.threads == threads):
            parts += [f"**{title(name)}**", training_table(record, name, threads)]
    if record.precision:
        parts.append(f"### Seconds at equal error, on 1 thread{where}")
        for name in dict.fromkeys(curve.case for curve in record.precision):
            parts += [f"**{titles[name]}**", precision_table(record, name)]
    return parts


def together(records: Sequence[Record]) -> list[Record]:
    """Records of the same instructions as one: parts of a run that was made in several."""
    found: dict[str, Record] = {}
    for record in records:
        found.setdefault(record.machine["instructions"], Record()).add(record)
    return list(found.values())


def write_docs(records: Sequence[Record], page: Path) -> None:
    """Put the report between the marks on a page, and the figures of the first into its folder of images."""
    before, mark, rest = page.read_text("utf-8").partition(BEGIN)
    after, record = rest.partition(END)[2], records[0]
    page.write_text(f"{before}{mark}\n\n{text(records)}\n\n{END}{after}", "utf-8")
    for wanted, draw, name in ((record.curves, plot_scaling, FIGURE), (record.precision, plot_precision, PRECISION)):
        if wanted:
            draw(record).savefig(page.parent / "images" / name, dpi=150, metadata={"Software": None})
