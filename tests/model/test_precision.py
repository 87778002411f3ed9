import torch

from empathy_scan.model import precision


def test_a_forward_pass_in_the_chosen_precision_is_close_to_that_in_single_precision():
    torch.manual_seed(1)
    layer, given = torch.nn.Linear(16, 16), torch.randn(4, 16)
    with torch.no_grad(), precision.fast("cpu"):
        found = layer(given).float()
    assert torch.allclose(found, torch.nn.functional.linear(given, layer.weight, layer.bias), atol=0.05)
