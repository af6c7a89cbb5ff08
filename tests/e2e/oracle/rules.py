"""The table of rules, filled by the modules that answer them."""

from __future__ import annotations

from collections.abc import Callable

from oracle.seen import Seen

Answer = Callable[[Seen, str], str]
RULES: dict[str, Answer] = {}


def answers(rule_id: str) -> Callable[[Answer], Answer]:
    """Register a function as the second opinion on a rule."""

    def register(function: Answer) -> Answer:
        RULES[rule_id] = function
        return function

    return register


def verdict(holds: bool, *, applies: bool = True) -> str:
    """The word for what was found."""
    return ("pass" if holds else "fail") if applies else "not_applicable"
