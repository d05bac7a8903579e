// Reports on what became of mail: multipart/report (RFC 6522) with message/delivery-status (RFC 3464), or its form for
// international mail where the reader has a non-ASCII address (RFC 6533).
//
// Deterministic, CRLF line ends, no line over 998 bytes, 7-bit but for international ones. Values are cleaned, never trusted.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace telepost::transcoders::mime {

enum class ReportAction { failed, delayed, delivered, relayed, expanded };  // RFC 3464 section 2.3.3
std::string_view name_of(ReportAction action);  // as the report writes it: "failed"

struct ReportedRecipient {
  ReportAction action = ReportAction::failed;
  std::string address;             // "bob@example.net"
  std::string orcpt;               // decoded: "rfc822;Bob@example.net"; "" where none was given
  std::string reply;               // "550 5.1.1 no such user"; "" where there was none
  std::string remote;              // the server that gave it; "" for our own
  Time last_attempt{};
  std::optional<Time> retry_until; // of delayed
};

struct DeliveryReport {
  std::string host;                // who reports: "mx.example.test"
  std::string to;                  // "ann@example.net"; the caller sees to it that it is not the null reverse path
  Time date{};
  std::string envid;               // decoded; "" where none was given
  Time arrived{};                  // the message it is about
  std::string id;                  // of the report: its Message-ID is <id@host>
  std::vector<ReportedRecipient> recipients;  // at least one; of one action, or the worst decides the subject
  std::string header;              // of the message, raw, with or without the empty line at its end
  std::optional<std::string> content;  // the whole message where it is to go back; only if it is 7-bit, else its header
};

std::string build_report(const DeliveryReport& report);
// Whether it must travel as international mail (SMTPUTF8, RFC 6531).
bool is_international(const DeliveryReport& report);

// The status code of a reply (RFC 3463): the one in it, else what its first digit says; "5.0.0" for none.
std::string status_of(std::string_view reply, ReportAction action);

}  // namespace telepost::transcoders::mime
