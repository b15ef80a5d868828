#include "tests/support/io_thread.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

namespace dacapo::testing {

IoThread::IoThread() : thread_([this] { context.run(); }) {}

IoThread::~IoThread() {
    work_.reset();
    context.stop();
    thread_.join();
}

void IoThread::drain() {
    const auto reached = std::make_shared<std::promise<void>>();
    boost::asio::post(context, [reached] { reached->set_value(); });
    if (reached->get_future().wait_for(patience) != std::future_status::ready)
        throw std::runtime_error("the thread is stuck");
}

void IoThread::spawn(boost::asio::awaitable<void> work) {
    boost::asio::co_spawn(context, std::move(work), boost::asio::detached);
}

}  // namespace dacapo::testing
