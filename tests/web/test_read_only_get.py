"""A page that is only read cannot write, however the statement begins."""

import pytest
from django.db import connection

from backofficine.web.middleware import GetMustNotWrite, _refuse_writes


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO t VALUES (1)",
        "  (update t SET a = 1)",
        "WITH found AS (SELECT 1)\nINSERT INTO t SELECT * FROM found",
        "WITH gone AS (DELETE FROM t RETURNING id) SELECT * FROM gone",
        "with a as (select 1) update t set b = 2",
        "COPY t FROM STDIN",
        "MERGE INTO t USING u ON true",
        "TRUNCATE t",
    ],
)
def test_a_statement_that_writes_is_refused(db, statement):
    with (
        connection.execute_wrapper(_refuse_writes),
        connection.cursor() as cursor,
        pytest.raises(GetMustNotWrite),
    ):
        cursor.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 'INSERT INTO t'",
        "WITH updates AS (SELECT 1 AS deleted) SELECT deleted FROM updates",
        "(SELECT 1)",
    ],
)
def test_a_statement_that_reads_passes(statement):
    assert _refuse_writes(lambda *given: given[0], statement, (), False, {}) == statement
