"""The registry of known sources: a list one can read. A new
source is one entry in one of these files.
"""

from peacestudy.outcomes.registry.aid import IEG_RATINGS, IFAD_RATINGS, MONA
from peacestudy.outcomes.registry.archigos import ARCHIGOS
from peacestudy.outcomes.registry.cow import COW_IGO, COW_TRADE
from peacestudy.outcomes.registry.democracy import (
    EXTENDED_UDS,
    POLITY5,
    VDEM_CONSTRAINTS,
    VDEM_INDICES,
)
from peacestudy.outcomes.registry.double_ratings import (
    ADB_RATINGS,
    ISSUE_POSITIONS,
    SEXUAL_VIOLENCE,
    TERROR_SCALE,
)
from peacestudy.outcomes.registry.environment import (
    AIR_POLLUTANTS,
    GREENHOUSE_GASES,
    KYOTO_TARGETS,
    MONTREAL_GROUPS,
    ODS,
)
from peacestudy.outcomes.registry.fariss import FARISS_GDP
from peacestudy.outcomes.registry.fuzzy_sets import GRAUVOGEL, SCHWARZ, THIEM, WEISE
from peacestudy.outcomes.registry.gleditsch_ward import GW_COW_YEARS, GW_STATES
from peacestudy.outcomes.registry.health import GUINEA_WORM, HEALTH_FUNDS, POLIO, VACCINES
from peacestudy.outcomes.registry.hief import HIEF
from peacestudy.outcomes.registry.justice import TJET, TJET_CODEBOOK
from peacestudy.outcomes.registry.maverick import MAVERICK
from peacestudy.outcomes.registry.mediation import MEDIATION
from peacestudy.outcomes.registry.missions import THIRD_PARTY_MISSIONS, UN_MISSIONS
from peacestudy.outcomes.registry.pam import PAM_15
from peacestudy.outcomes.registry.pax import PAX_LABELS, PAX_V9, PAX_V10
from peacestudy.outcomes.registry.reign import REIGN_ELECTIONS, REIGN_LEADERS, REIGN_REGIMES
from peacestudy.outcomes.registry.sanctions import GSDB_4
from peacestudy.outcomes.registry.treaties import ECOLEX, IEADB, TFDD
from peacestudy.outcomes.registry.ucdp import ACD_251
from peacestudy.outcomes.registry.ucdp_deaths import BATTLE_DEATHS_221
from peacestudy.outcomes.registry.ucdp_dyads import AGREEMENTS_221, DYADIC_251
from peacestudy.outcomes.registry.ucdp_events import GED_CAR, GED_SYRIA
from peacestudy.outcomes.registry.ucdp_termination import TERMINATION_CONFLICT, TERMINATION_DYAD
from peacestudy.outcomes.registry.walter import WALTER
from peacestudy.outcomes.registry.world_bank import WDI
from peacestudy.outcomes.source import Source

SOURCES: dict[str, Source] = {
    s.id: s
    for s in (
        PAX_V10,
        PAX_V9,
        PAX_LABELS,
        ACD_251,
        VDEM_INDICES,
        VDEM_CONSTRAINTS,
        POLITY5,
        WDI,
        COW_IGO,
        COW_TRADE,
        TJET,
        TJET_CODEBOOK,
        UN_MISSIONS,
        THIRD_PARTY_MISSIONS,
        MEDIATION,
        GW_STATES,
        GW_COW_YEARS,
        FARISS_GDP,
        EXTENDED_UDS,
        HIEF,
        DYADIC_251,
        TERMINATION_CONFLICT,
        TERMINATION_DYAD,
        BATTLE_DEATHS_221,
        GED_CAR,
        GED_SYRIA,
        AGREEMENTS_221,
        PAM_15,
        ARCHIGOS,
        REIGN_LEADERS,
        REIGN_ELECTIONS,
        REIGN_REGIMES,
        WALTER,
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
        MAVERICK,
    )
}
