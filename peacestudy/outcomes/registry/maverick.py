"""MAVERICK: reports of election violence in Côte d'Ivoire and Kenya, several reports an event."""

from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes.registry.citations import owed
from peacestudy.outcomes.source import Source

_DEGREES = {"latitude": 90, "longitude": 180}

_MAVERICK_SCHEMA = Schema(
    (
        Field("id", required=True, description="report"),
        Field("event_id", required=True, description="event that it reports"),
        Field("country", required=True, enum=("Ivory Coast", "Kenya")),
        Field("election"),
        Field(
            "certain",
            "integer",
            required=True,
            minimum=1,
            maximum=6,
            description="criteria of election violence that are met",
        ),
        Field("date_start", "date", required=True, description="earliest day of the event"),
        Field("date_end", "date", required=True, description="latest day of the event"),
        Field("city"),
        Field("location"),
        *(
            Field(name, "number", minimum=-bound, maximum=bound, unit="degrees")
            for name, bound in _DEGREES.items()
        ),
        Field("geo_precision", "integer", required=True, minimum=1, maximum=6),
        *(
            Field(f"actor{i}{part}")
            for i in range(1, 7)
            for part in ("", "_id", "_type", "_subtype", "_violence")
        ),
        *(
            Field(f"actor{i}_{role}", "integer", minimum=0, maximum=1)
            for i in range(1, 7)
            for role in ("initiator", "perpetrator", "intervener", "bystander", "victim")
        ),
        Field("event_context"),
        Field("target", required=True),
        *(
            Field(f"{what}_{which}", "integer", required=True, minimum=0, unit=what)
            for what in ("deaths", "injuries")
            for which in ("best", "low", "high")
        ),
        Field("displacement", "integer", required=True, minimum=0, maximum=1),
        Field("damage", "integer", required=True, minimum=0, maximum=1),
        Field("source_type", required=True),
        Field("source_classification", "integer", required=True, minimum=0, maximum=4),
        Field("sampling", "integer", required=True, minimum=0, maximum=1),
    ),
    key=("id",),
)
MAVERICK = Source(
    id="maverick",
    name="Modes and Agents of Election-Related Violence in Côte d'Ivoire and Kenya, event reports",
    version="1.0, from the R package eventreport",
    citation=(
        "van Baalen, Sebastian, and Kristine Höglund. 2026. Introducing the Modes and Agents of"
        " Election-Related Violence in Côte d'Ivoire and Kenya (MAVERICK) dataset. Journal of Peace"
        " Research 63(1): 98-106."
    ),
    landing_page="https://cran.r-project.org/package=eventreport",
    licence="CC BY 4.0, stated",
    file="maverick_event_reports.csv",
    sha256="b7b046a6f63d69246a2de23b5a0a7f1d7141eb239114106b45293042b793ecad",
    rows=3287,
    schema=_MAVERICK_SCHEMA,
    unit="report of an event",
    key=("id",),
    first_year=1992,
    last_year=2022,
    absent="no report of election violence was found",
    bibtex=owed("vanbaalen2026"),
)
