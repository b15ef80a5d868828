// An HTTP/1.1 client for the servers of one cluster: what one cannot decide it hands to the one that can.
// Connections are kept per thread and address. Nothing is ever sent twice.
#pragma once

#include "infra/http/message.hpp"

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace dacapo::http {

struct ClientRequest {
    Method method = Method::get;
    std::string target;  // path and query, as sent
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
};

struct ClientResponse {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> headers;  // names as received
    std::string body;

    // The first field of this name, whatever its case; empty when there is none.
    std::string_view header(std::string_view name) const;
};

// The request cannot have been read by the other side: nobody has acted on it.
struct NotSent : std::runtime_error {
    using std::runtime_error::runtime_error;
};
// It was sent, and no answer came: what became of it is unknown.
struct NoAnswer : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class Client {
public:
    Client();
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // `base` is `http://host:port`. Throws NotSent, NoAnswer, std::invalid_argument for a base that is none.
    // The answer's body may have up to 1 MiB. Resumes on the caller's executor.
    boost::asio::awaitable<ClientResponse> send(std::string base, ClientRequest request,
                                                std::chrono::milliseconds patience);

    // Closes the connections that are kept. Before the executors they were made on go away, when none of them
    // runs.
    void clear();

private:
    struct Pool;
    std::shared_ptr<Pool> pool_;
};

}  // namespace dacapo::http
