// No room on the disk: commands are refused with 507, reads go on, and room makes it work again without a
// restart.
#include "tests/crash/campaign.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/mount.h>
#include <csignal>
#include <fstream>

namespace dacapo::test {
namespace {

constexpr std::chrono::seconds stop_patience{10};

// A disk of its own, where that is allowed.
class SmallDisk {
public:
    explicit SmallDisk(std::filesystem::path folder) : folder_(std::move(folder)) {
        std::filesystem::create_directories(folder_);
        mounted_ = ::mount("tmpfs", folder_.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "size=48m") == 0;
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    ~SmallDisk() {
        if (mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
    }
    bool is_mounted() const { return mounted_; }
    // To the last byte.
    void fill() {
        std::ofstream ballast(folder_ / "ballast", std::ios::binary);
        ballast.rdbuf()->pubsetbuf(nullptr, 0);
        for (const std::size_t size : {65'536UL, 1UL}) {
            const std::string block(size, 'x');
            while (ballast.write(block.data(), static_cast<std::streamsize>(size))) continue;
            ballast.clear();
        }
    }
    void make_room() { std::filesystem::remove(folder_ / "ballast"); }

private:
    std::filesystem::path folder_;
    bool mounted_ = false;
};

// Sends messages until one is answered like this; how many it took, or nothing after the patience.
std::optional<int> messages_until(LoadClient& client, std::uint16_t port, int status) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    for (int count = 1; std::chrono::steady_clock::now() < deadline; ++count)
        if (client.send_one(port) == status) return count;
    return std::nullopt;
}

void fill_and_make_room(Process& process, const std::filesystem::path& log_file,
                        const std::function<void()>& fill, const std::function<void()>& make_room) {
    const auto port = process.await_port();
    Load load(8, campaign_seed());
    load.enrol(port);
    auto& client = *load.clients.front();
    REQUIRE(client.send_one(port) == 200);

    load.start(port, std::chrono::microseconds(1'000));
    REQUIRE(load.await_acknowledged(500));
    fill();
    load.stop();
    CHECK(messages_until(client, port, 507).has_value());

    // While it is full: refused at once, and everything can be read.
    HttpClient http(port);
    for (int i = 0; i < 20; ++i) {
        CHECK(client.send_one(port) == 507);
        CHECK(http.request("GET", "/users").status == 200);
        CHECK(http.request("GET", "/messages/sent", {{"Authorization", "Bearer " + client.token()}}).status ==
              200);
    }
    CHECK(http.request("GET", "/health").status == 200);

    make_room();
    CHECK(messages_until(client, port, 200).has_value());
    load.start(port, std::chrono::microseconds(1'000));
    const auto before = load.town.acknowledged.load();
    CHECK(load.await_acknowledged(before + 500));
    load.stop();
    process.send_signal(SIGTERM);
    CHECK_MESSAGE(process.await_exit(stop_patience) == 0, process.output());

    LogAudit audit;
    audit.read(log_file);
    for (const auto& one : load.clients) CHECK(audit.check(one->ledger()) == 0);
    CHECK_MESSAGE(audit.faults().empty(), audit.fault_text());
    CHECK_MESSAGE(load.town.complaints.empty(), load.town.complaint_text());
}

TEST_CASE("a full disk refuses commands with 507 and room lets them in again") {
    const TemporaryFolder folder;
    SmallDisk disk(folder / "disk");
    std::vector<std::string> arguments{"serve"};
    SUBCASE("a real disk that holds the log") {
        if (!disk.is_mounted()) return;
        for (auto& flag : server_flags(folder.path())) arguments.push_back(flag);
        for (auto& flag : arguments)
            if (flag.starts_with("--event-log="))
                flag = "--event-log=sqlite:" + (folder / "disk" / "log.db").string();
    }
    SUBCASE("a real disk that holds everything") {
        if (!disk.is_mounted()) return;
        for (auto& flag : server_flags(folder / "disk")) arguments.push_back(flag);
    }
    SUBCASE("a file system that says so") {
        arguments = {"synced"};
        for (auto& flag : server_flags(folder.path())) arguments.push_back(flag);
        Process process(test_program("forgetful_program"), arguments, folder / "output.txt");
        fill_and_make_room(
            process, folder / "log.db", [&] { process.send_signal(SIGUSR1); },
            [&] { process.send_signal(SIGUSR2); });
        return;
    }
    Process process(real_program(), arguments, folder / "output.txt");
    fill_and_make_room(
        process, folder / "disk" / "log.db", [&] { disk.fill(); }, [&] { disk.make_room(); });
}

}  // namespace
}  // namespace dacapo::test
