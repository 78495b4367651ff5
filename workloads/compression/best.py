"""Which of several is the fastest here, of those within the budget."""

from collections.abc import Mapping, Sequence

from workloads.compression.budget import Budget, Measured, over
from workloads.compression.candidate import Candidate
from workloads.compression.forms import OTHERS, Made, made
from workloads.compression.steps import take
from workloads.errors import InvalidInputError
from workloads.models.spec import Measure

AS_IT_IS = "as it is"


def variants(first: Candidate, recipes: Sequence[str]) -> tuple[dict[str, Made], dict[str, str]]:
    """The candidate after each recipe's steps, in each form; and why some cannot be had on this machine."""
    found, left_out = {AS_IT_IS: made(first)}, {}
    for recipe in ("", *recipes):
        cut = take(first, recipe)
        if recipe:
            found[recipe] = made(cut)
        for form in OTHERS if cut.form == "fp32" else ():  # a recipe may have chosen its own
            name = ",".join(filter(None, (recipe, form)))
            try:
                found[name] = made(take(cut, form))
            except InvalidInputError as error:
                left_out[name] = error.rule
    return found, left_out


def best(budget: Budget, kept: Sequence[Measure], found: Mapping[str, Measured]) -> str | None:
    """The fastest within the budget, by measurement; None where none is."""
    parent = found[AS_IT_IS]
    fit = [name for name, one in found.items() if not over(budget, kept, parent, one)]
    return min(fit, key=lambda name: found[name].latency_ms, default=None)
