"""Environmental and freshwater treaties, and the states that are party to them."""

from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes.registry.citations import owed
from peacestudy.outcomes.source import Source

ECOLEX = Source(
    id="ecolex_parties",
    name="ECOLEX, parties to environmental treaties",
    version="2018, compiled in the R package manyenviron",
    citation="FAO, IUCN, and UNEP. 2018. ECOLEX: The gateway to environmental law.",
    landing_page="https://www.ecolex.org",
    licence="CC BY 4.0, stated by a compiler of the file",
    file="ecolex_parties.csv",
    sha256="1675d5b3e5b01ba3b96bbb5b611dedb8657288cd31b7135cb24d3f59e4a6c3c3",
    rows=25003,
    schema=Schema(
        (
            Field(
                "StatID",
                pattern="[A-Z]{3}",
                description=(
                    "ISO3, but for EUE, KOS, BAD and BAV; territories stand under their state, so"
                    " 66 times a state appears twice or more in a treaty and rows have no key;"
                    " empty for 8 organisations"
                ),
            ),
            Field(
                "EcolexID",
                required=True,
                pattern=r"TRE-\d{6}",
                description="treaty; amendments and protocols are treaties of their own",
            ),
            Field(
                "Countries/Territories",
                required=True,
                description="name; former states stand under the code of the later one",
            ),
            Field("Sign", "date", description="signature; 1192-06-12, of Guinea, is a slip"),
            Field(
                "Rat",
                "date",
                description=(
                    "ratification, accession or the like; earlier than the signature in 24 rows"
                ),
            ),
            Field("Force", "date", description="entry into force for the state"),
            Field("Term", "date", description="end for the state"),
            Field("Title", required=True),
        ),
    ),
    unit="state in a treaty",
    key=(),
    first_year=1868,
    last_year=2018,
    states=(("StatID", "iso3"),),
    codes="today",
    bibtex=owed("ecolex2018"),
)
_YES_NO = (
    "RBO",
    "JointMgmt",
    "TechCoop",
    "InfoExchange",
    "Monitoring",
    "StakeholderParticip",
    "Consultations",
    "Compensation",
    "AmendMech",
)
_TFDD_SCHEMA = Schema(
    (
        Field(
            "Entry ID",
            "integer",
            description=(
                "number of the row; two rows are empty; in row 2740 the cells "
                "from TFDDID Linkage on are moved, so closed lists of words are not closed here"
            ),
        ),
        Field(
            "2016Update ID",
            "integer",
            description="treaty, 639 of them: a treaty has a row a basin and country",
        ),
        Field("BCODE", description="basin; GNRL and UNKN where none is named"),
        Field("Basin Name"),
        Field(
            "CCODE",
            pattern="[A-Z]{3}",
            description=(
                "ISO3, but for GNL, GRM, MFD, PAL and UKN, and the former ROM, USR, YGF and ZAR"
            ),
        ),
        Field("Country_Name"),
        Field("DocumentName"),
        Field("DateSigned", description="dd.mm.yyyy, or m/d/yyyy; 4 in the moved row"),
        Field("Signatories"),
        Field("NumberParties", description="believed, from the signatories: 1 two parties, 2 more"),
        Field("Issue Area"),
        Field(
            "Allocation",
            description="code, or several comma separated; -1 and 0 where there is none",
        ),
        *(
            Field(c, description="Y, N, or N.A. where the text was not at hand or not coded")
            for c in _YES_NO
        ),
        Field("PriorNotification", description="code, or several"),
        Field("Conflict Resolution Mechanism", description="code, or several comma separated"),
        Field("Enforcement", description="Y, N or N.A."),
        Field("EnforceMech"),
    ),
)
TFDD = Source(
    id="tfdd_treaties",
    name="Transboundary Freshwater Dispute Database, international freshwater treaties",
    version="2016",
    citation=(
        "Giordano, Mark, Alena Drieschova, James A. Duncan, Yoshiko Sayama, Lucia De Stefano, and"
        " Aaron T. Wolf. 2014. A review of the evolution and state of transboundary freshwater"
        " treaties. International Environmental Agreements 14(3): 245-264."
    ),
    landing_page="https://transboundarywaters.ceoas.oregonstate.edu",
    licence="CC BY 4.0, stated by a compiler of the file",
    file="tfdd_water_treaties.csv",
    sha256="31967fdef3ef63b91bcef23e78be5950200d6e389252debf9a63cb54be3f5043",
    rows=2118,
    schema=_TFDD_SCHEMA,
    unit="country and basin in a treaty",
    key=("Entry ID",),
    first_year=1820,
    last_year=2007,
    states=(("CCODE", "iso3"),),
    bibtex=owed("giordano2014"),
)
_IEADB_SCHEMA = Schema(
    (
        Field(
            "IEA# (click for add'l info)",
            "integer",
            required=True,
            minimum=1,
            description="number of the agreement",
        ),
        Field(
            "Inclusion",
            required=True,
            pattern="[BMO][ENUu][ANU]",
            description=(
                "believed: bilateral, multilateral, other; environmental, not, unsure; binding,"
                " not, unsure"
            ),
        ),
        Field("Signature Year", "year", required=True, minimum=1351, maximum=2699),
        Field(
            "Signature Date",
            required=True,
            pattern=r"\d{4}-\d\d-\d\d",
            description="YYYY-MM-DD; 0000-00-00 (165) and 2699-01-01 (37) are no dates",
        ),
        Field(
            "Date IEA entered into force",
            pattern=r"\d{4}-\d\d-\d\d",
            description=(
                "YYYY-MM-DD; the first days of 2599, 2899, 2999 and 3200 (185) are codes and no"
                " dates"
            ),
        ),
        Field("Treaty Name", required=True),
        Field("Agreement Type (level 2)", required=True),
        Field("Lineage", description="family of agreements, such as MARPOL"),
        Field("Secretariat", required=True),
    ),
    key=("IEA# (click for add'l info)",),
)
IEADB = Source(
    id="ieadb",
    name="International Environmental Agreements Database, agreements",
    version="2019",
    citation=(
        "Mitchell, Ronald B., Liliana B. Andonova, Mark Axelrod, Jörg Balsiger, Thomas Bernauer,"
        " Jessica F. Green, James Hollway, Rakhyun E. Kim, and Jean-Frédéric Morin. 2020. What we"
        " know (and could know) about international environmental agreements. Global Environmental"
        " Politics 20(1): 103-121."
    ),
    landing_page="https://iea.uoregon.edu",
    licence="CC BY 4.0, stated by a compiler of the file",
    file="ieadb_treaties.csv",
    sha256="99d3cfa377da996cd512915a573e2240eb8e041d0902746bd4aba503e4094361",
    rows=5728,
    schema=_IEADB_SCHEMA,
    unit="international environmental agreement",
    key=("IEA# (click for add'l info)",),
    first_year=1351,
    last_year=2019,
    year="Signature Year",
    special=(("Signature Year", 2699, "the year of signature is not known"),),
    bibtex=owed("mitchell2020"),
)
