#include "adapters/jmap/request_codec.h"

#include "adapters/jmap/id_codec.h"

namespace telepost::adapters::jmap {
namespace {

RequestError not_request(std::string why) { return {RequestError::Kind::not_request, std::move(why)}; }

std::optional<RequestError> read_using(const Json& root, Request& request) {
  const auto names = root.find("using");
  if (names == root.end() || !names->is_array()) return not_request("using wants a list of capabilities");
  for (const Json& name : *names) {
    if (!name.is_string()) return not_request("a capability is a text");
    request.capabilities.insert(name.get<std::string>());
  }
  return std::nullopt;
}

std::optional<RequestError> read_calls(Json& root, Request& request, std::size_t max_calls) {
  const auto calls = root.find("methodCalls");
  if (calls == root.end() || !calls->is_array()) return not_request("methodCalls wants a list");
  if (calls->size() > max_calls) {
    return RequestError{RequestError::Kind::limit, "at most " + std::to_string(max_calls) + " method calls", "maxCallsInRequest"};
  }
  for (Json& call : *calls) {
    const bool fits = call.is_array() && call.size() == 3 && call[0].is_string() && call[1].is_object() && call[2].is_string();
    if (!fits) return not_request("a method call is [name, arguments, id]");
    request.calls.push_back({call[0].get<std::string>(), std::move(call[1]), call[2].get<std::string>()});
  }
  return std::nullopt;
}

std::optional<RequestError> read_created_ids(const Json& root, Request& request) {
  const auto ids = root.find("createdIds");
  if (ids == root.end()) return std::nullopt;
  if (!ids->is_object()) return not_request("createdIds wants ids by creation id");
  request.created_ids.emplace();
  for (const auto& [creation_id, id] : ids->items()) {
    if (!is_id(creation_id) || !id.is_string() || !is_id(id.get_ref<const std::string&>())) return not_request("createdIds holds what is no id");
    request.created_ids->emplace(creation_id, id.get<std::string>());
  }
  return std::nullopt;
}

}  // namespace

std::variant<Request, RequestError> read_request(std::string_view text, std::size_t max_calls) {
  Result<Json> root = parse_i_json(text);
  if (!root.ok() && root.error().kind == Errc::too_large) return RequestError{RequestError::Kind::limit, root.error().detail, "maxSizeRequest"};
  if (!root.ok()) return RequestError{RequestError::Kind::not_json, root.error().detail};
  if (!root->is_object()) return not_request("a request is an object");
  return request_from(*std::move(root), max_calls);
}

std::variant<Request, RequestError> request_from(Json root, std::size_t max_calls) {
  Request request;
  if (auto fault = read_using(root, request)) return *std::move(fault);
  if (auto fault = read_calls(root, request, max_calls)) return *std::move(fault);
  if (auto fault = read_created_ids(root, request)) return *std::move(fault);
  return request;
}

std::string to_text(const Response& response) {
  // Each by itself, so that there is no second copy of all of them.
  std::string calls;
  for (const Invocation& one : response.responses) {
    if (!calls.empty()) calls += ',';
    calls += "[" + to_text(Json(one.name)) + "," + to_text(one.arguments) + "," + to_text(Json(one.call_id)) + "]";
  }
  std::string text = "{\"methodResponses\":[" + calls + "],";
  if (response.created_ids) text += "\"createdIds\":" + to_text(Json(*response.created_ids)) + ",";
  return text + "\"sessionState\":" + to_text(Json(response.session_state)) + "}";
}

}  // namespace telepost::adapters::jmap
