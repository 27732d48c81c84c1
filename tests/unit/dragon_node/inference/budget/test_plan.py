"""Who gets memory: the order under pressure, as law."""

from __future__ import annotations

from dataclasses import replace

from dragon_node.inference.budget.ledger import (
    Admit,
    Decision,
    Evict,
    Instead,
    Ledger,
    Refuse,
    Resident,
    Trim,
    Wait,
    Want,
)
from dragon_node.inference.budget.plan import ASK_AGAIN_S, decide

GB = 1_000_000_000
NOW_S = 1_000.0
STAY_S = 60.0


def decided(ledger: Ledger, want: Want) -> Decision:
    return decide(ledger, want, NOW_S, min_residency_s=STAY_S)


def machine(*residents: Resident, memory: int = 24) -> Ledger:
    """8 GB of lake and 2 GB of reserve: 14 GB for models."""
    return Ledger(memory * GB, 8 * GB, 2 * GB, residents=residents)


def idle(name: str, weights: int, used_s: float = 0.0, cache: int = 0) -> Resident:
    return Resident(name, weights * GB, cache_bytes=cache * GB, used_s=used_s)


def busy(name: str, weights: int, kv: int = 0, requests: int = 1) -> Resident:
    return Resident(name, weights * GB, kv_bytes=kv * GB, requests=requests)


def pinned(name: str, weights: int) -> Resident:
    return Resident(name, weights * GB, pinned=True)


def young(name: str, weights: int, ago_s: float) -> Resident:
    return Resident(name, weights * GB, loaded_s=NOW_S - ago_s)


def test_what_fits_is_admitted() -> None:
    assert decided(machine(), Want("coder", 13 * GB, GB)) == Admit()


def test_one_byte_too_many_is_not() -> None:
    """The control of the test above."""
    assert decided(machine(), Want("coder", 13 * GB, GB + 1)) != Admit()


def test_prompt_caches_go_before_any_model_and_no_more_than_needed() -> None:
    ledger = machine(idle("fast", 4, cache=2), busy("code", 4, kv=1))
    assert decided(ledger, Want("mini", 3 * GB, GB)) == Trim(GB)


def test_the_last_byte_of_the_prompt_caches_can_be_had() -> None:
    """No model goes when the caches are just enough."""
    assert decided(machine(idle("a", 10, cache=4)), Want("b", 4 * GB, 0)) == Trim(4 * GB)


def test_the_least_recently_used_goes_first() -> None:
    ledger = machine(idle("a", 5, used_s=30), idle("b", 5, used_s=20))
    decision = decided(ledger, Want("c", 6 * GB, 0))
    assert isinstance(decision, Evict) and decision.names == ("b",)


def test_a_model_that_was_never_used_counts_from_its_load() -> None:
    ledger = machine(Resident("old", 5 * GB, loaded_s=10.0, used_s=20.0), young("new", 5, ago_s=61))
    decision = decided(ledger, Want("c", 6 * GB, 0))
    assert isinstance(decision, Evict) and decision.names == ("old",)


def test_of_two_that_were_used_at_once_the_same_one_goes_whatever_their_order() -> None:
    for both in ((idle("a", 7), idle("b", 7)), (idle("b", 7), idle("a", 7))):
        decision = decided(machine(*both), Want("c", 6 * GB, 0))
        assert isinstance(decision, Evict) and decision.names == ("a",)


def test_no_model_is_evicted_that_would_not_help() -> None:
    """The small one is older, but the large one has to go anyway."""
    ledger = machine(idle("small", 1, used_s=1), idle("large", 10, used_s=2))
    decision = decided(ledger, Want("c", 12 * GB, 0))
    assert isinstance(decision, Evict) and decision.names == ("large",)


def test_no_model_is_evicted_when_that_is_not_enough() -> None:
    ledger = machine(idle("a", 4), busy("b", 8))
    assert isinstance(decided(ledger, Want("c", 10 * GB, 0)), Wait)


def test_a_model_is_not_evicted_for_its_own_request() -> None:
    ledger = machine(idle("a", 13), memory=24)
    assert isinstance(decided(ledger, Want("a", 0, 2 * GB)), Refuse)


