// What a subscriber is told before the account is full: how full it is, what happens then and when, and which messages leave by
// themselves until when. Text that people read; nothing parses it.
//
// Deterministic, 7-bit, CRLF line ends (transcoders/mime/builder.h). Values of messages are cut and cleaned.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace telepost::transcoders::mime {

struct LeavingMessage {
  Time when{};
  std::string from;     // "Ann <ann@example.test>", "+15550100"
  std::string subject;
  std::uint64_t size_bytes = 0;
};

struct QuotaNotice {
  enum class Why { over_soft, soon_full } why = Why::over_soft;
  std::string host;               // who tells: "mx.example.test"
  std::string to;                 // "ann@example.test"
  std::string id;                 // of the notice: its Message-ID is <id@host>
  Time date{};
  unsigned percent = 0;           // of the quota, whichever is fuller
  std::uint64_t messages = 0, bytes = 0;            // that the account holds
  std::optional<std::uint64_t> max_messages, max_bytes;
  std::optional<Time> full_at;    // when nothing is taken any more unless something is deleted
  std::vector<LeavingMessage> leaving;              // the next ones, by time
  bool more_leave = false;        // than stand there
};

// Errors: invalid (an address that no header can carry).
Result<std::string> build_quota_notice(const QuotaNotice& notice);

}  // namespace telepost::transcoders::mime
