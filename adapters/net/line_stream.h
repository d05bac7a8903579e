// A connection as line protocols use it: what was read and not yet taken, and what is to be written and not yet sent.
// Reading and writing are gathered: one read takes a whole group of pipelined commands, one write sends all their replies.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "adapters/net/awaitable.h"
#include "adapters/net/deadline.h"
#include "base/result.h"

namespace telepost::adapters::net {

class Loop;

// Only on its loop's thread. Memory: the read buffer grows from 16 KiB to 128 KiB when bulk data fills it.
class LineStream {
 public:
  LineStream(Loop& loop, int socket);  // takes the socket; does not throw: a broken one fails its first wait

  std::string_view buffered() const { return {buffer_.get() + begin_, end_ - begin_}; }
  void consume(std::size_t size_bytes) { begin_ += size_bytes; }
  // Gives back what bulk data made the buffer grow to.
  void relax();
  // Reads once, at least one byte. Errors: unavailable (the peer closed or is gone), timeout, cancelled (interrupt() or
  // close()), too_large (128 KiB are buffered and nothing was consumed).
  Awaitable<Result<void>> fill(Duration timeout);

  std::string& out() { return out_; }
  // Sends out(). Errors as for fill().
  Awaitable<Result<void>> flush(Duration timeout);

  // The fill() that waits, or the next one, fails with cancelled; what is buffered and flush() still work.
  void interrupt();
  // Every wait fails from now on, and the peer sees the end.
  void close();
  bool is_closed() const { return !socket_.is_open(); }
  // Ends with a FIN behind what was sent and takes what still comes for a moment: closing at once would answer unread
  // bytes with a reset, which may overtake our last reply.
  Awaitable<void> finish();

  // Bounds the waits until unlimit_total(): the whole of DATA, say.
  Deadline& deadline() { return deadline_; }

 private:
  bool make_room();
  void grow(std::size_t larger_bytes);
  Error error_from(const boost::system::error_code& error);

  Socket socket_;
  Deadline deadline_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::string out_;
  bool filling_ = false;
  bool interrupted_ = false;
};

}  // namespace telepost::adapters::net
