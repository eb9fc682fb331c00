"""The one place that knows numba's options.

* `helper` marks small functions that are inlined into others: compiled with their caller, by the types they meet.
  `inlined_helper` marks long ones, which would be called instead; `threaded_helper` marks those whose loops run on
  numba's threads.
* `Kernel` wraps an entry point with an explicit signature and compiles it on first use, not at import.

Options, with their reasons: `error_model="numpy"`, so that a division by zero gives inf, as in NumPy, and loops
vectorise; `nogil`, so that blocks run on Python threads; no fast-math, which would make the last bits depend on how
a loop is split and break the tests for finite values.

The disk cache is keyed by a hash of the source files that a kernel is made of, its own and all those it imports that
hold kernels too: numba looks at the file of the outer function only, and would serve stale code when a helper that it
inlines is edited elsewhere.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import os
import pickle
import re
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from functools import cache, cached_property
from pathlib import Path
from types import FunctionType
from typing import Any

import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from neurodyn.numerics.places import places
from neurodyn.numerics.processor import target
from neurodyn.progress import waiting

vector = types.Array(types.float64, 1, "C")
matrix = types.Array(types.float64, 2, "C")
cube = types.Array(types.float64, 3, "C")
integer_matrix = types.Array(types.int64, 2, "C")
constant_vector = types.Array(types.float64, 1, "C", readonly=True)
constant_matrix = types.Array(types.float64, 2, "C", readonly=True)
constant_integers = types.Array(types.int64, 1, "C", readonly=True)

#: What is said while it goes on.
COMPILING = "compiling kernels, once per installation"
#: Every flow has this signature, so that one compiled integrator serves all:
#: flow(t (b,), s (m, b), rows (k, b), theta (p,), layout (l,), work (w, b), out (m, b)).
FLOW = types.void(constant_vector, constant_matrix, constant_matrix, constant_vector, constant_integers, matrix, matrix)
#: And every series of Taylor coefficients this one, which fills c[1], c[2], ... from the states c[0]:
#: series(c (orders, m, b), rows (k, b), theta (p,), layout (l,), work (w, m, b)).
SERIES = types.void(cube, constant_matrix, constant_vector, constant_integers, cube)


@cache
def cache_folder(module: str = "") -> str:
    """Folder of the compiled kernels of a module: below `NUMBA_CACHE_DIR`, the user's cache, or a temporary folder."""
    name = os.path.join("neurodyn-kernels", f"{_source_hash(module)}-{_place_hash()}")
    for place in places():
        with contextlib.suppress(OSError):  # an unwritable place, or none at all, is passed over for the next
            base = place()
            if not base:
                continue
            folder = Path(base) / name
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return str(folder)
    raise OSError("no writable folder for compiled kernels: set NUMBA_CACHE_DIR to one")


def _place_hash() -> str:
    """A name for the processor that numba compiles for, and for where this package is.

    Machine code of another processor is neither used nor looked for; that of another copy of the package is not found
    by numba, which keeps it by the path of its source.
    """
    return hashlib.sha256(repr((target(), str(Path(__file__).resolve()))).encode()).hexdigest()[:8]


def _source_hash(module: str) -> str:
    """A hash of a module that holds kernels and of those it imports, with their places in the package.

    Of a module that is not neurodyn's: of all that hold kernels.
    """
    found, todo = set(), [place for place in _places_of(module.removeprefix(_ROOT)) if _text(place)]
    while todo:
        place = todo.pop()
        if place not in found:
            found.add(place)
            todo += _needed(place)
    digest = hashlib.sha256()
    for place in sorted(found or _all_places()):
        text = _text(place) or b""
        digest.update(b"%s\0%d\0%s" % (place.encode(), len(text), text))
    return digest.hexdigest()[:16]


#: The package, and what imports of its modules look like.
_ROOT = __name__.partition(".")[0] + "."
_IMPORTS = re.compile(
    rb"^[ \t]*(?:from|import) " + re.escape(_ROOT).encode() + rb"([\w.]+)(?: import (\([^)]*\)|[^\n]*))?", re.M
)


@cache
def _needed(place: str) -> list[str]:
    """The sources of kernels that the one at a place imports."""
    found = set[str]()
    for module, names in _IMPORTS.findall(_text(place) or b""):
        found.update(_places_of(module.decode()))
        if not _text(_places_of(module.decode())[0]):  # a package, of which modules may be imported
            for name in re.findall(rb"\w+", names):
                found.update(_places_of(f"{module.decode()}.{name.decode()}"))
    return [other for other in sorted(found) if _text(other)]


def _places_of(module: str) -> tuple[str, str]:
    """The places in the package that a module may have."""
    place = module.replace(".", "/")
    return f"{place}.py", f"{place}/__init__.py"


