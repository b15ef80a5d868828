// A Server of some roles on the embedded engines, in a folder of its own, without what a RunningServer adds:
// no clock of the test's. Its answers are held against the document of its routes, also where it shows none.
#pragma once

#include "serve.hpp"
#include "tests/support/documented.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/temporary_folder.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>
#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dacapo::test {

class PlainServer {
public:
    explicit PlainServer(Roles roles = {}, const std::vector<std::string>& more = {})
        : server_(config_in(folder_, more), roles, lines_, clock_, options()) {
        server_.start();
        documented_.read(server_.api_document());
        watch_.emplace(server_.port(), documented_.watcher());
    }
    ~PlainServer() {
        server_.stop();
        CHECK_MESSAGE(documented_.faults().empty(), documented_.faults());
        ::close(log_);
    }

    Server& server() { return server_; }
    std::uint16_t port() const { return server_.port(); }
    // "405 method_not_allowed GET, HEAD, OPTIONS"
    std::string told(std::string_view method, std::string_view target) const {
        return told_by(server_.port(), method, target);
    }
    static std::string told_by(std::uint16_t port, std::string_view method, std::string_view target) {
        const auto answer = HttpClient(port).request(method, target);
        if (answer.status < 400) return std::to_string(answer.status);
        const auto code = boost::json::parse(answer.body).at("code").as_string();
        const auto allow = answer.header("Allow");
        return std::to_string(answer.status) + " " + std::string(code) + (allow.empty() ? "" : " " + allow);
    }

private:
    static Config config_in(const TemporaryFolder& folder, const std::vector<std::string>& more) {
        std::vector<std::string> arguments{"--host=127.0.0.1",
                                           "--port=0",
                                           "--threads=1",
                                           "--data-dir=" + folder.path().string(),
                                           "--event-log=sqlite:" + (folder / "log.db").string(),
                                           "--database-url=sqlite:" + (folder / "read.db").string(),
                                           "--jwt-secret=for this test alone, and nothing else",
                                           "--password-cost=4"};
        arguments.insert(arguments.end(), more.begin(), more.end());
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

}  // namespace dacapo::test
