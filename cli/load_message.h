// The messages that `telepost bench load` sends: built from pools that are generated once, so that the load generator
// costs next to nothing beside the server that it measures. Each message is unique (a counter and a random run
// number stand in its header and its body); half of its content is English-like text, half is random base64.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace telepost::cli {

struct MessageShape {
  std::size_t size_bytes = 4096;      // of the whole message; at least kSmallestMessage
  std::size_t attachment_bytes = 0;   // more than 0: one attachment of this size, the same bytes in every message
  std::size_t pool_bytes = 32u << 20;  // random base64 to cut from: so large that a compressor sees nothing twice
};

inline constexpr std::size_t kSmallestMessage = 1024;

// One connection's message: the pieces of it, which writev(2) sends as they lie. Valid until the next compose() of the
// same LoadMessage, and while the MessagePool lives.
struct LoadMessage {
  std::string head;    // header fields and what precedes the first pool slice
  std::string middle;  // what stands between two slices
  std::string tail;
  std::vector<iovec> pieces;
  std::size_t size_bytes = 0;  // without the closing dot
};

// Not thread safe. Lines end in CRLF, are 78 bytes long and never start with a dot: nothing needs stuffing.
class MessagePool {
 public:
  MessagePool(const MessageShape& shape, std::string domain, std::uint64_t seed);

  // Fills `message` with the next unique message from `from` to `to` and the line of the closing dot.
  void compose(LoadMessage& message, std::string_view from, std::string_view to);

 private:
  std::string_view slice(const std::string& pool, std::size_t size_bytes);
  void compose_plain(LoadMessage& message, std::string_view unique);
  void compose_multipart(LoadMessage& message, std::string_view unique);

  MessageShape shape_;
  std::string domain_;
  std::mt19937_64 random_;
  std::uint64_t run_;
  std::uint64_t next_ = 0;
  std::string text_;
  std::string noise_;
  std::string attachment_;
};

}  // namespace telepost::cli