@cache
def _text(place: str) -> bytes | None:
    """The source at a place in the package; none if there is no file, or one without kernels.

    Those with kernels lie beside this one, or name it.
    """
    own = Path(__file__).resolve()
    package, _, module = __name__.rpartition(".")
    base = own.parents[package.count(".")]
    for path in (base / place, base.parent / place):  # which is where models lie in a checkout without symbolic links
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            text = path.read_bytes()
            naming = rf"{re.escape(package)}(\.| import [^\n]*\b){module}\b".encode()
            here = "/".join(__name__.split(".")[1:-1]) + "/"
            return text if place.startswith(here) or re.search(naming, text) else None
    return None


def _all_places() -> list[str]:
    """The places of all sources of kernels in the package."""
    return [place for place in _sources(Path(__file__).resolve().parents[__package__.count(".")]) if _text(place)]


def kernel_modules() -> list[str]:
    """The modules of the package that hold kernels or helpers."""
    places = (Path(place).with_suffix("") for place in _all_places())
    return sorted(_ROOT + ".".join(place.parts).removesuffix(".__init__") for place in places)


def _sources(package: Path) -> list[str]:
    """The places of all source files of neurodyn, also in a checkout without symbolic links."""
    found = []
    for part in ("", "models", "analysis"):  # `rglob` goes into no link that it meets
        folder = package / part if (package / part).is_dir() else package.parent / part
        found += [(part / path.relative_to(folder)).as_posix() for path in folder.rglob("*.py")]
    return found


@contextlib.contextmanager
def _own_cache(function: Callable[..., Any]) -> Iterator[None]:
    """Let numba place a function's cache in our folder without touching the setting for anyone else."""
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = cache_folder(function.__module__)
    try:
        yield
    finally:
        numba.config.CACHE_DIR = before


