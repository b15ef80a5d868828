-- Least rights in the database of the read models. Run it after the first `dacapo migrate`, and again after a migration
-- that makes a table of which it speaks (to repeat it does no harm), as the owner of the tables: the user of `dacapo
-- migrate` and of the projectors, who make, drop and build them anew. Command and query servers then connect as these two,
-- who can change no table and, but for snapshots and spent tickets, no row.
--
-- The roles themselves, with passwords of your own, are made before by somebody who may:
--   CREATE ROLE dacapo_command LOGIN PASSWORD '...';
--   CREATE ROLE dacapo_query LOGIN PASSWORD '...';
-- Everything is granted in the schema that comes first in the search path.
DO $$
DECLARE
    place text := quote_ident(current_schema());
BEGIN
    EXECUTE 'GRANT USAGE ON SCHEMA ' || place || ' TO dacapo_command, dacapo_query';

    -- A command server looks how far the projectors are, and keeps the snapshots of its shards.
    EXECUTE 'GRANT SELECT ON log_epoch, checkpoints TO dacapo_command';
    EXECUTE 'GRANT SELECT, INSERT, UPDATE, DELETE ON shard_snapshots TO dacapo_command';

    -- A query server spends tickets, and reads: also tables that a projector makes later.
    EXECUTE 'GRANT INSERT, DELETE ON spent_feed_tickets TO dacapo_query';
    EXECUTE 'GRANT SELECT ON ALL TABLES IN SCHEMA ' || place || ' TO dacapo_query';
    EXECUTE 'ALTER DEFAULT PRIVILEGES IN SCHEMA ' || place || ' GRANT SELECT ON TABLES TO dacapo_query';
END
$$;
