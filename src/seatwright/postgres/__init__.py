"""PostgreSQL: the pool, the transaction, every query, migrations and the embedded server."""
