"""What a reproduction keeps: nothing is computed twice, a stopped training goes on, and other settings begin anew."""

from importlib import resources

import numpy as np
import pytest

from neurodyn import models
from neurodyn.errors import ResultFileError
from neurodyn.reproductions.kept import Kept


def stop(epoch):
    raise KeyboardInterrupt


def test_stopped_training_goes_on_to_the_same_weights_and_other_settings_begin_anew(tmp_path, rng):
    net, x = models.Hopfield.layered([2, 3, 1], seed=0), rng.random((4, 2))
    options = {"method": "implicit", "epochs": 3, "batch_size": 2, "rates": 0.1}
    whole = Kept(None, "full", 0).learned("part", net, x, x[:, :1], **options)
    with pytest.raises(KeyboardInterrupt):
        Kept(tmp_path, "full", 0).learned("part", net, x, x[:, :1], callbacks=stop, **options)
    kept = Kept(tmp_path, "full", 0)
    again = kept.learned("part", net, x, x[:, :1], **options)
    assert np.array_equal(again.network.parameters.vector, whole.network.parameters.vector)
    assert again.train_cost[0] == whole.train_cost[0]
    assert kept.taken() == pytest.approx(again.seconds[0])
    assert kept.taken() == 0.0
    other = kept.learned("part", net, x, x[:, :1], **options | {"seed": 1})
    assert not np.array_equal(other.network.parameters.vector, whole.network.parameters.vector)


def test_what_is_kept_is_not_computed_again_but_by_other_settings(tmp_path):
    calls = []

    def compute():
        calls.append(1)
        return {"values": np.arange(3.0) + len(calls)}

    first = Kept(tmp_path, "full", ("seed", 0)).computed("part", compute)["values"]
    kept = Kept(tmp_path, "full", ("seed", 0))
    assert kept.computed("part", compute)["values"].tolist() == first.tolist() == [1.0, 2.0, 3.0]
    assert kept.taken() > 0.0
    assert Kept(tmp_path, "full", ("seed", 1)).computed("part", compute)["values"].tolist() == [2.0, 3.0, 4.0]
    assert Kept(tmp_path, "small", ("seed", 1)).computed("part", compute)["values"].tolist() == [3.0, 4.0, 5.0]
    (tmp_path / "kept" / "part.npz").write_bytes(b"half a fi")
    with pytest.raises(ResultFileError, match=r"part\.npz cannot be read: .*; delete it, and this part begins anew"):
        kept.read("part")


def test_irises_name_their_author_and_licence():
    path = resources.files("neurodyn.models") / "library" / "iris.npz"
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
        assert "CC BY 4.0" in str(file["licence"])
        assert "Fisher" in str(file["source"])
