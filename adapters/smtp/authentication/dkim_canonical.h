// The two canonical forms of headers and bodies (RFC 6376 section 3.4). A body is hashed while it arrives, in a fixed amount of
// memory whatever its size.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/smtp/authentication/header_field.h"
#include "base/sha256.h"

namespace telepost::adapters::smtp::authentication {

enum class Canonical : std::uint8_t { simple, relaxed };
std::string_view name_of(Canonical canonical);

// A whole field, its last CRLF included in both forms (sections 3.4.1 and 3.4.2).
std::string canonical_field(const HeaderField& field, Canonical canonical);

// The field as it is signed by itself: canonical, without the value of b= and without the last CRLF (section 3.7).
std::string canonical_signature_field(const HeaderField& field, Canonical canonical);

struct BodyDigest {
  Digest digest;
  std::uint64_t size_bytes = 0;  // of the canonical body, all of it
};

// The body of one message; one thread at a time.
class BodyHash {
 public:
  // The hash covers at most `length` octets of the canonical form (l=); none: all.
  BodyHash(Canonical canonical, std::optional<std::uint64_t> length) : canonical_(canonical), length_(length) {}
  void update(std::string_view chunk);
  BodyDigest finish();

  Canonical canonical() const { return canonical_; }
  const std::optional<std::uint64_t>& length() const { return length_; }

 private:
  void take_text(std::string_view text);
  void take_line_end();
  void flush_pending();
  void emit(std::string_view canonical_bytes);

  Canonical canonical_;
  std::optional<std::uint64_t> length_;
  Sha256 hash_;
  std::string held_;                // canonical bytes, gathered for the hash
  std::uint64_t emitted_ = 0;
  std::uint64_t line_ends_ = 0;     // that are dropped if nothing follows
  bool white_space_ = false;        // relaxed: one space, unless the line ends
  bool carriage_return_ = false;    // the chunk ended behind a CR
};

}  // namespace telepost::adapters::smtp::authentication
