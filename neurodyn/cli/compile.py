"""`neurodyn compile`: all kernels now, so that no later run waits for them."""

from __future__ import annotations

import click

from neurodyn.cli import options


@click.command("compile")
@options.quiet
def compile_all() -> None:
    """Compile everything now: for the image of a container, or before many jobs start on a cluster.

    What a run calls is compiled when it is first called, and kept. Kernels lie below NUMBA_CACHE_DIR, if that is set,
    or in the cache folder of the user; each kind of processor has its own. Example: neurodyn compile
    """
    from pathlib import Path

    import neurodyn.models  # noqa: F401  (knows the terms)
    from neurodyn.cli.clock import Clock
    from neurodyn.numerics.compilation import all_kernels, compile_together
    from neurodyn.numerics.kernel import cache_folder
    from neurodyn.numerics.sparse_product import product
    from neurodyn.system.term import term_kernels

    clock = Clock()
    kernels = [*all_kernels(), *term_kernels()]
    compile_together(kernels)
    product.address  # noqa: B018  (asking for it compiles it)
    click.echo(f"{len(kernels)} kernels below {Path(cache_folder()).parent}, after {clock.total:.0f} seconds")
