#include "api/body.hpp"

#include <doctest/doctest.h>
#include <algorithm>

namespace dacapo::api {
namespace {

struct SampleBody {
    std::string title;
    std::string date;
    UserId user_id;
    std::optional<std::string> notes;
    std::optional<GatheringKind> type;
    std::optional<std::int64_t> capacity;
    std::optional<double> latitude;
    std::optional<bool> open;
    std::optional<std::string> password;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("title", self.title, Text{1, 10}, Hint{"Unique."});
        field("date", self.date, Text{1, 40}, Alias{"event_date"});
        field("user_id", self.user_id);
        field("notes", self.notes, Text{2, 20, Lines::many});
        field("type", self.type);
        field("capacity", self.capacity, Range{1, 100});
        field("latitude", self.latitude, Range{-90, 90});
        field("open", self.open);
        field("password", self.password, Secret{}, Text{8});
    }
};

struct Changes {
    std::optional<std::string> title;
    std::optional<std::optional<std::int64_t>> capacity;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("title", self.title, Text{1, 10});
        field("capacity", self.capacity, Range{1, 100});
    }
};

http::Request request_of(std::string body, std::string content_type = "application/json") {
    http::Request request;
    request.body = std::move(body);
    request.content_type = std::move(content_type);
    return request;
}

template <class T>
http::Problem problem_of(const http::Request& request) {
    try {
        read_body<T>(request);
    } catch (const http::Problem& problem) {
        return problem;
    }
    return {200, "", ""};
}

// "422 invalid: /title too_long, /x unknown_member"
template <class T = SampleBody>
std::string answer(const http::Request& request) {
    const auto problem = problem_of<T>(request);
    auto text = std::to_string(problem.status) + " " + problem.code;
    std::vector<std::string> faults;
    for (const auto& error : problem.errors) faults.push_back(error.pointer + " " + error.code);
    std::sort(faults.begin(), faults.end());
    for (const auto& fault : faults) text += (&fault == &faults.front() ? ": " : ", ") + fault;
    return text;
}

constexpr const char* accepted = "200 ";

// A good body with these members besides.
std::string with(const std::string& members) {
    return R"({"title":"Jam","date":"2030-06-21","user_id":5)" + (members.empty() ? "" : "," + members) + "}";
}
std::string title(const std::string& json_text) {
    return R"({"title":)" + json_text + R"(,"date":"x","user_id":5})";
}
std::string user(const std::string& json_text) {
    return R"({"title":"x","date":"x","user_id":)" + json_text + "}";
}

SampleBody read(const std::string& body) { return read_body<SampleBody>(request_of(body)); }

}  // namespace

TEST_CASE("a body with everything is read") {
    const auto body =
        read(with(R"("notes":"two\nlines","type":"jam","capacity":12,"latitude":48.85661400000001,)"
                  R"("open":true,"password":" secret  ")"));
    CHECK(body.title == "Jam");
    CHECK(body.date == "2030-06-21");
    CHECK(body.user_id == UserId{5});
    CHECK(body.notes == "two\nlines");
    CHECK(body.type == GatheringKind::jam);
    CHECK(body.capacity == 12);
    CHECK(body.latitude == 48.85661400000001);
    CHECK(body.open == true);
    CHECK(body.password == " secret  ");
}

TEST_CASE("optional members may be absent or null") {
    for (const char* members :
         {"", R"("notes":null,"type":null,"capacity":null,"latitude":null,"open":null,"password":null)"}) {
        const auto body = read(with(members));
        CHECK(!body.notes);
        CHECK(!body.type);
        CHECK(!body.capacity);
        CHECK(!body.latitude);
        CHECK(!body.open);
        CHECK(!body.password);
    }
}

TEST_CASE("required members may not be absent or null") {
    CHECK(answer(request_of("{}")) == "422 invalid: /date required, /title required, /user_id required");
    CHECK(answer(request_of(R"({"title":null,"date":null,"user_id":null})")) ==
          "422 invalid: /date wrong_type, /title wrong_type, /user_id wrong_type");
}

TEST_CASE("what is not JSON is 400") {
    for (const char* body : {"", " ", "{", "{}x", R"({"title":"a",})", "{'title':1}", "NaN", "\xEF\xBB\xBF{}",
                             "{\"a\":\"\xFF\"}", R"({"a":"\ud800"})", "{\"a\":\"\x01\"}"})
        CHECK_MESSAGE(answer(request_of(body)) == "400 malformed_json", body);
    std::string nul = with("");
    nul += '\0';
    CHECK(answer(request_of(nul)) == "400 malformed_json");
}

