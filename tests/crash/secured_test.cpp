// The program as it is run in earnest: TLS with a certificate that is renewed by SIGHUP, what production
// refuses, and that it leaves no core behind.
#include "tests/crash/process.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/http_client.hpp"

#include <doctest/doctest.h>
#include <csignal>
#include <fstream>
#include <functional>
#include <thread>

namespace dacapo::test {
namespace {

constexpr std::chrono::seconds stop_patience{10};

std::vector<std::string> serve(const std::filesystem::path& folder, const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"serve"};
    for (const auto& flag : server_flags(folder)) {
        const auto name = flag.substr(0, flag.find('=') + 1);
        bool replaced = false;
        for (const auto& other : more) replaced = replaced || other.starts_with(name);
        if (!replaced) arguments.push_back(flag);
    }
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

std::vector<std::string> in_production(std::vector<std::string> more) {
    more.insert(more.begin(), {"--app-env=production", "--password-cost=10"});
    return more;
}

// A secret is no flag there.
std::vector<std::string> without_secret(std::vector<std::string> arguments) {
    std::erase_if(arguments, [](const std::string& flag) { return flag.starts_with("--jwt-secret="); });
    return arguments;
}
const std::vector<std::string> secret_in_environment{std::string("JWT_SECRET=") + crash_secret};

std::string bytes_of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string subject_shown(std::uint16_t port, const std::filesystem::path& trusted) {
    try {
        return Wire(port, TlsOptions{trusted, 0, {}, {}}).tls().subject();
    } catch (const std::runtime_error&) {
        return "";
    }
}

bool comes_true(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
}

TEST_CASE("SIGHUP gives new connections the new certificate; a bad one changes nothing and is logged") {
    const TemporaryFolder folder;
    const auto certificate = folder / "cert.pem";
    const auto key = folder / "key.pem";
    make_certificate("first", certificate, key);
    std::filesystem::copy_file(certificate, folder / "first.pem");
    Process process(real_program(),
                    serve(folder.path(), {"--tls-cert=" + certificate.string(), "--tls-key=" + key.string()}),
                    folder / "output.txt");
    const auto port = process.await_port();
    HttpClient open(port, TlsOptions{folder / "first.pem", 0, {}, {}});
    CHECK(open.request("GET", "/livez").status == 200);
    make_certificate("second", certificate, key);
    process.send_signal(SIGHUP);
    CHECK(comes_true([&] { return subject_shown(port, certificate) == "second"; }));
    CHECK(open.request("GET", "/livez").status == 200);
    std::filesystem::copy_file(certificate, folder / "second.pem");
    std::ofstream(certificate) << "no certificate";
    process.send_signal(SIGHUP);
    CHECK(comes_true(
        [&] { return process.output().find("the certificate in force is kept") != std::string::npos; }));
    CHECK(subject_shown(port, folder / "second.pem") == "second");
    CHECK(open.request("GET", "/livez").status == 200);
    process.send_signal(SIGTERM);
    CHECK_MESSAGE(process.await_exit(stop_patience) == 0, process.output());
}

TEST_CASE("a certificate that cannot be used refuses the start") {
    const TemporaryFolder folder;
    Process process(
        real_program(),
        serve(folder.path(), {"--tls-cert=" + (folder / "none.pem").string(), "--tls-key=/dev/null"}),
        folder / "output.txt");
    CHECK(process.await_exit(start_patience) == 2);
    CHECK_MESSAGE(process.output().find("TLS_CERT") != std::string::npos, process.output());
}

TEST_CASE("production serves plain HTTP on loopback, or behind a proxy that is named, and nowhere else") {
    const TemporaryFolder folder;
    {
        Process refused(real_program(),
                        without_secret(serve(folder.path(), in_production({"--host=0.0.0.0"}))),
                        folder / "output.txt", secret_in_environment);
        CHECK(refused.await_exit(start_patience) == 2);
        CHECK_MESSAGE(refused.output().find("TRUSTED_PROXY") != std::string::npos, refused.output());
    }
    for (const auto& more : {std::vector<std::string>{}, {"--host=127.0.0.2", "--trusted-proxy=127.0.0.1"}}) {
        Process process(real_program(), without_secret(serve(folder.path(), in_production(more))),
                        folder / "output.txt", secret_in_environment);
        CHECK_NOTHROW(process.await_port());
        process.send_signal(SIGTERM);
        CHECK(process.await_exit(stop_patience) == 0);
    }
}

TEST_CASE("in production a crash leaves no core with passwords in it") {
    const TemporaryFolder folder;
    Process process(real_program(), without_secret(serve(folder.path(), in_production({}))),
                    folder / "output.txt", secret_in_environment);
    process.await_port();
    std::ifstream limits("/proc/" + std::to_string(process.id()) + "/limits");
    std::string line;
    bool seen = false;
    while (std::getline(limits, line)) {
        if (!line.starts_with("Max core file size")) continue;
        seen = true;
        CHECK_MESSAGE(line.find(" 0 ") != line.npos, line);
        CHECK_MESSAGE(line.find("unlimited") == line.npos, line);
    }
    CHECK(seen);
    process.send_signal(SIGTERM);
    CHECK(process.await_exit(stop_patience) == 0);
}

TEST_CASE("in production no secret stands where everyone who lists processes may read it") {
    const TemporaryFolder folder;
    const auto flags = serve(folder.path(), in_production({}));
    Process refused(real_program(), flags, folder / "output.txt");
    CHECK(refused.await_exit(start_patience) == 2);
    CHECK_MESSAGE(refused.output().find("JWT_SECRET_FILE") != std::string::npos, refused.output());
    CHECK(refused.output().find(crash_secret) == std::string::npos);

    std::ofstream(folder / "secret") << crash_secret << '\n';
    auto by_file = without_secret(flags);
    by_file.push_back("--jwt-secret-file=" + (folder / "secret").string());
    Process process(real_program(), by_file, folder / "output.txt");
    process.await_port();
    const auto listed = "/proc/" + std::to_string(process.id());
    CHECK(bytes_of(listed + "/cmdline").find("--jwt-secret-file=") != std::string::npos);
    CHECK(bytes_of(listed + "/cmdline").find(crash_secret) == std::string::npos);
    CHECK(bytes_of(listed + "/environ").find(crash_secret) == std::string::npos);
    CHECK(process.output().find(crash_secret) == std::string::npos);
}

}  // namespace
}  // namespace dacapo::test
