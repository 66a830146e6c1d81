"""A specification is written down whole or refused: every
unknown word is answered with the known ones.
"""

import dataclasses
import pickle

import pytest

import peacestudy as ps


def spec(**change):
    return ps.ModelSpec(
        **({"name": "m", "formula": "y ~ a", "engine": "logit", "vcov": "classical"} | change)
    )


def test_a_spec_is_a_value():
    one, other = spec(vcov="cluster", cluster="g"), spec(vcov="cluster", cluster=["g"])
    assert one == other
    assert hash(one) == hash(other)
    assert {one, other} == {one}
    assert one.cluster == ("g",)
    assert spec(options={}) == spec(options=())
    assert pickle.loads(pickle.dumps(one)) == one
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.name = "other"
    assert dataclasses.replace(one, formula="y ~ b").cluster == ("g",)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"engine": "probit"},
            "engine is 'probit'; it must be one of linear, logit, firth, cox, discrete_time",
        ),
        ({"engine": "frith"}, "Did you mean 'firth'"),
        ({"engine": None}, "engine is None; it must be one of"),
        (
            {"vcov": "sandwich"},
            "vcov is 'sandwich'; it must be one of classical, hc0, hc1, hc2, hc3, cluster",
        ),
        ({"vcov": "HC1"}, "vcov is 'HC1'"),
        ({"vcov": None}, "vcov is None"),
        (
            {"vcov": "hc3"},
            "engine 'logit' has no vcov 'hc3'; it must be one of classical, hc0, hc1, cluster",
        ),
        ({"engine": "firth", "vcov": "hc2"}, "engine 'firth' has no vcov 'hc2'"),
        ({"vcov": "cluster"}, "needs the cluster column"),
        ({"vcov": "cluster", "cluster": ()}, "needs the cluster column"),
        ({"cluster": "g"}, "vcov is 'classical' and cluster is 'g'"),
        ({"vcov": "hc1", "cluster": ["g"]}, "others take none"),
        ({"vcov": "cluster", "cluster": ["a", "b", "c"]}, "cluster names 3 columns"),
        ({"vcov": "cluster", "cluster": ["g", "g"]}, "two different ones"),
        ({"options": {"iterations": 9}}, "engine 'logit' has no option iterations; it has weights"),
        (
            {"options": {"iterations": 9}, "engine": "firth"},
            "engine 'firth' has no option iterations; it has unit, time",
        ),
        ({"options": [("wild", True)], "engine": "linear"}, "engine 'linear' has no option wild"),
    ],
)
def test_what_does_not_exist_is_refused_with_what_does(change, said):
    with pytest.raises(ps.SpecError, match=r"cluster|engine|vcov") as caught:
        spec(**change)
    assert said in str(caught.value)


def test_there_is_no_default_covariance():
    with pytest.raises(
        ps.SpecError, match=r"vcov is not written; it must be one of classical.*there is no default"
    ):
        ps.ModelSpec("m", "y ~ a", "logit")


@pytest.mark.parametrize("engine", ["linear", "logit", "firth"])
def test_every_covariance_of_the_contract_exists_or_is_refused_by_name(engine):
    for vcov in ("classical", "hc0", "hc1", "hc2", "hc3", "cluster"):
        cluster = "g" if vcov == "cluster" else None
        if engine != "linear" and vcov in ("hc2", "hc3"):
            with pytest.raises(ps.SpecError, match=vcov):
                spec(engine=engine, vcov=vcov)
        else:
            assert spec(engine=engine, vcov=vcov, cluster=cluster).vcov == vcov


@pytest.mark.parametrize(
    ("engine", "options", "said"),
    [
        (
            "cox",
            {"ties": "exact"},
            "option ties of engine 'cox' is 'exact'; it must be one of efron, breslow",
        ),
        ("cox", {"strata": 3}, "option strata of engine 'cox' is 3; it must name a column"),
        ("cox", {"baseline": "cubic"}, "engine 'cox' has no option baseline; it has ties, strata"),
        ("discrete_time", {"baseline": "spline"}, "must be one of dummies, cubic, log, constant"),
        ("discrete_time", {"ties": "efron"}, "has no option ties; it has baseline"),
        ("logit", {"weights": ""}, "it must name a column"),
    ],
)
def test_options_are_words_or_columns(engine, options, said):
    with pytest.raises(ps.SpecError) as caught:
        ps.ModelSpec("m", "y ~ a", engine, "hc0", options=options)
    assert said in str(caught.value)


def test_cox_has_no_small_sample_covariance():
    for vcov in ("hc1", "hc2", "hc3"):
        with pytest.raises(
            ps.SpecError,
            match=f"engine 'cox' has no vcov '{vcov}'; it must be one of classical, hc0, cluster",
        ):
            ps.ModelSpec("m", "Surv(t, e) ~ a", "cox", vcov)


def test_the_columns_that_options_name_are_known():
    s = ps.ModelSpec(
        "m",
        "Surv(t, e) ~ a",
        "cox",
        "cluster",
        cluster="g",
        options={"strata": "s", "ties": "breslow"},
    )
    assert (s.option_columns, s.cluster_columns) == (("s",), ("g",))
    assert hash(s) == hash(
        ps.ModelSpec("m", "Surv(t, e) ~ a", "cox", "cluster", cluster="g", options=s.options)
    )
    assert spec().option_columns == spec().cluster_columns == ()
