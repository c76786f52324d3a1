"""Objectives as a model file writes them: a list of terms, such as ``kl(weight=4)``."""

from collections.abc import Iterable, Mapping, Sequence

from zatlas.errors import InputError, nearest
from zatlas.recipes.objective import Objective
from zatlas.recipes.part_text import call_of, made, parameters
from zatlas.recipes.terms import RECONSTRUCTION_TERMS, TERMS
from zatlas.syntax import Call, format_call, parse_call

# the keys of an objective in zatlas 0.1.0, and what each sets now
_OLD_KEYS = {
    "reconstruction": "", "kl": "kl.convention", "kl_weight": "kl.weight",
    "kl_warmup_epochs": "kl.warmup_epochs",
}  # fmt: skip


def read_objective(value: object) -> Objective:
    """The objective in the plain data of a model file.

    Parameters
    ----------
    value
        A list of terms, the reconstruction term first; or the mapping that zatlas 0.1.0 wrote, as
        ``{reconstruction: sse, kl: exact, kl_weight: 4}``.

    Raises
    ------
    InputError
        Where a term or a parameter is unknown or has a value that does not fit.

    Examples
    --------
    >>> written(read_objective({"reconstruction": "sse", "kl": "exact", "kl_weight": 4}))
    ['sse()', 'kl(weight=4)']
    """
    if isinstance(value, Objective):
        return value
    if isinstance(value, Mapping):
        without = {} if value.get("kl") else {"kl_weight", "kl_warmup_epochs"}  # had no effect
        settings = {str(key): v for key, v in value.items() if key not in without}
        return with_settings(Objective(), settings)
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, Sequence) or not texts or not all(isinstance(t, str) for t in texts):
        raise InputError(f"objective: {value!r} is no list of terms, as [sse(), kl(weight=4)]")
    return _objective(
        parse_call(text, TERMS, f"objective term {i}", kind="term")
        for i, text in enumerate(_whole_terms(texts))
    )


def written(objective: Objective) -> list[str]:
    """The terms as a model file writes them, without parameters that have their default value."""
    return [format_call(call_of(term)) for term in objective.terms]


def with_settings(objective: Objective, settings: Mapping[str, object]) -> Objective:
    """The objective with single parameters set.

    Parameters
    ----------
    settings
        Values by term and parameter, such as ``kl.weight``. The keys of zatlas 0.1.0 are taken too.

    Raises
    ------
    InputError
        For an unknown key, and for a term that the objective does not have.
    """
    calls = {term.name: call_of(term) for term in objective.terms}
    terms_first = sorted(settings, key=lambda key: key not in ("reconstruction", "kl"))
    for key in terms_first:  # the other keys are parameters of these terms
        calls = _with_setting(calls, key, settings[key])
    return _objective(calls.values())


def known_settings() -> list[str]:
    """The parameters of all terms, such as ``kl.weight``."""
    return [f"{name}.{parameter}" for name in TERMS for parameter in parameters(TERMS[name])]


def _with_setting(calls: dict[str, Call], key: str, value: object) -> dict[str, Call]:
    if key == "reconstruction":
        if str(value) not in RECONSTRUCTION_TERMS:
            hint = nearest(str(value), RECONSTRUCTION_TERMS)
            raise InputError(f"objective.reconstruction: {value!r} is unknown; {hint}")
        return {str(value): Call(str(value)), **{name: calls[name] for name in list(calls)[1:]}}
    if key == "kl" and value is None:
        return {name: call for name, call in calls.items() if name != "kl"}
    name, _, parameter = _OLD_KEYS.get(key, key).partition(".")
    if name not in TERMS or not parameter:
        known = [*_OLD_KEYS, *known_settings()]
        raise InputError(f"unknown key 'objective.{key}'; {nearest(key, known)}")
    if name not in calls and key != "kl":
        has = f"the objective has no term {name}; its terms are {', '.join(calls)}"
        raise InputError(f"objective.{key}: {has}")
    kwargs = calls[name].kwargs if name in calls else {}
    return {**calls, name: Call(name, (), {**kwargs, parameter: value})}  # type: ignore[dict-item]  # `made` checks the value


def _whole_terms(texts: Sequence[str]) -> list[str]:
    """The terms, put together again: a YAML list in brackets is cut at the commas within a term."""
    terms: list[str] = []
    for text in texts:
        if terms and terms[-1].count("(") > terms[-1].count(")"):
            terms[-1] += f", {text}"
        else:
            terms.append(text)
    return terms


def _objective(calls: Iterable[Call]) -> Objective:
    first, *penalties = [made(call, TERMS, "objective") for call in calls]
    if first.name not in RECONSTRUCTION_TERMS:
        known = ", ".join(RECONSTRUCTION_TERMS)
        raise InputError(f"objective: {first.name} is a penalty; write one of {known} first")
    names = [first.name, *(term.name for term in penalties)]
    if len({*names}) < len(names):
        raise InputError(f"objective: {', '.join(names)}: each term stands once; give it a weight")
    return Objective(first, tuple(penalties))
