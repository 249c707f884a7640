"""The tables of the schema `warehouse`; migrations create them, queries name them."""

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Column,
    Date,
    DateTime,
    Float,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    func,
)

SCHEMA = "warehouse"
metadata = MetaData(schema=SCHEMA)

# In two partitions: `observations_current`, one row per series and date, rewritten in place by a revision; and
# `observations_past`, keyed by series, date and realtime_start, with an index in the order of an as-of query.
observations = Table(
    "observations",
    metadata,
    Column("series_id", Text(collation="C"), nullable=False),
    Column("date", Date, nullable=False, comment="first day of the reference period"),
    Column("realtime_start", Date, nullable=False, comment="first day on which the value was known"),
    Column("realtime_end", Date, nullable=False, comment="first day on which it was no longer current, or infinity"),
    Column("value", Float(53), comment="null: published as missing, or withdrawn"),
    Column("source", Text, nullable=False, comment="where the row came from first"),
    Column("loaded_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("restated", ARRAY(Date), nullable=False, server_default="{}", comment="later days that said the same"),
    Column("estimated_on", Date, comment="day of the sighting that estimated realtime_start; null: it was published"),
    postgresql_partition_by="LIST (realtime_end)",
)

looks = Table(
    "looks",
    metadata,
    Column("series_id", Text(collation="C"), primary_key=True),
    Column("day", Date, primary_key=True, comment="what the source did not hold of the series on this day, it lacked"),
    Column("source", Text, primary_key=True, comment="a source that does not say when a value became known"),
)

models = Table(
    "models",
    metadata,
    Column("model_version", Text, primary_key=True),
    Column("input_version", Text, nullable=False, comment="content version of the panel"),
    Column("config_version", Text, nullable=False, comment="content version of the configuration"),
    Column("document", JSON, nullable=False),
    Column("metrics", JSON, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    UniqueConstraint("input_version", "config_version"),
)

# Append-only: of each cycle, asset and month the row with the greatest id stands.
records = Table(
    "records",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("cycle", Text, nullable=False),
    Column("asset", Text, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("version", Text, comment="content version of what the record stands for"),
    Column("document", JSON(none_as_null=True), comment="null: it could not be made"),
    Column("failure", Text, comment="why it could not be made"),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index("records_standing", "cycle", "asset", "as_of", "id"),
)

regimes = Table(
    "regimes",
    metadata,
    Column("cycle", Text, primary_key=True),
    Column("as_of", Date, primary_key=True),
    Column("data_version", Text, nullable=False),
    Column("first_reference_month", Date, nullable=False, comment="the others follow it month by month"),
    Column("columns", ARRAY(Text), nullable=False, comment="what the numbers of a month are, in order"),
    Column("labels", ARRAY(Text), nullable=False, comment="one a reference month"),
    Column("numbers", LargeBinary, nullable=False, comment="float64, big-endian, month by month"),
)

calls = Table(
    "calls",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("cycle", Text, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("reference_month", Date, nullable=False),
    Column("label", Text, nullable=False),
    Column("recession_probability", Float(53), nullable=False),
    Column("probabilities", JSON, nullable=False),
    Column("model_version", Text, nullable=False),
    Column("data_version", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("digest", LargeBinary, nullable=False, comment="of the call and the digest before it; the database's"),
    Index("calls_by_as_of", "cycle", "as_of", "id"),
)

news = Table(
    "news",
    metadata,
    Column("cycle", Text, primary_key=True),
    Column("as_of", Date, primary_key=True),
    Column("since", Date, nullable=False, comment="the earlier day"),
    Column("reference_month", Date, nullable=False, comment="newest month at as_of"),
    Column("since_reference_month", Date, nullable=False, comment="newest month at since"),
    Column("before", Float(53), nullable=False, comment="recession probability at since"),
    Column("forecast", Float(53), nullable=False, comment="what since expected of reference_month"),
    Column("after", Float(53), nullable=False, comment="recession probability at as_of"),
    Column("standard_error", Float(53), nullable=False, comment="of the parts; 0: exact"),
    Column("parts", JSON, nullable=False, comment="kind, series_id, contribution; they add up to after - before"),
)

served = Table(
    "served",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("cycle", Text, nullable=False),
    Column("as_of", Date, nullable=False, comment="month end of the model"),
    Column("model_version", Text, nullable=False),
    Column("registry_version", Text, nullable=False, comment="MLflow's number of the version"),
    Column("endpoint", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("recession_probability", Float(53), nullable=False),
    Column("served_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

evaluations = Table(
    "evaluations",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("cycle", Text, nullable=False),
    Column("as_of", Date, nullable=False, comment="newest month end that was scored"),
    Column("data_version", Text, nullable=False, comment="content version of the calls that were scored"),
    Column("document", JSON, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)
