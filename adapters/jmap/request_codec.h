// The Request and Response objects (RFC 8620 sections 3.2 to 3.4).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "adapters/jmap/error_codec.h"
#include "adapters/jmap/json_codec.h"

namespace telepost::adapters::jmap {

// A method call, or a response to one.
struct Invocation {
  std::string name;
  Json arguments;
  std::string call_id;
};

struct Request {
  std::set<std::string, std::less<>> capabilities;  // `using`
  std::vector<Invocation> calls;
  std::optional<std::map<std::string, std::string>> created_ids;
};

// Of bytes whose number was checked (maxSizeRequest) to a request whose shape is right. Members that nobody knows are let be.
std::variant<Request, RequestError> read_request(std::string_view text, std::size_t max_calls);
// The same of what was read already. Precondition: an object.
std::variant<Request, RequestError> request_from(Json root, std::size_t max_calls);

struct Response {
  std::vector<Invocation> responses;
  std::optional<std::map<std::string, std::string, std::less<>>> created_ids;  // where the request gave some
  std::string session_state;
};
std::string to_text(const Response& response);

}  // namespace telepost::adapters::jmap
