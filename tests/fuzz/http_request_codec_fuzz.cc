// A connection's bytes: however they are cut, the same requests come out, and nothing beyond them.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "adapters/net/http_request_codec.h"

using telepost::adapters::net::HttpRequestReader;
using Step = HttpRequestReader::Step;

namespace {

// What was read. Which refusal it is may depend on what came at once, that it is one may not.
struct Seen {
  std::string text;
  enum class End : unsigned char { waiting, refused } end = End::waiting;
  bool operator==(const Seen&) const = default;
};

Seen read(std::string_view rest, std::size_t drop) {
  HttpRequestReader reader({.target_bytes = 512, .header_bytes = 2048, .header_fields = 32});
  std::string seen, buffered;
  const auto more = [&] {
    if (rest.empty()) return false;
    const std::string_view some = rest.substr(0, drop);
    buffered += some;
    rest.remove_prefix(some.size());
    return true;
  };
  for (;;) {
    Step step = reader.read_head(buffered);
    if (step == Step::incomplete && more()) continue;
    if (step == Step::broken) return {seen, Seen::End::refused};
    if (step == Step::incomplete) return {seen};
    if (reader.head_bytes() > buffered.size() || reader.head_bytes() > 2048 + 1) std::abort();
    buffered.erase(0, reader.head_bytes());
    const auto& request = reader.request();
    seen += request.method + " " + request.path + " " + request.host + " " + std::to_string(request.fields.size()) + "\n";
    for (const auto& field : request.fields) {
      if (field.value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) std::abort();
    }
    while (!reader.is_body_done()) {
      const HttpRequestReader::Piece piece = reader.read_body(buffered);
      if (piece.size_bytes > buffered.size() || piece.content.size() > piece.size_bytes) std::abort();
      if (piece.step == Step::broken) return {seen, Seen::End::refused};
      seen += piece.content;
      buffered.erase(0, piece.size_bytes);
      if (piece.step == Step::incomplete && !more()) return {seen};
    }
    seen += "\n";
    reader.next();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0 || size > 8192) return 0;
  const std::string_view input(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  // Whole, byte by byte, and in drops of the first byte's size.
  const Seen whole = read(input, input.size() + 1);
  if (read(input, 1) != whole || read(input, bytes[0] % 61 + 2u) != whole) std::abort();
  return 0;
}
