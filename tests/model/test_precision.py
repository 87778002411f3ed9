"""A forward pass in another precision is close to that in single precision."""

import torch

from empathy_scan.model import precision


def test_a_forward_pass_in_the_chosen_precision_is_close_to_that_in_single_precision():
    torch.manual_seed(1)
    layer, given = torch.nn.Linear(16, 16), torch.randn(4, 16)
    with torch.no_grad(), precision.fast("cpu"):
        found = layer(given).float()
    assert torch.allclose(found, torch.nn.functional.linear(given, layer.weight, layer.bias), atol=0.05)


def test_numbers_too_small_to_matter_count_as_zero_in_their_context():
    tiny = torch.tensor([1e-39])
    assert (tiny * 0.5).item() != 0
    with precision.flushed_denormals():
        assert (tiny * 0.5).item() == 0
    assert (tiny * 0.5).item() != 0
