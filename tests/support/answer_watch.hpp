// Shows every answer of a port to whoever wants to see them all: each client of http_client.hpp reports what
// it has read, so that no test can forget to hold an answer against the document.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace dacapo::test {

struct HttpAnswer;

class AnswerWatch {
public:
    // The method and the target are empty when what was sent had no request line. Called on any thread, one
    // answer after the other.
    using See =
        std::function<void(std::string_view method, std::string_view target, const HttpAnswer& answer)>;

    // One watch a port: a later one takes the place of one before.
    AnswerWatch(std::uint16_t port, See see);
    ~AnswerWatch();
    AnswerWatch(const AnswerWatch&) = delete;
    AnswerWatch& operator=(const AnswerWatch&) = delete;

    static void show(std::uint16_t port, std::string_view method, std::string_view target,
                     const HttpAnswer& answer);

private:
    std::uint16_t port_;
    See see_;
};

}  // namespace dacapo::test
