// Reads JSON text into Boost.JSON values, with doubles exactly as they stand in the text.
// Boost.JSON 1.81 itself may be one unit in the last place off, and a stored fact must read back as it was
// written.
#pragma once

#include <boost/json/parse_options.hpp>
#include <boost/json/value.hpp>
#include <boost/system/error_code.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace dacapo {

inline constexpr std::size_t json_nesting_max = 32;

// Sets `error` when the text is not one JSON value, or is nested deeper than json_nesting_max. When `twice`
// is given, it is set to the name of the last member that an object of the text holds twice, or left alone;
// the later one wins.
boost::json::value read_json(std::string_view text, boost::system::error_code& error,
                             boost::json::storage_ptr memory = {},
                             std::optional<std::string>* twice = nullptr);

}  // namespace dacapo
