"""How a machine multiplies: the paths that a forward pass can take, and which of them suits the processor at hand.

A path is chosen once per process and tried on a small product first: one that fails there is not taken. All that are
chosen compute in single precision, on AMX and AVX-512 too, because what is faster does not keep the probabilities (see
docs/speed.md): with bfloat16 products the shipped model's move by up to 0.02, with eight-bit ones by up to 0.1, and
labels with them. On processors without AMX bfloat16 is slower as well. `benchmarks/speed.py` measures it again.
"""

from __future__ import annotations

import logging
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

log = logging.getLogger(__name__)
_TOLERANCE = {torch.float32: 1e-4, torch.bfloat16: 0.2}  # of a product of 64 terms of about 1


class Products(Protocol):
    """Matrix products with what follows them; weights are in the form that `ready` gives."""

    def ready(self, weight: Tensor) -> Tensor:
        """The weight [out, in] as the products want it."""

    def plain(self, x: Tensor, weight: Tensor) -> Tensor:
        """The product x W."""

    def gated(self, x: Tensor, inner: Tensor, gate: Tensor) -> Tensor:
        """The gated activation gelu(x W) * (x V)."""

    def added(self, x: Tensor, weight: Tensor, other: Tensor) -> Tensor:
        """The sum x W + other."""


class Plain:
    """By the operations of torch, which any machine has and which can be differentiated."""

    def ready(self, weight: Tensor) -> Tensor:
        """As `Products.ready`."""
        return weight

    def plain(self, x: Tensor, weight: Tensor) -> Tensor:
        """As `Products.plain`."""
        return F.linear(x, weight)

    def gated(self, x: Tensor, inner: Tensor, gate: Tensor) -> Tensor:
        """As `Products.gated`."""
        return F.gelu(F.linear(x, inner)) * F.linear(x, gate)

    def added(self, x: Tensor, weight: Tensor, other: Tensor) -> Tensor:
        """As `Products.added`."""
        return other + F.linear(x, weight)


class Fused:
    """By oneDNN, which applies what follows while a result is still in the cache; forward only."""

    def ready(self, weight: Tensor) -> Tensor:
        """As `Products.ready`."""
        packed: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight.detach().contiguous(), None)  # noqa: SLF001 - as below
        return packed

    def plain(self, x: Tensor, weight: Tensor) -> Tensor:
        """As `Products.plain`."""
        found: Tensor = _linear()(x, weight, None, "none", [], "")
        return found

    def gated(self, x: Tensor, inner: Tensor, gate: Tensor) -> Tensor:
        """As `Products.gated`."""
        activated = _linear()(x, inner, None, "gelu", [], "none")
        found: Tensor = _linear().binary(x, activated, gate, None, "mul")
        return found

    def added(self, x: Tensor, weight: Tensor, other: Tensor) -> Tensor:
        """As `Products.added`."""
        return other + self.plain(x, weight)  # a sum of single precision: in the product it would be rounded


def _linear() -> Any:  # noqa: ANN401 - an operation of torch
    """What torch.compile makes of a linear layer: it has no public name, and may be missing (see `works`)."""
    return torch.ops.mkldnn._linear_pointwise  # noqa: SLF001


@dataclass(frozen=True, slots=True)
class Path:
    """One way of computing the forward pass."""

    name: str  # as run records and reports call it
    dtype: torch.dtype = torch.float32
    fused: bool = False  # by oneDNN, with what follows a product done in it
    device: str = "cpu"

    @property
    def approximate(self) -> bool:
        """Whether a probability may differ from that of single precision by more than rounding."""
        return self.dtype != torch.float32

    @property
    def differentiable(self) -> bool:
        """Whether one may ask which words counted."""
        return self.device == "cpu" and not self.fused and not self.approximate

    @property
    def products(self) -> Products:
        """What multiplies on this path."""
        return Fused() if self.fused else Plain()


EXACT = Path("single precision, plain")
BFLOAT16 = Path("bfloat16 products", torch.bfloat16, fused=True)  # never chosen: for the benchmark


@cache
def chosen() -> Path:
    """The fastest path that works on this machine."""
    return next((each for each in suited() if works(each)), EXACT)


def suited() -> Iterator[Path]:
    """Paths that suit this machine's processors, the fastest first."""
    if torch.cuda.is_available():
        yield Path("single precision, CUDA", device="cuda")
    yield Path(f"single precision, {processor()}")


def works(path: Path) -> bool:
    """Whether a product and what follows it come out right on that path."""
    dice = torch.Generator().manual_seed(1)
    x, w, v, other = (torch.randn(size, generator=dice) / 4 for size in ((33, 64), (64, 64), (64, 64), (33, 64)))
    try:
        with torch.inference_mode():
            expected = _tried(Plain(), x, w, v, other)
            given = [each.to(path.device, path.dtype) for each in (x, w, v, other)]
            found = _tried(path.products, *given).float().cpu()
    except (RuntimeError, AttributeError, NotImplementedError) as error:
        log.warning("this machine cannot compute in %s (%s)", path.name, type(error).__name__)
        return False
    return torch.allclose(found, expected, atol=_TOLERANCE[path.dtype])


def _tried(products: Products, x: Tensor, w: Tensor, v: Tensor, other: Tensor) -> Tensor:
    w, v = products.ready(w), products.ready(v)
    return products.added(products.gated(products.plain(x, w), w, v), w, other)


def processor() -> str:
    """The set of instructions that matters here."""
    if torch.cpu._is_amx_tile_supported():  # noqa: SLF001 - torch has no public name for it
        return "AMX"
    able = torch.backends.cpu.get_cpu_capability()
    names = {"AVX512": "AVX-512", "AVX2": "AVX2"}
    return names.get(able, "Arm" if platform.machine().lower() in ("arm64", "aarch64") else able)