def test_the_feed_of_changes_hears_why_a_model_went() -> None:
    decision = decided(machine(idle("a", 10)), Want("b", 9 * GB, GB // 2))
    assert isinstance(decision, Evict)
    assert decision.sentence == (
        "made room: b needs 9.5 GB, 9.0 GB of weights and 500 MB of caches; 4.0 GB was free"
    )


def test_a_model_that_was_just_loaded_stays_for_its_minimum_residency() -> None:
    decision = decided(machine(young("a", 10, ago_s=45)), Want("b", 10 * GB, 0))
    assert isinstance(decision, Wait)
    assert decision.seconds == 15.0
    assert "a, which was loaded a moment ago" in decision.sentence


def test_a_request_waits_for_those_that_work() -> None:
    decision = decided(machine(busy("a", 10, kv=1, requests=2)), Want("b", 10 * GB, 0))
    assert isinstance(decision, Wait)
    assert decision.seconds == ASK_AGAIN_S
    assert "a, which works on 2 requests" in decision.sentence


def test_who_waits_for_work_looks_again_before_a_minimum_residency_passes() -> None:
    ledger = machine(busy("a", 6), young("b", 6, ago_s=10))
    decision = decided(ledger, Want("c", 12 * GB, 0))
    assert isinstance(decision, Wait) and decision.seconds == ASK_AGAIN_S


def test_a_request_waits_for_a_model_that_is_loading() -> None:
    loading = Resident("a", 10 * GB, loading=True)
    decision = decided(machine(loading), Want("b", 10 * GB, 0))
    assert isinstance(decision, Wait)
    assert "a, which is loading" in decision.sentence


def test_a_request_waits_for_others_on_its_own_model() -> None:
    """Joining them takes a wide batch; alone it fits."""
    ledger = machine(busy("a", 10, kv=2))
    assert isinstance(decided(ledger, Want("a", 0, 5 * GB, alone_kv_bytes=3 * GB)), Wait)


def test_a_request_too_large_even_alone_does_not_wait_for_others_on_its_model() -> None:
    ledger = machine(busy("a", 10, kv=2))
    assert isinstance(decided(ledger, Want("a", 0, 9 * GB, alone_kv_bytes=5 * GB)), Refuse)


def test_a_named_alternative_answers_before_anybody_waits() -> None:
    ledger = machine(busy("a", 10))
    decision = decided(ledger, Want("b", 9 * GB, 0, alternatives=(Want("c", 3 * GB, 0),)))
    assert isinstance(decision, Instead) and decision.model == "c"
    assert decision.sentence == (
        "c answers instead of b: b needs 9.0 GB of weights; 4.0 GB of 24.0 GB is free"
        " (weights 10.0 GB, lake 8.0 GB, reserve 2.0 GB)"
    )


def test_alternatives_are_tried_in_their_order() -> None:
    small, smaller = Want("c", 12 * GB, 0), Want("d", 2 * GB, 0)
    decision = decided(machine(busy("a", 10)), Want("b", 13 * GB, 0, alternatives=(small, smaller)))
    assert isinstance(decision, Instead) and decision.model == "d"


def test_an_idle_model_goes_before_an_alternative_answers() -> None:
    ledger = machine(idle("a", 10))
    decision = decided(ledger, Want("b", 9 * GB, 0, alternatives=(Want("c", 3 * GB, 0),)))
    assert isinstance(decision, Evict)


def test_an_alternative_may_take_the_place_of_an_idle_model() -> None:
    ledger = machine(idle("a", 13))
    decision = decided(ledger, Want("b", 15 * GB, 0, alternatives=(Want("c", 13 * GB, 0),)))
    assert isinstance(decision, Instead) and decision.model == "c"


def test_what_never_fits_waits_for_an_alternative_that_will() -> None:
    ledger = machine(busy("a", 13))
    decision = decided(ledger, Want("b", 15 * GB, 0, alternatives=(Want("c", 13 * GB, 0),)))
    assert isinstance(decision, Wait) and "c needs 13.0 GB" in decision.sentence


def test_what_can_never_fit_is_refused_at_once_with_every_number() -> None:
    """Nobody is unloaded for it, and it does not wait for anybody."""
    decision = decided(machine(idle("a", 4), busy("b", 4)), Want("c", 15 * GB, GB))
    assert decision == Refuse(
        "c needs 16.0 GB, 15.0 GB of weights and 1.0 GB of caches, and of 24.0 GB no more than"
        " 14.0 GB can be freed for it; what stays: lake 8.0 GB, reserve 2.0 GB",
        "Name a smaller model. Or give the lake less (POSTDEVAI_LAKE_BYTES).",
    )


def test_a_smaller_lake_is_advised_only_where_it_would_help() -> None:
    """Not when even all of it is too little, nor where the GPU holds all that it may."""
    too_large = decided(machine(), Want("c", 23 * GB, 0))
    held_by_gpu = decided(replace(machine(), lake_yields=False), Want("c", 16 * GB, 0))
    for decision in (too_large, held_by_gpu):
        assert isinstance(decision, Refuse)
        assert decision.hint == "Name a smaller model."


def test_a_refusal_counts_the_weights_that_the_model_has_already() -> None:
    decision = decided(machine(idle("a", 13)), Want("a", 0, 2 * GB))
    assert isinstance(decision, Refuse)
    assert decision.sentence == (
        "a needs 2.0 GB more of caches, and of 24.0 GB no more than 1.0 GB can be freed for it;"
        " what stays: lake 8.0 GB, reserve 2.0 GB, a itself 13.0 GB"
    )


def test_when_everything_is_pinned_it_is_refused_and_says_who_holds_it() -> None:
    decision = decided(machine(pinned("a", 6), pinned("b", 6)), Want("c", 4 * GB, 0))
    assert isinstance(decision, Refuse)
    assert "pinned a 6.0 GB, pinned b 6.0 GB" in decision.sentence
    assert decision.hint.startswith("Unpin a or b, or name a smaller model.")


def test_too_many_tokens_are_refused_with_how_many_bytes_of_caches_fit() -> None:
    decision = decided(machine(), Want("c", 12 * GB, 3 * GB))
    assert isinstance(decision, Refuse)
    assert decision.hint.startswith("Ask for fewer tokens: 2.0 GB of caches fit.")


def test_requests_of_pinned_models_end_too() -> None:
    held = Resident("a", 4 * GB, kv_bytes=8 * GB, requests=3, pinned=True)
    assert isinstance(decided(machine(held), Want("b", 5 * GB, 0)), Wait)


def test_when_more_is_taken_than_there_is_the_next_that_asks_makes_room() -> None:
    """An embedder that came late is a fact."""
    ledger = Ledger(10 * GB, embedder_bytes=2 * GB, residents=(idle("a", 5, cache=5),))
    assert decided(ledger, Want("a", 0, 0)) == Trim(2 * GB)
