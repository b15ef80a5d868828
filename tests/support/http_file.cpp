#include "tests/support/http_file.hpp"

#include <algorithm>
#include <cctype>
#include <sstream>
#include <stdexcept>

namespace dacapo::test {
namespace {

constexpr std::string_view host = "{{host}}";

bool is_status(const std::string& text) {
    return text.size() == 3 &&
           std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

void take_comment(FileRequest& request, const std::string& line) {
    constexpr std::string_view name = "# @name ";
    if (line.starts_with(name))
        request.name = line.substr(name.size());
    else if (is_status(line.substr(std::min<std::size_t>(2, line.size()))))
        request.status = std::stoi(line.substr(2));
}

void take_request_line(FileRequest& request, const std::string& line) {
    const auto space = line.find(' ');
    if (space == line.npos || line.compare(space + 1, host.size(), host) != 0)
        throw std::runtime_error("not a request line: " + line);
    request.method = line.substr(0, space);
    request.target = line.substr(space + 1 + host.size());
}

}  // namespace

std::vector<FileRequest> requests_of(std::istream& file) {
    std::vector<FileRequest> requests;
    enum class Part { head, headers, body } part = Part::head;
    FileRequest request;
    const auto finish = [&] {
        while (request.body.ends_with('\n')) request.body.pop_back();
        if (!request.method.empty()) requests.push_back(request);
        request = {};
        part = Part::head;
    };
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("###")) {
            finish();
        } else if (part == Part::body) {
            request.body += line + '\n';
        } else if (part == Part::headers) {
            const auto colon = line.find(": ");
            if (line.empty())
                part = Part::body;
            else if (colon == line.npos)
                throw std::runtime_error("not a header: " + line);
            else
                request.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
        } else if (line.starts_with('#')) {
            take_comment(request, line);
        } else if (!line.empty() && !line.starts_with('@')) {
            take_request_line(request, line);
            part = Part::headers;
        }
    }
    finish();
    return requests;
}

std::string with_values(const std::string& text,
                        const std::function<std::string(const std::string&)>& value_of) {
    std::string filled;
    std::size_t at = 0;
    for (auto open = text.find("{{"); open != text.npos; open = text.find("{{", at)) {
        const auto close = text.find("}}", open);
        if (close == text.npos) throw std::runtime_error("an open variable: " + text);
        filled += text.substr(at, open - at) + value_of(text.substr(open + 2, close - open - 2));
        at = close + 2;
    }
    return filled + text.substr(at);
}

}  // namespace dacapo::test
