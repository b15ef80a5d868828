// Servers of one role alone, without the proxy that sends each request to the right one.
#include "tests/support/documented.hpp"
#include "tests/support/temporary_folder.hpp"

#include "serve.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>
#include <boost/json.hpp>
#include <optional>

namespace dacapo::test {
namespace {

// The embedded engines, one after the other: a command server needs no tables, and both know the same paths.
class OneRole {
public:
    explicit OneRole(Roles roles) : server_(config_in(folder_), roles, lines_, clock_, options()) {
        server_.start();
        // A command server has no document to ask for.
        documented_.read(kept_document());
        watch_.emplace(server_.port(), documented_.watcher());
    }
    ~OneRole() {
        server_.stop();
        CHECK_MESSAGE(documented_.faults().empty(), documented_.faults());
        ::close(log_);
    }
    // "405 method_not_allowed GET, HEAD, OPTIONS"
    std::string told(std::string_view method, std::string_view target) {
        const auto answer = HttpClient(server_.port()).request(method, target);
        if (answer.status < 400) return std::to_string(answer.status);
        const auto code = boost::json::parse(answer.body).at("code").as_string();
        const auto allow = answer.header("Allow");
        return std::to_string(answer.status) + " " + std::string(code) + (allow.empty() ? "" : " " + allow);
    }

private:
    static Config config_in(const TemporaryFolder& folder) {
        const std::vector<std::string> arguments{"--host=127.0.0.1",
                                                 "--port=0",
                                                 "--threads=1",
                                                 "--data-dir=" + folder.path().string(),
                                                 "--event-log=sqlite:" + (folder / "log.db").string(),
                                                 "--database-url=sqlite:" + (folder / "read.db").string(),
                                                 "--jwt-secret=for this test alone, and nothing else",
                                                 "--password-cost=4"};
        return load_config(arguments, {}, "", read_small_file);
    }
    static ServerOptions options() {
        ServerOptions made;
        made.on_broken = [](const std::string&) { std::abort(); };
        return made;
    }

    TemporaryFolder folder_;
    int log_ = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    SystemClock clock_;
    LogLines lines_{LogLevel::error, clock_, log_};
    Server server_;
    Documented documented_;
    std::optional<AnswerWatch> watch_;
};

}  // namespace

TEST_CASE("a command server knows the paths of queries: the right method is 421 there, the wrong one 405") {
    OneRole server({.command = true, .project = false, .query = false});
    CHECK(server.told("GET", "/users") == "421 wrong_role");
    CHECK(server.told("GET", "/docs") == "421 wrong_role");
    CHECK(server.told("DELETE", "/users") == "405 method_not_allowed GET, HEAD, OPTIONS");
    CHECK(server.told("POST", "/users/1") == "405 method_not_allowed GET, HEAD, OPTIONS");
    CHECK(server.told("QUERY", "/events") == "405 method_not_allowed GET, HEAD, POST, OPTIONS");
    for (const char* method : {"GET", "POST", "QUERY"})
        CHECK(server.told(method, "/nowhere") == "404 not_found");
    CHECK(server.told("GET", "/livez") == "200");
    CHECK(server.told("POST", "/login") == "415 unsupported_media_type");
}

TEST_CASE("a query server knows the paths of commands: the right method is 421 there, the wrong one 405") {
    OneRole server({.command = false, .project = true, .query = true});
    CHECK(server.told("POST", "/login") == "421 wrong_role");
    CHECK(server.told("DELETE", "/events/1") == "421 wrong_role");
    CHECK(server.told("PUT", "/login") == "405 method_not_allowed POST, OPTIONS");
    CHECK(server.told("BREW", "/login") == "405 method_not_allowed POST, OPTIONS");
    CHECK(server.told("GET", "/users") == "200");
    CHECK(server.told("GET", "/livez") == "200");
}

}  // namespace dacapo::test
