// What one command server asks of another: the owner of a shard answers a question, or decides something that
// a command of another shard needs. One route for all of it, signed with the cluster's secret and never shown
// by the proxy.
#pragma once

#include "infra/clock.hpp"
#include "infra/crypto/digest.hpp"
#include "infra/http/client.hpp"
#include "infra/http/problem.hpp"
#include "infra/http/route.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace dacapo {

inline constexpr std::string_view internal_path = "/internal/commands";

class Neighbours {
public:
    // Where the owner of a shard can be reached, as far as is known.
    using OwnerOf = std::function<std::optional<std::string>(int shard)>;
    // Answers a question here. Throws Problem; ShardElsewhere when the shard has moved on.
    using Answer = std::function<boost::asio::awaitable<boost::json::object>(boost::json::object question)>;

    Neighbours(std::string cluster_secret, std::string own_url, OwnerOf owner_of, const Clock& clock);

    // Asks the owner of `shard` the question of this name. Throws Problem: the other's refusal; 503
    // `shard_elsewhere` when it cannot be reached; 503 `outcome_unknown` when it has not answered.
    boost::asio::awaitable<boost::json::object> ask(int shard, std::string name,
                                                    boost::json::object question);

    // Sends a whole request of a client to the owner of `shard` and returns its answer. Throws as ask() does.
    boost::asio::awaitable<http::Response> forward(int shard, const http::Request& request);

    // Before the threads that asked go away.
    void close_connections() { client_.clear(); }

    // The questions that this server answers, by name; before the route is used.
    void answer(std::string name, Answer answer) { answers_[std::move(name)] = std::move(answer); }
    http::Route route();

private:
    std::string owner_url(int shard) const;
    boost::asio::awaitable<http::ClientResponse> send(int shard, http::ClientRequest request);
    std::string signature_of(std::string_view time_ms, std::string_view body) const;
    void check_signature(const http::Request& request) const;
    boost::asio::awaitable<http::Response> take(http::Request& request);

    const HmacKey key_;
    const std::string own_url_;
    const OwnerOf owner_of_;
    const Clock& clock_;
    std::map<std::string, Answer, std::less<>> answers_;
    http::Client client_;
};

// These routes, each of which sends its request on when its shard is decided elsewhere, and asks both again
// for a second when neither decides it. A request that has been sent on once is refused instead (503
// `shard_elsewhere`): two servers that each believe in the other must not play ball.
std::vector<http::Route> forwarding(std::vector<http::Route> routes, Neighbours& neighbours);

}  // namespace dacapo
