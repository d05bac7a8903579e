#include "adapters/jmap/socket_codec.h"

#include <utility>

#include "adapters/jmap/arguments_codec.h"

namespace telepost::adapters::jmap {
namespace {

SocketError refuse(RequestError::Kind kind, std::string why, std::optional<std::string> id = {}) {
  return {{kind, std::move(why), kind == RequestError::Kind::limit ? "maxSizeRequest" : std::string_view()}, std::move(id)};
}

Result<PushEnable> read_enable(const Json& root) {
  Arguments arguments(root);
  TELEPOST_ASSIGN(const auto types, arguments.texts_or_null("dataTypes"));
  TELEPOST_ASSIGN(const auto state, arguments.text_or_null("pushState"));
  PushEnable enable{{.are_all = !types}, state.value_or("")};
  if (types) enable.types.names.insert(types->begin(), types->end());
  return enable;
}

}  // namespace

SocketMessage read_socket_message(std::string_view text, std::size_t max_calls) {
  using Kind = RequestError::Kind;
  Result<Json> root = parse_i_json(text);
  if (!root.ok()) return refuse(root.error().kind == Errc::too_large ? Kind::limit : Kind::not_json, root.error().detail);
  if (!root->is_object()) return refuse(Kind::not_request, "a message is an object");
  const auto type = root->find("@type");
  const std::string_view name = type != root->end() && type->is_string() ? type->get_ref<const std::string&>() : std::string_view();
  if (name == "WebSocketPushDisable") return PushDisable();
  if (name == "WebSocketPushEnable") {
    Result<PushEnable> enable = read_enable(*root);
    if (!enable.ok()) return refuse(Kind::not_request, enable.error().detail);
    return *std::move(enable);
  }
  const auto id = root->find("id");
  const bool has_id = id != root->end() && !id->is_null();
  if (has_id && !id->is_string()) return refuse(Kind::not_request, "the id of a request is a text");
  const std::optional<std::string> request_id = has_id ? std::optional(id->get<std::string>()) : std::nullopt;
  if (name != "Request") return refuse(Kind::not_request, "@type wants Request, WebSocketPushEnable or WebSocketPushDisable", request_id);
  auto request = request_from(*std::move(root), max_calls);
  if (auto* const error = std::get_if<RequestError>(&request)) return SocketError{std::move(*error), request_id};
  return SocketRequest{std::get<Request>(std::move(request)), request_id};
}

std::string to_socket_text(const Response& response, const std::optional<std::string>& request_id) {
  std::string text = to_text(response), front = "\"@type\":\"Response\",";
  if (request_id) front += "\"requestId\":" + to_text(Json(*request_id)) + ",";
  text.insert(1, front);  // behind its brace: a second tree of all of it would cost more
  return text;
}

std::string to_socket_text(const SocketError& error) {
  Json json = to_json(error.error);
  json["@type"] = "RequestError";
  json["requestId"] = error.request_id ? Json(*error.request_id) : Json(nullptr);
  return to_text(json);
}

std::string to_socket_text(const StateChange& change) {
  Json json = to_json(change);
  json["pushState"] = change.token;
  return to_text(json);
}

}  // namespace telepost::adapters::jmap
