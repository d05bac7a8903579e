// A message on its way from the stream to the store's intake, by DATA or in the chunks of BDAT.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "adapters/net/line_stream.h"
#include "adapters/smtp/context.h"
#include "adapters/smtp/data_codec.h"
#include "adapters/smtp/examination.h"
#include "adapters/net/header_codec.h"
#include "store/deliver.h"

namespace telepost::adapters::smtp {

// Reads to the true end whatever is found on the way, so that no byte of a message is taken for a command. Intake and
// examination are dropped as soon as the message cannot be kept. Memory: the stream's buffer and what the intake holds; the
// budget of all sessions is told of it, and where there is too much of all sessions' the stream is not read on. A read ends
// with busy when that lasts as long as listener.data_timeout; after any error nothing may be stored.
class Arrival {
 public:
  Arrival(const Context& context, Body body, std::unique_ptr<store::Intake> intake, std::unique_ptr<Examination> examination);

  net::Awaitable<Result<void>> read_data(net::LineStream& stream);
  // Exactly so many bytes (RFC 3030 section 2).
  net::Awaitable<Result<void>> read_chunk(net::LineStream& stream, std::uint64_t size_bytes);
  // Behind the last chunk.
  void end_chunks();

  // Why the message cannot be kept, as far as was read.
  std::optional<Reply> fault() const;
  std::uint64_t size_bytes() const { return size_bytes_; }  // of what was decoded
  const net::HeaderWatch& header() const { return header_; }
  // Precondition of intake(): no fault. The examination is null where there is none.
  store::Intake& intake() { return *intake_; }
  Examination* examination() { return examination_.get(); }

 private:
  net::Awaitable<Result<void>> more(net::LineStream& stream);
  bool take(std::string_view content);
  net::Awaitable<void> flush();

  const Context& context_;
  const Body body_;
  std::unique_ptr<store::Intake> intake_;
  std::unique_ptr<Examination> examination_;
  HeldBytes::Share share_;
  net::HeaderWatch header_;
  LineEndWatch line_ends_;  // of chunks
  std::uint64_t size_bytes_ = 0;
  bool bare_line_end_ = false;
  bool broken_ = false;  // the intake failed: finish() will say how
};

// Reads so many bytes and forgets them: the chunk of a BDAT that is refused.
net::Awaitable<Result<void>> discard(net::LineStream& stream, std::uint64_t size_bytes, Duration timeout);

}  // namespace telepost::adapters::smtp
