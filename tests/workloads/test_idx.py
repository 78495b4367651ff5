"""MNIST's file format."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from workloads.data.idx import Bytes, read_idx, write_idx
from workloads.errors import CorruptDataError, InvalidInputError

SHAPES = arrays.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=5)


@settings(deadline=None)
@given(arrays.arrays(np.uint8, SHAPES))
def test_what_is_written_is_read(array: Bytes) -> None:
    read = read_idx(write_idx(array), name="f", ndim=array.ndim)
    assert read.shape == array.shape
    assert (read == array).all()


def test_the_header_is_as_mnist_has_it() -> None:
    content = write_idx(np.zeros((2, 28, 28), np.uint8))
    assert content[:16] == bytes.fromhex("00000803 00000002 0000001c 0000001c")


@settings(deadline=None)
@given(st.binary(max_size=40), st.integers(1, 3))
def test_any_bytes_are_read_or_refused(content: bytes, ndim: int) -> None:
    try:
        read = read_idx(content, name="f", ndim=ndim)
    except CorruptDataError:
        return
    assert write_idx(read) == content


WHOLE = write_idx(np.zeros((3, 4), np.uint8))


@pytest.mark.parametrize(
    ("content", "value", "rule"),
    [
        (b"", "empty", "magic number 00 00 08 02"),
        (b"PK\x03\x04" + WHOLE[4:], "50 4b 03 04", "magic number"),
        (b"\x00\x00\x0d\x02" + WHOLE[4:], "00 00 0d 02", "unsigned bytes"),
        (b"\x00\x00\x08\x03" + WHOLE[4:], "00 00 08 03", "2 dimensions"),
        (WHOLE[:7], "7 bytes", "header of 12 bytes"),
        (WHOLE[:-1], "11 values", "the 12 values that its sizes (3 x 4)"),
        (WHOLE + b"x", "13 values", "the 12 values"),
        (WHOLE[:4] + b"\xff" * 8 + WHOLE[12:], "12 values", "4294967295 x 4294967295"),
    ],
)
def test_a_damaged_file_is_named_with_its_rule(content: bytes, value: str, rule: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_idx(content, name="train-images", ndim=2)
    assert (caught.value.field, caught.value.value) == ("train-images", value)
    assert rule in caught.value.rule
    assert caught.value.exit_code == 2
