// A real PostgreSQL for the tests that ask for one: started once for each program, with a schema of its own
// for each test, gone with the program however that ends.
#pragma once

#include <filesystem>
#include <string>

namespace dacapo::testing {

// DACAPO_TEST_DATABASE=postgresql: the read models of every test lie there instead of in a file.
bool on_postgresql();

class Postgres {
public:
    // The program's one, started by the first call.
    static Postgres& instance();

    // A URL that sees only this schema; made when it is not there.
    std::string schema(const std::string& name);
    // Pulls the plug: as a crash of the server.
    void crash();
    void start();

    Postgres(const Postgres&) = delete;
    Postgres& operator=(const Postgres&) = delete;

private:
    Postgres();
    ~Postgres();
    void run(const std::string& arguments) const;

    std::filesystem::path folder_;
    std::string url_;
    int input_ = -1;  // of the script that holds the server; its end is the server's
    int script_ = -1;
};

// The read models that a test calls by the name of a file: that file, or a schema of that name.
std::string database_url_for(const std::filesystem::path& file);
// They are gone, and the next to open them finds nothing.
void lose_database(const std::filesystem::path& file);

}  // namespace dacapo::testing
