"""The vector registers of the processor that numba compiles for, and what follows from them."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import numba
import pytest
from numba import types

from neurodyn.learning import tiles
from neurodyn.numerics import processor, product, sparse_product
from neurodyn.numerics.processor import VectorUnit, probe

X86 = "x86_64-unknown-linux-gnu"
on_x86 = pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="LLVM has this machine's target only")


@on_x86
@pytest.mark.parametrize(
    ("name", "registers", "doubles", "fuses"),
    [
        ("skylake-avx512", 32, 8, True),
        ("znver4", 32, 8, True),
        ("haswell", 16, 4, True),
        ("znver3", 16, 4, True),
        ("sandybridge", 16, 4, False),
        ("x86-64", 16, 2, False),
    ],
)
def test_registers_of_known_processors(name, registers, doubles, fuses):
    assert probe(X86, name, "") == VectorUnit(registers, doubles, fuses)


@on_x86
def test_features_are_looked_at_beside_the_name():
    assert probe(X86, "haswell", "-fma") == VectorUnit(16, 4, False)
    assert probe(X86, "skylake-avx512", "-avx512f") == VectorUnit(16, 4, True)


CODE = """
import numpy as np
from neurodyn.numerics import processor, product
from neurodyn import models
import neurodyn as nd
net = models.Hopfield.layered([7, 19, 5], seed=0)
x = np.random.default_rng(0).uniform(size=(37, 7))
print(product.TALL, product.WIDE, processor.vector_unit().fuses)
print(nd.relax(net, x, t_max=300.0).state.tobytes().hex())
"""


def states(**environment):
    root = Path(__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        env={**os.environ, "PYTHONPATH": str(root), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


@on_x86
@pytest.mark.slow
@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")
def test_bits_do_not_depend_on_the_tiles():
    here, lesser = states(), states(NUMBA_CPU_NAME="haswell", NUMBA_CPU_FEATURES="")
    assert lesser[0] == "4 8 True"
    if processor.vector_unit().fuses:
        assert here[1] == lesser[1]


@on_x86
@pytest.mark.slow
@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")
def test_without_fused_instructions_products_are_two():
    assert states(NUMBA_CPU_NAME="x86-64", NUMBA_CPU_FEATURES="")[0] == "4 4 False"


def test_sums_of_a_tile_leave_registers_for_what_they_are_made_of():
    unit = processor.vector_unit()
    floats = 2 * unit.doubles
    assert product.TALL * product.WIDE // unit.doubles + 3 <= unit.registers
    assert product.LONG // unit.doubles + 2 <= unit.registers
    assert sparse_product.CHAINS * sparse_product.WIDE // unit.doubles + 2 <= unit.registers
    assert tiles.TALL * tiles.WIDE // floats + 2 <= unit.registers
    assert tiles.HIGH * tiles.LANES // floats + 2 <= unit.registers
    assert tiles.STRETCH // floats + 2 <= unit.registers


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")
@pytest.mark.skipif(processor.vector_unit().doubles < 8, reason="only registers of 512 bits are avoided")
def test_loops_that_ask_for_it_use_whole_registers():
    def squares(a, b):
        processor.wide()  # without it there is no zmm on the processor this was written on
        for j in range(a.size):
            b[j] = a[j] * a[j]

    compiled = numba.njit(error_model="numpy")(squares)
    compiled.compile((types.float64[::1], types.float64[::1]))
    assert "zmm" in next(iter(compiled.inspect_asm().values()))