TEST_CASE("JSON that is no object is 422") {
    for (const char* body : {"[]", "5", "\"x\"", "null", "true"})
        CHECK_MESSAGE(answer(request_of(body)) == "422 invalid:  wrong_type", body);
}

TEST_CASE("nesting deeper than 32 is 400 and 32 is an unknown member") {
    const auto nested = [](std::size_t depth) {
        return with("\"x\":" + std::string(depth, '[') + std::string(depth, ']'));
    };
    CHECK(answer(request_of(nested(31))) == "422 invalid: /x unknown_member");
    CHECK(answer(request_of(nested(32))) == "400 malformed_json");
    CHECK(answer(request_of(nested(100'000))) == "400 malformed_json");
}

TEST_CASE("a member given twice is 400 wherever it stands") {
    CHECK(answer(request_of(with(R"("title":"Jam")"))) == "400 duplicate_member: /title duplicate_member");
    CHECK(answer(request_of(with(R"("\u0074itle":"Jam")"))) ==
          "400 duplicate_member: /title duplicate_member");
    CHECK(answer(request_of(with(R"("x":{"a~/b":1,"a~/b":1})"))) ==
          "400 duplicate_member: /a~0~1b duplicate_member");
}

TEST_CASE("only JSON is taken") {
    for (const char* type : {"application/json", "Application/JSON; charset=utf-8", "application/json ;x=y",
                             "application/merge-patch+json"})
        CHECK_MESSAGE(answer(request_of(with(""), type)) == accepted, type);
    for (const char* type : {"", "text/plain", "text/json", "application/x-www-form-urlencoded",
                             "multipart/form-data", "application/jsonp", "application", "json"})
        CHECK_MESSAGE(answer(request_of(with(""), type)) == "415 unsupported_media_type", type);
}

TEST_CASE("a value of another type is told") {
    for (const char* value : {"5", "true", "[]", "{}"})
        CHECK(answer(request_of(title(value))) == "422 invalid: /title wrong_type");
    CHECK(answer(request_of(with(R"("capacity":"12")"))) == "422 invalid: /capacity wrong_type");
    CHECK(answer(request_of(with(R"("capacity":true)"))) == "422 invalid: /capacity wrong_type");
    CHECK(answer(request_of(with(R"("latitude":"48")"))) == "422 invalid: /latitude wrong_type");
    CHECK(answer(request_of(with(R"("open":1)"))) == "422 invalid: /open wrong_type");
    CHECK(answer(request_of(with(R"("open":"true")"))) == "422 invalid: /open wrong_type");
    CHECK(answer(request_of(with(R"("type":1)"))) == "422 invalid: /type unknown_value");
    CHECK(answer(request_of(with(R"("type":"JAM")"))) == "422 invalid: /type unknown_value");
    CHECK(answer(request_of(with(R"("password":12345678)"))) == "422 invalid: /password wrong_type");
}

TEST_CASE("all faults are told at once") {
    CHECK(answer(request_of(
              R"({"title":"","event_date":5,"user_id":0,"capacity":101,"latitude":91,"a/b":1,"":2})")) ==
          "422 invalid: / unknown_member, /a~1b unknown_member, /capacity out_of_range, /event_date "
          "wrong_type, "
          "/latitude out_of_range, /title required, /user_id out_of_range");
}

TEST_CASE("an alias is as good as the name and both must agree") {
    CHECK(read(R"({"title":"Jam","event_date":"y","user_id":5})").date == "y");
    CHECK(read(with(R"("event_date":"2030-06-21")")).date == "2030-06-21");
    CHECK(answer(request_of(with(R"("event_date":"2030-06-22")"))) == "422 invalid: /event_date conflicting");
}

TEST_CASE("text is normalised and trimmed before it is measured") {
    CHECK(read(title("\"  e\u0301te\u0301 \"")).title == "\u00e9t\u00e9");
    CHECK(answer(request_of(title("\"" + std::string(50, ' ') + "1234567890 \""))) == accepted);
    CHECK(answer(request_of(title("\"12345678901\""))) == "422 invalid: /title too_long");
    std::string ten_e;
    for (int i = 0; i < 10; ++i) ten_e += "\u00e9";
    CHECK(answer(request_of(title("\"" + ten_e + "\""))) == accepted);
    CHECK(answer(request_of(title("\"" + ten_e + "x\""))) == "422 invalid: /title too_long");
    CHECK(answer(request_of(title("\" \u00a0 \u3000\""))) == "422 invalid: /title required");
    CHECK(answer(request_of(with(R"("notes":"x")"))) == "422 invalid: /notes too_short");
}

TEST_CASE("control characters are refused and lines where there is one") {
    for (const char* value :
         {R"("a\u0000b")", R"("a\u0007b")", R"("a\nb")", R"("a\u007fb")", R"("a\u0085b")"})
        CHECK_MESSAGE(answer(request_of(title(value))) == "422 invalid: /title control_character", value);
    CHECK(read(with(R"("notes":"a\r\nb\tc")")).notes == "a\nb\tc");
    CHECK(answer(request_of(with(R"("notes":"a\u0000b")"))) == "422 invalid: /notes control_character");
    CHECK(answer(request_of(with(R"("password":"a\u0000bcdefgh")"))) ==
          "422 invalid: /password control_character");
    CHECK(answer(request_of(with(R"("\u0000":1)"))) == std::string("422 invalid: /\0 unknown_member", 30));
}

TEST_CASE("ids are whole numbers from 1 to what a JSON number holds") {
    CHECK(read(user("1")).user_id == UserId{1});
    CHECK(read(user("9007199254740991")).user_id == UserId{id_limit - 1});
    CHECK(read(user("5.0")).user_id == UserId{5});
    CHECK(read(user("5e0")).user_id == UserId{5});
    for (const char* value : {"0", "-1", "-0", "9007199254740992", "9223372036854775807",
                              "18446744073709551615", "99999999999999999999", "1e300", "1e400", "-1e400"})
        CHECK_MESSAGE(answer(request_of(user(value))) == "422 invalid: /user_id out_of_range", value);
    for (const char* value : {"1.5", "\"5\"", "true", "[5]", "1e-3"})
        CHECK_MESSAGE(answer(request_of(user(value))) == "422 invalid: /user_id wrong_type", value);
}

TEST_CASE("numbers keep to their range") {
    for (const char* value : {"1", "100", "1e2"})
        CHECK_MESSAGE(answer(request_of(with(std::string(R"("capacity":)") + value))) == accepted, value);
    for (const char* value : {"0", "101", "-9223372036854775808"})
        CHECK_MESSAGE(answer(request_of(with(std::string(R"("capacity":)") + value))) ==
                          "422 invalid: /capacity out_of_range",
                      value);
    for (const char* value : {"-90", "90", "90.0", "-0.0"})
        CHECK_MESSAGE(answer(request_of(with(std::string(R"("latitude":)") + value))) == accepted, value);
    for (const char* value : {"90.00000000001", "-91", "1e400", "18446744073709551615"})
        CHECK_MESSAGE(answer(request_of(with(std::string(R"("latitude":)") + value))) ==
                          "422 invalid: /latitude out_of_range",
                      value);
}

TEST_CASE("in a change absent and null and a value are three things") {
    CHECK(!read_body<Changes>(request_of("{}")).capacity);
    const auto emptied = read_body<Changes>(request_of(R"({"capacity":null})"));
    REQUIRE(emptied.capacity);
    CHECK(!*emptied.capacity);
    const auto set = read_body<Changes>(request_of(R"({"capacity":7})"));
    REQUIRE(set.capacity);
    CHECK(*set.capacity == 7);
    CHECK(answer<Changes>(request_of(R"({"capacity":0})")) == "422 invalid: /capacity out_of_range");
    CHECK(answer<Changes>(request_of(R"({"capacity":"7"})")) == "422 invalid: /capacity wrong_type");
}

TEST_CASE("the schema says what the reader takes") {
    const auto schema = json::parse(body_schema<SampleBody>());
    CHECK(schema.at("type") == "object");
    CHECK(schema.at("additionalProperties") == false);
    CHECK(schema.at("required") == json::parse(R"(["title","user_id"])"));
    CHECK(schema.at("allOf") ==
          json::parse(R"([{"anyOf":[{"required":["date"]},{"required":["event_date"]}]}])"));
    const auto& properties = schema.at("properties");
    CHECK(properties.as_object().size() == 10);
    CHECK(properties.at("title") ==
          json::parse(R"({"type":"string","minLength":1,"maxLength":10,"description":"Unique."})"));
    CHECK(properties.at("user_id").at("maximum") == id_limit - 1);
    CHECK(properties.at("type").at("type") == json::parse(R"(["string","null"])"));
    CHECK(properties.at("type").at("enum").as_array().back().is_null());
    CHECK(properties.at("capacity").at("maximum") == 100);
    CHECK(properties.at("password").at("format") == "password");
    const auto changes = json::parse(body_schema<Changes>());
    CHECK(!changes.as_object().contains("required"));
    CHECK(changes.at("properties").at("capacity").at("type") == json::parse(R"(["integer","null"])"));
}

}  // namespace dacapo::api
