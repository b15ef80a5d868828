// Certificates made on the spot, for an hour: no key is ever kept with the sources.
// For tests of who is believed: this server's clients, and this server where it is a client itself.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

namespace dacapo::test {

// One that signs others. Whoever trusts its `certificate` believes what it has signed.
class Authority {
public:
    // Writes its own certificate there, PEM.
    Authority(const std::string& name, std::filesystem::path certificate);
    ~Authority();

    // For a server of this DNS name: its certificate and its key.
    void issue(const std::string& host, const std::filesystem::path& certificate,
               const std::filesystem::path& key) const;
    const std::filesystem::path& certificate() const { return certificate_; }

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
    std::filesystem::path certificate_;
};

// A self-signed certificate for localhost under this common name, and its key.
void make_certificate(const std::string& common_name, const std::filesystem::path& certificate,
                      const std::filesystem::path& key);

}  // namespace dacapo::test
