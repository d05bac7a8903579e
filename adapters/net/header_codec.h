// What must be known of a message's header while it streams by: how often it was received before (RFC 5321 section 6.3), and
// which fields of use to us it has.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace telepost::adapters::net {

// One message. Holds the begin of one line.
class HeaderWatch {
 public:
  // The next bytes, in runs of any size; cheap once the header has ended.
  void see(std::string_view content);

  unsigned hops() const { return hops_; }  // Received fields
  bool has_date() const { return date_; }
  bool has_message_id() const { return message_id_; }
  bool tls_optional() const { return tls_optional_; }  // "TLS-Required: No" (RFC 8689 section 5)

 private:
  void see_line();

  static constexpr std::size_t kLineBegin = 64;
  std::string line_;  // its first bytes
  bool ended_ = false;
  bool date_ = false;
  bool message_id_ = false;
  bool tls_optional_ = false;
  unsigned hops_ = 0;
};

}  // namespace telepost::adapters::net
