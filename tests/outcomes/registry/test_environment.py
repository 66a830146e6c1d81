"""Substances, gases, pollutants and what the treaties ask, against the files read by hand."""

import re


def test_ods_has_25_regions_whose_code_is_no_country(cells, table):
    rows, found = cells("ods_consumption"), table("ods_consumption")
    regions = {r["Entity"] for r in rows if not re.fullmatch("[A-Z]{3}", r["Code"])}
    # The list: without ISO3. They are not empty: the world has OWID_WRL and each other row a number
    # of its own.
    numbers = [r["Code"] for r in rows if r["Entity"] in regions - {"World"}]
    assert (len(regions), len(numbers), len(set(numbers))) == (25, 544, 544)
    assert {r["Code"] for r in rows if r["Entity"] == "World"} == {"OWID_WRL"}
    assert len({r["Code"] for r in rows if r["Entity"] not in regions}) == 183
    below = sum(any(float(r[c]) < 0 for c in list(r)[3:]) for r in rows)
    assert below == (found[found.columns[3:]] < 0).any(axis=1).sum() == 227


def test_the_montreal_list_is_read_from_its_groups(table, montreal):
    found = table("montreal_groups")
    assert {g: found.loc[found["group"] == g, "country"].tolist() for g in montreal} == montreal
    assert [len(m) for m in montreal.values()] == [138, 10, 5, 45]
    group = found.set_index("country")["group"]
    assert (group["IND"], group["RUS"]) == (
        "ARTICLE_5/GROUP_2",
        "NON_ARTICLE_5/NON_ARTICLE_5_EXCEPTIONS",
    )
    assert group["EUU"] == group["USA"] == "NON_ARTICLE_5/NON_ARTICLE_5_MAIN_GROUP"


def test_greenhouse_gases_add_up_and_hold_two_that_are_no_country(cells, table):
    rows, found = cells("ghg_cait_2021"), table("ghg_cait_2021")
    names = {r["Entity"] for r in rows}
    assert (len(names), {"World", "European Union (27)"} <= names, found["Entity"].nunique()) == (
        195,
        True,
        195,
    )
    whole = found.dropna(
        subset=["Total excluding LUCF", "Land-use change and forestry", "Total including LUCF"]
    )
    gap = (
        whole["Total excluding LUCF"]
        + whole["Land-use change and forestry"]
        - whole["Total including LUCF"]
    ).abs()
    assert (len(whole), (gap > 0.021).sum()) == (5651, 11)  # figures are rounded to .01


def test_air_pollutants_keep_the_names_of_the_file_and_their_index(cells, table):
    rows, found = cells("oecd_air_pollutants"), table("oecd_air_pollutants")
    assert list(found.columns)[2:8] == list(rows[0])[2:8] and "PM₂.₅" in found.columns
    # the list: 38 countries
    assert len({r["Entity"] for r in rows} - {"Europe", "OECD - Total"}) == 36
    assert found["SO₂"].tolist() == [int(r["SO₂"]) for r in rows]
    assert set(found.loc[found["Year"] == 1990, "SO₂ (Index)"].dropna()) == {100.0}
    base = found[found["Year"] == 1990].set_index("Entity")["SO₂"].astype(float)
    known = found[found["SO₂ (Index)"].notna()]
    assert (
        known["SO₂"] / base[known["Entity"]].to_numpy() * 100 - known["SO₂ (Index)"]
    ).abs().quantile(0.9) < 1


def test_kyoto_gives_38_states_a_target_and_the_union_92(cells, table):
    found = table("kyoto_annex_b").set_index("iso3")["annexB_pct_of_base"]
    assert found.to_dict() == {
        r["iso3"]: int(r["annexB_pct_of_base"]) for r in cells("kyoto_annex_b")
    }
    union = [
        "AUT",
        "BEL",
        "DEU",
        "DNK",
        "ESP",
        "FIN",
        "FRA",
        "GBR",
        "GRC",
        "IRL",
        "ITA",
        "LUX",
        "NLD",
        "PRT",
        "SWE",
    ]
    assert set(found[union]) == {92} and (found["USA"], found["ISL"], found["RUS"]) == (
        93,
        110,
        100,
    )
