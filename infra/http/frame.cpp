#include "infra/http/frame.hpp"

#include <algorithm>

namespace dacapo::http {
namespace {

Frame make_frame(std::uint8_t opcode, std::string_view payload) {
    auto frame = std::make_shared<std::string>();
    frame->reserve(payload.size() + 10);
    frame->push_back(static_cast<char>(0x80 | opcode));
    const auto push_length = [&](int byte_count) {
        for (int at = byte_count - 1; at >= 0; --at)
            frame->push_back(
                static_cast<char>((static_cast<std::uint64_t>(payload.size()) >> (8 * at)) & 0xFF));
    };
    if (payload.size() < 126) {
        push_length(1);
    } else if (payload.size() <= 0xFFFF) {
        frame->push_back(126);
        push_length(2);
    } else {
        frame->push_back(127);
        push_length(8);
    }
    frame->append(payload);
    return frame;
}

// RFC 6455 7.4 and the IANA registry: what may come over the wire.
bool is_close_code(std::uint16_t code) {
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

std::uint64_t big_endian(std::span<const unsigned char> bytes) {
    std::uint64_t value = 0;
    for (const unsigned char byte : bytes) value = value << 8 | byte;
    return value;
}

}  // namespace

Frame text_frame(std::string_view payload) { return make_frame(1, payload); }
Frame ping_frame(std::string_view payload) {
    return make_frame(9, payload.substr(0, control_payload_bytes_max));
}
Frame pong_frame(std::string_view payload) {
    return make_frame(10, payload.substr(0, control_payload_bytes_max));
}

Frame close_frame(std::uint16_t code, std::string_view reason) {
    if (code == close_code::none_received) return make_frame(8, {});
    std::size_t size = std::min(reason.size(), control_payload_bytes_max - 2);
    while (size > 0 && size < reason.size() && (static_cast<unsigned char>(reason[size]) & 0xC0) == 0x80)
        --size;
    std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
    payload += reason.substr(0, size);
    return make_frame(8, payload);
}

Incoming FrameReader::next(std::span<const char>& bytes) {
    if (failed_) return {};
    if (delivered_) {
        delivered_ = false;
        // A large message's storage is given back: idle connections keep little.
        if (message_.capacity() > 4096) message_ = {};
        message_.clear();
    }
    while (true) {
        if (!in_payload_) {
            if (!take_header(bytes)) return {};
            if (const auto code = check_header(); code != 0) return fail(code);
            in_payload_ = true;
            mask_at_ = 0;
            if (is_control()) control_.clear();
        }
        if (const auto code = take_payload(bytes); code != 0) return fail(code);
        if (remaining_ > 0) return {};
        in_payload_ = false;
        header_bytes_ = 0;
        if (const auto incoming = finish_frame(); incoming.kind != Incoming::Kind::nothing) return incoming;
    }
}

// False while bytes are missing.
bool FrameReader::take_header(std::span<const char>& bytes) {
    std::size_t wanted = 2;
    while (true) {
        if (header_bytes_ >= 2) {
            const unsigned length = header_[1] & 0x7F;
            const std::size_t extended = length == 126 ? 2 : length == 127 ? 8 : 0;
            // Without a mask the frame is refused before anything more is waited for.
            wanted = 2 + extended + ((header_[1] & 0x80) != 0 ? 4U : 0U);
        }
        const auto count = std::min(wanted - header_bytes_, bytes.size());
        std::copy_n(bytes.begin(), count, header_.begin() + static_cast<std::ptrdiff_t>(header_bytes_));
        header_bytes_ += count;
        bytes = bytes.subspan(count);
        if (header_bytes_ < wanted) return false;
        if (wanted > 2 || (header_[1] & 0x80) == 0) return true;
    }
}

std::uint16_t FrameReader::check_header() {
    final_ = (header_[0] & 0x80) != 0;
    const bool reserved_bits = (header_[0] & 0x70) != 0;
    const bool masked = (header_[1] & 0x80) != 0;
    const auto opcode = static_cast<std::uint8_t>(header_[0] & 0x0F);
    const bool opcode_known = opcode <= 2 || (opcode >= 8 && opcode <= 10);
    if (reserved_bits || !masked || !opcode_known) return close_code::protocol_error;
    opcode_ = static_cast<Opcode>(opcode);

    const unsigned length = header_[1] & 0x7F;
    const std::span<const unsigned char> header(header_);
    std::size_t mask_begin = 2;
    remaining_ = length;
    if (length >= 126) {
        const std::size_t extended = length == 126 ? 2 : 8;
        remaining_ = big_endian(header.subspan(2, extended));
        mask_begin += extended;
        const bool longer_than_needed = remaining_ <= (length == 126 ? 125U : 0xFFFFU);
        if (longer_than_needed || remaining_ >> 63 != 0) return close_code::protocol_error;
    }
    std::copy_n(header.begin() + static_cast<std::ptrdiff_t>(mask_begin), 4, mask_.begin());

    if (is_control())
        return !final_ || remaining_ > control_payload_bytes_max ? close_code::protocol_error
                                                                 : std::uint16_t{0};
    if ((opcode_ == Opcode::continuation) != in_message_) return close_code::protocol_error;
    if (opcode_ == Opcode::binary) return close_code::unsupported_data;
    if (remaining_ > message_bytes_max_ - message_.size()) return close_code::too_large;
    return 0;
}

std::uint16_t FrameReader::take_payload(std::span<const char>& bytes) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, bytes.size()));
    if (count == 0) return 0;
    std::string& target = is_control() ? control_ : message_;
    const auto begin = target.size();
    target.append(bytes.data(), count);
    for (std::size_t at = begin; at < target.size(); ++at, ++mask_at_)
        target[at] = static_cast<char>(static_cast<unsigned char>(target[at]) ^ mask_[mask_at_ & 3]);
    remaining_ -= count;
    bytes = bytes.subspan(count);
    if (!is_control() && !utf8_.feed(std::string_view(message_).substr(begin)))
        return close_code::invalid_text;
    return 0;
}

Incoming FrameReader::finish_frame() {
    switch (opcode_) {
        case Opcode::ping:
            return {Incoming::Kind::ping, control_, 0};
        case Opcode::pong:
            return {Incoming::Kind::pong, control_, 0};
        case Opcode::close:
            return finish_close();
        default:
            break;
    }
    in_message_ = !final_;
    if (!final_) return {};
    if (!utf8_.complete()) return fail(close_code::invalid_text);
    utf8_.reset();
    delivered_ = true;
    return {Incoming::Kind::text, message_, 0};
}

Incoming FrameReader::finish_close() {
    failed_ = true;  // Nothing that follows a close is read.
    if (control_.empty()) return {Incoming::Kind::close, {}, close_code::none_received};
    if (control_.size() == 1) return fail(close_code::protocol_error);
    const auto high = static_cast<unsigned char>(control_[0]);
    const auto low = static_cast<unsigned char>(control_[1]);
    const auto code = static_cast<std::uint16_t>(high << 8 | low);
    const auto reason = std::string_view(control_).substr(2);
    if (!is_close_code(code)) return fail(close_code::protocol_error);
    if (!is_utf8(reason)) return fail(close_code::invalid_text);
    return {Incoming::Kind::close, reason, code};
}

Incoming FrameReader::fail(std::uint16_t code) {
    failed_ = true;
    return {Incoming::Kind::failed, {}, code};
}

}  // namespace dacapo::http
