// Where a message is looked at while it arrives, before it is stored: authentication of its sender, say. The session begins
// an examination with the message, shows it every byte, and asks for its verdict when the end is reached.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/net/awaitable.h"
#include "adapters/net/peer.h"
#include "adapters/smtp/codec.h"

namespace telepost::adapters::smtp {

// What is known before the first byte. The views last until conclude() has ended; a destructor must not use them.
struct Subject {
  const net::Peer& peer;
  std::string_view hello;     // what the peer called itself
  const Path& from;
  std::string_view hostname;  // ours, as Authentication-Results names it
  std::string_view trace;
  bool is_submission = false; // from an authenticated subscriber
  bool is_proved = false;     // from a service (DESIGN section 7)
  bool is_told = false;       // who the peer is was said within the session (XCLIENT): whoever stands behind a front may have said it
};

struct Examined {
  std::string fields;            // whole header fields with CRLF, for the trace block between Return-Path and Received
  std::optional<Reply> refusal;  // the message is not taken
  bool junk = false;             // it goes to the mailbox Junk
  bool may_be_forged = false;    // nothing proves the domain of the reverse path
  std::vector<std::string> defects;  // for the document: what was wrong or taken out, in words
  bool forged = false;           // nobody is told what becomes of it
};

// One message; on its session's loop.
class Examination {
 public:
  virtual ~Examination() = default;
  // The bytes that arrive, in their order and in runs of any size. Returns what is to be stored now, valid until the next call:
  // fields of Authentication-Results that claim to be ours do not pass (RFC 8601 section 5), and the field that is arriving is
  // held until it is known what it is. Never blocks; must hold little.
  virtual std::string_view see(std::string_view content) = 0;
  // After the last byte and before conclude(): what is held and to be stored.
  virtual std::string_view rest() { return {}; }
  // After the last byte, once. Bounded in time by the examination itself.
  virtual net::Awaitable<Examined> conclude() = 0;
};

// Shared by all sessions; any thread.
class Examiner {
 public:
  virtual ~Examiner() = default;
  virtual std::unique_ptr<Examination> begin(const Subject& subject) = 0;  // null: this message is not examined
};

}  // namespace telepost::adapters::smtp
