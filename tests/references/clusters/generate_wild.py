"""Writes wild.csv: p values of PyPI's wildboottest (WCR11, null
imposed) on data.csv, in an environment of its own.
"""

from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from wildboottest.wildboottest import WildboottestCL

DRAWS = 99_999
data = pd.read_csv("data.csv")
rows = []
for name in ("uneven", "even", "large"):
    d = data[data["set"] == name].sort_values("g")
    X = np.column_stack([np.ones(len(d)), d.x, d.z, d.k == "b", d.k == "c"]).astype(float)
    for j, term in enumerate(["Intercept", "x", "z", "C(k)[b]", "C(k)[c]"]):
        for kind in ("rademacher", "webb"):
            R = np.zeros(5)
            R[j] = 1
            boot = WildboottestCL(
                X=X,
                Y=d.y.to_numpy(),
                cluster=d.g.to_numpy(),
                bootcluster=d.g.to_numpy(),
                R=R,
                B=DRAWS,
                seed=12345,
            )
            boot.get_scores(bootstrap_type="11", impose_null=True)
            boot.get_weights(weights_type=kind)
            boot.get_numer()
            boot.get_denom()
            boot.get_tboot()
            boot.get_vcov()
            boot.get_tstat()
            boot.get_pvalue(pval_type="two-tailed")
            rows.append(
                (
                    name,
                    term,
                    kind,
                    len(boot.t_boot),
                    float(np.abs(boot.t_stat).item()),
                    float(boot.pvalue),
                )
            )
pd.DataFrame(rows, columns=["set", "term", "kind", "draws", "statistic", "p_value"]).to_csv(
    "wild.csv", index=False
)
with Path("session.txt").open("a", encoding="utf-8") as f:
    f.write(f"wildboottest {version('wildboottest')}\n")
