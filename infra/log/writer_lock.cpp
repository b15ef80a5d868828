#include "infra/log/writer_lock.hpp"

#include "infra/log/event_log.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <cerrno>
#include <cstring>
#include <string>

namespace dacapo {

WriterLock::WriterLock(const std::filesystem::path& file)
    : file_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    if (!file_) throw LogRefused("cannot open " + file.string() + ": " + std::strerror(errno));
    if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            throw LogRefused("cannot lock " + file.string() + ": " + std::strerror(errno));
        char holder[32];
        const auto size = ::pread(file_.get(), holder, sizeof holder, 0);
        std::string who(holder, size > 0 ? static_cast<std::size_t>(size) : 0);
        who = who.substr(0, who.find('\n'));
        throw LogRefused("the log is held by process " + (who.empty() ? "(unknown)" : who) + " (" +
                         file.string() + "): only one may write it");
    }
    const auto own = std::to_string(::getpid()) + "\n";
    // The number is only for the message above; the lock does not rest on it.
    if (::ftruncate(file_.get(), 0) != 0 || ::pwrite(file_.get(), own.data(), own.size(), 0) < 0)
        throw LogRefused("cannot write " + file.string() + ": " + std::strerror(errno));
}

}  // namespace dacapo
