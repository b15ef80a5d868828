// The write side of a server, put together: shards, passwords, the routes of commands and the policies of the
// clock.
#pragma once

#include "command/clock_policies.hpp"
#include "command/routes.hpp"
#include "infra/admission.hpp"
#include "serve_membership.hpp"
#include "serve_parts.hpp"

#include <memory>
#include <vector>

namespace dacapo {

// The routes of commands as a query server has them: documented, and answered elsewhere.
std::vector<http::Route> documented_commands(const ServerNeeds& needs);

class CommandSide {
public:
    CommandSide(const ServerNeeds& needs, Admission& admission);

    // Replays what the snapshots lack, then decides. Throws LogRefused.
    void start();
    // First what comes by itself; then, when no request is running any more, the rest. Nothing acknowledged
    // is lost.
    void stop_policies();
    void stop();
    // Drops whoever still waits and closes connections to other servers, before the executors of both go
    // away.
    void let_go();

    std::vector<http::Route> routes();
    SessionRegistry& sessions() { return shards_->sessions(); }
    const PasswordPool& passwords() const { return passwords_; }
    // The shards that are decided here.
    std::vector<int> owned() const;
    // Every shard that is ours to decide is decided here.
    bool is_ready() const { return !membership_ || membership_->is_settled(); }

private:
    const ServerNeeds needs_;
    LogStart& log_start_;
    std::unique_ptr<Shards> shards_;
    PasswordPool passwords_;
    LoginFailures login_failures_;
    CommandHandling commands_;
    ClockPolicies policies_;
    std::unique_ptr<Membership> membership_;
};

}  // namespace dacapo
