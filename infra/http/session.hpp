// One HTTP/1.1 connection: reads requests, has them answered, writes the answers, or becomes a WebSocket.
// Private to this folder.
#pragma once

#include "infra/http/io_thread.hpp"

namespace dacapo::http {

// Takes the accepted connection over; lives until the connection ends.
void serve_connection(IoThread& thread, Channel channel, ConnectionSlot slot);

}  // namespace dacapo::http
