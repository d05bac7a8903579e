// A client's frames: however they are cut, the same messages come out, and nothing that is no UTF-8.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "adapters/net/websocket_codec.h"
#include "base/bytes.h"

using telepost::adapters::net::WebSocketReader;
using Step = WebSocketReader::Step;

namespace {

constexpr std::uint64_t kMost = 1000;

std::string read(std::string_view rest, std::size_t drop) {
  WebSocketReader reader(kMost);
  std::string seen, buffered;
  for (;;) {
    const WebSocketReader::Taken taken = reader.read(buffered);
    if (taken.size_bytes > buffered.size()) std::abort();
    buffered.erase(0, taken.size_bytes);
    if (reader.message_bytes() > kMost) std::abort();
    if (taken.step == Step::incomplete) {
      if (buffered.size() > 140 || rest.empty()) {  // more than a head and a control frame is never left
        if (!rest.empty()) std::abort();
        return seen;
      }
      buffered += rest.substr(0, drop);
      rest.remove_prefix(std::min(rest.size(), drop));
      continue;
    }
    seen += std::to_string(static_cast<int>(taken.step));
    if (taken.step == Step::message) {
      const std::string message = reader.take_message();
      if (!telepost::is_valid_utf8(message)) std::abort();
      seen += message;
    } else if (taken.step == Step::ping) {
      seen += reader.payload();
    } else if (taken.step == Step::close || taken.step == Step::broken) {
      return seen + std::to_string(static_cast<int>(reader.status())) + std::string(taken.step == Step::broken ? reader.reason() : "");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0 || size > 8192) return 0;
  const std::string_view input(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  // Whole, byte by byte, and in drops of the first byte's size.
  const std::string whole = read(input, input.size() + 1);
  if (read(input, 1) != whole || read(input, bytes[0] % 61 + 2u) != whole) std::abort();
  return 0;
}
