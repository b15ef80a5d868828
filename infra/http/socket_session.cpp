#include "infra/http/socket_session.hpp"

#include <sys/uio.h>
#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>

namespace dacapo::http {
namespace {

constexpr std::size_t read_bytes = 2048;  // idle sockets are many and clients say little
constexpr std::size_t iovec_count = 64;

}  // namespace

SocketSession::SocketSession(IoThread& thread, Channel channel, ConnectionSlot slot, std::string_view early)
    : thread_(thread),
      channel_(std::move(channel)),
      slot_(std::move(slot)),
      reader_(thread.shared.limits.message_bytes_max),
      input_(std::max(read_bytes, early.size())),
      early_bytes_(early.size()),
      heard_tick_(thread.wheel.now()),
      ping_tick_(thread.wheel.now()) {
    std::ranges::copy(early, input_.begin());
    thread_.shared.socket_count.fetch_add(1, std::memory_order_relaxed);
}

SocketSession::~SocketSession() { thread_.shared.socket_count.fetch_sub(1, std::memory_order_relaxed); }

void SocketSession::start() {
    thread_.add(*this);
    schedule();
    if (thread_.stopping) on_stop();
    if (early_bytes_ > 0) {
        take(std::span<const char>(input_).first(early_bytes_));
        input_.resize(read_bytes);
    }
    read();
}

void SocketSession::read() {
    if (finished_) return;
    channel_.async_read_some(boost::asio::buffer(input_),
                             [self = shared_from_this()](boost::system::error_code error, std::size_t count) {
                                 if (self->finished_) return;
                                 if (error) return self->finish();
                                 self->take(std::span<const char>(self->input_).first(count));
                                 self->read();
                             });
}

void SocketSession::take(std::span<const char> bytes) {
    heard_tick_ = thread_.wheel.now();
    ping_out_ = false;
    while (!close_received_) {
        const Incoming incoming = reader_.next(bytes);
        switch (incoming.kind) {
            case Incoming::Kind::nothing:
                return;
            case Incoming::Kind::text:
                // After our close frame the client may finish its sentence; nobody listens.
                if (open_ && on_text) on_text(incoming.payload);
                break;
            case Incoming::Kind::ping:
                pong_ = pong_frame(incoming.payload);
                flush_later();
                break;
            case Incoming::Kind::pong:
                break;
            case Incoming::Kind::close:
                return take_close(incoming.code, incoming.payload);
            case Incoming::Kind::failed:
                drop_queue();
                close(incoming.code, {});
                close_received_ = true;  // Nothing more can be understood, so no answer is waited for.
                if (close_flushed_) after_close_sent();
                return;
        }
    }
}

void SocketSession::take_close(std::uint16_t code, std::string_view reason) {
    close_received_ = true;
    if (open_) {
        open_ = false;
        code_ = code;
        reason_ = reason;
        close_tick_ = thread_.wheel.now();
        drop_queue();
        push(close_frame(code, {}));
        schedule();
    }
    if (close_flushed_)
        after_close_sent();
    else
        flush_later();
}

void SocketSession::send(Frame frame) {
    if (!open_ || !frame) return;
    if (queued_bytes_ + frame->size() > thread_.shared.limits.socket_queue_bytes_max) {
        drop_queue();
        return close(close_code::too_slow, "too slow");
    }
    push(std::move(frame));
    flush_later();
}

void SocketSession::close(std::uint16_t code, std::string_view reason) {
    if (!open_) return;
    open_ = false;
    code_ = code;
    reason_ = reason;
    close_tick_ = thread_.wheel.now();
    push(close_frame(code, reason));
    flush_later();
    schedule();
}

void SocketSession::push(Frame frame) {
    queued_bytes_ += frame->size();
    queue_.push_back(std::move(frame));
}

// Ahead of everything but a frame that has left in part: control frames may stand between frames, never
// inside.
void SocketSession::queue_control(Frame& control) {
    if (!control || front_sent_bytes_ > 0) return;
    queued_bytes_ += control->size();
    if (queue_begin_ > 0)
        queue_[--queue_begin_] = std::move(control);
    else
        queue_.insert(queue_.begin(), std::move(control));
    control.reset();
}

void SocketSession::drop_queue() {
    const auto keep = queue_begin_ + (front_sent_bytes_ > 0 ? 1U : 0U);
    for (auto at = keep; at < queue_.size(); ++at) queued_bytes_ -= queue_[at]->size();
    queue_.resize(std::min(keep, queue_.size()));
}

void SocketSession::flush_later() {
    if (flush_posted_ || waiting_ || finished_) return;
    flush_posted_ = true;
    thread_.later([self = shared_from_this()] {
        self->flush_posted_ = false;
        self->flush();
    });
}

void SocketSession::flush() {
    if (finished_ || close_flushed_) return;
    const bool had_frames = queue_begin_ < queue_.size();
    while (true) {
        queue_control(pong_);
        queue_control(ping_);
        if (queue_begin_ == queue_.size() && !channel_.has_unsent()) break;
        if (!write_some()) return;
    }
    queue_.clear();
    queue_begin_ = 0;
    if (queue_.capacity() > 1024) queue_.shrink_to_fit();
    if (!open_) return after_close_sent();
    if (had_frames && on_drained) on_drained();
}

bool SocketSession::write_some() {
    std::array<iovec, iovec_count> parts;
    const auto count =
        std::min({queue_.size() - queue_begin_, parts.size(), thread_.shared.limits.frames_per_write_max});
    for (std::size_t at = 0; at < count; ++at) {
        const std::string& bytes = *queue_[queue_begin_ + at];
        const std::size_t skip = at == 0 ? front_sent_bytes_ : 0;
        parts[at] = {const_cast<char*>(bytes.data()) + skip, bytes.size() - skip};
    }
    const ssize_t sent = channel_.send(std::span<const iovec>(parts).first(count));
    if (sent < 0) {
        if (errno == EINTR) return true;
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            wait_writable();
        else
            finish();
        return false;
    }
    auto left = static_cast<std::size_t>(sent);
    queued_bytes_ -= left;
    while (left > 0) {
        const std::size_t rest = queue_[queue_begin_]->size() - front_sent_bytes_;
        if (left < rest) {
            front_sent_bytes_ += left;
            break;
        }
        left -= rest;
        front_sent_bytes_ = 0;
        queue_[queue_begin_++].reset();
    }
    return true;
}

void SocketSession::wait_writable() {
    // The gap that sent frames leave is closed now and then, not at every frame.
    if (queue_begin_ > 256) {
        queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(queue_begin_));
        queue_begin_ = 0;
    }
    waiting_ = true;
    write_tick_ = thread_.wheel.now();
    schedule();
    channel_.async_wait_writable([self = shared_from_this()](boost::system::error_code error) {
        self->waiting_ = false;
        if (self->finished_) return;
        if (error) return self->finish();
        self->flush();
    });
}

