// A connection that sends and receives bytes as they are, in clear or through TLS: below the clients of
// http_client.hpp, for what no client would send. Every wait has a deadline.
#pragma once

#include "tests/support/tls_client.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace dacapo::test {

struct HttpAnswer;
inline constexpr std::chrono::milliseconds patience{10'000};

// One TCP connection to 127.0.0.1, in clear or through TLS.
class Wire {
public:
    explicit Wire(std::uint16_t port, const std::optional<TlsOptions>& tls = {});
    ~Wire();
    Wire(Wire&& other) noexcept;
    Wire& operator=(Wire&& other) noexcept;

    void send(std::string_view bytes);      // throws when the connection is gone
    bool try_send(std::string_view bytes);  // false when the connection is gone
    void finish_sending();                  // half-close
    // Appends what arrives to the buffer; false at the end of the stream. Throws after `wait`.
    bool receive_more(std::chrono::milliseconds wait = patience);
    // Everything until the server closes.
    std::string receive_all(std::chrono::milliseconds wait = patience);
    // Whether the server closes within the time (what it still sends is kept in the buffer).
    bool closes_within(std::chrono::milliseconds wait);
    bool is_open() const { return descriptor_ >= 0; }
    void close();
    std::string& buffer() { return buffer_; }
    TlsEnd& tls() const { return *tls_; }
    // Shows the answer to whoever watches the port (answer_watch.hpp), with the request line that it answers:
    // the oldest one sent and not answered yet. Of requests in one send() only the first line is known, and
    // stands for all of them.
    void show(const HttpAnswer& answer);

private:
    void note_request(std::string_view bytes);

    struct Asked {
        std::string method;
        std::string target;
        bool answered = false;
    };

    std::uint16_t port_;
    std::deque<Asked> asked_;
    int descriptor_ = -1;
    std::unique_ptr<TlsEnd> tls_;
    std::string buffer_;
};

}  // namespace dacapo::test
