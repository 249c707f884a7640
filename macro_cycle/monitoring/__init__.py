"""What is measured: the counts of the model server, the exporter that reads the record, and telling people.

The exporter finds every gauge anew at each scrape, in the database, in Dagster's storage, at the services' doors, so
that nothing which stopped can leave yesterday's value behind. Rules and routes lie in `.ops/.prometheus`.
"""
