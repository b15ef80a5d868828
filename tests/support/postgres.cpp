#include "tests/support/postgres.hpp"

#include "infra/sql/session.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <cctype>
#include <cstdlib>
#include <stdexcept>

namespace dacapo::testing {

namespace {

const std::string script = std::string(DACAPO_SOURCE_DIR) + "/scripts/postgres.sh";

std::string read_line(int descriptor) {
    std::string line;
    for (char c = 0; ::read(descriptor, &c, 1) == 1 && c != '\n';) line += c;
    return line;
}

std::filesystem::path unused_folder() {
    auto pattern = (std::filesystem::temp_directory_path() / "dacapo-postgres-XXXXXX").string();
    if (!::mkdtemp(pattern.data())) throw std::runtime_error("cannot make a temporary folder");
    // The server may run as another user.
    std::filesystem::permissions(pattern, std::filesystem::perms(0755));
    return pattern;
}

}  // namespace

bool on_postgresql() {
    const char* const engine = std::getenv("DACAPO_TEST_DATABASE");
    return engine != nullptr && std::string_view(engine) == "postgresql";
}

Postgres& Postgres::instance() {
    static Postgres one;
    return one;
}

Postgres::Postgres() : folder_(unused_folder()) {
    std::array<int, 2> input{}, output{};
    if (::pipe2(input.data(), O_CLOEXEC) != 0 || ::pipe2(output.data(), O_CLOEXEC) != 0)
        throw std::runtime_error("no pipe");
    script_ = ::fork();
    if (script_ == 0) {
        ::dup2(input[0], STDIN_FILENO);
        ::dup2(output[1], STDOUT_FILENO);
        ::execl(script.c_str(), script.c_str(), "hold", folder_.c_str(), "0", nullptr);
        ::_exit(127);
    }
    ::close(input[0]);
    ::close(output[1]);
    input_ = input[1];
    url_ = read_line(output[0]);
    ::close(output[0]);
    if (url_.empty()) throw std::runtime_error("PostgreSQL did not start; what it said stands above");
}

Postgres::~Postgres() {
    ::close(input_);
    ::waitpid(script_, nullptr, 0);
}

void Postgres::run(const std::string& arguments) const {
    if (std::system((script + " " + arguments + " >/dev/null").c_str()) != 0)
        throw std::runtime_error("failed: " + script + " " + arguments);
}

void Postgres::crash() { run("crash " + folder_.string()); }

void Postgres::start() {
    const auto colon = url_.rfind(':');
    run("start " + folder_.string() + " " + url_.substr(colon + 1, url_.find('/', colon) - colon - 1));
}

std::string Postgres::schema(const std::string& name) {
    sql::Session session(url_, sql::Use::write);
    session.script("CREATE SCHEMA IF NOT EXISTS " + name);
    return url_ + "?options=-csearch_path%3D" + name;
}

namespace {

// Every file has another name, and capitals count in those of temporary folders.
std::string schema_name_of(const std::filesystem::path& file) {
    std::string name = "s";
    for (const char c : file.string())
        name += std::isalnum(static_cast<unsigned char>(c)) != 0
                    ? std::isupper(static_cast<unsigned char>(c)) != 0
                          ? std::string("_") + static_cast<char>(std::tolower(static_cast<unsigned char>(c)))
                          : std::string(1, c)
                    : "__";
    return name;
}

}  // namespace

std::string database_url_for(const std::filesystem::path& file) {
    if (!on_postgresql()) return "sqlite:" + file.string();
    return Postgres::instance().schema(schema_name_of(file));
}

void lose_database(const std::filesystem::path& file) {
    if (on_postgresql()) {
        const auto name = schema_name_of(file);
        sql::Session session(Postgres::instance().schema(name), sql::Use::write);
        session.script("DROP SCHEMA " + name + " CASCADE; CREATE SCHEMA " + name);
        return;
    }
    for (const char* ending : {"", "-wal", "-shm"}) std::filesystem::remove(file.string() + ending);
}

}  // namespace dacapo::testing
