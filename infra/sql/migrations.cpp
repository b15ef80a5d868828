#include "infra/sql/migrations.hpp"

#include "infra/sql/create_text.hpp"

namespace dacapo::sql {

namespace {

constexpr const char* create_migrations = R"(
    CREATE TABLE migrations (
        version INTEGER PRIMARY KEY,
        name TEXT NOT NULL
    ) WITHOUT ROWID)";
constexpr PerDialect count_table{
    .sqlite = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'migrations'",
    .postgresql =
        "SELECT count(*) FROM pg_tables "
        "WHERE schemaname = current_schema() AND tablename = 'migrations'"};
constexpr std::string_view select_version = "SELECT coalesce(max(version), 0) FROM migrations";
constexpr std::string_view insert_migration = "INSERT INTO migrations (version, name) VALUES ($1, $2)";

bool has_table(Session& session) {
    return session.value<int>(count_table.in(session.dialect())).value_or(0) != 0;
}

}  // namespace

std::vector<Migration> missing(Session& session, std::span<const Migration> migrations) {
    const int applied = has_table(session) ? session.value<int>(select_version).value_or(0) : 0;
    if (applied > static_cast<int>(migrations.size()))
        throw NotMigrated("the database has been migrated to version " + std::to_string(applied) +
                          " by a newer build; this one knows version " + std::to_string(migrations.size()));
    return {migrations.begin() + applied, migrations.end()};
}

std::vector<Migration> migrate(Session& writer, std::span<const Migration> migrations) {
    if (missing(writer, migrations).empty()) return {};
    Transaction transaction(writer, Access::alone);
    if (!has_table(writer)) writer.script(create_text(writer.dialect(), create_migrations));
    const auto left = missing(writer, migrations);
    for (const auto& migration : left) {
        writer.script(create_text(writer.dialect(), migration.statements));
        writer.execute(insert_migration, migration.version, migration.name);
    }
    transaction.commit();
    return left;
}

}  // namespace dacapo::sql
