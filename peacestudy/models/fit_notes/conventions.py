"""Notes on conventions: which small-sample factor, which reference distribution."""

from peacestudy.core.problems import Note
from peacestudy.models.engines.registry import engine_of
from peacestudy.models.formulas.design import Design
from peacestudy.models.kernels.estimates import Estimates
from peacestudy.models.spec import ModelSpec


def convention_notes(spec: ModelSpec, design: Design, est: Estimates) -> list[Note]:
    """The notes on the conventions behind the standard errors of a fit."""
    if spec.vcov == "cluster":
        return [_cluster_note(spec, design)]
    if spec.vcov == "hc1":
        N, K = len(design.X), est.beta.shape[1]
        text = (
            "Heteroskedasticity-consistent standard errors, hc1: factor N/(N-K) ="
            f" {N / (N - K):.4f}."
        )
        return [Note("vcov", text)]
    if spec.vcov == "hc0" and design.times is not None:
        each = "person-period" if design.rows is not None else "row"
        text = f"Robust standard errors, hc0: every {each} counts as independent of the others."
        return [Note("vcov", text)]
    if engine_of(spec).profile and spec.vcov == "classical":
        errors = "Standard errors from the augmented weights"
        text = f"{errors}; p by penalised likelihood ratio, interval by profile."
        return [Note("vcov", text, pooled=f"{errors}.")]
    return []


def _cluster_note(spec: ModelSpec, design: Design) -> Note:
    """The note on clustered standard errors: how many clusters, which factor."""
    engine = engine_of(spec)
    sizes = []
    for codes, name in zip(design.clusters, spec.cluster or (), strict=True):
        sizes.append(f"{int(codes.max()) + 1} of {name}")
    factor = "G/(G-1) * (N-1)/(N-K)" if engine.small_sample else "G/(G-1)"
    errors = (
        f"Standard errors clustered ({' and '.join(sizes)}), factor {factor}{engine.cluster_rule}"
    )
    test = ", Wald z" if engine.profile else ""
    return Note("vcov", f"{errors}{test}.", pooled=f"{errors}.")
