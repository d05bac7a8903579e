// What an account answers while its subscriber is away (RFC 8621 section 8), and whom it has answered. By the rules of schema/records.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "schema/ids.h"

namespace telepost::schema {

struct VacationRecord {
  bool enabled = false;
  std::optional<Time> from, to;
  std::optional<std::string> subject, text, html;
  Modseq modseq{};  // of its last change
  bool operator==(const VacationRecord&) const = default;
};
std::string encode(const VacationRecord& record);
Result<VacationRecord> decode_VacationRecord(std::string_view bytes);

// Who was answered, and when: by its key.
struct AnsweredRecord {
  Time when{};
  bool operator==(const AnsweredRecord&) const = default;
};
std::string encode(const AnsweredRecord& record);
Result<AnsweredRecord> decode_AnsweredRecord(std::string_view bytes);

namespace keys {  // schema/keys.cc
inline constexpr std::string_view kVacation = "R";
std::string answered(std::string_view name);  // of what it names: "R" and 16 bytes of its SHA-256
}  // namespace keys

}  // namespace telepost::schema
