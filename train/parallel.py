"""Several processes under torchrun, or one."""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from inpaint.errors import TrainingError


@dataclass(frozen=True)
class Workers:
    """This process among its like: rank of world, and the device it trains on."""

    rank: int
    world: int
    device: torch.device

    @property
    def is_main(self) -> bool:
        """Whether this process writes files and talks to the person."""
        return self.rank == 0

    def wrap(self, network: nn.Module) -> nn.Module:
        """`network` with gradients averaged over the processes."""
        if self.world == 1:
            return network
        ids = [self.device] if self.device.type == "cuda" else None
        return DistributedDataParallel(network, device_ids=ids, broadcast_buffers=False)

    def any(self, flag: bool) -> bool:
        """Whether any process raised its flag, so that all stop at the same step."""
        if self.world == 1:
            return flag
        flags = torch.tensor(int(flag), device=self.device)
        distributed.all_reduce(flags, distributed.ReduceOp.MAX)
        return bool(flags.item())


def join_workers(device: str) -> Workers:
    """Join torchrun's processes if there are any. `device`: auto, cpu, cuda or cuda:N."""
    rank, world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    local = int(os.environ.get("LOCAL_RANK", 0))
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise TrainingError("--device cuda: torch sees no CUDA device here; use cpu or auto")
    if device == "cuda":
        device = f"cuda:{local}"
    try:
        chosen = torch.device(device)
    except RuntimeError as error:
        raise TrainingError(f"--device {device}: {str(error).splitlines()[0]}") from error
    if chosen.type == "cuda":
        torch.cuda.set_device(chosen)
    if world > 1 and not distributed.is_initialized():
        distributed.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
    return Workers(rank, world, chosen)


def leave_workers() -> None:
    if distributed.is_initialized():
        distributed.destroy_process_group()
