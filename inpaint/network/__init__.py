"""The network and its parts. Knows tensors only: no files, no photos, no methods."""

from inpaint.network.bottlenecks import BOTTLENECKS
from inpaint.network.convolutions import CONVOLUTIONS
from inpaint.network.decoders import DECODERS
from inpaint.network.encoders import ENCODERS, Encoder
from inpaint.network.inpainting_network import InpaintingNetwork, NetworkConfig, composite
from inpaint.network.prefill import PREFILLS
from inpaint.network.summary import count_gmac, count_parameters

__all__ = [
    "BOTTLENECKS",
    "CONVOLUTIONS",
    "DECODERS",
    "ENCODERS",
    "PREFILLS",
    "Encoder",
    "InpaintingNetwork",
    "NetworkConfig",
    "composite",
    "count_gmac",
    "count_parameters",
]
