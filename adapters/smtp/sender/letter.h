// The bytes of one message on its way out: what its job carries, or ranges of its source, read as they are sent.
#pragma once

#include <memory>
#include <string>

#include "adapters/net/smtp_client.h"
#include "adapters/smtp/sender/errand.h"

namespace telepost::store {
class Store;
}

namespace telepost::adapters::smtp::sender {

inline constexpr std::size_t kLetterInMemory = 1u << 20;  // larger ones are read twice, piece by piece

class Letter {
 public:
  // Reads it once, to know what it is. The store outlives it. Errors: those of MessageReader::source, busy.
  static net::Awaitable<Result<std::unique_ptr<Letter>>> open(store::Store& store, const Errand& errand);

  const net::ContentTraits& traits() const { return traits_; }
  std::uint64_t size_bytes() const { return traits_.size_bytes; }
  // From the front; one at a time; the letter outlives it.
  std::unique_ptr<net::SmtpContent> content() const;

  // Puts a header field in front.
  void prepend(std::string field);
  // Replaces everything.
  void rewrite(std::string text);
  // Whole. busy, or an error of the store; too_large over `limit_bytes`.
  net::Awaitable<Result<std::string>> text(std::size_t limit_bytes) const;

 private:
  class Reading;
  explicit Letter(store::Store& store) : store_(store) {}

  store::Store& store_;
  std::string front_;           // in memory, sent first
  schema::MessageId message_{};
  std::uint64_t offset_ = 0;    // of the source, behind what is in memory
  std::uint64_t size_bytes_ = 0;
  net::ContentTraits traits_;
};

}  // namespace telepost::adapters::smtp::sender
