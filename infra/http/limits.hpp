// Every bound of the HTTP and WebSocket plumbing, by name and with its unit.
// They stand together so that an operator and a test can see, and pass, each of them.
#pragma once

#include <cstddef>

namespace dacapo::http {

struct Limits {
    std::size_t connection_count_max = 10'000;
    std::size_t connection_count_per_address_max = 10'000;  // or IPv6 /64; a trusted proxy has no such limit
    std::size_t socket_count_per_client_max =
        10'000;  // open WebSockets of one address or IPv6 /64, past proxies
    std::size_t request_count_per_connection_max = 10'000'000;

    std::size_t target_bytes_max = 4 * 1024;
    std::size_t header_bytes_max = 8 * 1024;  // request line and fields together
    std::size_t field_count_max = 100;
    std::size_t unrouted_body_bytes_max = 64 * 1024;   // of a request that no route takes
    std::size_t chunk_overhead_bytes_max = 16 * 1024;  // chunk sizes, extensions and trailers of one body

    std::size_t joined_answer_bytes_max = 256 * 1024;  // answers to pipelined requests sent in one write
    // What the kernel keeps of a connection's answers before they can leave. Without this it takes megabytes
    // for each client that does not read, until there is no memory for the others' packets.
    int unsent_bytes_max = 128 * 1024;
    std::size_t discarded_bytes_max =
        8 * 1024 * 1024;  // read and dropped before a refused body's connection closes

    std::size_t message_bytes_max = 64 * 1024;         // one WebSocket message from a client
    std::size_t socket_queue_bytes_max = 1024 * 1024;  // unsent frames of one WebSocket; past it: close 4204
    std::size_t frames_per_write_max = 64;

    // Whole seconds: they are kept by a wheel that turns once a second, so each may last up to 1 s longer.
    unsigned tls_handshake_s = 10;
    unsigned header_s = 10;
    unsigned body_s = 30;
    std::size_t body_bytes_per_s_min = 32 * 1024;  // longer bodies get more time, at this rate
    unsigned idle_s = 60;
    unsigned write_s = 30;
    std::size_t answer_bytes_per_s_min = 8 * 1024;  // longer answers get more time, at this rate
    unsigned linger_s = 2;
    unsigned ping_s = 25;
    unsigned pong_s = 10;
    unsigned close_s = 5;
    unsigned stop_s = 8;
};

}  // namespace dacapo::http
