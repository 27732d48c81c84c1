"""Who has the machine's memory: plain numbers, in bytes and seconds."""

from __future__ import annotations

from dataclasses import dataclass, replace

from common.model.llm import MemoryShare


@dataclass(frozen=True, slots=True)
class Resident:
    """A model in memory, or on its way there."""

    name: str
    weight_bytes: int
    """Reserved whole as soon as loading begins."""
    kv_bytes: int = 0
    """The most that the caches of its admitted requests take."""
    cache_bytes: int = 0
    """Held for prompts that come again."""
    requests: int = 0
    """Admitted, and waiting for its load."""
    pinned: bool = False
    loading: bool = False
    loaded_s: float = 0.0
    """When it was loaded, on the clock that decisions use."""
    used_s: float = 0.0
    """When it last finished a request."""

    @property
    def bytes(self) -> int:
        """All of it."""
        return self.weight_bytes + self.kv_bytes + self.cache_bytes


@dataclass(frozen=True, slots=True)
class Ledger:
    """Everything that is spoken for."""

    memory_bytes: int
    """What may be planned with."""
    lake_bytes: int = 0
    """The lake's budget, full or not."""
    reserve_bytes: int = 0
    """For the system and for what is not counted: buffers for reuse, activations, Python."""
    embedder_bytes: int = 0
    """An embedder that is not on MLX."""
    residents: tuple[Resident, ...] = ()
    lake_yields: bool = True
    """What the lake gives up can go to models: not where a GPU already holds all that it may."""

    @property
    def fixed_bytes(self) -> int:
        """Spoken for before any model; with more of it than memory_bytes no Dragon starts."""
        return self.lake_bytes + self.reserve_bytes + self.embedder_bytes

    @property
    def used_bytes(self) -> int:
        """Spoken for. More than memory_bytes only when the embedder's share was set after models
        had theirs: nothing is admitted then until enough has gone."""
        return self.fixed_bytes + sum(r.bytes for r in self.residents)

    @property
    def free_bytes(self) -> int:
        """Not spoken for; less than nothing where too much is."""
        return self.memory_bytes - self.used_bytes

    def resident(self, name: str) -> Resident | None:
        """By name."""
        return next((r for r in self.residents if r.name == name), None)

    def having(self, resident: Resident) -> Ledger:
        """With this one, in the place of its namesake."""
        others = tuple(r for r in self.residents if r.name != resident.name)
        return replace(self, residents=(*others, resident))

    def without(self, name: str) -> Ledger:
        """Less that one."""
        return replace(self, residents=tuple(r for r in self.residents if r.name != name))

    def shares(self) -> tuple[MemoryShare, ...]:
        """For people: their sum is used_bytes."""
        return (
            MemoryShare("weights", sum(r.weight_bytes for r in self.residents)),
            MemoryShare("kv", sum(r.kv_bytes for r in self.residents)),
            MemoryShare("prompt cache", sum(r.cache_bytes for r in self.residents)),
            MemoryShare("embedder", self.embedder_bytes),
            MemoryShare("lake", self.lake_bytes),
            MemoryShare("reserve", self.reserve_bytes),
        )


@dataclass(frozen=True, slots=True)
class Want:
    """What a request needs to begin."""

    model: str
    weight_bytes: int
    """0 when it is in memory already."""
    kv_bytes: int
    """The most that the model's caches take with this request among those admitted, less what is
    spoken for already."""
    alone_kv_bytes: int = 0
    """The most that they take when it runs alone, to tell what never fits while others run on the
    model; 0 when that is not known: then it waits for their end."""
    alternatives: tuple[Want, ...] = ()
    """The same request on those that may stand in, in order; empty when the caller refuses them."""

    @property
    def bytes(self) -> int:
        """In addition to what is spoken for."""
        return self.weight_bytes + self.kv_bytes


@dataclass(frozen=True, slots=True)
class Admit:
    """It fits: take it into the ledger."""


@dataclass(frozen=True, slots=True)
class Trim:
    """Give back this much of the prompt caches, then ask again."""

    bytes: int


@dataclass(frozen=True, slots=True)
class Evict:
    """Unload these idle models, then ask again."""

    names: tuple[str, ...]
    sentence: str
    """Why, for the feed of changes."""


@dataclass(frozen=True, slots=True)
class Instead:
    """Let an alternative answer, and say so."""

    model: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Wait:
    """It will fit: when something ends, or at the latest worth asking again after `seconds`."""

    seconds: float
    sentence: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """It cannot be had: OverLimit with the numbers."""

    sentence: str
    hint: str


Decision = Admit | Trim | Evict | Instead | Wait | Refuse