// The server ends the TCP connection (RFC 6455 7.1.1), but reads on until the client has seen it: closing
// with unread bytes would reset the connection and lose the close frame.
void SocketSession::after_close_sent() {
    close_flushed_ = true;
    if (!close_received_) return;
    channel_.shutdown_send();
}

void SocketSession::finish() {
    if (finished_) return;
    const auto self = shared_from_this();
    finished_ = true;
    open_ = false;
    channel_.close();
    thread_.wheel.disarm(*this);
    queue_.clear();
    queue_begin_ = queued_bytes_ = front_sent_bytes_ = 0;
    // Out of the members first: callbacks often hold the owner, and the owner this.
    const auto text = std::move(on_text);
    const auto drained = std::move(on_drained);
    const auto closed = std::move(on_close);
    on_text = nullptr;
    on_drained = nullptr;
    on_close = nullptr;
    if (closed) closed(code_, reason_);
}

void SocketSession::on_stop() {
    close(thread_.shared.options.stop_close_code, thread_.shared.options.stop_close_reason);
}

void SocketSession::on_due() {
    const Limits& limits = thread_.shared.limits;
    const auto now = thread_.wheel.now();
    if (!open_ && now >= close_tick_ + limits.close_s) return finish();
    if (waiting_ && now >= write_tick_ + limits.write_s) return finish();
    if (open_ && ping_out_ && now >= ping_tick_ + limits.pong_s) return finish();
    if (open_ && !ping_out_ && now >= std::max(heard_tick_, ping_tick_) + limits.ping_s) {
        ping_ = ping_frame({});
        ping_out_ = true;
        ping_tick_ = now;
        flush_later();
    }
    schedule();
}

void SocketSession::schedule() {
    if (finished_) return;
    const Limits& limits = thread_.shared.limits;
    const auto now = thread_.wheel.now();
    auto due = ping_out_ ? ping_tick_ + limits.pong_s : std::max(heard_tick_, ping_tick_) + limits.ping_s;
    if (waiting_) due = std::min(due, write_tick_ + limits.write_s);
    if (!open_) due = std::min(due, close_tick_ + limits.close_s);
    thread_.wheel.arm(*this, due > now ? due - now : 0);
}

}  // namespace dacapo::http
