// How often a second this disk makes an append durable: write and fdatasync in a loop, for a batch of one
// record and for one of many. No log that answers after its sync can flush more often than this.
#include <fcntl.h>
#include <unistd.h>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t batch_sizes_bytes[] = {400, 64 * 1024};

// One line of JSON. False when the disk refuses.
bool measure(const std::string& file, std::size_t bytes, std::chrono::seconds how_long) {
    const int descriptor = ::open(file.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    if (descriptor < 0) return false;
    const std::string batch(bytes, 'x');
    std::vector<double> took_us;
    const auto begun = Clock::now();
    auto before = begun;
    bool good = true;
    while (good && before - begun < how_long) {
        good = ::write(descriptor, batch.data(), bytes) == static_cast<ssize_t>(bytes) &&
               ::fdatasync(descriptor) == 0;
        const auto after = Clock::now();
        took_us.push_back(std::chrono::duration<double, std::micro>(after - before).count());
        before = after;
    }
    ::close(descriptor);
    ::unlink(file.c_str());
    const double seconds = std::chrono::duration<double>(before - begun).count();
    std::sort(took_us.begin(), took_us.end());
    std::printf("{\"bytes\": %zu, \"per_second\": %.0f, \"p50_us\": %.0f, \"p99_us\": %.0f}\n", bytes,
                static_cast<double>(took_us.size()) / seconds, took_us[took_us.size() / 2],
                took_us[took_us.size() * 99 / 100]);
    return good;
}

}  // namespace

int main(int argument_count, char** arguments) {
    const int seconds = argument_count > 2 ? std::atoi(arguments[2]) : 0;
    if (seconds < 1) {
        std::fputs("usage: fdatasync_floor FILE SECONDS\n", stderr);
        return 2;
    }
    for (const auto bytes : batch_sizes_bytes) {
        if (measure(arguments[1], bytes, std::chrono::seconds(seconds))) continue;
        std::perror(arguments[1]);
        return 1;
    }
    return 0;
}
