#include "infra/crypto/digest.hpp"

#include <doctest/doctest.h>
#include <thread>
#include <vector>

using namespace dacapo;

TEST_CASE("SHA-256 gives the published digests") {
    CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("HMAC gives the digests of RFC 4231") {
    CHECK(hex(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    CHECK(hex(hmac_sha256(std::string(131, '\xAA'),
                          "Test Using Larger Than Block-Size Key - Hash Key First")) ==
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    CHECK(hex(hmac_sha256("", "")) == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST_CASE("one key signs for many threads") {
    const HmacKey key("secret");
    const auto expected = key.sign("text");
    std::vector<int> wrong(4, -1);
    std::vector<std::thread> threads;
    for (auto& count : wrong)
        threads.emplace_back([&] {
            count = 0;
            for (int i = 0; i < 500; ++i) count += key.sign("text") != expected;
        });
    for (auto& thread : threads) thread.join();
    CHECK(wrong == std::vector<int>(4, 0));
}

TEST_CASE("a key verifies its own signatures only") {
    const HmacKey key("secret");
    const auto mac = key.sign("text");
    CHECK(key.verify("text", as_text(mac)));
    CHECK_FALSE(key.verify("text!", as_text(mac)));
    CHECK_FALSE(key.verify("text", as_text(mac).substr(1)));
    CHECK_FALSE(key.verify("text", ""));
    CHECK_FALSE(key.derived("another purpose").verify("text", as_text(mac)));
    CHECK(key.derived("a").sign("text") == key.derived("a").sign("text"));
}

TEST_CASE("base64url goes there and back without padding") {
    CHECK(base64url(std::string_view("")) == "");
    CHECK(base64url(std::string_view("f")) == "Zg");
    CHECK(base64url(std::string_view("fo")) == "Zm8");
    CHECK(base64url(std::string_view("foobar")) == "Zm9vYmFy");
    CHECK(base64url(std::string_view("\xFB\xFF")) == "-_8");
    for (std::size_t size = 0; size < 100; ++size) {
        std::string bytes(size, '\0');
        random_bytes({reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()});
        CHECK(base64url_decoded(base64url(bytes)) == bytes);
    }
}

TEST_CASE("base64url has one text for each value") {
    for (const char* text : {"Zg==", "Zg=", "Z", "Zm9vY", "Zh", "Zm9", "Zm 8", "Zm8\n", "+/8", "Zm8."})
        CHECK_MESSAGE(!base64url_decoded(text), text);
}

TEST_CASE("random bytes differ") { CHECK(random_bytes<16>() != random_bytes<16>()); }

TEST_CASE("constant time comparison compares") {
    CHECK(equal_in_constant_time("", ""));
    CHECK(equal_in_constant_time("abc", "abc"));
    CHECK_FALSE(equal_in_constant_time("abc", "abd"));
    CHECK_FALSE(equal_in_constant_time("abc", "ab"));
}
