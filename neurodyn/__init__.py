"""neurodyn: leaky-integrator, energy-based neural networks in continuous time.

>>> import neurodyn as nd
>>> from neurodyn import models, analysis
>>> net = models.Hopfield.layered([5, 8, 3], seed=1)
>>> equilibrium = nd.relax(net, [0.1, 0.2, 0.3, 0.4, 0.5])
>>> run = nd.nudge(net, equilibrium, 2)
>>> side = nd.side_network(net, equilibrium, 2, t_eval=run.t)
>>> analysis.compare(run, side).max_relative_error < 1e-5
True
"""

from neurodyn import stopping as _stopping

_stopping.begin()  # before anything that takes a second to import

from pathlib import Path as _Path  # noqa: E402

_here = _Path(__file__).resolve().parent
if not (_here / "models").is_dir():  # a checkout without symbolic links
    __path__.append(str(_here.parent))

from lazy_loader import attach_stub as _attach_stub  # noqa: E402

from neurodyn.sweep import sweep as sweep  # noqa: E402  (now, as the package of this name would take its place)

# The public names stand in `__init__.pyi`; each is imported when it is first used, so that help comes quickly.
_find, __dir__, __all__ = _attach_stub(__name__, __file__)


def __getattr__(name: str) -> object:
    """Import a public name, or say where a class is that is not here: models and results have modules of their own."""
    if name in __all__:
        return _find(name)
    from neurodyn.errors import spelled
    from neurodyn.names import NETWORK_MODULES, RESULT_MODULES

    home = {**NETWORK_MODULES, **RESULT_MODULES}.get(name)
    if home is not None:
        package, _, _ = home.removeprefix("neurodyn.").partition(".")
        raise AttributeError(f"neurodyn has no {name!r}: it is neurodyn.{package}.{name}")
    if name.startswith("_") or name in ("models", "analysis"):
        raise AttributeError(f"module 'neurodyn' has no attribute {name!r}")
    raise AttributeError(f"module 'neurodyn' has no attribute {name!r}{spelled(name, __all__)}")
