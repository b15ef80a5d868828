// One open WebSocket on a real connection. Private to this folder; others see WebSocket.
#pragma once

#include "infra/http/frame.hpp"
#include "infra/http/io_thread.hpp"

#include <vector>

namespace dacapo::http {

class SocketSession final : public WebSocket,
                            public Connection,
                            public std::enable_shared_from_this<SocketSession> {
public:
    // `early` is what the client sent right behind its handshake.
    SocketSession(IoThread& thread, Channel channel, ConnectionSlot slot, std::string_view early);
    ~SocketSession() override;

    // Starts to read, once the owner has set the callbacks.
    void start();

    WebSocket::Executor executor() const override { return thread_.context.get_executor(); }
    std::size_t thread_index() const override { return thread_.index; }
    const std::string& remote_address() const override { return slot_.address(); }
    void send(Frame frame) override;
    std::size_t queued_bytes() const override { return queued_bytes_; }
    void close(std::uint16_t code, std::string_view reason) override;
    bool is_open() const override { return open_; }

    void on_due() override;
    void on_stop() override;

private:
    void read();
    void take(std::span<const char> bytes);
    void take_close(std::uint16_t code, std::string_view reason);
    void push(Frame frame);
    void queue_control(Frame& control);
    void drop_queue();  // all but a frame that has left in part
    void flush_later();
    void flush();
    bool write_some();  // false: the kernel takes no more, or the connection is gone
    void wait_writable();
    void after_close_sent();
    void finish();
    void schedule();

    IoThread& thread_;
    Channel channel_;
    ConnectionSlot slot_;
    FrameReader reader_;
    std::vector<char> input_;
    std::size_t early_bytes_ = 0;

    std::vector<Frame> queue_;
    std::size_t queue_begin_ = 0;
    std::size_t front_sent_bytes_ = 0;
    std::size_t queued_bytes_ = 0;
    Frame pong_;  // the answer to the newest ping: a flood of pings costs one frame
    Frame ping_;

    bool open_ = true;
    bool close_received_ = false;
    bool close_flushed_ = false;
    bool finished_ = false;
    bool flush_posted_ = false;
    bool waiting_ = false;
    bool ping_out_ = false;
    std::uint16_t code_ = close_code::abnormal;  // what on_close will be told
    std::string reason_;
    unsigned heard_tick_ = 0;
    unsigned ping_tick_ = 0;
    unsigned write_tick_ = 0;  // when a write began to wait
    unsigned close_tick_ = 0;
};

}  // namespace dacapo::http
