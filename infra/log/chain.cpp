#include "infra/log/chain.hpp"

#include <openssl/evp.h>
#include <algorithm>
#include <cstring>

namespace dacapo {

std::string hex_of(const RecordHash& hash) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const auto byte : hash) {
        text += digits[byte >> 4];
        text += digits[byte & 0xF];
    }
    return text;
}

void ChainHasher::Free::operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
void ChainHasher::Free::operator()(EVP_MD* digest) const { EVP_MD_free(digest); }

// Fetched once: the lookup of EVP_sha256() in every call costs as much as the hash of a short record.
ChainHasher::ChainHasher() : digest_(EVP_MD_fetch(nullptr, "SHA2-256", nullptr)), context_(EVP_MD_CTX_new()) {
    if (!digest_ || !context_) throw std::runtime_error("SHA-256 is not available from OpenSSL");
}

RecordHash ChainHasher::next(const RecordHash& previous, std::string_view payload) {
    RecordHash hash;
    if (EVP_DigestInit_ex2(context_.get(), digest_.get(), nullptr) != 1 ||
        EVP_DigestUpdate(context_.get(), previous.data(), previous.size()) != 1 ||
        EVP_DigestUpdate(context_.get(), payload.data(), payload.size()) != 1 ||
        EVP_DigestFinal_ex(context_.get(), hash.data(), nullptr) != 1)
        throw std::runtime_error("SHA-256 failed in OpenSSL");
    return hash;
}

ChainCheck::ChainCheck(Position after, const ChainHeads& heads)
    : position_(after), heads_(heads.begin(), heads.end()) {}

ChainCheck::ChainCheck(Position after, int shard_count)
    : position_(after), heads_(static_cast<std::size_t>(shard_count)) {
    if (after == 0) std::fill(heads_.begin(), heads_.end(), ChainHead{});
}

std::string ChainCheck::fault_of(const StoredRow& row) {
    if (row.position != position_ + 1) return "the record is missing";
    if (row.shard < 0 || row.shard >= std::ssize(heads_))
        return "there is no shard " + std::to_string(row.shard);
    if (row.hash.size() != sizeof(RecordHash)) return "the hash is not 32 bytes long";
    ChainHead head{row.position, row.sequence, {}};
    std::memcpy(head.hash.data(), row.hash.data(), head.hash.size());
    auto& before = heads_[static_cast<std::size_t>(row.shard)];
    if (before) {
        if (row.sequence != before->sequence + 1)
            return "shard " + std::to_string(row.shard) + " goes from sequence " +
                   std::to_string(before->sequence) + " to " + std::to_string(row.sequence);
        if (hasher_.next(before->hash, row.payload) != head.hash) return "the hash chain is broken";
    }
    before = head;
    position_ = row.position;
    return {};
}

std::optional<ChainHeads> ChainCheck::heads() const {
    ChainHeads known;
    for (const auto& head : heads_) {
        if (!head) return std::nullopt;
        known.push_back(*head);
    }
    return known;
}

}  // namespace dacapo
