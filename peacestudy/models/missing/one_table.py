"""What is asked of one table is refused of several, with what can be asked instead."""

from peacestudy.errors import SpecError


def refuse_imputed(verb: str, *given: object, instead: str) -> None:
    """Refuse imputed data, or a fit of them, where a verb takes one table.

    Raises
    ------
    SpecError
        With ``instead``, a sentence on what to do.
    """
    from peacestudy.models.missing.imputed import Imputed
    from peacestudy.models.missing.pooled import PooledFit

    for g in given:
        if isinstance(g, Imputed | PooledFit):
            raise SpecError(
                f"{verb} takes one table, or the fit of one, and a {type(g).__name__} is several."
                f" {instead}"
            )
