// What a JMAP client and its server say over a WebSocket (RFC 8887 section 4.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "adapters/jmap/push_codec.h"
#include "adapters/jmap/request_codec.h"

namespace telepost::adapters::jmap {

struct SocketRequest {
  Request request;
  std::optional<std::string> id;
};
struct PushEnable {
  PushTypes types;
  std::string push_state;  // "" for none
};
struct PushDisable {};
struct SocketError {
  RequestError error;
  std::optional<std::string> request_id;  // where one could be read
};
using SocketMessage = std::variant<SocketRequest, PushEnable, PushDisable, SocketError>;

SocketMessage read_socket_message(std::string_view text, std::size_t max_calls);

std::string to_socket_text(const Response& response, const std::optional<std::string>& request_id);
std::string to_socket_text(const SocketError& error);
std::string to_socket_text(const StateChange& change);  // with its pushState

}  // namespace telepost::adapters::jmap
