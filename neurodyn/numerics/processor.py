"""The processor that numba compiles for: how wide its vector registers are, how many there are, and whether it fuses.

That is this machine's, or what NUMBA_CPU_NAME and NUMBA_CPU_FEATURES say. LLVM knows it, but does not tell; so it is
read off the instructions that it chooses for one multiplication and addition of eight floats.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import llvmlite.binding as llvm
import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.registry import cpu_target
from numba.extending import intrinsic

_PROBE = """
target triple = "{triple}"
declare <8 x double> @llvm.fma.v8f64(<8 x double>, <8 x double>, <8 x double>)
define <8 x double> @probe(<8 x double> %a, <8 x double> %b, <8 x double> %c) {{
    %sum = call <8 x double> @llvm.fma.v8f64(<8 x double> %a, <8 x double> %b, <8 x double> %c)
    ret <8 x double> %sum
}}
"""


@dataclass(frozen=True)
class VectorUnit:
    """Vector registers: their number, the doubles that each holds, and whether a multiplication and addition is one."""

    registers: int
    doubles: int
    fuses: bool


def target() -> tuple[str, str, str]:
    """Triple, name and features of the processor that numba compiles for."""
    triple, name, features = cpu_target.target_context.codegen().magic_tuple()
    return str(triple), str(name), str(features)


@cache
def vector_unit() -> VectorUnit:
    """That of the processor that numba compiles for."""
    return probe(*target())


def probe(triple: str, name: str, features: str) -> VectorUnit:
    """What LLVM finds on a processor, which need not be this one."""
    machine = llvm.Target.from_triple(triple).create_target_machine(cpu=name, features=features)
    text = machine.emit_assembly(llvm.parse_assembly(_PROBE.format(triple=triple)))
    fuses = re.search(r"\b(v?fn?madd|fmla)", text) is not None
    if "zmm" in text:
        return VectorUnit(32, 8, fuses)
    if re.match(r"(aarch|arm)64", triple):
        return VectorUnit(32, 2, fuses)
    return VectorUnit(16, 4 if "ymm" in text else 2, fuses)


def use_whole_registers(function: ir.Function) -> None:
    """Let LLVM make vector code as wide as the registers of the loops of a function.

    For many processors it takes half, as whole registers once lowered the clock so much that little was won. Our loops
    are long chains of arithmetic in a block that is in the cache, beside products that use whole registers anyway:
    with them variates and rates take two thirds of the time. llvmlite knows no such attribute, so that it would refuse
    the text.
    """
    set.add(function.attributes, f'"prefer-vector-width"="{64 * vector_unit().doubles}"')


if numba.config.DISABLE_JIT:

    def wide() -> None:
        """Nothing, in plain Python."""

else:

    @intrinsic
    def wide(_context: Any) -> Any:
        """Ask for whole vector registers in the loops of the function that calls this."""

        def generate(target: Any, builder: Any, _signature: Any, _arguments: Any) -> Any:
            use_whole_registers(builder.function)
            return target.get_dummy_value()

        return types.void(), generate


def multiply_add(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """Code for a b + c of numbers or vectors: rounded once where the processor can, as to emulate that is slow."""
    if not vector_unit().fuses:
        return builder.fadd(builder.fmul(a, b), c)
    kind = a.type
    element = kind.element if isinstance(kind, ir.VectorType) else kind
    bits = 32 if isinstance(element, ir.FloatType) else 64
    suffix = f"v{kind.count}f{bits}" if isinstance(kind, ir.VectorType) else f"f{bits}"
    fma = cgutils.get_or_insert_function(builder.module, ir.FunctionType(kind, [kind] * 3), f"llvm.fma.{suffix}")
    return builder.call(fma, [a, b, c])
