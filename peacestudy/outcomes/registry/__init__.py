"""The registry of known sources: a list one can read. A new source is one entry in one of these files."""

from peacestudy.outcomes.registry.aid import IEG_RATINGS, IFAD_RATINGS, MONA
from peacestudy.outcomes.registry.archigos import ARCHIGOS
from peacestudy.outcomes.registry.cow import COW_IGO, COW_TRADE
from peacestudy.outcomes.registry.democracy import EXTENDED_UDS, POLITY5, VDEM_CONSTRAINTS, VDEM_INDICES
from peacestudy.outcomes.registry.double_ratings import ADB_RATINGS, ISSUE_POSITIONS, SEXUAL_VIOLENCE, TERROR_SCALE
from peacestudy.outcomes.registry.environment import (
    AIR_POLLUTANTS,
    GREENHOUSE_GASES,
    KYOTO_TARGETS,
    MONTREAL_GROUPS,
    ODS,
)
from peacestudy.outcomes.registry.fariss import FARISS_GDP
from peacestudy.outcomes.registry.fuzzy_sets import GRAUVOGEL, SCHWARZ, THIEM, WEISE
from peacestudy.outcomes.registry.gleditsch_ward import GW_STATES
from peacestudy.outcomes.registry.health import GUINEA_WORM, HEALTH_FUNDS, POLIO, VACCINES
from peacestudy.outcomes.registry.hief import HIEF
from peacestudy.outcomes.registry.justice import TJET
from peacestudy.outcomes.registry.missions import THIRD_PARTY_MISSIONS, UN_MISSIONS
from peacestudy.outcomes.registry.pam import PAM_15
from peacestudy.outcomes.registry.pax import PAX_V10
from peacestudy.outcomes.registry.sanctions import GSDB_4
from peacestudy.outcomes.registry.treaties import ECOLEX, IEADB, TFDD
from peacestudy.outcomes.registry.ucdp import ACD_251
from peacestudy.outcomes.registry.ucdp_dyads import AGREEMENTS_221, DYADIC_251
from peacestudy.outcomes.registry.world_bank import WDI
from peacestudy.outcomes.source import Source

SOURCES: dict[str, Source] = {
    s.id: s
    for s in (
        PAX_V10,
        ACD_251,
        VDEM_INDICES,
        VDEM_CONSTRAINTS,
        POLITY5,
        WDI,
        COW_IGO,
        COW_TRADE,
        TJET,
        UN_MISSIONS,
        THIRD_PARTY_MISSIONS,
        GW_STATES,
        FARISS_GDP,
        EXTENDED_UDS,
        HIEF,
        DYADIC_251,
        AGREEMENTS_221,
        PAM_15,
        ARCHIGOS,
        ADB_RATINGS,
        TERROR_SCALE,
        SEXUAL_VIOLENCE,
        ISSUE_POSITIONS,
        IFAD_RATINGS,
        IEG_RATINGS,
        MONA,
        GSDB_4,
        ECOLEX,
        TFDD,
        IEADB,
        ODS,
        MONTREAL_GROUPS,
        GREENHOUSE_GASES,
        AIR_POLLUTANTS,
        KYOTO_TARGETS,
        VACCINES,
        HEALTH_FUNDS,
        GUINEA_WORM,
        POLIO,
        GRAUVOGEL,
        THIEM,
        SCHWARZ,
        WEISE,
    )
}
