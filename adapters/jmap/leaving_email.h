// A stored email as it leaves: looked at once before, since who reads it elsewhere trusts its lines, and then given without the fields
// that stay here.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "adapters/jmap/email_content.h"
#include "adapters/net/header_codec.h"

namespace telepost::adapters::jmap {

class LeavingEmail {
 public:
  // Reads all of it. Errors: invalid (its header is too long), and those of reading. The store outlives it.
  static Result<LeavingEmail> open(store::Store& store, schema::MessageId id, const schema::Summary& summary);

  bool has_bare_line_end() const { return bare_line_end_; }  // a CR or LF by itself: another server may see another message behind it
  bool is_eight_bit() const { return eight_bit_; }
  bool is_header_eight_bit() const { return header_eight_bit_; }
  const net::HeaderWatch& watch() const { return watch_; }
  const std::string& header() const { return header_; }      // as it is stored, without the empty line's meaning for anybody

  // Without Bcc (RFC 8621 section 7.5), Return-Path (RFC 5321 section 4.4) and verdicts of ours (RFC 8601 section 5). Errors: those of
  // reading and of `write`.
  Result<void> give(const std::function<Result<void>(std::string_view)>& write) const;

 private:
  LeavingEmail(store::Store& store, schema::MessageId id, std::uint64_t size_bytes) : store_(&store), id_(id), size_bytes_(size_bytes) {}
  Result<void> read(std::uint64_t from, const std::function<Result<void>(std::string_view)>& sink) const;
  void look_at(std::string_view bytes);

  store::Store* store_;
  schema::MessageId id_;
  std::uint64_t size_bytes_;
  std::string header_;
  net::HeaderWatch watch_;
  bool bare_line_end_ = false, eight_bit_ = false, header_eight_bit_ = false;
  char last_ = '\0';
};

}  // namespace telepost::adapters::jmap
