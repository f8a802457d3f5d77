"""Taking turns: every round asks every target once, so that noise of the machine falls on all alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TypeVar

Target = TypeVar("Target")
Sample = dict[str, float]


@dataclass(frozen=True, slots=True)
class Column:
    """One figure of a measure: its name in samples, its heading, how many digits, and whether it is compared."""

    name: str
    heading: str
    digits: int = 0
    is_compared: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """What one target reached: medians over the rounds, and medians of each round's ratio to each reference."""

    target: str
    figures: dict[str, float]
    ratios: dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Measured:
    """The result of one measure."""

    name: str
    title: str
    columns: Sequence[Column]
    references: Sequence[str]
    rows: list[Row]
    rounds: int
    notes: list[str] = field(default_factory=list)


def take_turns(targets: dict[str, Target], rounds: int, ask: Callable[[Target], Sample]) -> dict[str, list[Sample]]:
    """Ask every target in every round, in turned order every other time."""
    samples: dict[str, list[Sample]] = {name: [] for name in targets}
    for number in range(rounds):
        names = list(targets) if number % 2 == 0 else list(reversed(targets))
        for name in names:
            samples[name].append(ask(targets[name]))
    return samples


def compare(samples: dict[str, list[Sample]], references: Sequence[str]) -> list[Row]:
    """
    Make rows of samples. A ratio is the median of the rounds' own ratios, in which both sides had the same noise.

    >>> compare({"a": [{"x": 2.0}, {"x": 9.0}], "b": [{"x": 1.0}, {"x": 3.0}]}, ["b"])[0].ratios
    {'b': {'x': 2.5}}
    """
    rows = []
    for target, own in samples.items():
        names = own[0].keys()
        ratios = {
            reference: {
                name: median(mine[name] / theirs[name] for mine, theirs in zip(own, samples[reference], strict=True))
                for name in names
                if all(theirs.get(name) for theirs in samples[reference])
            }
            for reference in references
            if reference in samples and reference != target
        }
        rows.append(Row(target, {name: median(sample[name] for sample in own) for name in names}, ratios))
    return rows
