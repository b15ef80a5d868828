// docs/api: no route is missing, each works as written, and the document that is kept is the one that is
// served.
#include "tests/support/http_file.hpp"
#include "tests/support/running_server.hpp"

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>

namespace dacapo::test {
namespace {

const std::filesystem::path api_folder = std::filesystem::path(DACAPO_SOURCE_DIR) / "docs" / "api";

std::vector<std::filesystem::path> http_files() {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(api_folder))
        if (entry.path().extension() == ".http") files.push_back(entry.path());
    std::ranges::sort(files);
    return files;
}

// Sends a file's requests in order; answers fill the variables of those that follow.
class Sender {
public:
    explicit Sender(RunningServer& server) : documented_(server.documented), client_(server) {
        auto admin = server.person("admin");
        admin_token_ = as_admin(server, admin).token;
    }
    Answer send(const FileRequest& request) {
        const auto value = [&](const std::string& name) { return value_of(name); };
        auto headers = request.headers;
        for (auto& [name, text] : headers) text = with_values(text, value);
        auto answer = client_.send(request.method, with_values(request.target, value),
                                   with_values(request.body, value), std::move(headers));
        if (!request.name.empty()) answers_[request.name] = answer;
        // Of the files' own requests only, and only one that shows what the route is for.
        if (answer.status < 400)
            shown_.insert(documented_.operation_name(request.method, with_values(request.target, value)));
        return answer;
    }
    const std::set<std::string>& shown() const { return shown_; }

private:
    // `admin`, `<name>.response.body.$.<member>`, or `<name>.response.body.$[0].<member>` of a list's first.
    std::string value_of(const std::string& name) const {
        constexpr std::string_view path = ".response.body.$";
        constexpr std::string_view first = "[0]";
        if (name == "admin") return admin_token_;
        const auto at = name.find(path);
        const auto& answer = answers_.at(name.substr(0, at));
        auto member = std::string_view(name).substr(at + path.size());
        const bool of_list = member.starts_with(first);
        if (of_list) member.remove_prefix(first.size());
        member.remove_prefix(1);
        const auto value = of_list ? answer.json().as_array().at(0).at(member) : answer[member];
        return value.is_string() ? json::value_to<std::string>(value) : json::serialize(value);
    }

    const Documented& documented_;
    Client client_;
    std::string admin_token_;
    std::set<std::string> shown_;
    std::map<std::string, Answer> answers_;
};

}  // namespace

TEST_CASE("the requests of docs/api answer what they say, and together they show every route") {
    std::set<std::string> shown, operations;
    for (const auto& file : http_files()) {
        RunningServer server;
        Sender sender(server);
        std::ifstream text(file);
        for (const auto& request : requests_of(text)) {
            auto answer = sender.send(request);
            // On a cluster the end of a session is known everywhere within a second.
            if (request.status == 401)
                comes_true([&] { return (answer = sender.send(request)).status == 401; });
            CHECK_MESSAGE(answer.status == request.status, file.filename().string(), ": ", request.method,
                          " ", request.target, " ", answer.body.substr(0, 200));
        }
        shown.insert(sender.shown().begin(), sender.shown().end());
        operations = server.documented.operations();
    }
    for (const auto& operation : operations)
        CHECK_MESSAGE(shown.contains(operation), operation, " is in no file of docs/api");
}

TEST_CASE("docs/api/openapi.json is what the server says") {
    RunningServer server;
    std::ifstream file(api_folder / "openapi.json");
    auto kept = json::parse(std::string(std::istreambuf_iterator<char>(file), {}));
    auto served = Client(server).get("/openapi.json").json();
    for (auto* const document : {&kept, &served}) document->as_object().erase("servers");
    // Told by path and method, because nobody reads two whole documents.
    for (const auto& [path, methods] : served.at("paths").as_object()) {
        const auto* const before = kept.at("paths").as_object().if_contains(path);
        CHECK_MESSAGE((before && *before == methods), path,
                      " is not as in docs/api/openapi.json; ./dev openapi writes it");
    }
    CHECK(kept.at("paths").as_object().size() == served.at("paths").as_object().size());
    CHECK_MESSAGE((kept == served), "./dev openapi writes docs/api/openapi.json");
}

}  // namespace dacapo::test