def _helper(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Mark functions that only kernels call.

    They have no wrappers for calls from Python or C, and no files of their own in the disk cache: those of the kernels
    hold their code. Both would take a third of the time to compile.
    """
    return numba.njit(error_model="numpy", nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True, **options)


#: Mark a function that kernels call: compiled into them.
helper = _helper()
#: Mark a helper that Python calls too.
python_helper = numba.njit(error_model="numpy", nogil=True)
#: Mark a helper for loops that is so long that it would be called there, not inlined: calls are no vector code.
inlined_helper = _helper(forceinline=True)
#: Mark a function that kernels call and whose `prange` runs on numba's threads.
threaded_helper = _helper(parallel=True)


class Kernel:
    """An entry point of compiled code: compiled (or loaded from the disk cache) when first used.

    Parameters
    ----------
    function : callable
        A module-level function in numba's subset of Python.
    signature : numba signature
        The only types it is compiled for.
    """

    _lock = threading.RLock()

    def __init__(self, function: Callable[..., Any], signature: Any) -> None:
        self.function = function
        self.signature = signature
        self.__module__ = function.__module__
        self.__doc__ = function.__doc__
        self._compiled: Callable[..., Any] | None = None
        self._address: int | None = None

    @property
    def compiled(self) -> Callable[..., Any]:
        """The numba dispatcher (with NUMBA_DISABLE_JIT set, the Python function itself)."""
        if self._compiled is None:
            with self._lock, _own_cache(self.function), waiting(COMPILING):
                if self._compiled is None:
                    options = {"cache": True, "error_model": "numpy", "nogil": True}
                    self._compiled = numba.njit(self.signature, **options)(self.function)
        assert self._compiled is not None
        return self._compiled

    def __call__(self, *arguments: Any) -> Any:
        """Run the kernel."""
        return self.compiled(*arguments)

    @property
    def is_ready(self) -> bool:
        """Whether it is compiled, here or in the disk cache."""
        if self._compiled is not None or numba.config.DISABLE_JIT:
            return True
        name = glob.escape(self.function.__qualname__)
        return any(Path(cache_folder(self.function.__module__)).rglob(f"*.{name}-*.nbc"))

    @property
    def helpers(self) -> int:
        """How many functions it is made of: what its compilation costs, roughly."""
        return len(self._functions)

    @cached_property
    def names(self) -> frozenset[str]:
        """The global names that it reads, in all functions it is made of."""
        return frozenset(name for function in self._functions for name in function.__code__.co_names)

    @cached_property
    def _functions(self) -> set[Any]:
        """Its own function and the helpers that it calls, directly or not."""
        found, todo = set(), [self.function]
        while todo:
            function = todo.pop()
            if function not in found:
                found.add(function)
                named = (function.__globals__.get(name) for name in function.__code__.co_names)
                inner = (getattr(value, "py_func", value) for value in named)
                todo += [value for value in inner if isinstance(value, FunctionType)]
        return found

    @property
    def name(self) -> str:
        """What the kernel is called in its module."""
        for name, value in vars(sys.modules[self.__module__]).items():
            if value is self:
                return name
        raise pickle.PicklingError(f"kernel {self.function.__qualname__} is no attribute of {self.__module__}")

    @property
    def is_ours(self) -> bool:
        """Whether any process finds it by its name in the package."""
        named = vars(sys.modules[self.__module__]).values()
        return self.__module__.startswith(_ROOT) and any(value is self for value in named)

    @property
    def address(self) -> int:
        """Where flows that do not know this kernel find it in this process: see `make_call`."""
        if numba.config.DISABLE_JIT:
            _plain[id(self)] = self.function
            return id(self)
        if self._address is None:
            result: Any = self.compiled.overloads[self.signature.args]  # type: ignore[attr-defined]
            self._address = int(result.library.get_pointer_to_function(result.fndesc.llvm_cfunc_wrapper_name))
        return self._address

    def __reduce__(self) -> str:
        return self.name


#: Functions by what stands for their addresses, where nothing is compiled.
_plain: dict[int, Callable[..., Any]] = {}


def make_call(signature: Any) -> Any:
    """Compile-time function call(address, (arguments ...)) for kernels that call others of this signature by address.

    A loop that is given a compiled function as an argument would be compiled for each such function, and by way of
    numba's function types only one function could be passed at a time; an address is a number like any other.
    """
    if numba.config.DISABLE_JIT:

        def plain(address: int, arguments: tuple[Any, ...]) -> None:
            _plain[address](*arguments)

        return plain

    def generate(target: Any, builder: Any, given: Any, values: Any) -> Any:
        kinds = [target.get_value_type(kind) for kind in signature.args]
        pointer = ir.FunctionType(target.get_value_type(types.none), kinds).as_pointer()
        arguments = [builder.extract_value(values[1], k) for k in range(len(kinds))]
        builder.call(builder.inttoptr(values[0], pointer), arguments)
        return target.get_dummy_value()

    @intrinsic
    def call(_context: Any, address: Any, arguments: Any) -> Any:
        return types.void(types.int64, arguments), generate

    return call


#: Call a flow, or a series, by its address.
call_flow, call_series = make_call(FLOW), make_call(SERIES)


def _load_threads() -> None:
    """Load numba's threads, which code from the disk cache needs to find.

    OpenMP reads its settings now. Threads that spin while they wait take the processor from whoever works: on a busy
    machine a product of 0.2 ms took 12. They are told to sleep, unless the user has said what they should do.
    """
    given = os.environ.get("OMP_WAIT_POLICY")
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        numba.get_num_threads()
    finally:
        if given is None:
            del os.environ["OMP_WAIT_POLICY"]


class Callee:
    """A compiled function that kernels call by its address: they compile without it, and only who needs it pays.

    Parameters
    ----------
    function : callable
        A module-level function in numba's subset of Python, of numbers and pointers.
    signature : numba signature
    """

    def __init__(self, function: Callable[..., Any], signature: Any) -> None:
        self.function = function
        self.signature = signature
        self._compiled: Any = None

    @property
    def address(self) -> int:
        """Where the compiled function lies in this process (with NUMBA_DISABLE_JIT set, a 1)."""
        if numba.config.DISABLE_JIT:
            return 1
        with Kernel._lock, _own_cache(self.function), waiting(COMPILING):
            if self._compiled is None:
                _load_threads()
                self._compiled = numba.cfunc(self.signature, cache=True, error_model="numpy")(self.function)
        return int(self._compiled.address)


class Flow(Kernel):
    """An entry point with the signature `FLOW`, and how many blocks of n rows of scratch memory it needs."""

    def __init__(self, function: Callable[..., Any], blocks: int) -> None:
        super().__init__(function, FLOW)
        self.blocks = blocks


def flow_kernel(blocks: int) -> Callable[[Callable[..., Any]], Flow]:
    """Mark a module-level function with the signature `FLOW` that needs so many blocks of n rows of scratch memory."""
    return lambda function: Flow(function, blocks)


class Series(Kernel):
    """An entry point with the signature `SERIES`: the Taylor coefficients of the solutions of a flow.

    It needs `stacks` matrices (m, b) of scratch memory for each order. The addresses of the kernels that it calls come
    at the end of the layout.
    """

    def __init__(self, function: Callable[..., Any], flow: Flow, stacks: int, calls: tuple[Kernel, ...]) -> None:
        super().__init__(function, SERIES)
        self.flow = flow
        self.stacks = stacks
        self.calls = calls


def series_kernel(flow: Flow, stacks: int, *calls: Kernel) -> Callable[[Callable[..., Any]], Series]:
    """Mark a module-level function with the signature `SERIES`: of which flow, matrices an order, what it calls."""
    return lambda function: Series(function, flow, stacks, calls)
