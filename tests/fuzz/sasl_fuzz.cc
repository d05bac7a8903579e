// SASL as a server: the first byte chooses mechanism and channel, then each line is a message. Nobody is let in without the password.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "adapters/net/sasl_codec.h"

namespace {

namespace net = telepost::adapters::net;
using Kind = net::SaslStep::Kind;

void require(bool holds) {
  if (!holds) std::abort();
}

const net::ScramCredentials& pencil() {
  static const net::ScramCredentials credentials{"0123456789abcdef", 4096, {telepost::scram_keys("pencil", "0123456789abcdef", 4096)}};
  return credentials;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size_bytes) {
  if (size_bytes == 0) return 0;
  const auto mechanism = static_cast<net::SaslMechanism>(bytes[0] & 3);
  net::SaslChannel channel;
  channel.offers_plus = (bytes[0] & 4) != 0;
  if (channel.offers_plus) channel.exporter = "exported";
  net::SaslExchange exchange(mechanism, channel, "SERVER");
  std::string_view rest(reinterpret_cast<const char*>(bytes) + 1, size_bytes - 1);
  const bool has_password = rest.find("pencil") != std::string_view::npos;
  net::SaslStep step = exchange.begin({});
  for (int lines = 0; lines < 10 && step.kind != Kind::failed && step.kind != Kind::proved; ++lines) {
    if (step.kind == Kind::look_up) {
      step = exchange.resume(pencil());
      continue;
    }
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    step = exchange.respond(line);
    require(step.text.size() < 4096 && exchange.name().size() <= 1024);
  }
  const bool is_plain = mechanism == net::SaslMechanism::plain || mechanism == net::SaslMechanism::login;
  if (step.kind == Kind::proved) require(is_plain ? has_password : exchange.proved() == 0);
  return 0;
}
