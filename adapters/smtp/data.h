// Reads the message behind DATA into the store's intake.
#pragma once

#include <cstdint>
#include <memory>

#include "adapters/net/line_stream.h"
#include "adapters/smtp/context.h"
#include "store/deliver.h"

namespace telepost::adapters::smtp {

struct Arrival {
  Result<void> ended;            // error: the stream broke off, and nothing may be stored
  std::uint64_t size_bytes = 0;  // of what was decoded
  bool too_large = false;
  bool bare_line_end = false;
};

// Reads to the true end whatever is found on the way, so that no byte of a message is taken for a command. The intake is
// dropped as soon as the message cannot be kept. Memory: the stream's buffer and what the intake holds; `share` is told of it,
// and where there is too much of all sessions' the stream is not read on. Ends with busy when that lasts as long as
// listener.data_timeout.
net::Awaitable<Arrival> receive(net::LineStream& stream, std::unique_ptr<store::Intake>& intake, const Context& context,
                                HeldBytes::Share& share);

}  // namespace telepost::adapters::smtp
