// Documents and annotations from a seed, with strings as hostile as a peer can make them.
#pragma once

#include <random>
#include <string>

#include "schema/message.h"

namespace telepost::tests {

class RandomDocument {
 public:
  explicit RandomDocument(std::uint64_t seed) : engine_(seed) {}
  schema::Document document(schema::Kind kind);
  schema::Annotation annotation();
  std::string text(std::size_t max_size);  // plain, markup, Unicode, controls and broken UTF-8 by turns
  std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }

 private:
  bool coin() { return below(2) == 0; }
  std::uint64_t any64();
  Time time();
  Duration duration();
  schema::MessageId message_id();
  Digest digest();
  schema::Part part(unsigned depth);
  schema::Facts facts(schema::Kind kind);
  template <typename T>
  std::optional<T> maybe(T value) {
    return coin() ? std::optional<T>(std::move(value)) : std::nullopt;
  }
  std::mt19937_64 engine_;
};

}  // namespace telepost::tests
