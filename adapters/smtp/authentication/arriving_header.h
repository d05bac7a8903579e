// Watches a message arrive: keeps its header's fields for the signatures, hands the body on to whom it concerns, and takes out
// the fields of Authentication-Results that claim to be ours (RFC 8601 section 5). What passes is otherwise unchanged.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "adapters/smtp/authentication/header_field.h"

namespace telepost::adapters::smtp::authentication {

inline constexpr std::size_t kMaxHeader = 128u << 10;  // kept of all fields together; Debian's MTAs take 100 KB
inline constexpr std::size_t kMaxField = 64u << 10;    // a longer field passes without being kept

// One message; one thread at a time.
class ArrivingHeader {
 public:
  explicit ArrivingHeader(std::string authserv_id) : authserv_id_(std::move(authserv_id)) {}

  struct Passed {
    std::string_view bytes;  // to be stored now; valid until the next call
    std::string_view body;   // the part of the input that belongs to the body, as it came
  };
  // Bytes of any number, cut anywhere.
  Passed pass(std::string_view input);
  // After the last byte: what was held, where the header never ended.
  std::string_view rest();

  bool ended() const { return ended_; }
  const Header& header() const { return header_; }  // complete when ended(), or after rest()
  // More than kMaxHeader, or a field of more than kMaxField: header() is not all of it, and no signature can be judged.
  bool is_truncated() const { return truncated_; }
  std::size_t forged() const { return forged_; }    // fields that were taken out

 private:
  enum class Field : std::uint8_t { none, held, passing, dropped };
  // Decides, by the first octets of a line, what it is; true when the line's octets follow.
  bool begin_line(std::string_view& input);
  void append(std::string_view run);
  void close_field();

  const std::string authserv_id_;
  Field current_ = Field::none;
  bool at_line_start_ = true;
  bool carriage_return_ = false;  // the last octet seen
  bool ended_ = false;
  std::string field_;  // held: its end has not come
  std::string out_;
  Header header_;
  std::size_t kept_bytes_ = 0;
  bool truncated_ = false;
  std::size_t forged_ = 0;
};

}  // namespace telepost::adapters::smtp::authentication
