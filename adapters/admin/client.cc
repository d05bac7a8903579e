#include "adapters/admin/client.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace telepost::adapters::admin {
namespace {

Result<void> outcome_from(const std::string& payload) {
  const Json status = Json::parse(payload, nullptr, /*allow_exceptions=*/false);
  if (!status.is_object()) return {Errc::invalid, "the server's status is no object"};
  if (status.value("status", "") == "ok") return {};
  const auto kind = errc_from(status.value("kind", ""));
  return {kind.ok() ? *kind : Errc::unsupported, status.value("detail", "")};
}

Error lost(const Error& error) {
  if (error.kind == Errc::cancelled)
    return {Errc::unavailable, "the server went away before it had answered"};
  return error;
}

}  // namespace

Result<Client> Client::connect(const std::string& path, Duration patience) {
  auto address = SocketPath::of(path);
  if (!address.ok()) return {Errc::unavailable, address.error().detail};
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return {Errc::io, std::strerror(errno)};
  Channel channel(std::move(socket));
  channel.set_timeouts(patience, patience);  // the send timeout also bounds connect(2) against a full backlog
  if (::connect(channel.fd(), address->address(), address->size()) != 0) {
    const bool denied = errno == EACCES || errno == EPERM;
    return {denied ? Errc::denied : Errc::unavailable, path + ": " + std::strerror(errno)};
  }
  const auto greeting = channel.receive(kMaxFrameBytes);
  if (!greeting.ok() || greeting->kind != FrameKind::greeting) {
    return {Errc::unavailable, path + ": connected, but no greeting comes"};
  }
  return Client(std::move(channel));
}

Result<void> Client::call(const Request& request, Exchange& exchange) {
  channel_.set_timeouts(Duration(0), Duration(0));  // verify and sweep may be silent for long
  const Json json = {{"verb", request.verb}, {"args", request.args}};
  // A failed send may have its reason in a status that lies ready: a busy server says so and closes.
  const auto sent = channel_.send(FrameKind::request, to_line(json));
  for (;;) {
    auto frame = channel_.receive(kMaxFrameBytes);
    if (!frame.ok()) return lost(sent.ok() ? frame.error() : sent.error());
    switch (frame->kind) {
      case FrameKind::object:
        TELEPOST_TRY(exchange.object(Json::parse(frame->payload, nullptr, false)));
        break;
      case FrameKind::bytes: TELEPOST_TRY(exchange.bytes(frame->payload)); break;
      case FrameKind::want: {
        TELEPOST_ASSIGN(const std::string content, exchange.content());
        if (const auto answered = channel_.send(FrameKind::content, content); !answered.ok()) {
          return lost(answered.error());
        }
        break;
      }
      case FrameKind::notice:
        if (const auto told = exchange.notice(frame->payload); !told.ok()) return told;
        break;
      case FrameKind::status: return outcome_from(frame->payload);
      case FrameKind::greeting:
      case FrameKind::request:
      case FrameKind::content: return {Errc::invalid, "the server sent a frame that only clients send"};
    }
  }
}

}  // namespace telepost::adapters::admin
