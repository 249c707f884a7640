"""A tenant's URL keeps what the user wrote in it."""

import psycopg
import pytest
from sqlalchemy import create_engine, text

from macro_cycle.warehouse.urls import DatabaseUrl

OWN = "options=-c%20statement_timeout%3D12345%20-c%20application_name%3Dmine"


@pytest.mark.parametrize("schema", [None, "warehouse"])
def test_the_users_own_options_survive_beside_the_search_path(postgres_url, schema):
    separator = "&" if "?" in postgres_url else "?"
    url = DatabaseUrl(f"{postgres_url}{separator}{OWN}")
    with create_engine(url.sqlalchemy("psycopg2", schema)).connect() as connection:
        shown = [connection.execute(text(f"SHOW {name}")).scalar() for name in ("statement_timeout", "search_path")]
    with psycopg.connect(url.libpq(schema)) as connection:
        again = [connection.execute(f"SHOW {name}").fetchone()[0] for name in ("statement_timeout", "search_path")]
    assert shown == again == ["12345ms", schema or '"$user", public']
