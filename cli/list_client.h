// One mail client of `telepost bench lists`: it shows a page of a mailbox, newest first, and again.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "cli/list_wire.h"

namespace telepost::cli {

struct ListClientOptions {
  std::string target;  // HOST:PORT
  WireTls tls = WireTls::none;
  std::string user, password;
  std::uint64_t limit = 50;  // messages of a page
};

class ListClient {
 public:
  virtual ~ListClient() = default;
  // A page from the position-th newest message on, read to its last byte. Errors: unavailable; invalid (a refusal, or another number
  // of messages than `limit`).
  virtual Result<void> list(std::uint64_t position) = 0;
};

// Email/query and Email/get of what it gives, by one request. Properties: of the emails.
enum class ListProperties : unsigned char {
  summary,   // what a list shows
  envelope,  // and all that ENVELOPE and BODYSTRUCTURE of IMAP say
};
Result<std::unique_ptr<ListClient>> connect_jmap(const ListClientOptions& options, ListProperties properties);

// An IMAP command in the INBOX; where "%u" stands in it, the uids of the page.
Result<std::unique_ptr<ListClient>> connect_imap(const ListClientOptions& options, const std::string& command);

}  // namespace telepost::cli
