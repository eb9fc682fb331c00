"""Memories hold what the papers say they hold."""

from neurodyn.reproductions import memory_attention


def test_a_step_of_the_dense_memory_is_softmax_attention_to_rounding():
    rows = {row.name: row.value for row in memory_attention.run("small", None, 1)}
    assert rows["largest difference between a step and softmax attention"] < 1e-14
